/**
 * What Mien adds to the NPU, and how much of the cores it reaches: on the simulated runtime, whose cores keep exact time, so that the ideal is
 * known. It says nothing of a board's speed.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { npuCoreCount } from '../inference/layout.ts';
import type { Release } from '../inference/manifest-file.ts';
import { npuSimulation } from '../inference/npu/simulation.ts';
import { Scope } from '../scope.ts';
import { keepBusy, type NpuNetwork, openNetworks, type Runner } from './npu-networks.ts';
import { onOneProcessor } from './one-processor.ts';
import { median, quantile } from './quantile.ts';

/** Keys and units are a contract: scripts read them. Shares are of what the simulated cores could do. */
export interface NpuFigures {
  /** From `run()` to its result, with a run that takes no time, caller and thread on one processor. */
  readonly overheadUs: { readonly p50: number; readonly p99: number };
  /** Runs on one core; on three by a context each; of detector and recogniser together on three. */
  readonly oneCore: number;
  readonly threeCores: number;
  readonly mixed: number;
  /** An interactive run among 100 that wait: from `run()` to its result, in run times. */
  readonly interactiveRuns: number;
  /** The longest that the event loop was held up while three cores were kept busy. */
  readonly loopDelayMaxMs: number;
}

export interface NpuLoad {
  readonly runUs: number;
  readonly windows: number;
  readonly windowMs: number;
  readonly overheadRuns: number;
}

export const npuLoad: NpuLoad = { runUs: 3500, windows: 5, windowMs: 2000, overheadRuns: 20_000 };

/** Runs that wait when the interactive one comes. */
const queued = 100;
const interactiveTries = 15;
/** Calls that wait for a core beside those that it has: it must never wait for them. */
const spareCallers = 2;

export async function measureNpu(release: Release, load: NpuLoad, signal: AbortSignal): Promise<NpuFigures> {
  const of = (role: string, layout: NpuNetwork['layout']): NpuNetwork => {
    const network = release.manifest.networks.find((one) => one.role === role && one.files.some(({ backend }) => backend === 'rknn'));
    if (!network) throw new Error(`the release has no ${role} with a .rknn file`);
    return { release, network, layout };
  };
  const simulate = (runUs: number) => ({ simulate: npuSimulation(release, { runUs }) });
  const perCore = 1e6 / load.runUs;
  const overheadUs = await within(async (scope) => {
    // Without scripted answers: the simulated runtime would hash each input to find them.
    const { models, ...settings } = npuSimulation(release, { runUs: 0 });
    const simulated = { simulate: { ...settings, models: (models as { answers: unknown }[]).map(({ answers: _, ...model }) => model) } };
    using _ = onOneProcessor();
    const [runner] = await openNetworks(scope, [of('recognizer', { affinity: { pinned: [0] } })], simulated);
    // Awaited here, so that the processor is kept until then.
    return await overhead(runner as Runner, load.overheadRuns, signal);
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const reached = (networks: NpuNetwork[], cores: number) =>
    within(async (scope) => (await throughput(await openNetworks(scope, networks, simulate(load.runUs)), load, signal, delay)) / (cores * perCore));
  const oneCore = await reached([of('recognizer', { affinity: { pinned: [0] } })], 1);
  delay.reset();
  const threeCores = await reached([of('recognizer', { affinity: 'spread' })], npuCoreCount);
  const loopDelayMaxMs = Math.max(0, delay.max / 1e6 - 1);
  const mixed = await reached([of('recognizer', { affinity: 'auto' }), of('detector', { affinity: 'auto' })], npuCoreCount);
  const interactiveRuns = await within(async (scope) => {
    const networks = [of('recognizer', { affinity: 'auto', priority: 'analytics' }), of('detector', { affinity: 'auto', priority: 'interactive' })];
    const [analytics, interactive] = await openNetworks(scope, networks, simulate(load.runUs));
    return interactiveWait(analytics as Runner, interactive as Runner, load.runUs, signal);
  });
  return { overheadUs, oneCore, threeCores, mixed, interactiveRuns, loopDelayMaxMs };
}

async function within<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    return await work(scope);
  } finally {
    await scope[Symbol.asyncDispose]();
  }
}

async function overhead({ session, input }: Runner, runs: number, signal: AbortSignal): Promise<NpuFigures['overheadUs']> {
  const us = new Float64Array(runs);
  for (let i = -Math.min(runs, 2000); i < runs; i += 1) {
    const started = process.hrtime.bigint();
    await session.run(input);
    if (i >= 0) us[i] = Number(process.hrtime.bigint() - started) / 1000;
    if (i % 256 === 0) signal.throwIfAborted();
  }
  return { p50: quantile([...us], 0.5), p99: quantile([...us], 0.99) };
}

/** Runs a second of all together: the median of the windows. */
async function throughput(
  runners: readonly Runner[],
  { windows, windowMs, runUs }: NpuLoad,
  signal: AbortSignal,
  delay: ReturnType<typeof monitorEventLoopDelay>,
): Promise<number> {
  const stop = new AbortController();
  let ran = 0;
  const busy = runners.map((runner) => keepBusy(runner, runner.session.info.parallel + spareCallers, AbortSignal.any([stop.signal, signal]), () => (ran += 1)));
  await sleep(20 * (runUs / 1000));
  const rates: number[] = [];
  delay.enable();
  for (let i = 0; i < windows && !signal.aborted; i += 1) {
    const [before, started] = [ran, performance.now()];
    await sleep(windowMs);
    rates.push((ran - before) / ((performance.now() - started) / 1000));
  }
  delay.disable();
  stop.abort();
  await Promise.all(busy);
  signal.throwIfAborted();
  return median(rates);
}

async function interactiveWait(analytics: Runner, interactive: Runner, runUs: number, signal: AbortSignal): Promise<number> {
  const waits: number[] = [];
  for (let i = 0; i < interactiveTries; i += 1) {
    signal.throwIfAborted();
    const waiting = Array.from({ length: queued }, () => analytics.session.run(analytics.input));
    await sleep((3 + i / interactiveTries) * (runUs / 1000));
    const started = performance.now();
    await interactive.session.run(interactive.input);
    waits.push((performance.now() - started) / (runUs / 1000));
    await Promise.all(waiting);
  }
  return median(waits);
}
