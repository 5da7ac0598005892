import { checkSource, describeSource, paceOf, parseSource } from '../camera/camera-source.ts';
import { openBundledClip } from '../camera/clip-camera.ts';
import { openFfmpegCamera } from '../camera/ffmpeg-camera.ts';
import type { FrameSource } from '../camera/frame-source.ts';
import type { CameraConfig } from '../config.ts';
import type { Feeds } from './feeds.ts';

/** How sight gets at cameras. */
export interface CameraOpener {
  /** Errors: CAMERA_NOT_FOUND, CAMERA_BUSY, FFMPEG_MISSING. `once`: play to the end, each frame, then end. */
  open(camera: CameraConfig, options: { readonly once: boolean }, signal: AbortSignal): Promise<FrameSource>;
  /** What it is, without credentials. */
  describe(camera: CameraConfig): string;
}

/** The bundled clip, and everything else through ffmpeg, run by `feeds`. */
export function createCameraOpener(feeds: Feeds): CameraOpener {
  return new SourceCameraOpener(feeds);
}

class SourceCameraOpener implements CameraOpener {
  readonly #feeds: Feeds;

  constructor(feeds: Feeds) {
    this.#feeds = feeds;
  }

  describe(camera: CameraConfig): string {
    return describeSource(parseSource(camera.source));
  }

  async open(camera: CameraConfig, { once }: { readonly once: boolean }): Promise<FrameSource> {
    const source = parseSource(camera.source);
    const pace = paceOf(source, once || camera.pace === 'every');
    if (source.kind === 'clip') {
      return openBundledClip(camera.name, { pace, loop: camera.loop && !once, rotate: camera.rotate, mirror: camera.mirror });
    }
    await checkSource(source);
    const frames = await openFfmpegCamera({ name: camera.name, pace });
    const feed = this.#feeds.open(camera, frames.socketPath, (news) => frames.tell(news));
    return {
      name: camera.name,
      get state() {
        return frames.state;
      },
      get error() {
        return frames.error;
      },
      next: (signal) => frames.next(signal),
      stats: () => frames.stats(),
      async [Symbol.asyncDispose]() {
        feed[Symbol.dispose]();
        await frames[Symbol.asyncDispose]();
      },
    };
  }
}
