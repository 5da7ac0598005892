import type { Keypoints, Pose } from './geometry.ts';

/**
 * The mean adult head that poses are read against, in units of the pupil distance (63 mm): x to the image's right, y down, z towards the
 * camera, origin between the eyes. The nose tip's depth is anthropometric (35 mm); the other numbers are what both BlazeFace detectors
 * put on 1,400 photographed faces: medians of the frontal ones, and depths by how far each point shifts with the nose tip.
 */
export const meanHead = {
  eye: { x: 0.5, y: 0, z: 0 },
  noseTip: { x: 0, y: 0.56, z: 0.55 },
  mouth: { x: 0, y: 1.03, z: 0.27 },
  ear: { x: 1.01, y: 0.21, z: -0.93 },
} as const;

type Triple = readonly [number, number, number];
const DEGREES = 180 / Math.PI;
const pointNames = ['rightEye', 'leftEye', 'noseTip', 'mouth', 'rightEar', 'leftEar'] as const;
const toAxes = leastSquares(headPoints());

/**
 * Pose from orthography and scaling: the linear map from the mean head to the six keypoints in the image (least squares over all of them)
 * gives the first two rows of the rotation times the scale; their cross product is the direction of the face. The head turns by yaw, then pitch,
 * then roll. Exact for the mean head seen from afar; on a head 15 % deeper or flatter, so are the tangents of yaw and pitch.
 */
export function poseOf(keypoints: Keypoints): Pose {
  const cx = mean(keypoints, 'x');
  const cy = mean(keypoints, 'y');
  const right: [number, number, number] = [0, 0, 0];
  const down: [number, number, number] = [0, 0, 0];
  pointNames.forEach((name, i) => {
    const point = keypoints[name];
    for (let axis = 0; axis < 3; axis += 1) {
      const weight = toAxes[axis]?.[i] ?? 0;
      right[axis] = (right[axis] as number) + weight * (point.x - cx);
      down[axis] = (down[axis] as number) + weight * (point.y - cy);
    }
  });
  const [fx, fy, fz] = cross(right, down);
  return {
    yawDeg: Math.atan2(-fx, fz) * DEGREES,
    pitchDeg: Math.atan2(fy, Math.hypot(fx, fz)) * DEGREES,
    rollDeg: Math.atan2(-right[1], down[1]) * DEGREES,
  };
}

/** The six points of the mean head about their centre, in the order of `pointNames`. */
function headPoints(): readonly Triple[] {
  const { eye, noseTip, mouth, ear } = meanHead;
  const points: Triple[] = [
    [-eye.x, eye.y, eye.z],
    [eye.x, eye.y, eye.z],
    [noseTip.x, noseTip.y, noseTip.z],
    [mouth.x, mouth.y, mouth.z],
    [-ear.x, ear.y, ear.z],
    [ear.x, ear.y, ear.z],
  ];
  const centre = [0, 1, 2].map((axis) => points.reduce((sum, point) => sum + (point[axis] as number), 0) / points.length);
  return points.map(([x, y, z]): Triple => [x - (centre[0] as number), y - (centre[1] as number), z - (centre[2] as number)]);
}

/** The pseudo-inverse (3 x n) of an n x 3 matrix: (PᵀP)⁻¹ Pᵀ. */
function leastSquares(points: readonly Triple[]): readonly number[][] {
  const gram = (i: number, j: number) => points.reduce((sum, p) => sum + (p[i] as number) * (p[j] as number), 0);
  const rows: Triple[] = [0, 1, 2].map((i) => [gram(i, 0), gram(i, 1), gram(i, 2)]);
  const [a, b, c] = rows as [Triple, Triple, Triple];
  const determinant = dot(a, cross(b, c));
  // The Gram matrix is symmetric, so its adjugate's rows are these cross products.
  const inverse = [cross(b, c), cross(c, a), cross(a, b)];
  return inverse.map((row) => points.map((point) => dot(row, point) / determinant));
}

function mean(keypoints: Keypoints, axis: 'x' | 'y'): number {
  return pointNames.reduce((sum, name) => sum + keypoints[name][axis], 0) / pointNames.length;
}

function cross(a: Triple, b: Triple): Triple {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
