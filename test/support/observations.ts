/** Makes observations for tests: one camera, thirty frames a second unless told otherwise. */
import Value from 'typebox/value';
import { Config } from '../../core/src/config.ts';
import type { Box, FaceQuality, FaceSample, HeadLabels, Observation, ObservedFace } from '../../core/src/observation.ts';

export const heads: HeadLabels = {
  age: { unit: 'years' },
  gender: { labels: ['female', 'male'] },
  expression: { labels: ['negative', 'neutral', 'positive'], valence: [-1, 0, 1] },
};

export const FRAME = { width: 1280, height: 720 };

export function testConfig(overrides: object = {}): Config {
  return Value.Default(Config, overrides) as Config;
}

/** A frontal, clear face of 160 px in the middle, unless told otherwise. `px` is the width; shares are derived. */
export function face(
  track: number,
  options: { x?: number; y?: number; px?: number; score?: number; quality?: Partial<FaceQuality>; sample?: FaceSample | null; box?: Box } = {},
): ObservedFace {
  const { x = 0.5, y = 0.4, px = 160, score = 0.9, quality, sample = woman } = options;
  const [w, h] = [px / FRAME.width, px / FRAME.height];
  return {
    track,
    box: options.box ?? [x - w / 2, y - h / 2, w, h],
    score,
    quality: { score: 0.9, facePx: px, yawDeg: 0, pitchDeg: 0, rollDeg: 0, light: 0.5, sharpness: 0.8, ...quality },
    ...(sample && { sample }),
  };
}

export const woman: FaceSample = { age: { years: 34, sd: 6 }, gender: [0.95, 0.05], expression: [0.05, 0.9, 0.05] };
export const man: FaceSample = { age: { years: 55, sd: 6 }, gender: [0.04, 0.96], expression: [0.05, 0.9, 0.05] };
export const smiling = (sample: FaceSample): FaceSample => ({ ...sample, expression: [0.05, 0.1, 0.85] });

export function observation(t: number, faces: readonly ObservedFace[], more: Partial<Observation> = {}): Observation {
  return {
    camera: 'main',
    run: 'r1',
    frame: Math.round(t / 33),
    capturedMonoMs: t,
    capturedWallMs: Date.UTC(2026, 5, 1, 12) + t,
    ...FRAME,
    faces,
    ended: [],
    heads,
    origin: { model: 'test@1/fp32', backend: 'fake', npuCores: [], degraded: false, simulated: true },
    ms: { decodeMs: 0, detectMs: 0, alignMs: 0, recogniseMs: 0, trackMs: 0, totalMs: 0 },
    dropped: 0,
    recognitionHz: 30,
    ...more,
  };
}
