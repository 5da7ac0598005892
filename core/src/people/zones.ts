/** Zones that the user drew on the floor of the picture. */
import type { Config, ZoneConfig } from '../config.ts';
import type { Box } from '../observation.ts';
import { Hold } from './hold.ts';

type Point = readonly [x: number, y: number];
export type Polygon = readonly Point[];

/** Longer silence breaks a hold. */
const SIGHT_GAP_MS = 2500;
/** A corner of the frame is inside of a zone that reaches it, whatever the last digit says. */
const ON_LINE = 1e-9;
/** No zone has this name. */
const OUTSIDE = '';

/**
 * Where a person stands, in shares of the upright frame: straight under the face, `faceHeightsToFloor` heights of its box below it. Feet
 * below the picture count as on its bottom edge.
 */
export function footPoint([x, y, w, h]: Box, { faceHeightsToFloor }: Pick<Config['zones'], 'faceHeightsToFloor'>): Point {
  return [share(x + w / 2), share(y + h * (1 + faceHeightsToFloor))];
}

/** Is the point in the polygon or on its border? Even-odd rule. */
export function inside([x, y]: Point, polygon: Polygon): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i] as Point;
    const [bx, by] = polygon[j] as Point;
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const t = Math.min(1, Math.max(0, along));
    if (Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) <= ON_LINE) return true;
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) odd = !odd;
  }
  return odd;
}

/** The drawn zone in which one person stands. Another one, or none, must hold for `holdMs` before it counts. */
export class DrawnZone {
  readonly #zones: readonly ZoneConfig[];
  readonly #rules: Config['zones'];
  readonly #hold = new Hold<string>(SIGHT_GAP_MS);
  #started = false;
  /** Undefined outside of every zone. */
  name: string | undefined;

  constructor(zones: readonly ZoneConfig[], rules: Config['zones']) {
    this.#zones = zones;
    this.#rules = rules;
  }

  /** A face seen at time t. The first match counts where zones overlap. */
  update(box: Box, t: number): void {
    if (this.#zones.length === 0) return;
    const foot = footPoint(box, this.#rules);
    const now = this.#zones.find(({ polygon }) => inside(foot, polygon))?.name;
    if (!this.#started) {
      this.#started = true;
      this.name = now;
      return;
    }
    const heldMs = this.#hold.update(now === this.name ? null : (now ?? OUTSIDE), t);
    if (now === this.name || heldMs < this.#rules.holdMs) return;
    this.name = now;
    this.#hold.reset();
  }

  /** The zone that is about to count, undefined for outside; null while nothing changes. */
  get next(): { readonly name: string | undefined; readonly heldMs: number } | null {
    return this.#hold.key === null ? null : { name: this.#hold.key === OUTSIDE ? undefined : this.#hold.key, heldMs: this.#hold.heldMs };
  }
}

function share(x: number): number {
  return Math.min(1, Math.max(0, x));
}
