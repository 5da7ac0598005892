import type { Keypoints, Point } from '../../core/src/sight/geometry.ts';
import { meanHead } from '../../core/src/sight/pose.ts';

type Solid = { readonly x: number; readonly y: number; readonly z: number };

/**
 * Keypoints of a head seen from afar: turned by yaw, then pitch, then roll (degrees, signs of `FaceQuality`), scaled and shifted.
 * `stretch` multiplies the depths of nose and ears, for heads that are not the mean one.
 */
export function projectHead(
  pose: { yaw?: number; pitch?: number; roll?: number },
  place: { scale?: number; x?: number; y?: number; stretch?: number } = {},
): Keypoints {
  const { yaw = 0, pitch = 0, roll = 0 } = pose;
  const { scale = 40, x: cx = 300, y: cy = 200, stretch = 1 } = place;
  const [cosY, sinY] = circle(yaw);
  const [cosP, sinP] = circle(pitch);
  const [cosR, sinR] = circle(roll);
  const project = ({ x, y, z }: Solid): Point => {
    const depth = z * stretch;
    const x1 = x * cosY + depth * sinY;
    const z1 = depth * cosY - x * sinY;
    const y2 = y * cosP - z1 * sinP;
    return { x: cx + scale * (x1 * cosR - y2 * sinR), y: cy + scale * (x1 * sinR + y2 * cosR) };
  };
  const mirrored = ({ x, y, z }: Solid): Solid => ({ x: -x, y, z });
  const { eye, noseTip, mouth, ear } = meanHead;
  return {
    rightEye: project(mirrored(eye)),
    leftEye: project(eye),
    noseTip: project(noseTip),
    mouth: project(mouth),
    rightEar: project(mirrored(ear)),
    leftEar: project(ear),
  };
}

function circle(degrees: number): [number, number] {
  const radians = (degrees * Math.PI) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}
