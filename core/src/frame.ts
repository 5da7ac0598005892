/** A frame: borrowed pixels with the time they were captured. Frames exist in the sight process only. */

export type PixelFormat = 'rgb' | 'rgba' | 'gray' | 'nv12' | 'i420' | 'yuyv';

/** Tightly packed, upright pixels. YUV is BT.601; `range` defaults to limited for YUV and full otherwise. */
export interface PixelView {
  data: Uint8Array;
  width: number;
  height: number;
  format: PixelFormat;
  range?: 'limited' | 'full';
}

export interface Frame {
  /** Counts from 0 per source, over every frame the source saw, dropped ones included. */
  readonly index: number;
  readonly pixels: PixelView;
  /** Monotonic milliseconds of the capture instant (the scale of `monotonicMs()`, shared by all processes of this boot; media time from the start of playing for pace `every`). */
  readonly capturedMonoMs: number;
  /** Wall clock of the capture instant, milliseconds since the epoch. */
  readonly capturedWallMs: number;
  /** Milliseconds spent decoding this frame (compressed sources), else 0. */
  readonly decodeMs: number;
  /** Gives the pixels back to their pool. Call exactly once; the pixels must not be touched afterwards. */
  release(): void;
}

/** Bytes of one tightly packed frame. NV12, I420 and YUYV need even sizes. */
export function frameBytes(format: PixelFormat, width: number, height: number): number {
  switch (format) {
    case 'rgb':
      return width * height * 3;
    case 'rgba':
      return width * height * 4;
    case 'gray':
      return width * height;
    case 'yuyv':
      return width * height * 2;
    default:
      return (width * height * 3) / 2;
  }
}

/** Milliseconds of the boot's monotonic clock: the same scale in every process, unlike `performance.now()`. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
