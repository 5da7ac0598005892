import { createWarp, measure, type Warp } from '@mien/native';
import type { PixelView } from '../frame.ts';
import type { TensorData } from '../inference/backend.ts';
import type { ModelInput } from '../inference/model-manifest.ts';
import { type InputSpec, inputSpec } from '../inference/tensor-shape.ts';
import { type Affine, betweenCentres } from './geometry.ts';
import { TensorPool } from './tensor-pool.ts';

/** A tensor ready for the network, lent from the aligner's pool until disposed. */
export interface AlignedFace extends Disposable {
  readonly tensor: TensorData;
  /** Mean luma 0..1. */
  readonly light: number;
  /** 0..1, 1 is crisp. */
  readonly sharpness: number;
}

export interface Aligner {
  /** `matrix` maps crop coordinates to frame coordinates (both with the corner as origin). Outside the frame its mirror image is read. */
  align(pixels: PixelView, matrix: Affine, input: ModelInput): AlignedFace;
}

export function createAligner(): Aligner {
  return new NativeAligner();
}

interface Prepared {
  readonly warp: Warp;
  readonly spec: InputSpec;
}

/** One native pass from the camera's pixels to the network's input, and one over the result to measure it. */
class NativeAligner implements Aligner {
  readonly #tensors = new TensorPool();
  readonly #prepared = new WeakMap<ModelInput, Prepared>();

  align(pixels: PixelView, matrix: Affine, input: ModelInput): AlignedFace {
    const { warp, spec } = this.#prepare(input);
    const tensor = this.#tensors.take(input);
    warp(pixels, betweenCentres(matrix), tensor);
    const { light, sharpness } = measure(tensor, spec);
    return new PooledFace(tensor, light, shareOfCrisp(sharpness), () => this.#tensors.give(tensor, input));
  }

  #prepare(input: ModelInput): Prepared {
    const known = this.#prepared.get(input);
    if (known) return known;
    const spec = inputSpec(input);
    const prepared = { warp: createWarp(spec, 'reflect101'), spec };
    this.#prepared.set(input, prepared);
    return prepared;
  }
}

class PooledFace implements AlignedFace {
  readonly tensor: TensorData;
  readonly light: number;
  readonly sharpness: number;
  #giveBack: (() => void) | undefined;

  constructor(tensor: TensorData, light: number, sharpness: number, giveBack: () => void) {
    this.tensor = tensor;
    this.light = light;
    this.sharpness = sharpness;
    this.#giveBack = giveBack;
  }

  [Symbol.dispose](): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}

/** The kernel's measure has no upper end: half is where a 112-pixel crop of an ordinary portrait lies. */
const HALF_CRISP = 0.06;

function shareOfCrisp(sharpness: number): number {
  return sharpness / (sharpness + HALF_CRISP);
}
