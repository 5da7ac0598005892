import type { CameraConfig, Config } from '../config.ts';
import { MienError } from '../errors.ts';
import type { ModelListener, ModelManager } from '../inference/model-manager.ts';
import { type Logger, silentLogger } from '../log.ts';
import { Scope } from '../scope.ts';
import type { CameraOpener } from './camera-opener.ts';
import { CameraRunner } from './camera-runner.ts';
import { JpegFeed } from './jpeg-feed.ts';
import { LatencyWindow } from './latency-window.ts';
import type { PreviewOptions } from './messages.ts';
import { modelNotices } from './model-notices.ts';
import { Pipeline, type PipelineStages } from './pipeline.ts';
import { PreviewRenderer } from './preview.ts';
import type { Analysis, AnalyzeOptions, ModelStatus, Models, Sight, SightListener, SightStatus } from './sight.ts';

/** What sight is made of; the container, or a test, puts it together. */
export interface SightParts {
  readonly models: ModelManager;
  readonly stages: PipelineStages;
  readonly cameras: CameraOpener;
  analyze(image: Uint8Array, options: AnalyzeOptions, signal?: AbortSignal): Promise<Analysis>;
}

export interface SightOptions {
  /** Id of this run; a random one when absent. */
  readonly run?: string;
  /** Every camera plays once, frame by frame, and then ends. */
  readonly once?: boolean;
  readonly logger?: Logger;
}

/** Recognition may take a frame up to this age when there is one camera: never fewer than about ten frames a second. */
const recognitionBudgetMs = 100;
const checkEveryMs = 100;

/** Sight inside this process: the child process runs it behind IPC; benches and tools use it as it is. */
export function createSight(config: Config, compose: (listener: ModelListener) => Promise<SightParts>, options: SightOptions = {}): SightCore {
  return new SightCore(config, compose, options);
}

export class SightCore implements Sight {
  readonly #config: Config;
  readonly #compose: (listener: ModelListener) => Promise<SightParts>;
  readonly #options: SightOptions;
  readonly #run: string;
  readonly #scope = new Scope();
  readonly #latency = new LatencyWindow(300);
  readonly #ended = Promise.withResolvers<void>();
  readonly #previews = new Map<string, Set<PreviewRenderer>>();
  #state: SightStatus['state'] = 'stopped';
  #degraded: readonly string[] = [];
  #parts: SightParts | undefined;
  #runners: CameraRunner[] = [];

  constructor(config: Config, compose: (listener: ModelListener) => Promise<SightParts>, options: SightOptions) {
    this.#config = config;
    this.#compose = compose;
    this.#options = options;
    this.#run = options.run ?? crypto.randomUUID();
  }

