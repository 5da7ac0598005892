import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import type { ModelListener } from '../inference/model-manager.ts';
import type { Logger } from '../log.ts';
import { type Feeds, HostFeeds } from './feeds.ts';
import type { Answers, Method, Request, SightStart, ToHost, ToSight } from './messages.ts';
import { createRemoteLogger } from './remote-logger.ts';
import { createSight, type SightCore, type SightParts } from './sight-core.ts';

/** Puts sight together for a configuration. */
export type ComposeSight = (config: Config, feeds: Feeds, logger: Logger, withoutNpu?: string) => (listener: ModelListener) => Promise<SightParts>;

/** Beats come at least four times within the time after which silence counts as death. */
const beatsPerTimeout = 4;
const slowestBeatMs = 250;

/** Serves one host over messages: starts sight, answers questions, passes on what is seen, and beats while the frame loops are alive. */
export class SightSession implements AsyncDisposable {
  readonly #send: (message: ToHost) => void;
  readonly #compose: ComposeSight;
  readonly #feeds: HostFeeds;
  readonly #requests = new Map<number, AbortController>();
  readonly #previews = new Map<number, AsyncIterableIterator<Uint8Array>>();
  #sight: SightCore | undefined;
  #beating: NodeJS.Timeout | undefined;

  constructor(send: (message: ToHost) => void, compose: ComposeSight) {
    this.#send = send;
    this.#compose = compose;
    this.#feeds = new HostFeeds(send);
  }

  receive(message: ToSight): void {
    switch (message.type) {
      case 'start':
        this.#start(message.start).catch((fault) => this.#send({ type: 'failed', error: MienError.from(fault).toJSON() }));
        break;
      case 'request':
        void this.#answer(message.id, message.request);
        break;
      case 'cancel':
        this.#requests.get(message.id)?.abort();
        break;
      case 'preview.open':
        void this.#relay(message);
        break;
      case 'preview.close':
        void this.#previews.get(message.id)?.return?.();
        break;
      case 'feed':
        this.#feeds.receive(message);
        break;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beating);
    for (const request of this.#requests.values()) request.abort();
    await this.#sight?.[Symbol.asyncDispose]();
  }

  async #start({ config, run, once, withoutNpu }: SightStart): Promise<void> {
    const logger = createRemoteLogger(config.log.level, this.#send);
    const sight = createSight(config, this.#compose(config, this.#feeds, logger, withoutNpu), { run, once, logger });
    this.#sight = sight;
    await sight.start({
      observation: (observation) => this.#send({ type: 'observation', observation }),
      notice: (notice) => this.#send({ type: 'notice', notice }),
    });
    const beat = (): void => {
      // A frame that hangs in a network keeps the event loop free: then it is the missing beats that tell.
      if (sight.busyMs() > config.sight.timeoutMs) return;
      const { cameras, latencyMs, degraded } = sight.status();
      this.#send({ type: 'beat', seen: { cameras, latencyMs, degraded } });
    };
    beat();
    this.#beating = setInterval(beat, Math.min(slowestBeatMs, config.sight.timeoutMs / beatsPerTimeout));
    this.#send({ type: 'ready' });
    sight.ended().then(
      () => {
        beat();
        this.#send({ type: 'ended' });
      },
      (fault) => this.#send({ type: 'failed', error: MienError.from(fault).toJSON() }),
    );
  }

  async #answer(id: number, request: Request): Promise<void> {
    const controller = new AbortController();
    this.#requests.set(id, controller);
    try {
      this.#send({ type: 'answer', id, value: await this.#perform(request, controller.signal) });
    } catch (fault) {
      this.#send({ type: 'answer', id, error: MienError.from(fault).toJSON() });
    } finally {
      this.#requests.delete(id);
    }
  }

  #perform(request: Request, signal: AbortSignal): Promise<Answers[Method]> {
    const sight = this.#started();
    switch (request.method) {
      case 'models.list':
        return sight.models.list();
      case 'models.load':
        return sight.models.load(request.name);
      case 'models.unload':
        return sight.models.unload(request.name);
      case 'models.selftest':
        return sight.models.selftest(request.name);
      case 'models.swap':
        return sight.models.swap(request.name, request.swap);
      case 'analyze':
        return sight.analyze(request.image, request.options, signal);
    }
  }

  async #relay({ id, camera, options }: Extract<ToSight, { type: 'preview.open' }>): Promise<void> {
    try {
      const pictures = this.#started().preview(camera, options);
      this.#previews.set(id, pictures);
      for await (const jpeg of pictures) this.#send({ type: 'preview', id, jpeg });
      this.#send({ type: 'preview.end', id });
    } catch (fault) {
      this.#send({ type: 'preview.end', id, error: MienError.from(fault).toJSON() });
    } finally {
      this.#previews.delete(id);
    }
  }

  #started(): SightCore {
    if (!this.#sight) throw new MienError('NOT_RUNNING', 'Sight has not been started yet.');
    return this.#sight;
  }
}
