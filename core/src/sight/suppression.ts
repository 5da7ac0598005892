import { BOX, CANDIDATE, type Candidates, CUT, POINTS, SCORE, WEIGHT } from './blazeface.ts';
import type { Keypoints, Rect } from './geometry.ts';

/** Frame pixels. May reach outside the frame at its border. */
export interface Detection {
  readonly box: Rect;
  /** 0..1. */
  readonly score: number;
  readonly keypoints: Keypoints;
}

/** Candidates that share this much of their union are one face (MediaPipe's value). */
const SAME_FACE = 0.3;
/** A candidate that its region cut off is part of a face found whole when this much of it lies inside. */
const PART_OF_FACE = 0.5;

/**
 * Weighted non-maximum suppression: the best candidate and all that overlap it become one detection, whose box and keypoints are
 * their means weighted by score and by the resolution of the region they were seen in, and whose score is the best one's. Faces cut off by their region stand back behind whole ones
 * and are not averaged into them. Best score first.
 */
export function suppress(candidates: Candidates): Detection[] {
  const { data, count } = candidates;
  const order = Array.from({ length: count }, (_, i) => i * CANDIDATE);
  order.sort((a, b) => num(data, a + CUT) - num(data, b + CUT) || num(data, b + SCORE) - num(data, a + SCORE));
  const taken = new Uint8Array(count);
  const found: Detection[] = [];
  const mean = new Float64Array(CANDIDATE);
  for (const best of order) {
    if (taken[best / CANDIDATE]) continue;
    mean.fill(0);
    let weight = 0;
    for (const other of order) {
      if (taken[other / CANDIDATE]) continue;
      const shared = intersection(data, best, other);
      const union = area(data, best) + area(data, other) - shared;
      const whole = num(data, other + CUT) === num(data, best + CUT);
      const same = shared > SAME_FACE * union;
      if (!same && !(!whole && shared > PART_OF_FACE * area(data, other)) && other !== best) continue;
      taken[other / CANDIDATE] = 1;
      if (!whole) continue;
      const w = num(data, other + WEIGHT);
      weight += w;
      for (let i = BOX; i < CUT; i += 1) mean[i] = (mean[i] as number) + w * num(data, other + i);
    }
    for (let i = BOX; i < CUT; i += 1) mean[i] = (mean[i] as number) / weight;
    found.push(toDetection(mean, num(data, best + SCORE)));
  }
  return found.sort((a, b) => b.score - a.score);
}

function toDetection(row: Float64Array, score: number): Detection {
  const point = (p: number) => ({ x: row[POINTS + 2 * p] as number, y: row[POINTS + 2 * p + 1] as number });
  return {
    box: { x: row[BOX] as number, y: row[BOX + 1] as number, width: row[BOX + 2] as number, height: row[BOX + 3] as number },
    score,
    keypoints: { rightEye: point(0), leftEye: point(1), noseTip: point(2), mouth: point(3), rightEar: point(4), leftEar: point(5) },
  };
}

function intersection(data: Float32Array, a: number, b: number): number {
  const ax = num(data, a + BOX);
  const ay = num(data, a + BOX + 1);
  const bx = num(data, b + BOX);
  const by = num(data, b + BOX + 1);
  const w = Math.min(ax + num(data, a + BOX + 2), bx + num(data, b + BOX + 2)) - Math.max(ax, bx);
  const h = Math.min(ay + num(data, a + BOX + 3), by + num(data, b + BOX + 3)) - Math.max(ay, by);
  return w > 0 && h > 0 ? w * h : 0;
}

function area(data: Float32Array, a: number): number {
  return num(data, a + BOX + 2) * num(data, a + BOX + 3);
}

function num(data: Float32Array, i: number): number {
  return data[i] as number;
}
