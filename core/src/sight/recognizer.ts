import type { PixelView } from '../frame.ts';
import type { Leases } from '../inference/lease.ts';
import type { FaceSample, HeadLabels, Origin } from '../observation.ts';
import type { Aligner } from './aligner.ts';
import type { Keypoints } from './geometry.ts';

export interface Recognition {
  readonly sample: FaceSample;
  /** Of the aligned crop, 0..1. */
  readonly light: number;
  readonly sharpness: number;
  readonly alignMs: number;
  readonly recogniseMs: number;
  readonly origin: Origin;
  readonly heads: HeadLabels;
}

export interface Recognizer {
  /** Aligns and reads one face. `pixels` are borrowed until the promise settles. Errors: MODEL_STATE, INFERENCE_FAILED. */
  recognise(pixels: PixelView, keypoints: Keypoints, signal?: AbortSignal): Promise<Recognition>;
  /** The same for an image that is one aligned square crop. */
  recogniseCrop(pixels: PixelView, signal?: AbortSignal): Promise<Recognition>;
  /** Of the network that would answer now. Errors: MODEL_STATE. */
  origin(): Origin;
  heads(): HeadLabels;
}

export function createRecognizer(leases: Leases, aligner: Aligner): Recognizer {
  throw new Error(`body follows ${leases} ${aligner}`);
}
