import { createFfmpegProcess } from '../camera/ffmpeg-process.ts';
import type { CameraConfig, Config } from '../config.ts';
import type { MienError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Feeds } from './feeds.ts';
import type { FeedNews } from './messages.ts';

/** Runs ffmpeg in this process for cameras of a sight, here or in its child. Disposal waits until every ffmpeg is gone. */
export class FeedRunner implements Feeds, AsyncDisposable {
  readonly #config: Config;
  readonly #once: boolean;
  readonly #logger: Logger;
  readonly #running = new Set<AsyncDisposable>();
  readonly #ending = new Set<Promise<void>>();

  constructor(config: Config, once: boolean, logger: Logger) {
    this.#config = config;
    this.#once = once;
    this.#logger = logger;
  }

  open(camera: CameraConfig, socketPath: string, tell: (news: FeedNews) => void): Disposable {
    const program = createFfmpegProcess({
      ffmpeg: this.#config.sight.ffmpeg,
      camera,
      socketPath,
      once: this.#once,
      logger: this.#logger,
      onEvent: ({ kind, error }) => tell(plain(kind, error)),
    });
    this.#running.add(program);
    return { [Symbol.dispose]: () => this.#end(program) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running) this.#end(program);
    await Promise.all(this.#ending);
  }

  #end(program: AsyncDisposable): void {
    if (!this.#running.delete(program)) return;
    const ending = Promise.resolve(program[Symbol.asyncDispose]()).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function plain(kind: FeedNews['kind'], error: MienError | undefined): FeedNews {
  return error ? { kind, error: error.toJSON() } : { kind };
}
