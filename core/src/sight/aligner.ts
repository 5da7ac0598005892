import type { PixelView } from '../frame.ts';
import type { TensorData } from '../inference/backend.ts';
import type { ModelInput } from '../inference/model-manifest.ts';
import type { Affine } from './geometry.ts';

/** A tensor ready for the network, lent from the aligner's pool until disposed. */
export interface AlignedFace extends Disposable {
  readonly tensor: TensorData;
  /** Mean luma 0..1. */
  readonly light: number;
  /** 0..1, 1 is crisp. */
  readonly sharpness: number;
}

export interface Aligner {
  /** `matrix` maps crop coordinates to frame coordinates (both with the corner as origin). */
  align(pixels: PixelView, matrix: Affine, input: ModelInput): AlignedFace;
}

export function createAligner(): Aligner {
  throw new Error('body follows');
}
