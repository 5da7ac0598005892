/** Is the face that a new track shows somebody who was here a moment ago? Position, time and attributes decide. */
import type { Box } from '../observation.ts';
import type { Evidence } from './evidence.ts';

/** Where somebody was last seen, and what was known of them. */
export interface Trace {
  readonly box: Box;
  readonly lastSeen: number;
  readonly evidence: Evidence;
}

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

export interface Match {
  readonly cost: number;
  /** False: nothing but the place speaks for it; attributes must not be handed on yet. */
  readonly agreed: boolean;
}

/** Reach in face widths at once and per second, and the change of size in octaves, with and without agreeing attributes. */
const AGREED = { reach: 2, reachPerSecond: 4, octaves: 1 };
const PLACE_ONLY = { reach: 1, reachPerSecond: 1, octaves: 0.5 };
/** Face widths: nobody is known again by place alone farther from where they were, however long ago. */
const PLACE_ONLY_MOST = 3;

/** Distance of two boxes' centres in widths of the larger face, and the change of size in octaves. */
export function move(a: Box, b: Box, { width, height }: FrameSize): { faces: number; octaves: number } {
  const dx = (a[0] + a[2] / 2 - b[0] - b[2] / 2) * width;
  const dy = (a[1] + a[3] / 2 - b[1] - b[3] / 2) * height;
  return { faces: Math.hypot(dx, dy) / (Math.max(a[2], b[2]) * width), octaves: Math.abs(Math.log2(a[2] / b[2])) };
}

/**
 * Null when they cannot be the same. Contradicting attributes always part them. With agreeing ones a person may have walked; without
 * a say of the attributes they must be where they were.
 */
export function match(trace: Trace, box: Box, fresh: Evidence, now: { t: number; frame: FrameSize }): Match | null {
  const verdict = trace.evidence.compare(fresh);
  if (verdict === 'other') return null;
  const agreed = verdict === 'same';
  const limits = agreed ? AGREED : PLACE_ONLY;
  const seconds = Math.max(0, now.t - trace.lastSeen) / 1000;
  const free = limits.reach + limits.reachPerSecond * seconds;
  const reach = agreed ? free : Math.min(PLACE_ONLY_MOST, free);
  const { faces, octaves } = move(trace.box, box, now.frame);
  if (faces > reach || octaves > limits.octaves) return null;
  return { cost: faces / reach + (agreed ? 0 : 1), agreed };
}

/** A head does not jump between two frames, at ten face widths a second and more: a track that does has changed its person. */
export function teleported(from: Box, to: Box, elapsedMs: number, frame: FrameSize): boolean {
  const { faces, octaves } = move(from, to, frame);
  const seconds = Math.max(0, elapsedMs) / 1000;
  return faces > 0.5 + 10 * seconds || octaves > 0.7 + seconds;
}
