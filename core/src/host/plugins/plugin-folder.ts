/** A folder whose every plugin is used as it lies there: watched, and told by name when one comes, changes or goes. */
import { existsSync, type FSWatcher, mkdirSync, readdirSync, statSync, watch } from 'node:fs';
import { extname, join } from 'node:path';
import type { Logger } from '../../log.ts';
import { configName, locatePlugin, pluginExtensions } from './discovery.ts';
import { codeFingerprint } from './plugin-files.ts';

export interface FoundPlugin {
  readonly name: string;
  readonly from: string;
  readonly fingerprint: string;
}

/** Editors write a file in several steps; they are seen as one. */
const QUIET_MS = 150;

export interface PluginFolder extends Disposable {
  readonly found: readonly FoundPlugin[];
}

/** Files that are plugins and folders with a package.json, hidden ones and types left out. The folder is made when it is not there. */
export function listPlugins(folder: string, logger: Logger): FoundPlugin[] {
  const found = new Map<string, FoundPlugin>();
  for (const file of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const path = join(folder, file);
    if (!isPlugin(path, file)) continue;
    const name = configName(file);
    if (name === '' || found.has(name)) {
      logger.warn({ path }, name === '' ? 'a plugin whose name has no letters is left out' : `there is a plugin "${name}" already; this one is left out`);
      continue;
    }
    found.set(name, { name, from: path, fingerprint: fingerprintOf(path) });
  }
  return [...found.values()];
}

function isPlugin(path: string, file: string): boolean {
  if (file.startsWith('.') || file === 'node_modules') return false;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return existsSync(join(path, 'package.json'));
  return stats?.isFile() === true && pluginExtensions.includes(extname(file)) && !/\.(d|test)\.m?ts$/.test(file);
}

/** Of a single file, those beside it are plugins of their own. Of one that cannot be located, its fault: it may change as well. */
function fingerprintOf(path: string): string {
  try {
    return codeFingerprint(locatePlugin(path, path), true);
  } catch (fault) {
    return String(fault);
  }
}

/** `changed` is called after the files have come to rest, with all that are there then. */
export function watchPlugins(folder: string, logger: Logger, changed: (found: readonly FoundPlugin[]) => void): PluginFolder {
  mkdirSync(folder, { recursive: true });
  let timer: NodeJS.Timeout | undefined;
  const watched = new WatchedFolders(logger, () => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  });
  // Watched before it is listed: nothing falls between the two.
  watched.follow(folder);
  let found = listPlugins(folder, logger);
  const look = (): void => {
    watched.follow(folder);
    const now = listPlugins(folder, logger);
    if (JSON.stringify(now) === JSON.stringify(found)) return;
    found = now;
    changed(now);
  };
  return {
    get found() {
      return found;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      watched[Symbol.dispose]();
    },
  };
}

const MAX_FOLDERS = 200;

/** Node's own recursive watch loses a file on Linux once another was renamed over it; a folder's watch does not. */
class WatchedFolders implements Disposable {
  readonly #logger: Logger;
  readonly #touched: () => void;
  /** By path; the folder that lies there may become another one. */
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  #isTold = false;

  constructor(logger: Logger, touched: () => void) {
    this.#logger = logger;
    this.#touched = touched;
  }

  /** This folder and those in it, as they are now; what is installed in them is left out. */
  follow(root: string): void {
    const present = new Set<string>();
    const waiting = [root];
    for (let here = waiting.pop(); here !== undefined && present.size < MAX_FOLDERS; here = waiting.pop()) {
      present.add(here);
      waiting.push(...foldersIn(here));
    }
    for (const [path, { watcher, inode }] of this.#watchers) {
      if (present.has(path) && inodeOf(path) === inode) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of present) if (!this.#watchers.has(path)) this.#watch(path);
  }

  [Symbol.dispose](): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#touched);
      watcher.on('error', () => {
        // Gone, most likely: the next look tells.
        watcher.close();
        this.#watchers.delete(path);
        this.#touched();
      });
      this.#watchers.set(path, { watcher, inode: inodeOf(path) });
    } catch (fault) {
      if (!this.#isTold) this.#logger.warn({ path, reason: String(fault) }, 'plugins cannot be watched here: changes count from the next start on');
      this.#isTold = true;
    }
  }
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? -1;
}

function foldersIn(path: string): string[] {
  try {
    const inside = readdirSync(path, { withFileTypes: true });
    return inside.filter((one) => one.isDirectory() && !one.name.startsWith('.') && one.name !== 'node_modules').map(({ name }) => join(path, name));
  } catch {
    return [];
  }
}
