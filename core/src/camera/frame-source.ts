import type { MienError } from '../errors.ts';
import type { Frame } from '../frame.ts';

export interface FrameSourceStats {
  /** Frames that the camera delivered, and those that were replaced by a newer one before anybody took them. */
  readonly received: number;
  readonly dropped: number;
}

/**
 * A camera, seen from sight: pulled, newest frame first.
 * - `next` resolves with the newest frame that nobody has taken yet, waiting for one if needed; `null` when the source has
 *   ended for good (file over). The caller owns the frame and must release it. One call at a time.
 * - A live source never queues: a frame that is not taken in time is dropped and counted. A source with pace `every` (files
 *   played with --once, benches) gives each frame exactly once, on media time.
 * - Losing the camera is not the end: `next` keeps waiting while the source reconnects; `state` tells.
 * - Errors: CAMERA_NOT_FOUND, CAMERA_BUSY, FFMPEG_MISSING when opening; FRAME_INVALID when the stream is not what it said.
 */
export interface FrameSource extends AsyncDisposable {
  readonly name: string;
  readonly state: 'opening' | 'live' | 'lost' | 'ended';
  /** Why there are no frames at present: what the last attempt to reach a lost camera met. */
  readonly error?: MienError | undefined;
  next(signal?: AbortSignal): Promise<Frame | null>;
  stats(): FrameSourceStats;
}

export type Pace = 'live' | 'every';
