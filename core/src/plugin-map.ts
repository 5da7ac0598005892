/** The map `plugins` of a mien.yaml in its text tree, made where it is missing or empty. */
import { type Document, isMap, isScalar, type YAMLMap } from 'yaml';

/** Comments of an empty section stay. */
export function pluginMap(document: Document): YAMLMap {
  return mapAt(document, ['plugins']);
}

/** `greeter:` with nothing behind it stands for every default; so does a plugin of pluginFolder of which the file says nothing. */
export function pluginSettings(document: Document, name: string): YAMLMap {
  pluginMap(document);
  return mapAt(document, ['plugins', name]);
}

function mapAt(document: Document, path: readonly string[]): YAMLMap {
  const found = document.getIn(path, true) as unknown;
  if (isMap(found)) {
    // `{}` would take what comes into it on the same line.
    if (found.items.length === 0) found.flow = false;
    return found as YAMLMap;
  }
  const made = document.createNode({}) as YAMLMap;
  made.flow = false;
  if (isScalar(found)) made.commentBefore = [found.commentBefore, found.comment].filter(Boolean).join('\n') || null;
  document.setIn(path, made);
  return made;
}
