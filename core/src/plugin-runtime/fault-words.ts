/** Faults of a plugin's code in words that its author can act on: what the sandbox refused and the line that allows it, the line that threw. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the permission model calls it: what was tried, and the setting below `plugins.<name>.allow`. */
const refusals: Readonly<Record<string, readonly [string, string]>> = {
  FileSystemRead: ['reading', 'read'],
  FileSystemWrite: ['writing', 'write'],
  ChildProcess: ['starting a program', 'childProcess'],
  WorkerThreads: ['starting a worker thread', 'workers'],
  Addon: ['loading a native addon', 'addons'],
};

/** What Node refused to a plugin in a process of its own; undefined for every other fault. */
export function refusalOf(fault: unknown, plugin: string): string | undefined {
  if (!(fault instanceof Error)) return undefined;
  const { code, permission, resource } = fault as NodeJS.ErrnoException & { permission?: string; resource?: string };
  if (code !== 'ERR_ACCESS_DENIED' && code !== 'ERR_DLOPEN_DISABLED') return undefined;
  const known = refusals[code === 'ERR_DLOPEN_DISABLED' ? 'Addon' : (permission ?? '')];
  if (!known) return fault.message;
  const [tried, setting] = known;
  const what = resource && setting !== 'childProcess' ? `${tried} ${resource}` : tried;
  const value = setting === 'read' || setting === 'write' ? `[${resource || '<path>'}]` : 'true';
  return `${what} is refused to a plugin in a process of its own. To allow it, write into mien.yaml: plugins.${plugin}.allow.${setting}: ${value}`;
}

/** What a file that has changed is imported under. */
const version = /\?v=[\d.]+/g;

export function plainStack(stack: string): string {
  return stack.replace(version, '');
}

/** `file:line` of the first frame in the plugin's own folder. */
export function placeOf(fault: unknown, entry: string): string | undefined {
  if (!(fault instanceof Error) || fault.stack === undefined) return undefined;
  const folder = `${dirname(entry)}/`;
  for (const [, url = '', line] of plainStack(fault.stack).matchAll(/(file:\/\/\/[^\n]*?):(\d+):\d+\)?$/gm)) {
    const path = pathOf(url);
    if (path?.startsWith(folder) && !path.slice(folder.length).includes('node_modules/')) return `${path}:${line}`;
  }
  return undefined;
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
