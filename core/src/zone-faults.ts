/** What a schema cannot say about drawn zones. */
import type { CameraConfig } from './config.ts';

type Corner = readonly [x: number, y: number];

const TAKEN = ['near', 'mid', 'far'];
/** A share of the frame; a square of one pixel in 1280x720 is 1e-6. */
const SMALLEST_AREA = 1e-4;

/** One line a fault, `path: what is wrong`; `path` names the camera, as `cameras[0]`. */
export function zoneFaults({ zones = [] }: CameraConfig, path: string): string[] {
  return zones.flatMap(({ name, polygon }, i) => {
    const at = `${path}.zones[${i}]`;
    const faults: string[] = [];
    if (TAKEN.includes(name)) faults.push(`${at}.name: "${name}" is a zone by distance; choose another name`);
    if (zones.findIndex((zone) => zone.name === name) < i) faults.push(`${at}.name: another zone of this camera is named "${name}"`);
    const wrong = polygonFault(polygon);
    if (wrong) faults.push(`${at}.polygon: ${wrong}`);
    return faults;
  });
}

function polygonFault(corners: readonly Corner[]): string | undefined {
  for (const [i, corner] of corners.entries()) {
    const before = corners.findIndex(([x, y]) => x === corner[0] && y === corner[1]);
    if (before < i) return `corner ${i + 1} repeats corner ${before + 1}; give each corner once, the last side closes by itself`;
  }
  for (let i = 0; i < corners.length; i++) {
    for (let j = i + 1; j < corners.length; j++) {
      if (touch(side(corners, i), side(corners, j), { adjacent: j === i + 1 || (i === 0 && j === corners.length - 1) })) {
        return `side ${i + 1} and side ${j + 1} cross; give the corners in order along the border`;
      }
    }
  }
  if (Math.abs(area(corners)) < SMALLEST_AREA) return 'encloses nothing; give corners as shares of the upright frame, 0 to 1';
  return undefined;
}

function side(corners: readonly Corner[], i: number): readonly [Corner, Corner] {
  return [corners[i] as Corner, corners[(i + 1) % corners.length] as Corner];
}

/** Sides next to each other share a corner; they touch only when one lies on the other. */
function touch([a, b]: readonly [Corner, Corner], [c, d]: readonly [Corner, Corner], { adjacent }: { adjacent: boolean }): boolean {
  const turns = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)] as const;
  if (turns.every((value) => value === 0)) return adjacent ? backwards(a, b, c, d) : overlap(a, b, c, d);
  if (adjacent) return false;
  return turns[0] * turns[1] <= 0 && turns[2] * turns[3] <= 0;
}

/** Of two sides in one line that share a corner: does the second go back over the first? */
function backwards(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  return (b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1]) < 0;
}

function overlap(a: Corner, b: Corner, c: Corner, d: Corner): boolean {
  return ([0, 1] as const).every((k) => Math.max(Math.min(a[k], b[k]), Math.min(c[k], d[k])) <= Math.min(Math.max(a[k], b[k]), Math.max(c[k], d[k])));
}

/** The sign of the turn from a to b to c. */
function turn(a: Corner, b: Corner, c: Corner): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

function area(corners: readonly Corner[]): number {
  let sum = 0;
  for (let i = 0; i < corners.length; i++) {
    const [[ax, ay], [bx, by]] = side(corners, i);
    sum += ax * by - bx * ay;
  }
  return sum / 2;
}
