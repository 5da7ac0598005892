import type { Clock } from '../session.ts';

/** Clocks that stand still until they are moved. */
export class VirtualClock implements Clock {
  readonly #startMonoMs: number;
  readonly #startWallMs: number;
  #passedMs = 0;

  constructor(start: { readonly monoMs: number; readonly wallMs: number }) {
    this.#startMonoMs = start.monoMs;
    this.#startWallMs = start.wallMs;
  }

  get passedMs(): number {
    return this.#passedMs;
  }

  /** Milliseconds since the start. Never goes back. */
  moveTo(passedMs: number): void {
    this.#passedMs = Math.max(this.#passedMs, passedMs);
  }

  monoMs(): number {
    return this.#startMonoMs + this.#passedMs;
  }

  wallMs(): number {
    return this.#startWallMs + this.#passedMs;
  }
}
