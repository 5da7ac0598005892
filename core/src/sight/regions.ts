/** Which squares of a picture are shown to the detector. */

/** A square of the frame, in frame pixels. May reach outside the frame; outside is black. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** The smallest square around the whole frame, the frame in its middle. */
export function wholeFrame(width: number, height: number): Region {
  const size = Math.max(width, height);
  return { x: (width - size) / 2, y: (height - size) / 2, size };
}

/**
 * Squares of `size` that cover the frame, each overlapping its neighbours by at least `overlap` of the size, so that a face of up to
 * that many pixels lies whole in one of them. A side shorter than `size` is covered by one centred row.
 */
export function tiles(width: number, height: number, size: number, overlap = 0.25): Region[] {
  const xs = starts(width, size, overlap);
  return starts(height, size, overlap).flatMap((y) => xs.map((x) => ({ x, y, size })));
}

function starts(length: number, size: number, overlap: number): number[] {
  if (length <= size) return [(length - size) / 2];
  const steps = Math.ceil((length - size) / (size * (1 - overlap)));
  return Array.from({ length: steps + 1 }, (_, i) => ((length - size) * i) / steps);
}

/** Faces are found from this share of a region's side on (BlazeFace full range, measured); twice as many pixels are better. */
const SMALLEST_SHARE = 0.08;

/**
 * For stills, where time matters less than a missed face: twice the frame (a face that fills the picture is then of a size the detector
 * knows), the whole frame, then tiles of half the size and so on, until a face of `facePx` is large enough in a tile.
 */
export function pyramid(width: number, height: number, facePx: number): Region[] {
  const whole = wholeFrame(width, height);
  const regions = [around({ x: 0, y: 0, width, height }, 2), whole];
  for (let size = whole.size; size * SMALLEST_SHARE > facePx; ) {
    size /= 2;
    regions.push(...tiles(width, height, size));
  }
  return regions;
}

/** A square around a face box, `factor` times its larger side, for looking again where a face was. */
export function around(box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }, factor: number): Region {
  const size = Math.max(box.width, box.height) * factor;
  return { x: box.x + (box.width - size) / 2, y: box.y + (box.height - size) / 2, size };
}
