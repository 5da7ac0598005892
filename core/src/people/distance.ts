import type { CameraConfig, Config } from '../config.ts';
import type { Box } from '../observation.ts';

const SMOOTHING_MS = 300;
const SPEED_SMOOTHING_MS = 700;
/** Relative error of one person's face width and of the box around it; without calibration the field of view is a guess too. */
const ANATOMY = 0.1;
const UNCALIBRATED = 0.2;
const BOX_ERROR_PX = 2;
const FARTHEST_M = 50;

/** Zones by distance, without those that are drawn. */
export type Zone = 'near' | 'mid' | 'far';

export interface View {
  readonly distance: Config['distance'];
  readonly camera: Pick<CameraConfig, 'fieldOfViewDeg' | 'mirror' | 'calibration'>;
}

/** Metres from the camera and degrees to the device's right, from the face box by a pinhole camera. `width` and `height`: pixels of the frame. */
export function locate(
  [x, y, w, h]: Box,
  { width, height }: { width: number; height: number },
  { distance, camera }: View,
): { m: number; sd: number; bearingDeg: number } {
  const focalPx = width / 2 / Math.tan((camera.fieldOfViewDeg * Math.PI) / 360);
  const facePx = Math.max(1, w * width);
  const right = ((x + w / 2 - 0.5) * width) / focalPx;
  const down = ((y + h / 2 - 0.5) * height) / focalPx;
  const depth = ((distance.faceWidthM * focalPx) / facePx) * (camera.calibration ?? 1);
  const m = Math.min(FARTHEST_M, depth * Math.hypot(1, right, down));
  const relative = Math.hypot(ANATOMY, camera.calibration === undefined ? UNCALIBRATED : 0, BOX_ERROR_PX / facePx);
  return { m, sd: m * relative, bearingDeg: ((camera.mirror ? -1 : 1) * Math.atan(right) * 180) / Math.PI };
}

/** The next zone, by two radii each, so that a step back and forth on a border is no news. Null: no zone yet. */
export function nextZone(m: number, zone: Zone | null, { nearEnterM, nearLeaveM, midEnterM, midLeaveM }: Config['distance']): Zone {
  const nearM = zone === 'near' ? Math.max(nearEnterM, nearLeaveM) : nearEnterM;
  const midM = zone === 'near' || zone === 'mid' ? Math.max(midEnterM, midLeaveM) : midEnterM;
  if (m < nearM || (zone === 'near' && m <= nearM)) return 'near';
  return m < midM || (zone !== 'far' && zone !== null && m <= midM) ? 'mid' : 'far';
}

/** Smoothed place of one person. */
export class Place {
  readonly #view: View;
  #last: number | null = null;
  m = 0;
  sd = 0;
  bearingDeg = 0;
  /** Metres per second towards the device. */
  approachMps = 0;
  closestM = Number.POSITIVE_INFINITY;
  zone: Zone = 'far';

  constructor(view: View) {
    this.#view = view;
  }

  update(box: Box, frame: { width: number; height: number }, t: number): void {
    const seen = locate(box, frame, this.#view);
    const dt = this.#last === null ? 0 : Math.max(0, t - this.#last);
    const before = this.m;
    const kept = this.#last === null ? 0 : Math.exp(-dt / SMOOTHING_MS);
    // Box size is the inverse of distance and its noise is relative, so the logarithm is smoothed.
    this.m = this.#last === null ? seen.m : Math.exp(Math.log(this.m) * kept + Math.log(seen.m) * (1 - kept));
    this.bearingDeg = this.bearingDeg * kept + seen.bearingDeg * (1 - kept);
    this.sd = (seen.sd / seen.m) * this.m;
    if (dt > 0) {
      const keptSpeed = Math.exp(-dt / SPEED_SMOOTHING_MS);
      this.approachMps = this.approachMps * keptSpeed + (((before - this.m) * 1000) / dt) * (1 - keptSpeed);
    }
    this.closestM = Math.min(this.closestM, this.m);
    this.zone = nextZone(this.m, this.#last === null ? null : this.zone, this.#view.distance);
    this.#last = t;
  }

  get calibrated(): boolean {
    return this.#view.camera.calibration !== undefined;
  }
}
