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
 * everywhere at full scale costs too many runs: so each frame gets one searching region (the whole frame and tiles in turn)
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
    let group: Face[] = [];
    const missed = expected.map((box) => faceOf(box, width, height)).filter((face) => !this.#covers(search, face));
    for (const face of missed.sort((a, b) => a.left - b.left)) {
      const wider = [...group, face];
      if (group.length > 0 && !this.#fits(wider)) {
        regions.push(squareAround(group));
        group = [face];
      } else group = wider;
    }
    if (group.length > 0) regions.push(squareAround(group));
    return regions;
  }

  #covers(region: Region, face: Face): boolean {
    const share = face.size / region.size;
    return (
      share >= this.#options.smallestShare &&
      share <= this.#options.largestShare &&
      face.left >= region.x &&
      face.top >= region.y &&
      face.right <= region.x + region.size &&
      face.bottom <= region.y + region.size
    );
  }

  /** All faces of a group must be found in one square. */
  #fits(group: readonly Face[]): boolean {
    const square = squareAround(group);
    return group.every((face) => this.#covers(square, face));
  }
}

/** A face with the room it needs, as far as that lies in the frame: beyond the border there is nothing to be shown. */
interface Face {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly size: number;
}

function faceOf(box: Rect, width: number, height: number): Face {
  const size = Math.max(box.width, box.height);
  const margin = marginFaces * size;
  const within = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit);
  return {
    left: within(box.x - margin, width),
    top: within(box.y - margin, height),
    right: within(box.x + box.width + margin, width),
    bottom: within(box.y + box.height + margin, height),
    size,
  };
}

/** The whole frame every other time, since it shows most of what comes, and squares of the shorter side in between. */
function searchRegions(width: number, height: number): Region[] {
  const short = Math.min(width, height);
  const whole = wholeFrame(width, height);
  if (Math.max(width, height) < short * 1.1) return [whole];
  return tiles(width, height, short, 0.2).flatMap((tile) => [whole, tile]);
}

function squareAround(faces: readonly Face[]): Region {
  const left = Math.min(...faces.map((face) => face.left));
  const top = Math.min(...faces.map((face) => face.top));
  const right = Math.max(...faces.map((face) => face.right));
  const bottom = Math.max(...faces.map((face) => face.bottom));
  const largest = Math.max(...faces.map((face) => face.size));
  const size = Math.max(right - left, bottom - top, facesWide * largest);
  return { x: (left + right - size) / 2, y: (top + bottom - size) / 2, size };
}
