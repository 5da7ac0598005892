/** The figures of `mien bench`, what is asked of them, and how they read. */

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

interface Budget {
  readonly key: keyof Figures;
  readonly says: string;
  readonly text: string;
  readonly keeps?: (value: number) => boolean;
}

const atMost = (limit: number) => ({ text: `<= ${limit}`, keeps: (value: number) => value <= limit });
const below = (limit: number) => ({ text: `< ${limit}`, keeps: (value: number) => value < limit });
const atLeast = (limit: number) => ({ text: `>= ${limit}`, keeps: (value: number) => value >= limit });

export const budgets: readonly Budget[] = [
  { key: 'ratio', says: 'frame with two faces / its bare session runs', ...atMost(1.3) },
  { key: 'framesPerSecond', says: 'clip through the sight process, frames a second', text: '' },
  { key: 'kernelSpeedup', says: 'image kernels / reference, smallest', ...atLeast(5) },
  { key: 'warpShare', says: 'crop, warp, normalise / recognition', ...below(0.3) },
  { key: 'rssMb', says: 'host and sight, summed Pss, MB', ...atMost(260) },
  { key: 'rssRawMb', says: 'host and sight, summed RSS, MB', text: '' },
  { key: 'rssGrowth', says: 'growth in the run, share of rssMb', ...below(0.02) },
  { key: 'loopDelayP99Ms', says: 'event loop delay of the host, p99, ms', ...below(10) },
];

/** One line a figure: what it is, its value, the budget, and whether it is kept. */
export function figureLines(figures: Figures): string[] {
  return budgets.map(({ key, says, text, keeps }) => {
    const value = figures[key];
    const mark = keeps ? (keeps(value) ? 'ok' : 'OVER') : '';
    return `${key.padEnd(16)} ${says.padEnd(50)} ${value.toFixed(value < 10 ? 3 : 1).padStart(9)}  ${text.padEnd(8)} ${mark}`.trimEnd();
  });
}

/** Four significant digits, all the way down: more is noise. */
export function rounded<T>(value: T): T {
  if (typeof value === 'number') return Number(value.toPrecision(4)) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)])) as T;
  return value;
}
