import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MienError } from '../errors.ts';
import type { PluginFigures } from './figures.ts';
import type { PluginHostFigures, PluginLoad } from './plugin-host.ts';
import { quantile } from './quantile.ts';

export interface PluginMeasures {
  readonly figures: PluginFigures;
  readonly events: number;
  readonly snapshotsPerSecond: number;
  readonly observationsPerSecond: number;
  readonly dropped: number;
}

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './plugin-host.ts' : './plugin-host.js', import.meta.url));

/** From an observation to the handlers of plugins in processes of their own, and what the host needs for it. */
export async function measurePlugins(load: PluginLoad, signal: AbortSignal): Promise<PluginMeasures> {
  const host = fork(entry, [JSON.stringify(load)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], signal });
  host.on('error', () => {});
  const gone = once(host, 'exit').then(([code]) => {
    signal.throwIfAborted();
    throw new MienError('PLUGIN_FAILED', `the host that was to be measured ended with code ${code}; what it said stands above`);
  });
  const told = once(host, 'message').then(([figures]) => figures as PluginHostFigures);
  const { latenciesMs, hostCpuShare, ...rest } = await Promise.race([told, gone]);
  gone.catch(() => {});
  const figures = {
    pluginLatencyP50Ms: quantile(latenciesMs, 0.5),
    pluginLatencyP99Ms: quantile(latenciesMs, 0.99),
    pluginHostCpuShare: hostCpuShare,
  };
  return { figures, events: latenciesMs.length, ...rest };
}
