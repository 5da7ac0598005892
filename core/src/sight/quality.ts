import type { FaceQuality } from '../observation.ts';
import { type CropMeasures, qualityParts } from '../quality-gate.ts';
import type { Keypoints, Rect } from './geometry.ts';
import { poseOf } from './pose.ts';

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
