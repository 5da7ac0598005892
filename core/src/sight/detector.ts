import { createWarp, type Warp } from '@mien/native';
import type { PixelView } from '../frame.ts';
import type { Lease, Leases } from '../inference/lease.ts';
import type { DetectorNetwork, ModelInput } from '../inference/model-manifest.ts';
import { inputSpec } from '../inference/tensor-shape.ts';
import { allThrough } from './all-through.ts';
import { BlazeFaceDecoder, Candidates } from './blazeface.ts';
import { betweenCentres, squareToImage } from './geometry.ts';
import type { Region } from './regions.ts';
import { type Detection, suppress } from './suppression.ts';
import { TensorPool } from './tensor-pool.ts';

export type { Region } from './regions.ts';
export { around, pyramid, tiles, wholeFrame } from './regions.ts';
export type { Detection } from './suppression.ts';

export interface Detector {
  /**
   * Finds faces in the regions, one session run for each, as many at a time as the session gains from, and merges what overlapping regions found twice. Best score first.
   * `pixels` are borrowed until the promise settles. Errors: MODEL_STATE, INFERENCE_FAILED; rejects with the signal's reason.
   */
  detect(pixels: PixelView, regions: readonly Region[], signal?: AbortSignal): Promise<Detection[]>;
}

export function createDetector(leases: Leases): Detector {
  return new BlazeFaceDetector(leases);
}

/** What is made once for a network: its decoder, and the pass from pixels to its input. */
interface Prepared {
  readonly decoder: BlazeFaceDecoder;
  readonly warp: Warp;
  readonly input: ModelInput;
}

class BlazeFaceDetector implements Detector {
  readonly #leases: Leases;
  readonly #tensors = new TensorPool();
  readonly #candidates: Candidates[] = [];
  readonly #prepared = new WeakMap<ModelInput, Prepared>();

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  async detect(pixels: PixelView, regions: readonly Region[], signal?: AbortSignal): Promise<Detection[]> {
    const candidates = this.#candidates.pop() ?? new Candidates();
    candidates.count = 0;
    try {
      const together = regions.length > 1 ? this.#together() : 1;
      for (let i = 0; i < regions.length; i += together) {
        await allThrough(regions.slice(i, i + together).map((region) => this.#look(pixels, region, candidates, signal)));
      }
      return suppress(candidates);
    } finally {
      this.#candidates.push(candidates);
    }
  }

  #together(): number {
    using lease = this.#leases.lease('detector');
    return lease.session.info.parallel;
  }

  async #look(pixels: PixelView, region: Region, candidates: Candidates, signal?: AbortSignal): Promise<void> {
    using lease = this.#leases.lease('detector');
    const { decoder, warp, input } = this.#prepare(lease);
    const tensor = this.#tensors.take(input);
    try {
      warp(pixels, betweenCentres(squareToImage(input.width, region)), tensor);
      decoder.decode(await lease.session.run(tensor, signal ? { signal } : {}), region, pixels, candidates);
    } finally {
      this.#tensors.give(tensor, input);
    }
  }

  #prepare({ network, file }: Lease<DetectorNetwork>): Prepared {
    const input = file.input ?? network.input;
    const known = this.#prepared.get(input);
    if (known) return known;
    // Outside the frame is black, as in the letterbox that the network was trained with.
    const prepared = { decoder: new BlazeFaceDecoder(network), warp: createWarp(inputSpec(input), { constant: 0 }), input };
    this.#prepared.set(input, prepared);
    return prepared;
  }
}
