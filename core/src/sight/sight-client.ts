import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import { monotonicMs } from '../frame.ts';
import { bundledRelease } from '../inference/manifest-file.ts';
import type { Logger } from '../log.ts';
import { FeedRunner } from './feed-runner.ts';
import type { Answers, Method, PreviewOptions, Question, SightHealth, ToHost } from './messages.ts';
import { NpuTrust } from './npu-trust.ts';
import { PreviewRelay } from './preview-relay.ts';
import type { Analysis, AnalyzeOptions, ModelStatus, Models, Sight, SightListener, SightNotice, SightStatus, SwapRequest } from './sight.ts';
import { SightChild, type SightChildOptions, sightEntry } from './sight-child.ts';

export interface SightClientOptions extends Partial<SightChildOptions> {
  /** Every camera plays once, frame by frame, and then ends. Sight is then not started anew when it is lost. */
  readonly once?: boolean;
  /** Waiting times before sight is started anew. */
  readonly backoff?: Backoff;
}

/** A run that lasted so long was healthy: the next loss counts as the first again. */
const healthyMs = 60_000;
const startWithinMs = 30_000;

/** Sight in a child process, seen from the host, which never sees a pixel: started, watched, started anew, and stopped. */
export function createSightClient(config: Config, logger: Logger, options: SightClientOptions = {}): Sight {
  return new SightClient(config, logger, options);
}

type Told = Exclude<ToHost, { type: 'ready' | 'failed' | 'answer' }>;

