/** Changes one section of mien.yaml; whatever is not changed stays byte for byte. */
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import type { Config } from './config.ts';
import { CONFIG_VERSION } from './config.ts';
import { MienError } from './errors.ts';
import { checkConfig, readConfigText } from './load-config.ts';
import { replaceFile } from './replace-file.ts';
import { placesOf, type YamlPlace } from './yaml-places.ts';

/** Gets a document with at least the section, if the file has it, and changes the section. Called more than once. */
export type ConfigChange = (document: Document) => void;

/** So often the change is made again because somebody else had written the file meanwhile. */
const MOST_TRIES = 5;

/**
 * The file is replaced in one step, made when it is not there, and left alone when the result would not check. Returns the settings it now
 * holds. Errors: CONFIG_INVALID, OUTPUT_UNWRITABLE, what `change` throws.
 */
export async function editConfig(path: string, section: keyof Config, change: ConfigChange): Promise<Config> {
  for (let tries = 1; ; tries += 1) {
    const before = await readText(path);
    const after = edited(before ?? `version: ${CONFIG_VERSION}\n`, path, section, change);
    const config = checkConfig(readConfigText(after, path), `${path}, changed like this,`);
    if (after === before) return config;
    if (tries < MOST_TRIES && (await readText(path)) !== before) continue;
    await replaceFile(path, after);
    return config;
  }
}

/** Undefined when there is no such file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new MienError('INPUT_NOT_FOUND', `cannot read the configuration ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The most careful way that says what the change says: only the entries that differ, only the section, or the document printed anew. */
function edited(text: string, path: string, section: string, change: ConfigChange): string {
  readConfigText(text, path);
  const whole = changed(text, change);
  const said = parsed(whole);
  const careful = withSection(text, section, change);
  const ways = careful === undefined ? [] : [withEntries(text, careful, section), careful];
  const best = ways.find((way) => way !== undefined && isDeepStrictEqual(parsed(way), said)) ?? whole;
  return text.includes('\r\n') ? best.replaceAll(/\r?\n/g, '\r\n') : best;
}

function parsed(text: string): Record<string, unknown> | undefined {
  const document = parseDocument(text, { merge: true });
  try {
    return document.errors.length > 0 ? undefined : (document.toJS() ?? {});
  } catch {
    return undefined; // An alias whose anchor stands in another section.
  }
}

function changed(text: string, change: ConfigChange): string {
  const document: Document = parseDocument(text, { merge: true });
  if (document.contents === null) document.contents = document.createNode({});
  change(document);
  return document.toString({ lineWidth: 0 });
}

/** The section printed anew in its place, or behind everything. */
function withSection(text: string, section: string, change: ConfigChange): string | undefined {
  const places = placesOf(text, []);
  if (places === undefined) return undefined;
  const place = places.get(section);
  try {
    if (place) return replaced(text, place, changed(text.slice(place.from, place.to), change));
    return `${text}${/\n$|^$/.test(text) ? '' : '\n'}${text.trim() === '' ? '' : '\n'}${changed('', change)}`;
  } catch (fault) {
    if (fault instanceof MienError) throw fault;
    return undefined; // An alias whose anchor stands in another section.
  }
}

/** The former text with those entries of the section that differ in `after`. */
function withEntries(text: string, after: string, section: string): string | undefined {
  const [former, latter] = [placesOf(text, [section]), placesOf(after, [section])];
  const end = placesOf(text, [])?.get(section)?.to;
  if (!former || !latter || end === undefined || former.size === 0) return undefined;
  const values = [parsed(text)?.[section], parsed(after)?.[section]] as [Record<string, unknown>, Record<string, unknown>];
  const edits: Array<{ place: YamlPlace; by: string }> = [];
  for (const [name, place] of former) {
    const next = latter.get(name);
    if (!next) edits.push({ place, by: '' });
    else if (!isDeepStrictEqual(values[0][name], values[1][name])) edits.push({ place, by: after.slice(next.from, next.to) });
  }
  const before = text.slice(0, end).endsWith('\n') ? '' : '\n';
  for (const [name, { from, to }] of latter) if (!former.has(name)) edits.push({ place: { from: end, to: end }, by: before + after.slice(from, to) });
  return edits.sort((a, b) => b.place.from - a.place.from).reduce((result, { place, by }) => replaced(result, place, by), text);
}

function replaced(text: string, { from, to }: YamlPlace, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}
