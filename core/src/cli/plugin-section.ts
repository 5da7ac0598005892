/** The section `plugins` of mien.yaml, as the commands change it. */
import { type Document, isMap, isScalar, type Scalar, type YAMLMap } from 'yaml';
import type { PluginLook } from './plugin-look.ts';
import { grantWords, optionWords } from './plugin-words.ts';

/** Puts a plugin in, with comments that say what it is and what it was granted. Options are written with their defaults, as a form to fill in. */
export function putPlugin(document: Document, name: string, from: string, { description }: Pick<PluginLook, 'description'>): void {
  const settings = document.createNode({ from, grant: [...description.needs], options: {} }) as YAMLMap;
  if (description.description) settings.commentBefore = ` ${oneLine(description.description)}`;
  const grants = settings.get('grant', true) as unknown as YAMLMap;
  grants.flow = description.needs.length === 0;
  for (const grant of grants.items as unknown as Scalar[]) grant.comment = ` ${grantWords[grant.value as keyof typeof grantWords]}`;
  const options = settings.get('options', true) as unknown as YAMLMap;
  for (const { name: option, type, description: about, default: preset, isRequired } of optionWords(description.options)) {
    const said = ` ${[type, about && oneLine(about)].filter(Boolean).join(': ')}`;
    const path = option.split('.');
    if (preset === undefined) {
      const line = ` ${option}:${said}${isRequired ? ' (must be set)' : ''}`;
      options.comment = options.comment ? `${options.comment}\n${line}` : line;
      continue;
    }
    options.setIn(path, document.createNode(preset));
    const value = options.getIn(path, true);
    if (isScalar(value)) value.comment = said;
  }
  options.flow = options.items.length === 0;
  if (options.items.length === 0 && !options.comment) settings.delete('options');
  sectionOf(document).set(document.createNode(name), settings);
}

export function dropPlugin(document: Document, name: string): void {
  sectionOf(document).delete(name);
}

export function enablePlugin(document: Document, name: string, enabled: boolean): void {
  const section = sectionOf(document);
  // `greeter:` with nothing behind it stands for every default.
  if (!isMap(section.get(name))) section.set(name, document.createNode({}));
  // Enabled is what a plugin is when nothing is said.
  if (enabled) section.deleteIn([name, 'enabled']);
  else section.setIn([name, 'enabled'], false);
}

/** The map, made where there is none; comments of an empty section stay. */
function sectionOf(document: Document): YAMLMap {
  const found = document.get('plugins', true) as unknown;
  if (isMap(found)) {
    if (found.items.length === 0) found.flow = false;
    return found as YAMLMap;
  }
  const made = document.createNode({}) as YAMLMap;
  made.flow = false;
  if (isScalar(found)) made.commentBefore = [found.commentBefore, found.comment].filter(Boolean).join('\n') || null;
  document.set('plugins', made);
  return made;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
