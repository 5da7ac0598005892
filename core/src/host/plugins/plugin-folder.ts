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
  let found = listPlugins(folder, logger);
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const now = listPlugins(folder, logger);
    if (JSON.stringify(now) === JSON.stringify(found)) return;
    found = now;
    changed(now);
  };
  const watcher = watchFolder(folder, logger, () => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  });
  return {
    get found() {
      return found;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}

function watchFolder(folder: string, logger: Logger, touched: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { recursive: true, persistent: false }, touched);
    watcher.on('error', (fault) => logger.warn({ folder, reason: String(fault) }, 'the folder of plugins is no longer watched'));
    return watcher;
  } catch (fault) {
    logger.warn({ folder, reason: String(fault) }, 'the folder of plugins cannot be watched: changes count from the next start on');
    return undefined;
  }
}