class SightClient implements Sight {
  readonly #configured: Config;
  #config: Config;
  readonly #logger: Logger;
  readonly #once: boolean;
  readonly #childOptions: SightChildOptions;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  readonly #npuTrust = new NpuTrust();
  readonly #ended = Promise.withResolvers<void>();
  readonly #previews = new PreviewRelay((message) => {
    if (this.#state === 'running') this.#child?.send(message);
  });
  #listener: SightListener | undefined;
  #child: SightChild | undefined;
  #feeds: FeedRunner | undefined;
  #openFeeds = new Map<number, Disposable>();
  #state: SightStatus['state'] = 'stopped';
  #restarts = 0;
  #seen: SightHealth = { cameras: [], latencyMs: { p50: 0, p95: 0 }, degraded: [] };
  #working: Promise<void> = Promise.resolve();

  constructor(config: Config, logger: Logger, options: SightClientOptions) {
    this.#configured = config;
    this.#config = config;
    this.#logger = logger;
    this.#once = options.once ?? false;
    this.#backoff = options.backoff ?? new Backoff({ firstMs: 250, capMs: 30_000 });
    this.#childOptions = {
      entry: options.entry ?? sightEntry,
      startWithinMs: options.startWithinMs ?? startWithinMs,
      beatWithinMs: options.beatWithinMs ?? config.sight.timeoutMs,
    };
    this.#ended.promise.catch(() => {});
  }

  readonly models: Models = {
    list: () => this.#request({ method: 'models.list' }),
    load: async (name) => this.#keep(await this.#request({ method: 'models.load', name })),
    unload: (name) => this.#request({ method: 'models.unload', name }),
    swap: async (name, swap) => this.#keep(await this.#request({ method: 'models.swap', name, swap }), swap),
    selftest: (name) => this.#request({ method: 'models.selftest', name }),
  };

  async start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    if (this.#listener) throw new MienError('NOT_RUNNING', 'Sight was started before; make a new one.');
    this.#listener = listener;
    this.#state = 'starting';
    const run = this.#run(signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal);
    this.#working = run.catch(() => {});
    try {
      await run;
    } catch (fault) {
      this.#state = this.#closing.signal.aborted ? 'stopped' : 'failed';
      throw fault;
    }
  }

  status(): SightStatus {
    const pid = this.#child?.pid;
    return { state: this.#state, ...(pid !== undefined && { pid }), restarts: this.#restarts, ...this.#seen };
  }

  analyze(image: Uint8Array, options: AnalyzeOptions = {}, signal?: AbortSignal): Promise<Analysis> {
    return this.#request({ method: 'analyze', image, options }, signal);
  }

  preview(camera: string, options: PreviewOptions = {}): AsyncIterableIterator<Uint8Array> {
    if (!this.#config.cameras.some(({ name }) => name === camera)) {
      throw new MienError('CAMERA_NOT_FOUND', `There is no camera '${camera}'; there are: ${this.#config.cameras.map(({ name }) => name).join(', ')}.`);
    }
    return this.#previews.open(camera, options);
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#previews.end();
    await Promise.all([this.#child?.stop(), this.#feeds?.[Symbol.asyncDispose]()]);
    await this.#working;
    this.#state = 'stopped';
    this.#ended.resolve();
  }

  /** One run of the process, up to the point where it is ready. */
  async #run(signal: AbortSignal): Promise<void> {
    const run = crypto.randomUUID();
    const feeds = new FeedRunner(this.#config, this.#once, this.#logger);
    const startedAt = performance.now();
    const child: SightChild = new SightChild(
      {
        message: (message) => this.#hear(message, child),
        exited: (reason, failure) => {
          const livedMs = performance.now() - startedAt;
          this.#npuTrust.ended(failure, livedMs >= healthyMs);
          this.#working = this.#recover(reason, livedMs).catch((fault) => {
            if (!this.#closing.signal.aborted) this.#logger.error({ err: fault }, 'sight is not started anew');
          });
        },
      },
      this.#childOptions,
    );
    this.#child = child;
    this.#feeds = feeds;
    this.#openFeeds = new Map();
    try {
      const { withoutNpu } = this.#npuTrust;
      await child.start({ config: this.#config, run, once: this.#once, ...(withoutNpu !== undefined && { withoutNpu }) }, signal);
    } catch (fault) {
      await Promise.all([child.stop(), feeds[Symbol.asyncDispose]()]);
      throw fault;
    }
    this.#state = 'running';
    this.#logger.debug({ pid: child.pid, ms: Math.round(performance.now() - startedAt) }, 'sight is ready');
    this.#previews.resume();
  }

  /** Sight is gone: says so, waits and starts it anew until that succeeds or the client is closed. */
  async #recover(reason: string, livedMs: number): Promise<void> {
    const feedsGone = this.#feeds?.[Symbol.asyncDispose]();
    if (this.#closing.signal.aborted) return feedsGone;
    const message = `The sight process ${reason}.`;
    this.#logger.error({ livedMs: Math.round(livedMs) }, message);
    this.#seen = {
      cameras: this.#seen.cameras.map((camera) => ({ ...camera, state: 'lost', framesPerSecond: 0 })),
      latencyMs: this.#seen.latencyMs,
      degraded: [],
    };
    this.#state = this.#once ? 'failed' : 'restarting';
    this.#notice('sight.lost', message);
    await feedsGone;
    if (this.#once) {
      this.#ended.reject(new MienError('SIGHT_LOST', message));
      return;
    }
    if (livedMs >= healthyMs) this.#backoff.reset();
    while (!this.#closing.signal.aborted) {
      await sleep(this.#backoff.next(), undefined, { signal: this.#closing.signal });
      this.#restarts += 1;
      try {
        await this.#run(this.#closing.signal);
        this.#notice('sight.restored', 'The sight process was started anew.');
        return;
      } catch (fault) {
        if (this.#closing.signal.aborted) return;
        this.#logger.error({ reason: String(fault) }, 'sight could not be started anew');
        // A model that was changed at run time may be gone by now: what was configured is tried next.
        this.#config = this.#configured;
      }
    }
  }

  #hear(message: Told, child: SightChild): void {
    this.#guard(message.type, () => this.#pass(message, child));
  }

  /** A listener that throws must not take the host along. */
  #guard(message: string, step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.#logger.error({ err: fault, message }, 'a listener of sight failed');
    }
  }

  #pass(message: Told, child: SightChild): void {
    switch (message.type) {
      case 'observation':
        this.#listener?.observation(message.observation);
        break;
      case 'notice':
        this.#listener?.notice(message.notice);
        break;
      case 'beat':
        this.#seen = message.seen;
        break;
      case 'log':
        this.#logger[message.level]({ ...message.fields, name: 'sight' }, message.message);
        break;
      case 'preview':
      case 'preview.end':
        this.#previews.receive(message);
        break;
      case 'feed.open':
        this.#openFeed(message, child);
        break;
      case 'feed.close':
        this.#openFeeds.get(message.id)?.[Symbol.dispose]();
        this.#openFeeds.delete(message.id);
        break;
      case 'ended':
        this.#ended.resolve();
        break;
    }
  }

  #openFeed({ id, camera: name, socketPath }: Extract<Told, { type: 'feed.open' }>, child: SightChild): void {
    const camera = this.#config.cameras.find((one) => one.name === name);
    if (!camera || !this.#feeds || this.#closing.signal.aborted) return;
    try {
      this.#openFeeds.set(
        id,
        this.#feeds.open(camera, socketPath, (news) => child.send({ type: 'feed', id, news })),
      );
    } catch (fault) {
      child.send({ type: 'feed', id, news: { kind: 'exited', error: MienError.from(fault).toJSON() } });
    }
  }

  async #request<M extends Method>(request: Question<M>, signal?: AbortSignal): Promise<Answers[M]> {
    if (this.#state === 'running' && this.#child) return this.#child.request(request, signal);
    if (this.#state === 'restarting') throw new MienError('SIGHT_LOST', 'The sight process is being started anew; try again in a moment.');
    throw new MienError('NOT_RUNNING', `Sight is ${this.#state}.`);
  }

  /** A model that was changed at run time stays so when sight has to be started anew. */
  #keep(status: ModelStatus, swap: SwapRequest = {}): ModelStatus {
    const model = this.#config.model;
    const { release } = swap;
    this.#config = {
      ...this.#config,
      model:
        status.role === 'detector'
          ? { ...model, detector: status.name, ...(release !== undefined && { detectorRelease: release }) }
          : {
              ...model,
              precision: status.precision,
              ...(release !== undefined && { release, detectorRelease: model.detectorRelease ?? model.release ?? bundledRelease() }),
            },
    };
    return status;
  }

  #notice(type: 'sight.lost' | 'sight.restored', message: string): void {
    const notice: SightNotice = { type, message, atMonoMs: monotonicMs() };
    this.#guard(type, () => this.#listener?.notice(notice));
  }
}
