import type { Rect } from './geometry.ts';
import { type Region, tiles, wholeFrame } from './regions.ts';

export interface DetectionPlanOptions {
  /** A face is reliably found from this share of a region's side on. */
  readonly smallestShare: number;
  readonly largestShare: number;
}

export const detectionPlanDefaults: DetectionPlanOptions = { smallestShare: 0.1, largestShare: 0.5 };

/** The square around a tracked face is this many faces wide: room to move, and the detector's best scale. */
const facesWide = 4;
/** Room kept around a face, in faces, for a region to count as covering it. */
const marginFaces = 0.25;

/**
 * Which squares of the frame the detector looks at. The whole frame shrunk to the network's input loses small faces, and looking
 * everywhere at full scale costs too many runs: so each frame gets one searching region (whole frame, then tile after tile)
 * and as few squares as cover the tracked faces that the searching region would miss.
 */
export class DetectionPlan {
  readonly #options: DetectionPlanOptions;
  #turn = 0;
  #width = 0;
  #height = 0;
  #search: readonly Region[] = [];

  constructor(options: Partial<DetectionPlanOptions> = {}) {
    this.#options = { ...detectionPlanDefaults, ...options };
  }

  /** `expected` are the boxes where tracked faces should be, in frame pixels. */
  next(width: number, height: number, expected: readonly Rect[]): Region[] {
    if (width !== this.#width || height !== this.#height) {
      this.#search = searchRegions(width, height);
      this.#width = width;
      this.#height = height;
      this.#turn = 0;
    }
    const search = this.#search[this.#turn % this.#search.length] as Region;
    this.#turn += 1;
    const regions = [search];
    let group: Rect[] = [];
    for (const face of expected.filter((face) => !this.#covers(search, face)).sort((a, b) => a.x - b.x)) {
      const wider = [...group, face];
      if (group.length > 0 && !this.#fits(wider)) {
        regions.push(squareAround(group));
        group = [face];
      } else group = wider;
    }
    if (group.length > 0) regions.push(squareAround(group));
    return regions;
  }

  #covers(region: Region, face: Rect): boolean {
    const size = Math.max(face.width, face.height);
    const share = size / region.size;
    const margin = marginFaces * size;
    return (
      share >= this.#options.smallestShare &&
      share <= this.#options.largestShare &&
      face.x - margin >= region.x &&
      face.y - margin >= region.y &&
      face.x + face.width + margin <= region.x + region.size &&
      face.y + face.height + margin <= region.y + region.size
    );
  }

  /** All faces of a group must be found in one square. */
  #fits(group: readonly Rect[]): boolean {
    const square = squareAround(group);
    return group.every((face) => this.#covers(square, face));
  }
}

/** The whole frame, then squares of its shorter side along the longer one. */
function searchRegions(width: number, height: number): Region[] {
  const short = Math.min(width, height);
  const whole = wholeFrame(width, height);
  return Math.max(width, height) < short * 1.1 ? [whole] : [whole, ...tiles(width, height, short, 0.2)];
}

function squareAround(faces: readonly Rect[]): Region {
  const left = Math.min(...faces.map((face) => face.x));
  const top = Math.min(...faces.map((face) => face.y));
  const right = Math.max(...faces.map((face) => face.x + face.width));
  const bottom = Math.max(...faces.map((face) => face.y + face.height));
  const largest = Math.max(...faces.map((face) => Math.max(face.width, face.height)));
  const size = Math.max(right - left + 1.2 * largest, bottom - top + 1.2 * largest, facesWide * largest);
  return { x: (left + right - size) / 2, y: (top + bottom - size) / 2, size };
}