  async start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    this.#state = 'starting';
    try {
      await this.#start(listener, signal);
      this.#state = 'running';
    } catch (fault) {
      this.#state = 'failed';
      await this.#scope[Symbol.asyncDispose]();
      throw fault;
    }
  }

  async #start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    const stopping = signal ? AbortSignal.any([signal, this.#scope.signal]) : this.#scope.signal;
    const notices = modelNotices((notice) => listener.notice(notice));
    const parts: SightParts = await this.#compose((model) => {
      notices(model);
      if (model.npu?.exhausted && this.#state === 'running') this.#giveUp(model);
      void this.#parts?.models.list().then((models) => this.#judge(models));
    });
    if (this.#scope.signal.aborted) await parts.models[Symbol.asyncDispose]();
    else this.#scope.use(parts.models);
    stopping.throwIfAborted();
    await parts.models.start(stopping);
    stopping.throwIfAborted();
    this.#parts = parts;
    this.#judge(await parts.models.list());
    this.#runners = this.#config.cameras.map((camera) => this.#runner(camera, parts, listener));
    const running = this.#runners.map((runner) => runner.run(this.#scope.signal));
    this.#scope.defer(() => Promise.allSettled(running).then(() => undefined));
    const watch = setInterval(() => {
      for (const runner of this.#runners) runner.check();
    }, checkEveryMs);
    this.#scope.defer(() => clearInterval(watch));
    this.#scope.defer(() => this.#endPreviews());
    Promise.all(running).then(
      () => {
        // Without cameras nothing ends: pictures may come until it is stopped.
        if (running.length > 0 || this.#options.once) this.#ended.resolve();
      },
      (fault) => {
        this.#state = 'failed';
        this.#ended.reject(fault);
      },
    );
    this.#ended.promise.catch(() => {});
  }

  get models(): Models {
    return this.#running().models;
  }

  analyze(image: Uint8Array, options: AnalyzeOptions = {}, signal?: AbortSignal): Promise<Analysis> {
    return this.#running().analyze(image, options, signal);
  }

  status(): SightStatus {
    return {
      state: this.#state,
      pid: process.pid,
      restarts: 0,
      cameras: this.#runners.map((runner) => runner.status()),
      latencyMs: this.#latency.percentiles(),
      degraded: this.#degraded,
    };
  }

  /** Longest time that a frame has been in work, milliseconds. A hung network shows here. */
  busyMs(): number {
    return Math.max(0, ...this.#runners.map((runner) => runner.busyMs));
  }

  preview(camera: string, options: PreviewOptions = {}): AsyncIterableIterator<Uint8Array> {
    this.#running();
    if (!this.#config.cameras.some(({ name }) => name === camera)) {
      throw new MienError('CAMERA_NOT_FOUND', `There is no camera '${camera}'; there are: ${this.#config.cameras.map(({ name }) => name).join(', ')}.`);
    }
    const renderers = this.#previews.get(camera) ?? new Set();
    this.#previews.set(camera, renderers);
    const feed = new JpegFeed(() => renderers.delete(renderer));
    const renderer = new PreviewRenderer(feed, options);
    renderers.add(renderer);
    return feed;
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
    if (this.#state !== 'failed') this.#state = 'stopped';
  }

  #runner(camera: CameraConfig, parts: SightParts, listener: SightListener): CameraRunner {
    const logger = this.#options.logger ?? silentLogger;
    const pipeline = new Pipeline(
      {
        camera: camera.name,
        run: this.#run,
        budgetMs: recognitionBudgetMs / this.#config.cameras.length,
      },
      parts.stages,
      {
        observation: (observation) => {
          this.#latency.add(observation.ms.totalMs);
          listener.observation(observation);
        },
        frame: (pixels, observation) => {
          for (const renderer of this.#previews.get(camera.name) ?? []) renderer.offer(pixels, observation);
        },
        fault: (fault) => logger.warn({ camera: camera.name, code: fault.code, reason: fault.message }, 'a frame was lost'),
      },
    );
    const once = this.#options.once ?? false;
    return new CameraRunner(camera, (signal) => parts.cameras.open(camera, { once }, signal), pipeline, {
      source: parts.cameras.describe(camera),
      once,
      notice: (notice) => listener.notice(notice),
    });
  }

  /** New contexts were tried and did not help: a process that opens the device anew may. */
  #giveUp({ name, degradedReason = 'no core of the NPU can run it' }: ModelStatus): void {
    this.#state = 'failed';
    this.#ended.reject(new MienError('INFERENCE_FAILED', `${name} has no core of the NPU left: ${degradedReason}`));
  }

  /** One reason for all the networks it is true of. */
  #judge(models: readonly ModelStatus[]): void {
    const reasons = models.flatMap(({ name, state, degraded, degradedReason = 'second choice', selftest, error }) => [
      ...(degraded && state !== 'unloaded' ? [degradedReason] : []),
      ...(selftest?.passed === false ? [`${name} failed its self-test: ${selftest.detail}`] : []),
      ...(state === 'failed' ? [`${name} is not loaded: ${error?.message ?? 'it failed'}`] : []),
    ]);
    this.#degraded = [...new Set(reasons)];
  }

  #running(): SightParts {
    if (!this.#parts) throw new MienError('NOT_RUNNING', 'Sight has not been started yet.');
    return this.#parts;
  }

  #endPreviews(): void {
    for (const renderers of this.#previews.values()) {
      for (const renderer of renderers) renderer.end();
    }
    this.#previews.clear();
  }
}
