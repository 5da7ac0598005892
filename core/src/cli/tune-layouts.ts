/** Ways to lay a detector and a recogniser over the three cores of the NPU, and the choice among those that were measured. */
import type { Affinity } from '../inference/layout.ts';

export interface PairLayout {
  /** For people. */
  readonly name: string;
  readonly detector: Affinity;
  readonly recognizer: Affinity;
}

export interface MeasuredLayout extends PairLayout {
  /** Frames a second by all cameras together, and milliseconds of one frame: median and 95th percentile. Absent where it could not be measured. */
  readonly figures?: { readonly framesPerSecond: number; readonly p50Ms: number; readonly p95Ms: number };
  /** Cores that failed meanwhile: it was measured without them. */
  readonly setAside?: readonly number[];
  /** Why it could not be measured. */
  readonly fault?: string;
}

/** The first is what is done without a layout: a later one must be better, not as good. */
export const pairLayouts: readonly PairLayout[] = [
  { name: '3 x 1 core, shared', detector: 'auto', recognizer: 'auto' },
  { name: '3 x 1 core, in turn', detector: 'spread', recognizer: 'spread' },
  { name: 'detector on core 0, recogniser on 1 and 2', detector: { pinned: [0] }, recognizer: { pinned: [1, 2] } },
  { name: 'detector on cores 0 and 1, recogniser on 2', detector: { pinned: [0, 1] }, recognizer: { pinned: [2] } },
  { name: 'detector on 0 and 1 fused, recogniser on 2', detector: { fused: [0, 1] }, recognizer: { pinned: [2] } },
  { name: 'detector on 3 cores fused, recogniser shared', detector: { fused: [0, 1, 2] }, recognizer: 'auto' },
  { name: '1 x 3 cores fused', detector: { fused: [0, 1, 2] }, recognizer: { fused: [0, 1, 2] } },
];

/** What comes out within this share of the best counts as equal: measurements differ by as much from time to time. */
const EQUAL = 0.02;

/** The most frames a second; of equal ones the shortest frame; of equal ones again the first. Undefined where none could be measured. */
export function bestLayout(measured: readonly MeasuredLayout[]): MeasuredLayout | undefined {
  const good = measured.filter(({ figures }) => figures);
  const most = Math.max(...good.map(({ figures }) => figures?.framesPerSecond ?? 0));
  const fast = good.filter(({ figures }) => (figures?.framesPerSecond ?? 0) >= most * (1 - EQUAL));
  const shortest = Math.min(...fast.map(({ figures }) => figures?.p50Ms ?? 0));
  return fast.find(({ figures }) => (figures?.p50Ms ?? 0) <= shortest * (1 + EQUAL));
}

/** One line of a table or a comment. */
export function figuresText({ figures, fault, setAside = [] }: MeasuredLayout): string {
  if (!figures) return fault ?? 'not measured';
  const without = setAside.length > 0 ? `; without core ${setAside.join(' and ')}, which failed` : '';
  return `${figures.framesPerSecond.toFixed(1)} frames/s, a frame ${figures.p50Ms.toFixed(2)} ms (p95 ${figures.p95Ms.toFixed(2)})${without}`;
}
