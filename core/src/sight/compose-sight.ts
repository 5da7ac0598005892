import { fileURLToPath } from 'node:url';
import { checkSource, describeSource, parseSource } from '../camera/camera-source.ts';
import { openBundledClip } from '../camera/clip-camera.ts';
import { openFfmpegCamera } from '../camera/ffmpeg-camera.ts';
import type { FrameSource } from '../camera/frame-source.ts';
import { decodeStill } from '../camera/still.ts';
import type { CameraConfig, Config } from '../config.ts';
import { chooseBackend } from '../inference/backends.ts';
import { createModelManager, type ModelListener } from '../inference/model-manager.ts';
import { createAligner } from './aligner.ts';
import { createAnalyzer } from './analyzer.ts';
import { createDetector } from './detector.ts';
import type { Feeds } from './feeds.ts';
import { createRecognizer } from './recognizer.ts';
import type { CameraOpener, SightParts } from './sight-core.ts';

/** Sight of the real parts: models by the configured backend, cameras by the bundled clip or ffmpeg. */
export function composeSight(config: Config, feeds: Feeds): (listener: ModelListener) => Promise<SightParts> {
  return async (listener) => {
    const models = createModelManager(
      {
        release: config.model.release ?? bundledRelease(),
        precision: config.model.precision,
        detector: config.model.detector,
        threads: config.model.threads,
      },
      await chooseBackend(config.model.backend),
      listener,
    );
    const detector = createDetector(models);
    const recognizer = createRecognizer(models, createAligner());
    const analyzer = createAnalyzer(detector, recognizer, config);
    return {
      models,
      stages: { detector, recognizer },
      cameras: new Cameras(feeds),
      analyze: async (image, options, signal) => analyzer.analyze(await decodeStill(image), options, signal),
    };
  };
}

/** The release of @mien/model that was installed along. */
function bundledRelease(): string {
  return fileURLToPath(import.meta.resolve('@mien/model/release/model.json'));
}

class Cameras implements CameraOpener {
  readonly #feeds: Feeds;

  constructor(feeds: Feeds) {
    this.#feeds = feeds;
  }

  describe(camera: CameraConfig): string {
    return describeSource(parseSource(camera.source));
  }

  async open(camera: CameraConfig, { once }: { readonly once: boolean }): Promise<FrameSource> {
    const source = parseSource(camera.source);
    const pace = once ? 'every' : 'live';
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
      next: (signal) => frames.next(signal),
      stats: () => frames.stats(),
      async [Symbol.asyncDispose]() {
        feed[Symbol.dispose]();
        await frames[Symbol.asyncDispose]();
      },
    };
  }
}
