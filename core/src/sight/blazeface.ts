import type { TensorOutputs } from '../inference/backend.ts';
import { type DetectorNetwork, keypointNames } from '../inference/model-manifest.ts';
import type { Region } from './regions.ts';

/** Numbers per candidate: score, x, y, width, height, six keypoints as x and y, 1 when its region cuts it, its weight in a mean. */
export const CANDIDATE = 19;
export const SCORE = 0;
export const BOX = 1;
export const POINTS = 5;
export const CUT = 17;
export const WEIGHT = 18;

/** Candidates of one frame in one growing array, used again for the next. Coordinates are frame pixels. */
export class Candidates {
  data = new Float32Array(256 * CANDIDATE);
  count = 0;

  /** Start of a fresh row. */
  add(): number {
    const at = this.count * CANDIDATE;
    if (at + CANDIDATE > this.data.length) {
      const grown = new Float32Array(this.data.length * 2);
      grown.set(this.data);
      this.data = grown;
    }
    this.count += 1;
    return at;
  }
}

/** Reads a BlazeFace's outputs: anchors, box and keypoint offsets, score threshold. One for each network; holds its anchors. */
export class BlazeFaceDecoder {
  readonly #network: DetectorNetwork;
  readonly #anchors: Float32Array;
  readonly #points: readonly number[];
  /** The score threshold on the output's own scale, so that no number is transformed for nothing. */
  readonly #rawThreshold: number;
  readonly #logit: boolean;

  constructor(network: DetectorNetwork) {
    this.#network = network;
    this.#anchors = anchorCentres(network);
    this.#points = keypointNames.map((name) => network.keypoints.indexOf(name));
    this.#logit = network.scoreActivation === 'logit';
    const threshold = network.scoreThreshold;
    this.#rawThreshold = this.#logit ? Math.log(threshold / (1 - threshold)) : threshold;
  }

  /** Appends what the network saw in `region` of a frame of that size. */
  decode(outputs: TensorOutputs, region: Region, frame: { readonly width: number; readonly height: number }, into: Candidates): void {
    const { outputs: names, keypoints, coordinateScale } = this.#network;
    const scores = outputs[names.scores] as Float32Array;
    const boxes = outputs[names.boxes] as Float32Array;
    const stride = 4 + 2 * keypoints.length;
    const k = region.size / coordinateScale;
    for (let i = 0; i < scores.length; i += 1) {
      const raw = scores[i] as number;
      if (!(raw >= this.#rawThreshold)) continue;
      const at = into.add();
      const row = into.data;
      const from = i * stride;
      const ax = region.x + (this.#anchors[2 * i] as number) * region.size;
      const ay = region.y + (this.#anchors[2 * i + 1] as number) * region.size;
      const width = (boxes[from + 2] as number) * k;
      const height = (boxes[from + 3] as number) * k;
      const x = ax + (boxes[from] as number) * k - width / 2;
      const y = ay + (boxes[from + 1] as number) * k - height / 2;
      row[at + SCORE] = this.#logit ? 1 / (1 + Math.exp(-raw)) : raw;
      row[at + BOX] = x;
      row[at + BOX + 1] = y;
      row[at + BOX + 2] = width;
      row[at + BOX + 3] = height;
      for (let p = 0; p < 6; p += 1) {
        const point = from + 4 + 2 * (this.#points[p] as number);
        row[at + POINTS + 2 * p] = ax + (boxes[point] as number) * k;
        row[at + POINTS + 2 * p + 1] = ay + (boxes[point + 1] as number) * k;
      }
      // Where a face was seen in several regions, the closer look places it better.
      row[at + WEIGHT] = (row[at + SCORE] as number) / (region.size * region.size);
      row[at + CUT] = isCut(x, y, x + width, y + height, region, frame) ? 1 : 0;
    }
  }
}

/** Does the box cross an edge of the region beyond which the frame goes on? Then the detector saw part of a face. */
function isCut(x0: number, y0: number, x1: number, y1: number, region: Region, frame: { readonly width: number; readonly height: number }): boolean {
  const right = region.x + region.size;
  const bottom = region.y + region.size;
  return (region.x > 0 && x0 < region.x) || (region.y > 0 && y0 < region.y) || (right < frame.width && x1 > right) || (bottom < frame.height && y1 > bottom);
}

/** Centres as shares of the input side, layer by layer, row by row, as the network's outputs are ordered. */
function anchorCentres(network: DetectorNetwork): Float32Array {
  const centres: number[] = [];
  for (const { size, perCell } of network.anchors) {
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        for (let n = 0; n < perCell; n += 1) centres.push((x + 0.5) / size, (y + 0.5) / size);
      }
    }
  }
  return Float32Array.from(centres);
}
