import { readFileSync } from 'node:fs';
import { splitMjpeg } from '../../core/src/camera/mjpeg.ts';

export interface LedgerFace {
  readonly person: string;
  /** Pixels: [x, y, width, height]. */
  readonly box: readonly [number, number, number, number];
  readonly visible: number;
}

export interface Ledger {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly people: ReadonlyArray<{ readonly id: string; readonly gender: 'female' | 'male'; readonly apparentAge: number }>;
  readonly presence: ReadonlyArray<{ readonly person: string; readonly fromFrame: number; readonly toFrame: number }>;
  readonly ledger: ReadonlyArray<readonly LedgerFace[]>;
}

const folder = new URL('../../core/clip/', import.meta.url);

export const ledger = JSON.parse(readFileSync(new URL('clip.json', folder), 'utf8')) as Ledger;

/** The clip's JPEGs, in order. */
export function clipFrames(): Uint8Array[] {
  const bytes = readFileSync(new URL('clip.mjpeg', folder));
  return splitMjpeg(bytes).map(({ offset, length }) => bytes.subarray(offset, offset + length));
}

/** The first frame that shows `count` faces, all of them visible. */
export function frameWith(count: number): Uint8Array {
  const index = ledger.ledger.findIndex((faces) => faces.length === count && faces.every(({ visible }) => visible > 0.95));
  const frame = clipFrames()[index];
  if (!frame) throw new Error(`the clip has no frame with ${count} faces`);
  return frame;
}
