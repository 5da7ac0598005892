import type { FrameSource } from '../camera/frame-source.ts';
import type { PixelView } from '../frame.ts';

export interface StillOptions {
  readonly pixels: PixelView;
  readonly frames: number;
  /** Between the capture instants, on media time. */
  readonly intervalMs: number;
  /** Awaited before each frame is handed out. */
  before(index: number): Promise<void>;
  /** Called as the last thing before a frame is handed out. */
  taken(): void;
}

/** A camera before which nothing moves: the same pixels again and again. */
export function stillSource({ pixels, frames, intervalMs, before, taken }: StillOptions): FrameSource {
  let index = 0;
  return {
    name: 'bench',
    get state() {
      return index < frames ? ('live' as const) : ('ended' as const);
    },
    async next() {
      if (index >= frames) return null;
      await before(index);
      const at = index * intervalMs;
      const frame = { index, pixels, capturedMonoMs: at, capturedWallMs: at, decodeMs: 0, release() {} };
      index += 1;
      taken();
      return frame;
    },
    stats: () => ({ received: index, dropped: 0 }),
    async [Symbol.asyncDispose]() {},
  };
}
