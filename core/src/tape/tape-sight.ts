import { MienError } from '../errors.ts';
import type { Observation } from '../observation.ts';
import type { Session } from '../session.ts';
import type { CameraState, CameraStatus, ModelStatus, Sight, SightListener, SightNotice, SightStatus } from '../sight/sight.ts';
import { createPacer } from './pacer.ts';
import { taking } from './replay-tape.ts';
import type { TapeRecord } from './tape-format.ts';
import type { Tape } from './tape-reader.ts';

export interface TapeSight extends Sight {
  /** For `createMien`, beside the sight itself: ids, bootId and clocks of the tape. */
  readonly session: Session;
}

/**
 * A tape in the place of sight, for the full host with console and plugins. Events that others than people made when it was recorded are left
 * out: this host's plugins make their own. Owns the tape. `ended()` rejects with TAPE_INVALID where the tape cannot be played on.
 */
export function createTapeSight(tape: Tape, speed = 1): TapeSight {
  return new PlayedTape(tape, speed);
}

interface Seen {
  state: CameraState;
  width?: number;
  height?: number;
  processed: number;
  dropped: number;
  /** Recorded milliseconds of the newest frames. */
  readonly times: number[];
}

/** Frames a second are taken over so much of the recorded time. */
const RATE_MS = 5000;

class PlayedTape implements TapeSight {
  readonly ticks = true;
  readonly session: Session;
  readonly models;
  readonly #tape: Tape;
  readonly #speed: number;
  readonly #stop = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  readonly #cameras: Map<string, Seen>;
  #at: TapeRecord['at'];
  #state: SightStatus['state'] = 'starting';
  #playing: Promise<void> = Promise.resolve();

  constructor(tape: Tape, speed: number) {
    this.#tape = tape;
    this.#speed = speed;
    this.#at = tape.header.startedAt as TapeRecord['at'];
    this.session = { ...tape.header, clock: { monoMs: () => this.#at[0], wallMs: () => this.#at[1] } };
    this.#cameras = new Map(tape.config.cameras.map(({ name }) => [name, newlySeen()]));
    const none = async (name: string): Promise<ModelStatus> => {
      throw new MienError('MODEL_NOT_FOUND', `there is no model "${name}": a tape is played, and nothing is recognised`);
    };
    this.models = { list: async () => [], load: none, unload: none, swap: none, selftest: none };
    // Whoever waits for the end is told; nobody has to.
    this.#done.promise.catch(() => {});
  }

  async start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#state = 'running';
    this.#playing = this.#play(listener).then(
      () => {
        for (const camera of this.#cameras.values()) camera.state = 'ended';
        this.#done.resolve();
      },
      (fault) => {
        if (this.#stop.signal.aborted) return;
        this.#state = 'failed';
        this.#done.reject(fault);
      },
    );
  }

  async #play(listener: SightListener): Promise<void> {
    const pacer = createPacer(this.#speed);
    let count = 0;
    for await (const record of this.#tape.records()) {
      await pacer.until(record.at[0], this.#stop.signal);
      count += 1;
      this.#at = record.at;
      taking(this.#tape.name, count, () => this.#hand(record, listener));
    }
  }

  #hand(record: TapeRecord, listener: SightListener): void {
    if ('observation' in record) {
      this.#see(record.observation);
      listener.observation(record.observation);
    } else if ('notice' in record) {
      // The whole notice was recorded; people's own kind of it is narrower.
      const notice = record.notice as SightNotice;
      if ('camera' in notice) this.#seen(notice.camera).state = stateAfter[notice.type];
      listener.notice(notice);
    } else if ('tick' in record) listener.tick?.();
  }

  #see({ camera, width, height, dropped, capturedMonoMs }: Observation): void {
    const seen = this.#seen(camera);
    Object.assign(seen, { state: 'live', width, height, dropped, processed: seen.processed + 1 });
    seen.times.push(capturedMonoMs);
    while ((seen.times[0] as number) < capturedMonoMs - RATE_MS || (seen.times[0] as number) > capturedMonoMs) seen.times.shift();
  }

  #seen(camera: string): Seen {
    const seen = this.#cameras.get(camera) ?? newlySeen();
    this.#cameras.set(camera, seen);
    return seen;
  }

  status(): SightStatus {
    const cameras = [...this.#cameras].map(([name, { times, dropped, ...seen }]): CameraStatus => {
      const framesPerSecond = seen.state === 'live' ? times.length / (RATE_MS / 1000) : 0;
      return { name, source: `tape ${this.#tape.name}`, ...seen, dropped, received: seen.processed + dropped, framesPerSecond };
    });
    return { state: this.#state, restarts: 0, cameras, latencyMs: { p50: 0, p95: 0 }, degraded: [] };
  }

  async analyze(): Promise<never> {
    throw new MienError('BACKEND_UNAVAILABLE', 'a tape is played: no network is loaded; `mien analyze` or a Mien that runs with cameras reads pictures');
  }

  preview(camera: string): AsyncIterableIterator<Uint8Array> {
    throw new MienError('CAMERA_NOT_FOUND', `there is no picture of camera "${camera}": a tape holds none`);
  }

  ended(): Promise<void> {
    return this.#done.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#playing;
    await this.#tape[Symbol.asyncDispose]();
    this.#state = 'stopped';
    this.#done.resolve();
  }
}

const newlySeen = (): Seen => ({ state: 'opening', processed: 0, dropped: 0, times: [] });
const stateAfter = { 'camera.lost': 'lost', 'camera.restored': 'live', 'camera.ended': 'ended' } as const;
