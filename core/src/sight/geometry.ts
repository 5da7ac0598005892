/** Plane geometry of faces. Pure. Lengths are pixels, (0, 0) is the image's top left corner (pixel i covers i..i+1), y grows downwards. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Axis-parallel, from its top left. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Right and left are the person's own: the right eye is on the image's left when the face is frontal. */
export interface Keypoints {
  readonly rightEye: Point;
  readonly leftEye: Point;
  readonly noseTip: Point;
  readonly mouth: Point;
  readonly rightEar: Point;
  readonly leftEar: Point;
}

/** Row-major 2x3: x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5. */
export type Affine = readonly [number, number, number, number, number, number];

/** Degrees; signs as in `FaceQuality`. */
export interface Pose {
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

/** Where a face sits in a square crop, as shares of the side (`CropGeometry` of the manifest). */
export interface CropShape {
  readonly eyeMidpoint: readonly [number, number];
  readonly eyeToMouth: number;
}

export function iou(a: Rect, b: Rect): number {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (w <= 0 || h <= 0) return 0;
  const shared = w * h;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

export function apply(m: Affine, p: Point): Point {
  return { x: m[0] * p.x + m[1] * p.y + m[2], y: m[3] * p.x + m[4] * p.y + m[5] };
}

/** `after` of `before`: the map that applies `before` first. */
export function compose(after: Affine, before: Affine): Affine {
  return [
    after[0] * before[0] + after[1] * before[3],
    after[0] * before[1] + after[1] * before[4],
    after[0] * before[2] + after[1] * before[5] + after[2],
    after[3] * before[0] + after[4] * before[3],
    after[3] * before[1] + after[4] * before[4],
    after[3] * before[2] + after[4] * before[5] + after[5],
  ];
}

/** The same map between pixel centres with whole coordinates, as image kernels count. */
export function betweenCentres(m: Affine): Affine {
  return [m[0], m[1], m[2] + (m[0] + m[1] - 1) / 2, m[3], m[4], m[5] + (m[3] + m[4] - 1) / 2];
}

/** From a square of `side` pixels to a square of the image. */
export function squareToImage(side: number, square: { readonly x: number; readonly y: number; readonly size: number }): Affine {
  const k = square.size / side;
  return [k, 0, square.x, 0, k, square.y];
}

/**
 * From a crop of `side` pixels to the image: the similarity that shows the eyes level, their midpoint and the distance from there to
 * the mouth as `shape` wants them. Null when the keypoints fall together (no face has such).
 */
export function cropToImage(keypoints: Keypoints, shape: CropShape, side: number): Affine | null {
  const { rightEye, leftEye, mouth } = keypoints;
  const eyes = { x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2 };
  const dx = leftEye.x - rightEye.x;
  const dy = leftEye.y - rightEye.y;
  const apart = Math.hypot(dx, dy);
  const toMouth = Math.hypot(mouth.x - eyes.x, mouth.y - eyes.y);
  if (!(apart > 1e-3 && toMouth > 1e-3)) return null;
  const k = toMouth / (shape.eyeToMouth * side);
  const cos = (k * dx) / apart;
  const sin = (k * dy) / apart;
  const cx = shape.eyeMidpoint[0] * side;
  const cy = shape.eyeMidpoint[1] * side;
  return [cos, -sin, eyes.x - cos * cx + sin * cy, sin, cos, eyes.y - sin * cx - cos * cy];
}
