import type { Detection } from '../../core/src/sight/detector.ts';

/** A frontal face of `size` pixels around (cx, cy), with keypoints where BlazeFace puts them. */
export function faceAt(cx: number, cy: number, size: number, score = 0.9): Detection {
  const at = (x: number, y: number) => ({ x: cx + x * size, y: cy + y * size });
  return {
    box: { x: cx - size / 2, y: cy - size / 2, width: size, height: size },
    score,
    keypoints: {
      rightEye: at(-0.2, -0.2),
      leftEye: at(0.2, -0.2),
      noseTip: at(0, 0.05),
      mouth: at(0, 0.25),
      rightEar: at(-0.45, -0.1),
      leftEar: at(0.45, -0.1),
    },
  };
}

/** Repeatable random numbers, 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
