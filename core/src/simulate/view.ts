/** The inverse of people/distance.ts: where a face lies in the picture for a place before the device. */

import Value from 'typebox/value';
import { CameraConfig, type Config } from '../config.ts';
import type { Box } from '../observation.ts';

export interface SimulatedView {
  readonly width: number;
  readonly height: number;
  readonly fieldOfViewDeg: number;
  readonly mirror: boolean;
  readonly calibration: number;
  readonly faceWidthM: number;
}

/** Eyes of an adult over the camera that looks straight ahead. */
const EYES_OVER_CAMERA_M = 0.12;
/** Share of the picture's height that is left free over and under a face. */
const MARGIN = 0.02;

/** The camera's geometry as the people half will read it: the configured camera of that name, else a camera's defaults. */
export function viewOf(config: Pick<Config, 'cameras' | 'distance'>, camera: string, size: { readonly width: number; readonly height: number }): SimulatedView {
  const found = config.cameras.find(({ name }) => name === camera) ?? (Value.Default(CameraConfig, {}) as CameraConfig);
  const { fieldOfViewDeg, mirror, calibration = 1 } = found;
  return { ...size, fieldOfViewDeg, mirror, calibration, faceWidthM: config.distance.faceWidthM };
}

export function focalPx({ width, fieldOfViewDeg }: SimulatedView): number {
  return width / 2 / Math.tan((fieldOfViewDeg * Math.PI) / 360);
}

/** Width in pixels of a face straight ahead. */
export function facePxAt(distanceM: number, view: SimulatedView): number {
  return (view.faceWidthM * focalPx(view) * view.calibration) / distanceM;
}

/**
 * The box of a face at this place. Heads are level with the camera, near ones kept inside of the picture from top to bottom; at the sides they
 * may lie outside. People read the distance and bearing back exactly.
 */
export function boxAt({ distanceM, bearingDeg }: { readonly distanceM: number; readonly bearingDeg: number }, view: SimulatedView): Box {
  const focal = focalPx(view);
  const right = Math.tan((bearingDeg * Math.PI) / 180) * (view.mirror ? -1 : 1);
  const level = facePxAt(distanceM, view) * Math.hypot(1, right);
  const free = Math.max(0, view.height / 2 - level / 2 - MARGIN * view.height);
  const downPx = -Math.min(free, (EYES_OVER_CAMERA_M / distanceM) * focal);
  const facePx = facePxAt(distanceM, view) * Math.hypot(1, right, downPx / focal);
  const x = view.width / 2 + right * focal;
  const y = view.height / 2 + downPx;
  return [(x - facePx / 2) / view.width, (y - facePx / 2) / view.height, facePx / view.width, facePx / view.height];
}

/** Degrees from the middle to the edge of the picture. */
export function edgeDeg(view: SimulatedView): number {
  return view.fieldOfViewDeg / 2;
}

/** Share of the first box that lies under the second. */
export function coveredShare([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const w = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const h = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return w <= 0 || h <= 0 ? 0 : (w * h) / (aw * ah);
}
