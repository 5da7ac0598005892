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
 * How much of what the recogniser needs is there. The limits are where its errors begin to grow on validation faces made smaller,
 * softer, darker and brighter; below a half they have about doubled.
 * - size: 0 at 12 px (the larger side of the box), 1 from 60 px on.
 * - pose: cosine of yaw times cosine of pitch, squared: 0.67 at 35 degrees of yaw.
 * - light: 1 between a mean luma of 0.15 and 0.75, 0 at 0.02 and at 0.95.
 * - sharpness: 1 from 0.15 on, 0 when nothing fine is left.
 * Light and sharpness count as 1 while the face was not aligned.
 */
export function qualityParts(facePx: number, yawDeg: number, pitchDeg: number, crop?: CropMeasures): QualityParts {
  const cosine = Math.cos(yawDeg * RADIANS) * Math.cos(pitchDeg * RADIANS);
  return {
    size: ramp(facePx, 12, 60),
    pose: cosine > 0 ? cosine * cosine : 0,
    light: crop ? Math.min(ramp(crop.light, 0.02, 0.15), ramp(crop.light, 0.95, 0.75)) : 1,
    sharpness: crop ? ramp(crop.sharpness, 0, 0.15) : 1,
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
