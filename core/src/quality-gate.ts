/** Which faces count: the parts of a quality score, and the one gate of persons' samples and single pictures. */
import type { Config } from './config.ts';
import type { FaceQuality } from './observation.ts';

/** What can be told about a face once it was aligned, 0..1 each. */
export interface CropMeasures {
  readonly light: number;
  readonly sharpness: number;
}

/** The parts of a quality score, 0..1 each; the score is their product. */
export interface QualityParts {
  readonly size: number;
  readonly pose: number;
  readonly light: number;
  readonly sharpness: number;
}

/** Why a face does not count; `low_confidence` where no word fits what is worst, as for one that is overexposed. */
export type GateReason = 'too_small' | 'yaw' | 'pitch' | 'dark' | 'blur' | 'low_confidence';

/** Up to this mean luma a face is lit well or too little, above it well or too much. */
const MIDDLE_LIGHT = 0.45;

/**
 * How much of what the recogniser needs is there. The limits are where its errors begin to grow on validation faces made smaller,
 * softer, darker and brighter; below a half they have about doubled.
 * - size: 0 at 12 px (the larger side of the box), 1 from 60 px on.
 * - pose: cosine of yaw times cosine of pitch, squared: 0.67 at 35 degrees of yaw.
 * - light: 1 between a mean luma of 0.15 and 0.75, 0 at 0.02 and at 0.95.
 * - sharpness: 1 from 0.15 on, 0 when nothing fine is left.
 * Light and sharpness count as 1 while they were not measured.
 */
export function qualityParts(facePx: number, yawDeg: number, pitchDeg: number, { light, sharpness }: Partial<CropMeasures> = {}): QualityParts {
  const cosine = Math.cos(yawDeg * RADIANS) * Math.cos(pitchDeg * RADIANS);
  return {
    size: ramp(facePx, 12, 60),
    pose: cosine > 0 ? cosine * cosine : 0,
    light: light === undefined ? 1 : Math.min(ramp(light, 0.02, 0.15), ramp(light, 0.95, 0.75)),
    sharpness: sharpness === undefined ? 1 : ramp(sharpness, 0, 0.15),
  };
}

/** The first limit that a face fails, or null when it counts. A score that is too low is blamed on its weakest part. */
export function gate(quality: FaceQuality, limits: Config['quality']): GateReason | null {
  const { facePx, yawDeg, pitchDeg, score, light } = quality;
  if (facePx < limits.facePx) return 'too_small';
  if (Math.abs(yawDeg) > limits.yawDeg) return 'yaw';
  if (Math.abs(pitchDeg) > limits.pitchDeg) return 'pitch';
  if (score >= limits.score) return null;
  const parts = qualityParts(facePx, yawDeg, pitchDeg, quality);
  const weakest = Math.min(parts.light, parts.sharpness, parts.size, parts.pose);
  if (weakest === 1) return 'low_confidence';
  if (weakest === parts.light) return light !== undefined && light < MIDDLE_LIGHT ? 'dark' : 'low_confidence';
  if (weakest === parts.sharpness) return 'blur';
  if (weakest === parts.size) return 'too_small';
  return Math.abs(yawDeg) >= Math.abs(pitchDeg) ? 'yaw' : 'pitch';
}

const RADIANS = Math.PI / 180;

/** 0 at `zero`, 1 at `one`, straight in between. */
function ramp(value: number, zero: number, one: number): number {
  return Math.min(1, Math.max(0, (value - zero) / (one - zero)));
}
