/** The files of a plugin: what its process must be able to read, and what they looked like. */
import { createHash } from 'node:crypto';
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { PluginPlace } from './discovery.ts';
import { findPackage, packageFolderOf, readPackageJson } from './package-entry.ts';

/** Of single files: the code beside them, and nothing else that may lie there, such as a mien.yaml with its token. */
const codeExtensions = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);
/** The SDK comes from this Mien, whatever is installed beside the plugin. */
const notRead = new Set(['@mien/core']);

/** Files and folders, both as they are written and with links followed: Node asks for both. */
export function pluginReads(place: PluginPlace): string[] {
  const folder = place.folder ?? packageFolderOf(dirname(place.entry));
  const reads = new Set(place.folder === undefined ? codeBeside(place.entry) : [place.folder]);
  if (folder === undefined) return [...reads];
  if (place.folder === undefined) reads.add(join(folder, 'package.json'));
  addDependencies(folder, reads, new Set());
  return [...reads];
}

function codeBeside(entry: string): string[] {
  const folder = dirname(entry);
  return readdirSync(folder, { withFileTypes: true })
    .filter((file) => file.isFile() && codeExtensions.has(extname(file.name)))
    .map((file) => join(folder, file.name));
}

/** Installed dependencies of dependencies, each found as Node finds it; those that are not installed are the plugin's own concern. */
function addDependencies(folder: string, reads: Set<string>, seen: Set<string>): void {
  const real = realpathSync(folder);
  if (seen.has(real)) return;
  seen.add(real);
  const json = readPackageJson(real);
  for (const name of Object.keys({ ...json?.dependencies, ...json?.optionalDependencies, ...json?.peerDependencies })) {
    if (notRead.has(name)) continue;
    const found = findPackage(name, real);
    if (found === undefined) continue;
    reads.add(found).add(realpathSync(found));
    addDependencies(found, reads, seen);
  }
}

const MAX_FILES = 500;

/** Differs when a file of the plugin's code does, by its size and time. `alone`: of a single file, what lies beside it does not count. */
export function codeFingerprint(place: PluginPlace, alone = false): string {
  const hash = createHash('sha256');
  const files = place.folder !== undefined ? filesIn(place.folder) : alone ? [place.entry] : codeBeside(place.entry);
  for (const file of files.sort()) {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats) hash.update(`${file} ${stats.size} ${stats.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function filesIn(folder: string): string[] {
  const files: string[] = [];
  const folders = [folder];
  for (let here = folders.pop(); here !== undefined && files.length < MAX_FILES; here = folders.pop()) {
    for (const one of entriesOf(here)) {
      if (one.name.startsWith('.') || one.name === 'node_modules') continue;
      const path = join(here, one.name);
      if (one.isDirectory()) folders.push(path);
      else if (codeExtensions.has(extname(one.name)) || one.name === 'package.json') files.push(path);
    }
  }
  return files;
}

function entriesOf(folder: string): Dirent[] {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}
