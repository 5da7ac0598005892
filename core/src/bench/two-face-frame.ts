import { readFile } from 'node:fs/promises';
import { openBundledClip } from '../camera/clip-camera.ts';
import { MienError } from '../errors.ts';
import type { PixelView } from '../frame.ts';
import { rgbToNv12 } from './nv12.ts';
import { median } from './quantile.ts';

export interface TwoFaceFrame {
  /** 1280x720 NV12, two faces in full view. */
  readonly pixels: PixelView;
  /** Index in the clip. */
  readonly frame: number;
  /** Median over the frames before it, each decoded alone. */
  readonly jpegDecodeMs: number;
}

type Ledger = { readonly ledger: ReadonlyArray<ReadonlyArray<{ readonly visible: number }>> };

/** The first frame of the bundled clip that shows two whole faces, as a camera would give it. */
export async function readTwoFaceFrame(): Promise<TwoFaceFrame> {
  const { ledger } = JSON.parse(await readFile(new URL('../../clip/clip.json', import.meta.url), 'utf8')) as Ledger;
  const wanted = ledger.findIndex((faces) => faces.length === 2 && faces.every(({ visible }) => visible > 0.95));
  await using clip = await openBundledClip('bench', { pace: 'every', loop: false });
  const decodeMs: number[] = [];
  for (let frame = await clip.next(); frame; frame = await clip.next()) {
    decodeMs.push(frame.decodeMs);
    try {
      if (frame.index === wanted) return { pixels: rgbToNv12(frame.pixels), frame: wanted, jpegDecodeMs: median(decodeMs) };
    } finally {
      frame.release();
    }
  }
  throw new MienError('INPUT_NOT_FOUND', 'The bundled clip has no frame with two whole faces, so there is nothing to measure on.');
}
