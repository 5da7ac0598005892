/** When boxes alone cannot say whose track is whose. */
import type { Box } from '../observation.ts';
import { type FrameSize, move } from './return-gate.ts';

/** From this overlap on a sample may show the other face, and a tracker may confuse the two. */
const OVERLAP = 0.15;
/** Heads that stand still move less than this between two frames, in face widths. */
const STILL = 0.3;

/** Marks, for each box, whether it overlaps another one. Sweeps along x: cost grows with n log n while faces stand side by side. */
export function entangled(boxes: readonly Box[]): boolean[] {
  const marks = boxes.map(() => false);
  if (boxes.length < 2) return marks;
  const order = boxes.map((_, i) => i).sort((i, j) => (boxes[i] as Box)[0] - (boxes[j] as Box)[0]);
  for (let a = 0; a < order.length; a++) {
    const i = order[a] as number;
    const right = (boxes[i] as Box)[0] + (boxes[i] as Box)[2];
    for (let b = a + 1; b < order.length; b++) {
      const j = order[b] as number;
      if ((boxes[j] as Box)[0] >= right) break;
      if (overlap(boxes[i] as Box, boxes[j] as Box) > OVERLAP) marks[i] = marks[j] = true;
    }
  }
  return marks;
}

/** Intersection as a share of the smaller box: a face behind another one counts however large the other is. */
function overlap(a: Box, b: Box): number {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return w <= 0 || h <= 0 ? 0 : (w * h) / Math.min(a[2] * a[3], b[2] * b[3]);
}

/** Has a track moved to where another one was, nearer than to its own last place? Then the two may have been exchanged. */
export function displaced(from: Box, to: Box, others: Iterable<Box>, frame: FrameSize): boolean {
  const { faces } = move(from, to, frame);
  if (faces < STILL) return false;
  for (const other of others) if (move(other, to, frame).faces < faces) return true;
  return false;
}
