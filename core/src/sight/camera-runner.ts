import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import type { FrameSource } from '../camera/frame-source.ts';
import type { CameraConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import { monotonicMs } from '../frame.ts';
import type { Pipeline } from './pipeline.ts';
import type { CameraState, CameraStatus, SightNotice } from './sight.ts';

export interface CameraRunnerOptions {
  /** For people to read, without credentials. */
  readonly source: string;
  /** A camera that cannot be opened, or fails, has ended instead of being tried again. */
  readonly once: boolean;
  notice(notice: SightNotice): void;
}

const rateWindowMs = 5000;

/** Keeps one camera going: opens it, runs the pipeline over it, opens it again with growing delays, and tells how it is. */
export class CameraRunner {
  readonly #camera: CameraConfig;
  readonly #open: (signal: AbortSignal) => Promise<FrameSource>;
  readonly #pipeline: Pipeline;
  readonly #options: CameraRunnerOptions;
  #source: FrameSource | undefined;
  #state: CameraState = 'opening';
  #error: MienError | undefined;
  /** Counters of sources that are closed already. */
  #past = { received: 0, dropped: 0 };
  readonly #marks: Array<{ at: number; processed: number }> = [];

  constructor(camera: CameraConfig, open: (signal: AbortSignal) => Promise<FrameSource>, pipeline: Pipeline, options: CameraRunnerOptions) {
    this.#camera = camera;
    this.#open = open;
    this.#pipeline = pipeline;
    this.#options = options;
  }

  get busyMs(): number {
    return this.#pipeline.busyMs;
  }

  /** Runs until the camera has ended or the signal aborts. Rejects only when frame after frame fails: then sight itself is ill. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    while (!signal.aborted) {
      const before = this.#pipeline.processed;
      const fault = await this.#play(signal);
      if (signal.aborted) break;
      if (!fault || this.#options.once) {
        this.#error = fault;
        this.#turn('ended', fault?.message ?? 'played to the end');
        return;
      }
      if (this.#pipeline.processed > before) backoff.reset();
      this.#error = fault;
      this.#turn('lost', fault.message);
      await sleep(backoff.next(), undefined, { signal }).catch(() => {});
    }
    this.#state = 'ended';
  }

  /** Looks whether the source was lost or came back, and notes the rate. To be called several times a second. */
  check(): void {
    const source = this.#source;
    if (source?.state === 'lost') {
      this.#error = source.error;
      this.#turn('lost', source.error?.message ?? 'the camera gives no frames; trying again');
    }
    if (source?.state === 'live') this.#turn('live', 'the camera gives frames');
    const at = monotonicMs();
    this.#marks.push({ at, processed: this.#pipeline.processed });
    while (this.#marks.length > 2 && (this.#marks[1]?.at ?? at) <= at - rateWindowMs) this.#marks.shift();
  }

  status(): CameraStatus {
    const stats = this.#source?.stats();
    const first = this.#marks[0];
    const seconds = first ? (monotonicMs() - first.at) / 1000 : 0;
    return {
      name: this.#camera.name,
      source: this.#options.source,
      state: this.#state,
      ...this.#pipeline.size,
      framesPerSecond: first && seconds > 0 ? (this.#pipeline.processed - first.processed) / seconds : 0,
      received: this.#past.received + (stats?.received ?? 0),
      processed: this.#pipeline.processed,
      dropped: this.#past.dropped + (stats?.dropped ?? 0),
      ...(this.#error && { error: this.#error.toJSON() }),
    };
  }

  /** Resolves with what went wrong, or with nothing when the source ended for good. */
  async #play(signal: AbortSignal): Promise<MienError | undefined> {
    try {
      await using source = await this.#open(signal);
      this.#source = source;
      try {
        await this.#pipeline.run(source, signal);
      } finally {
        const { received, dropped } = source.stats();
        this.#past = { received: this.#past.received + received, dropped: this.#past.dropped + dropped };
        this.#source = undefined;
      }
      return undefined;
    } catch (fault) {
      if (fault instanceof MienError && fault.code === 'INFERENCE_FAILED') throw fault;
      return MienError.from(fault, 'CAMERA_LOST');
    }
  }

  #turn(state: 'live' | 'lost' | 'ended', message: string): void {
    const before = this.#state;
    if (before === state || (before === 'ended' && state !== 'ended')) return;
    this.#state = state;
    if (state === 'live') this.#error = undefined;
    if (state === 'live' && before === 'opening') return;
    const type = state === 'live' ? 'camera.restored' : state === 'lost' ? 'camera.lost' : 'camera.ended';
    this.#options.notice({ type, camera: this.#camera.name, message, atMonoMs: monotonicMs() });
  }
}
