import type { Keypoints, Point, Pose } from './geometry.ts';

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

const DEGREES = 180 / Math.PI;

/**
 * Pose under weak perspective, from all six keypoints.
 * - Roll is the slope of the eye line. The other two are read after turning the face upright.
 * - Yaw: the nose tip moves sideways against the midpoint of the ears by depth x sin(yaw), while the eyes close up by cos(yaw); their
 *   quotient is monotonic in the tangent.
 * - Pitch: the nose tip moves up against the ears by depth x sin(pitch), measured by the distance of eyes and mouth, which shrinks by
 *   cos(pitch). The depth that counts is the one left after yaw.
 * Exact for the mean head seen from afar; where depths differ by 15 %, so do the tangents.
 */
export function poseOf(keypoints: Keypoints): Pose {
  const { rightEye, leftEye } = keypoints;
  const roll = Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x);
  const cos = Math.cos(roll);
  const sin = Math.sin(roll);
  const upright = (p: Point): Point => ({ x: p.x * cos + p.y * sin, y: p.y * cos - p.x * sin });
  const [re, le, nose, mouth] = [upright(rightEye), upright(leftEye), upright(keypoints.noseTip), upright(keypoints.mouth)];
  const ears = middle(upright(keypoints.rightEar), upright(keypoints.leftEar));
  const eyes = middle(re, le);

  const depth = meanHead.noseTip.z - meanHead.ear.z;
  const apart = Math.max(le.x - re.x, 1e-6);
  const yaw = Math.atan2((nose.x - ears.x) / depth, apart / (2 * meanHead.eye.x));

  // With t = cos(yaw) tan(pitch): (nose - ears) / (mouth - eyes) = (h - depth t) / (m - z t), heights and depths of the mean head.
  const height = meanHead.noseTip.y - meanHead.ear.y;
  const ratio = (nose.y - ears.y) / Math.max(mouth.y - eyes.y, 1e-6);
  const t = (height - meanHead.mouth.y * ratio) / Math.max(depth - meanHead.mouth.z * ratio, 0.2);
  const pitch = Math.atan2(t, Math.max(Math.cos(yaw), 0.2));
  return { yawDeg: yaw * DEGREES, pitchDeg: pitch * DEGREES, rollDeg: roll * DEGREES };
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
