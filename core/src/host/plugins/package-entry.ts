/** Packages on disk: where they lie, and which file of theirs is meant. As Node finds them, but before anything of them is run. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { MienError } from '../../errors.ts';

export interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly main?: string;
  readonly exports?: unknown;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Undefined where there is none. Errors: PLUGIN_INVALID for one that is not JSON. */
export function readPackageJson(folder: string): PackageJson | undefined {
  const path = join(folder, 'package.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found !== null) return found as PackageJson;
  } catch {
    // As one that is no object.
  }
  throw new MienError('PLUGIN_INVALID', `${path} is not a JSON object`);
}

/** The nearest folder, this one or further up, that has a package.json. */
export function packageFolderOf(folder: string): string | undefined {
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, 'package.json'))) return here;
    if (dirname(here) === here) return undefined;
  }
}

/** Folder of an installed package, looked for in node_modules from `from` upwards; as written, links not followed. */
export function findPackage(name: string, from: string): string | undefined {
  for (let here = resolve(from); ; here = dirname(here)) {
    const folder = join(here, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(here) === here) return undefined;
  }
}

/** `name` and `./subpath` of an import specifier. */
export function splitSpecifier(specifier: string): { readonly name: string; readonly subpath: string } {
  const parts = specifier.split('/');
  const length = specifier.startsWith('@') ? 2 : 1;
  const rest = parts.slice(length).join('/');
  return { name: parts.slice(0, length).join('/'), subpath: rest ? `./${rest}` : '.' };
}

const conventional = ['index.ts', 'index.mts', 'index.mjs', 'index.js'];

/** The file that is run, absolute, links followed. Errors: PLUGIN_INVALID that says what was looked for. */
export function packageEntry(folder: string, json: PackageJson | undefined, subpath = '.'): string {
  const target = json?.exports !== undefined ? exported(json.exports, subpath) : subpath === '.' ? json?.main : subpath;
  if (json?.exports !== undefined && target === undefined) {
    throw new MienError('PLUGIN_INVALID', `${folder}: its package.json exports nothing as "${subpath}" for import`);
  }
  const candidates = target === undefined ? conventional : [target];
  for (const candidate of candidates) {
    const path = join(folder, candidate);
    if (!isFile(path)) continue;
    const real = realpathSync(path);
    if (relative(realpathSync(folder), real).startsWith('..')) throw new MienError('PLUGIN_INVALID', `${path} lies outside its package`);
    return real;
  }
  const looked = target === undefined ? `main or exports in package.json, or ${conventional.join(', ')}` : target;
  throw new MienError('PLUGIN_INVALID', `${folder}: expected ${looked}; there is no such file. Was it built?`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const conditions = new Set(['node', 'import', 'module-sync', 'default']);

function exported(exports: unknown, subpath: string): string | undefined {
  const table = typeof exports === 'object' && exports !== null && !Array.isArray(exports) ? (exports as Record<string, unknown>) : undefined;
  if (!table || !Object.keys(table).some((key) => key.startsWith('.'))) return subpath === '.' ? conditional(exports) : undefined;
  if (Object.hasOwn(table, subpath)) return conditional(table[subpath]);
  for (const [pattern, target] of Object.entries(table)) {
    const [before, after] = pattern.split('*');
    if (before === undefined || after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    return conditional(target)?.replaceAll('*', subpath.slice(before.length, subpath.length - after.length));
  }
  return undefined;
}

/** First match in the order in which it is written, as Node does. */
function conditional(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(conditional).find((one) => one !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    if (!conditions.has(condition)) continue;
    const found = conditional(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
