/** When boxes alone cannot say whose track is whose. */
import type { Box } from '../observation.ts';
import { type FrameSize, move } from './return-gate.ts';

/** From this overlap on a sample may show the other face, and a tracker may confuse the two. */
const OVERLAP = 0.15;
/** Heads that stand still move less than this between two frames, in face widths. */
const STILL = 0.3;
export const LONG_GAP_MS = 300;

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

/** A track's last place and detection, and what is known of the frames between. */
export interface Trail {
  readonly box: Box;
  readonly elapsedMs: number;
  /** The frame just before did not detect it. */
  readonly interrupted: boolean;
}

/**
 * May a track that moved to `to` show another face than before? When it comes back after a long gap; when it moved at all during a short one; when
 * it moved nearer to another track's last place than to its own (the two may have been exchanged); when it moved at
 * five face widths a second. A wrong yes costs a few samples until the attributes agree, a wrong no mixes two persons.
 */
export function doubtful({ box, elapsedMs, interrupted }: Trail, to: Box, others: () => Iterable<Box>, frame: FrameSize): boolean {
  if (elapsedMs > LONG_GAP_MS) return true;
  const { faces } = move(box, to, frame);
  if (faces < STILL) return false;
  if (interrupted || faces > 0.4 + (5 * elapsedMs) / 1000) return true;
  for (const other of others()) if (move(other, to, frame).faces < faces) return true;
  return false;
}
