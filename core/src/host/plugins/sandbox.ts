/** What a plugin process may do: flags of Node's permission model, and an environment with nothing of the host's in it. */
import type { PluginSettings } from '../../config.ts';
import { runtimeReads } from '../../plugin-runtime/entry.ts';
import type { PluginPlace } from './discovery.ts';
import { pluginReads } from './plugin-files.ts';

export interface ProcessPlan {
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its store, which is also home and place for temporary files. */
  readonly cwd: string;
}

/**
 * The plugin's own folder, its dependencies and its store can be read, only the store can be written; no child process, worker or addon, unless
 * allowed. The network is not restricted: Node's model has no such limit before version 25, and plugins that send something need it there too.
 */
export function sandboxedPlan(place: PluginPlace, settings: PluginSettings, storeFolder: string): ProcessPlan {
  const { allow, heapMb } = settings;
  const reads = new Set([...runtimeReads(), ...pluginReads(place), storeFolder, ...allow.read, ...allow.write]);
  const writes = new Set([storeFolder, ...allow.write]);
  return {
    execArgv: [
      ...heap(heapMb),
      '--permission',
      ...[...reads].map((path) => `--allow-fs-read=${path}`),
      ...[...writes].map((path) => `--allow-fs-write=${path}`),
      // SQLite opens files by itself: ATTACH and VACUUM INTO write anywhere.
      ...(allow.addons ? ['--allow-addons'] : process.allowedNodeEnvironmentFlags.has('--experimental-sqlite') ? ['--no-experimental-sqlite'] : []),
      ...(allow.childProcess ? ['--allow-child-process'] : []),
      ...(allow.workers ? ['--allow-worker'] : []),
      ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    ],
    env: scrubbed(storeFolder, allow.env),
    cwd: storeFolder,
  };
}

/** For plugins that came with Mien, and those that its owner trusts as much. */
export function trustedPlan(heapMb: number, storeFolder: string, env: readonly string[]): ProcessPlan {
  return { execArgv: heap(heapMb), env: scrubbed(storeFolder, env), cwd: storeFolder };
}

function heap(heapMb: number): string[] {
  return [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=1', '--no-warnings'];
}

function scrubbed(home: string, allowed: readonly string[]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const name of ['TZ', 'LANG', ...allowed]) if (process.env[name] !== undefined) env[name] = process.env[name];
  return { ...env, HOME: home, TMPDIR: home };
}
