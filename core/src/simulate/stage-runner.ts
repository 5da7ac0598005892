import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { monotonicMs } from '../frame.ts';
import type { SightListener } from '../sight/sight.ts';
import type { Scenario } from './scenario.ts';
import type { VirtualPeople } from './virtual-people.ts';

/** What is due within this is due now: a timer would be later. */
const NEAR_MS = 1;

/** Hands the frames of a stage to a listener at their time, `speed` times as fast as in life; Infinity for as fast as they are taken. A host that cannot keep up gets the newest and a count, as with a camera. */
export class StageRunner {
  readonly #stage: VirtualPeople;
  readonly #scenario: Pick<Scenario, 'framesPerSecond'>;
  readonly #speed: number;
  processed = 0;
  dropped = 0;
  /** Scenario time of the last frame. */
  ms = 0;
  #startedMs = 0;

  constructor(stage: VirtualPeople, scenario: Pick<Scenario, 'framesPerSecond'>, speed: number) {
    this.#stage = stage;
    this.#scenario = scenario;
    this.#speed = speed;
  }

  /** Resolves when the scenario is over, `isOver` says so after a frame, or the signal is aborted. */
  async play(listener: Pick<SightListener, 'observation'>, signal: AbortSignal, isOver: () => boolean = () => false): Promise<void> {
    const { framesPerSecond } = this.#scenario;
    const startWallMs = Date.now();
    this.#startedMs = monotonicMs();
    for (let frame = 0; !signal.aborted && !isOver(); frame++) {
      frame += await this.#wait(frame, signal);
      const ms = (frame * 1000) / framesPerSecond;
      if (signal.aborted || ms >= this.#stage.endsAtMs) return;
      this.ms = ms;
      this.processed += 1;
      listener.observation(this.#stage.frame(ms, { capturedMonoMs: this.#startedMs + ms, capturedWallMs: startWallMs + ms, dropped: this.dropped }));
    }
  }

  /** Frames a second so far. */
  get framesPerSecond(): number {
    const seconds = (monotonicMs() - this.#startedMs) / 1000;
    return this.processed === 0 || seconds <= 0 ? 0 : Math.round((this.processed / seconds) * 10) / 10;
  }

  /** Waits until a frame is due; returns how many must be left out because their time is over. */
  async #wait(frame: number, signal: AbortSignal): Promise<number> {
    const speed = this.#speed;
    await turn();
    if (speed === Number.POSITIVE_INFINITY) return 0;
    const intervalMs = 1000 / this.#scenario.framesPerSecond / speed;
    const due = this.#startedMs + frame * intervalMs;
    for (let wait = due - monotonicMs(); wait > NEAR_MS && !signal.aborted; wait = due - monotonicMs()) {
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
    const late = Math.max(0, Math.floor((monotonicMs() - due) / intervalMs));
    this.dropped += late;
    return late;
  }
}
