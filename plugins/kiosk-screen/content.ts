/** The folder with what can be shown. Everything of it is named by its path in the folder; nothing outside of it is ever read. */
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean } from '@mien/core/plugin';

export type ItemKind = 'image' | 'video' | 'page';

const kinds: Readonly<Record<string, ItemKind>> = {
  ...Object.fromEntries(['.svg', '.png', '.jpg', '.jpeg', '.webp', '.gif', '.avif'].map((ending) => [ending, 'image'] as const)),
  ...{ '.mp4': 'video', '.webm': 'video', '.html': 'page' },
};
/** What pages of the folder may load beside items. */
const partsOfPages = new Set(['.css', '.js', '.json', '.woff2', '.txt']);
const mostItems = 500;
const mostDepth = 4;

const fromSource = import.meta.url.endsWith('.ts');
/** The same folders whether this file runs from its source or from dist/. */
const beside = (name: string): string => fileURLToPath(new URL(fromSource ? `./${name}/` : `../../kiosk-screen/${name}/`, import.meta.url));
export const pageFolder = beside('page');
export const ownContent = beside('content');

/** Where `folder` of the options leads. */
export const folderOf = (folder: string): string => (folder === '' ? ownContent : folder);

export function kindOf(item: string): ItemKind | undefined {
  return kinds[extname(item).toLowerCase()];
}

/** Whether a file of this name is handed out. */
export function isServed(path: string): boolean {
  return kindOf(path) !== undefined || partsOfPages.has(extname(path).toLowerCase());
}

/** Whether `path`, links followed, lies in `folder`. */
export function liesIn(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== '' && inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}

/** Everything in the folder that can be shown, by name; hidden files and what lies deeper than four folders are left out. */
export function listItems(folder: string): string[] {
  const found: string[] = [];
  const search = (below: string, depth: number): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.') || found.length >= mostItems) continue;
      if (entry.isDirectory() && depth < mostDepth) search(path, depth + 1);
      else if (entry.isFile() && kindOf(path)) found.push(path);
    }
  };
  search('', 1);
  return found.sort();
}

/** Differs when one of the items does, by its size and time. */
export function versionOf(folder: string, items: readonly string[]): string {
  const hash = createHash('sha256');
  for (const item of items) {
    const stats = statSync(join(folder, item), { throwIfNoEntry: false });
    if (stats) hash.update(`${item} ${stats.size} ${stats.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** What is wrong with the folder itself; undefined when nothing is. */
export function folderFault(folder: string): string | undefined {
  const path = folderOf(folder);
  if (!isAbsolute(path)) return `folder: expected an absolute path, as /home/kiosk/content, got "${folder}"`;
  try {
    return statSync(path).isDirectory() ? undefined : `folder: expected a folder, ${path} is a file`;
  } catch (fault) {
    return `folder: ${unreadable(path, fault)}`;
  }
}

/** What is wrong with the item that the option `where` names; undefined when nothing is. `known`: what the folder holds. */
export function itemFault(where: string, item: string, folder: string, known: readonly string[]): string | undefined {
  const root = folderOf(folder);
  const path = join(root, item);
  if (isAbsolute(item) || !liesIn(root, path)) return `${where}: expected a path inside the folder, got "${item}"`;
  try {
    // Before its ending: a name that was mistyped may have none.
    const real = realpathSync(path);
    if (!liesIn(realpathSync(root), real)) return `${where}: "${item}" is a link that leads out of the folder, to ${real}`;
    if (!statSync(real).isFile()) return `${where}: expected a file, "${item}" is a folder`;
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ENOENT') return `${where}: ${unreadable(path, fault)}`;
    return `${where}: there is no "${item}" in ${root}.${didYouMean(item, known)}`;
  }
  return kindOf(item) ? undefined : `${where}: expected a picture, a video or a page (${Object.keys(kinds).join(' ')}), got "${item}"`;
}

function unreadable(path: string, fault: unknown): string {
  const { code, message } = fault as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no ${path}`;
  if (code === 'ERR_ACCESS_DENIED') return `${path} may not be read by a plugin in a process of its own: add it to \`allow: { read: [...] }\` in mien.yaml`;
  if (code === 'EACCES') return `${path} may not be read by the user that Mien runs as`;
  return `${path}: ${message}`;
}
