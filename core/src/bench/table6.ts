/** The paper's Table 6 on this machine: CPU, NPU memory and frames a second of one network with three heads against three networks with one each. */

import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MienError } from '../errors.ts';
import { findNetwork, type Release, readRelease } from '../inference/manifest-file.ts';
import { npuSimulation } from '../inference/npu/simulation.ts';
import { Scope } from '../scope.ts';
import { type NpuBenchOptions, type NpuNetwork, openNetworks, type Runner } from './npu-networks.ts';

export interface Table6Row {
  readonly name: string;
  /** Of all cores of the CPU together, percent. */
  readonly cpuPercent: number;
  readonly npuKb: number;
  readonly framesPerSecond: number;
  /** What the simulated cores could do; absent on a board. */
  readonly idealFramesPerSecond?: number;
  readonly paper: { readonly cpuPercent: number; readonly npuKb: number; readonly framesPerSecond: number };
}

/** Networks that are for this table only; not in any package. */
export const benchRelease = fileURLToPath(new URL('../../../model/bench', import.meta.url));
const singles = ['faces-age', 'faces-gender', 'faces-expression'];

interface Setup {
  readonly name: string;
  readonly networks: readonly string[];
  /** All of a frame at once on a core each, or one after the other. */
  readonly atOnce: boolean;
  readonly paper: Table6Row['paper'];
}
const setups: readonly Setup[] = [
  { name: 'three heads, pooled', networks: ['faces-pooled'], atOnce: true, paper: { cpuPercent: 2.69, npuKb: 7478, framesPerSecond: 256.4 } },
  { name: 'three heads, for the NPU', networks: ['faces-npu-head'], atOnce: true, paper: { cpuPercent: 1.92, npuKb: 7735, framesPerSecond: 285.7 } },
  { name: 'three networks at once', networks: singles, atOnce: true, paper: { cpuPercent: 3.92, npuKb: 20455, framesPerSecond: 232.6 } },
  { name: 'three networks in turn', networks: singles, atOnce: false, paper: { cpuPercent: 1.11, npuKb: 6934, framesPerSecond: 106.5 } },
];

export interface Table6Options {
  readonly release: Release;
  readonly seconds: number;
  /** Microseconds of a simulated run; on the board's own runtime without. */
  readonly simulatedRunUs?: number;
  readonly library?: string;
}

/** Errors: INPUT_NOT_FOUND without model/bench, BACKEND_UNAVAILABLE without an NPU, and those of loading. */
export async function measureTable6({ release, seconds, simulatedRunUs, library }: Table6Options, signal: AbortSignal): Promise<Table6Row[]> {
  await access(join(benchRelease, 'model.json')).catch((cause) => {
    throw new MienError(
      'INPUT_NOT_FOUND',
      `Table 6 compares with networks that stand in model/bench of Mien's repository, not in its packages: run this from a checkout.`,
      { cause },
    );
  });
  const bench = await readRelease(benchRelease);
  const releases = [release, bench];
  const rows: Table6Row[] = [];
  for (const { name, networks, atOnce, paper } of setups) {
    signal.throwIfAborted();
    const chosen: NpuNetwork[] = networks.map((of, i) => {
      const from = releases.find(({ manifest }) => manifest.networks.some((one) => one.name === of)) ?? bench;
      return { release: from, network: findNetwork(from, of), layout: { affinity: { pinned: [atOnce ? i : 0] } } };
    });
    const options: NpuBenchOptions = {
      ...(library !== undefined && { library }),
      ...(simulatedRunUs !== undefined && { simulate: simulation([...new Set(chosen.map((one) => one.release))], simulatedRunUs) }),
    };
    const scope = new Scope();
    try {
      const runners = await openNetworks(scope, chosen, options);
      const measured = await frames(runners, atOnce, seconds, signal);
      const runsInTurn = atOnce ? 1 : runners.length;
      rows.push({ name, ...measured, ...(simulatedRunUs !== undefined && { idealFramesPerSecond: 1e6 / simulatedRunUs / runsInTurn }), paper });
    } finally {
      await scope[Symbol.asyncDispose]();
    }
  }
  return rows;
}

function simulation(releases: readonly Release[], runUs: number): Record<string, unknown> {
  const settings = releases.map((one) => npuSimulation(one, { runUs }));
  return { ...settings[0], models: settings.flatMap(({ models }) => models as unknown[]) };
}

/** Frames, each answered by every network, for so long. Two frames are under way, so that no core waits for its caller. */
async function frames(
  runners: readonly Runner[],
  atOnce: boolean,
  seconds: number,
  signal: AbortSignal,
): Promise<Pick<Table6Row, 'cpuPercent' | 'npuKb' | 'framesPerSecond'>> {
  const endsAt = performance.now() + seconds * 1000;
  let done = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endsAt && !signal.aborted) {
      if (atOnce) await Promise.all(runners.map(({ session, input }) => session.run(input)));
      else for (const { session, input } of runners) await session.run(input);
      done += 1;
    }
  };
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await Promise.all([caller(), caller()]);
  signal.throwIfAborted();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const bytes = runners.reduce((sum, { session }) => {
    const { weightBytes = 0, contextBytes = 0 } = session.memory?.() ?? {};
    return sum + weightBytes + contextBytes;
  }, 0);
  return { cpuPercent: (100 * (user + system)) / 1000 / ms / availableParallelism(), npuKb: bytes / 1024, framesPerSecond: (1000 * done) / ms };
}
