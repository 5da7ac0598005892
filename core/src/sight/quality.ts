import type { FaceQuality } from '../observation.ts';
import type { Keypoints, Rect } from './geometry.ts';

/** Quality of a detected face; `light` and `sharpness` when it was aligned in this frame. */
export function assessQuality(box: Rect, keypoints: Keypoints, aligned?: { readonly light: number; readonly sharpness: number }): FaceQuality {
  throw new Error(`body follows ${box} ${keypoints} ${aligned}`);
}
