import type { FaceQuality } from '../observation.ts';
import type { Keypoints, Rect } from './geometry.ts';
import { poseOf } from './pose.ts';

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

/**
 * How much of what the recogniser needs is there.
 * - size: 0 at 16 px (the larger side of the box), 1 from the recogniser's own resolution of about 90 px on.
 * - pose: 1 when frontal, falling with the cosine of yaw and pitch squared: 0.67 at 35 degrees of yaw.
 * - light: 1 between a mean luma of 0.2 and 0.85, 0 at pitch black and at white.
 * - sharpness: 1 from 0.5 on, the half of the aligner's scale, falling straight to 0.25 when nothing fine is left.
 * Light and sharpness count as 1 while the face was not aligned.
 */
export function qualityParts(facePx: number, yawDeg: number, pitchDeg: number, crop?: CropMeasures): QualityParts {
  const cosine = Math.cos(yawDeg * RADIANS) * Math.cos(pitchDeg * RADIANS);
  return {
    size: ramp(facePx, 16, 90),
    pose: cosine > 0 ? cosine * cosine : 0,
    light: crop ? Math.min(ramp(crop.light, 0, 0.2), ramp(-crop.light, -1, -0.85)) : 1,
    sharpness: crop ? 0.25 + 0.75 * ramp(crop.sharpness, 0, 0.5) : 1,
  };
}

/** Quality of a detected face; `crop` when it was aligned in this frame. */
export function assessQuality(box: Rect, keypoints: Keypoints, crop?: CropMeasures): FaceQuality {
  const pose = poseOf(keypoints);
  const facePx = Math.max(box.width, box.height);
  const parts = qualityParts(facePx, pose.yawDeg, pose.pitchDeg, crop);
  return {
    score: parts.size * parts.pose * parts.light * parts.sharpness,
    facePx,
    ...pose,
    ...(crop ? { light: crop.light, sharpness: crop.sharpness } : {}),
  };
}

const RADIANS = Math.PI / 180;

/** 0 at `zero`, 1 at `one`, straight in between. */
function ramp(value: number, zero: number, one: number): number {
  return Math.min(1, Math.max(0, (value - zero) / (one - zero)));
}
