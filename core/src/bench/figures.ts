/** The figures of `mien bench`, what is asked of them, and how they read. */
import type { NpuFigures } from './npu.ts';

/** Keys and units are a contract: scripts read them. */
export interface Figures {
  /** Frame time of sight over the bare time of its session runs. */
  readonly ratio: number;
  readonly framesPerSecond: number;
  readonly kernelSpeedup: number;
  readonly warpShare: number;
  readonly rssMb: number;
  readonly rssRawMb: number;
  readonly rssGrowth: number;
  readonly loopDelayP99Ms: number;
}

/** The keys and units of `mien bench --plugins`. */
export interface PluginFigures {
  /** From an observation to the handler of a plugin in a process of its own. */
  readonly pluginLatencyP50Ms: number;
  readonly pluginLatencyP99Ms: number;
  /** Of one core. */
  readonly pluginHostCpuShare: number;
}

interface Budget<F> {
  readonly key: keyof F & string;
  readonly says: string;
  readonly text: string;
  readonly keeps?: (value: number) => boolean;
}

const atMost = (limit: number) => ({ text: `<= ${limit}`, keeps: (value: number) => value <= limit });
const below = (limit: number) => ({ text: `< ${limit}`, keeps: (value: number) => value < limit });
const atLeast = (limit: number) => ({ text: `>= ${limit}`, keeps: (value: number) => value >= limit });

export const budgets: readonly Budget<Figures>[] = [
  { key: 'ratio', says: 'frame with two faces / its bare session runs', ...atMost(1.3) },
  { key: 'framesPerSecond', says: 'clip through the sight process, frames a second', text: '' },
  { key: 'kernelSpeedup', says: 'image kernels / reference, smallest', ...atLeast(5) },
  { key: 'warpShare', says: 'crop, warp, normalise / recognition', ...below(0.3) },
  { key: 'rssMb', says: 'host and sight, summed Pss, MB', ...atMost(260) },
  { key: 'rssRawMb', says: 'host and sight, summed RSS, MB', text: '' },
  { key: 'rssGrowth', says: 'growth in the run, share of rssMb', ...below(0.02) },
  { key: 'loopDelayP99Ms', says: 'event loop delay of the host, p99, ms', ...below(10) },
];

export const pluginBudgets: readonly Budget<PluginFigures>[] = [
  { key: 'pluginLatencyP50Ms', says: 'from an observation to a handler, p50, ms', ...below(2) },
  { key: 'pluginLatencyP99Ms', says: 'from an observation to a handler, p99, ms', ...below(10) },
  { key: 'pluginHostCpuShare', says: 'CPU of the host, share of one core', ...below(0.15) },
];

/** `overheadUs` of the JSON stands in two lines. */
export interface NpuLines extends Omit<NpuFigures, 'overheadUs'> {
  readonly overheadP50Us: number;
  readonly overheadP99Us: number;
}

export const npuBudgets: readonly Budget<NpuLines>[] = [
  { key: 'overheadP50Us', says: 'Mien around a run that takes no time, p50, us', ...atMost(25) },
  { key: 'overheadP99Us', says: 'Mien around a run that takes no time, p99, us', ...atMost(150) },
  { key: 'oneCore', says: 'one core, share of what it could do', ...atLeast(0.99) },
  { key: 'threeCores', says: 'three cores, a context each', ...atLeast(0.98) },
  { key: 'mixed', says: 'detector and recogniser on three cores', ...atLeast(0.95) },
  { key: 'interactiveRuns', says: 'interactive run among 100 that wait, run times', ...atMost(2) },
  { key: 'loopDelayMaxMs', says: 'event loop held up by three busy cores, ms', ...atMost(5) },
];

/** One line a figure: what it is, its value, the budget, and whether it is kept. */
export function figureLines<F extends { readonly [K in keyof F]: number }>(figures: F, of: readonly Budget<F>[]): string[] {
  return of.map(({ key, says, text, keeps }) => {
    const value: number = figures[key];
    const mark = keeps ? (keeps(value) ? 'ok' : 'OVER') : '';
    return `${key.padEnd(18)} ${says.padEnd(50)} ${value.toFixed(value < 10 ? 3 : 1).padStart(9)}  ${text.padEnd(8)} ${mark}`.trimEnd();
  });
}

/** Four significant digits, all the way down: more is noise. */
export function rounded<T>(value: T): T {
  if (typeof value === 'number') return Number(value.toPrecision(4)) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)])) as T;
  return value;
}
