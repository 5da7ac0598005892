import type { PixelView } from '../frame.ts';
import type { Leases } from '../inference/lease.ts';
import type { Keypoints, Rect } from './geometry.ts';

/** A square of the frame shown to the detector, in frame pixels. May reach outside the frame; outside is black. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Frame pixels. May reach outside the frame at its border. */
export interface Detection {
  readonly box: Rect;
  /** 0..1. */
  readonly score: number;
  readonly keypoints: Keypoints;
}

export interface Detector {
  /**
   * Finds faces in the regions, one session run for each, and merges what overlapping regions found twice. Best score first.
   * `pixels` are borrowed until the promise settles. Errors: MODEL_STATE, INFERENCE_FAILED; rejects with the signal's reason.
   */
  detect(pixels: PixelView, regions: readonly Region[], signal?: AbortSignal): Promise<Detection[]>;
}

export function createDetector(leases: Leases): Detector {
  throw new Error(`body follows ${leases}`);
}
