import { isMap, isScalar, parseDocument } from 'yaml';

/** Part of a text: [from, to). */
export interface YamlPlace {
  readonly from: number;
  readonly to: number;
}

/**
 * Where each entry of a map stands in a YAML text: whole lines, from its key to the line before the comments of the next. `path` leads to the
 * map; empty: the top level. Undefined where there is no such map, or where it is not written as a block with an entry a line.
 */
export function placesOf(text: string, path: readonly string[]): ReadonlyMap<string, YamlPlace> | undefined {
  const document = parseDocument(text, { merge: true });
  if (document.contents === null) return path.length === 0 ? new Map() : undefined;
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!isMap(map) || map.flow) return undefined;
  const places = new Map<string, YamlPlace>();
  const keys = map.items.map(({ key }) => (isScalar(key) && key.range ? { name: String(key.value), at: key.range[0] } : undefined));
  const end = path.length === 0 ? text.length : placesOf(text, path.slice(0, -1))?.get(path.at(-1) as string)?.to;
  for (const [index, key] of keys.entries()) {
    const next = keys[index + 1]?.at;
    if (!key || end === undefined) return undefined;
    const from = lineStart(text, key.at);
    const to = next === undefined ? end : lineStart(text, next);
    // Two on a line, or an explicit key.
    if (text.slice(from, key.at).trim() !== '' || to <= from) return undefined;
    places.set(key.name, { from, to: withoutTail(text, from, to, key.at - from) });
  }
  return places;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Blank lines at the end, and comments no further in than the key, belong to what follows. */
function withoutTail(text: string, from: number, to: number, indent: number): number {
  let end = to;
  while (end > from) {
    const start = lineStart(text, text[end - 1] === '\n' ? end - 1 : end);
    const line = text.slice(start, end).trimEnd();
    if (start <= from || (line !== '' && !(line.trimStart().startsWith('#') && line.length - line.trimStart().length <= indent))) break;
    end = start;
  }
  return end;
}
