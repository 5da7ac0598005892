/**
 * A fresh host in a process of its own, with virtual people and probes in processes of theirs: the argument is a `PluginLoad` as JSON, the one
 * message it sends a `PluginHostFigures`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '../frame.ts';
import { checkConfig } from '../load-config.ts';
import { createMien } from '../mien.ts';
import type { Observation } from '../observation.ts';
import type { Sight, SightListener } from '../sight/sight.ts';
import { checkScenario, type Scenario } from '../simulate/scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';
import type { Probed } from './plugin-probe.ts';
import probe from './plugin-probe.ts';

export interface PluginLoad {
  readonly plugins: number;
  readonly people: number;
  readonly framesPerSecond: number;
  readonly seconds: number;
}

export interface PluginHostFigures {
  readonly latenciesMs: readonly number[];
  readonly snapshotsPerSecond: number;
  readonly observationsPerSecond: number;
  /** Of one core. */
  readonly hostCpuShare: number;
  readonly dropped: number;
}

const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './plugin-probe.ts' : './plugin-probe.js', import.meta.url));
/** Everybody has come and settled, everything is compiled. */
const warmUpS = 6;

const load = JSON.parse(process.argv[2] ?? '{}') as PluginLoad;
process.on('disconnect', () => process.exit(1));
process.send?.(await measure(load));
process.disconnect?.();

async function measure({ plugins, people, framesPerSecond, seconds }: PluginLoad): Promise<PluginHostFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'mien-bench-'));
  const names = Array.from({ length: plugins }, (_, i) => `probe-${i}`);
  const settings = { from: entry, grant: [...(probe.needs ?? [])], isolation: 'own' };
  const config = checkConfig({ cameras: [{ name: 'simulated' }], stateFolder: folder, plugins: Object.fromEntries(names.map((name) => [name, settings])) });
  const scenario = standing(people, framesPerSecond, seconds + 2 * warmUpS);
  const counted = stamped(createSimulatedSight({ config, scenario }));
  try {
    await using mien = await createMien(config, { sight: counted.sight, api: false });
    const running = mien.plugins.list().filter(({ state }) => state === 'running').length;
    if (running < plugins) throw new Error(`only ${running} of ${plugins} plugins run: ${mien.plugins.list().map(({ reason }) => reason ?? '')}`);
    const read = (): Promise<Probed[]> => Promise.all(names.map((name) => mien.plugins.run(`${name}.read`, {}) as Promise<Probed>));
    await sleep(warmUpS * 1000);
    await read();
    const [cpu, at, observed] = [process.cpuUsage(), monotonicMs(), counted.observations()];
    await sleep(seconds * 1000);
    const [used, ms, observations] = [process.cpuUsage(cpu), monotonicMs() - at, counted.observations() - observed];
    const probed = await read();
    return {
      latenciesMs: probed.flatMap(({ latenciesMs }) => latenciesMs),
      snapshotsPerSecond: probed.reduce((sum, { snapshots }) => sum + snapshots, 0) / (ms / 1000),
      observationsPerSecond: observations / (ms / 1000),
      hostCpuShare: (used.user + used.system) / 1000 / ms,
      dropped: mien.plugins.list().reduce((sum, { events }) => sum + events.dropped, 0),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** People side by side who look here and there, so that each has something to tell about once a second. */
function standing(people: number, framesPerSecond: number, lengthS: number): Scenario {
  const turns = Array.from({ length: Math.ceil(lengthS / 2) }, (_, i) => ({ atS: i * 2, at: i % 2 === 0 ? 'device' : 'left' }));
  return checkScenario({
    name: 'bench',
    framesPerSecond,
    lengthS,
    people: Array.from({ length: people }, (_, i) => ({
      id: `person-${i}`,
      age: 25 + 4 * i,
      path: [{ atS: 0, distanceM: 1.2 + 0.1 * i, bearingDeg: -30 + (60 * i) / Math.max(1, people - 1) }],
      look: turns.map(({ atS, at }) => ({ atS: atS + (i % 4) / 2, at })),
    })),
  });
}

/** Observations carry the instant of their hand-over, so that a timer's lateness is not measured. */
function stamped(sight: Sight): { sight: Sight; observations: () => number } {
  let count = 0;
  const stamp = (listener: SightListener): SightListener => ({
    observation(observation: Observation) {
      count += 1;
      listener.observation({ ...observation, capturedMonoMs: monotonicMs() });
    },
    notice: (notice) => listener.notice(notice),
  });
  return {
    observations: () => count,
    sight: {
      models: sight.models,
      start: (listener, signal) => sight.start(stamp(listener), signal),
      status: () => sight.status(),
      analyze: (...given) => sight.analyze(...given),
      preview: (...given) => sight.preview(...given),
      ended: () => sight.ended(),
      [Symbol.asyncDispose]: () => sight[Symbol.asyncDispose](),
    },
  };
}
