/** Stops knocking at a door that stays shut: after `failuresToOpen` failures in a row nothing is tried for `coolDownMs`, then one, which decides. */
export interface BreakerOptions {
  readonly failuresToOpen: number;
  readonly coolDownMs: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export class Breaker {
  readonly #failuresToOpen: number;
  readonly #coolDownMs: number;
  readonly #now: () => number;
  #failures = 0;
  #openUntilMs: number | undefined;

  constructor({ failuresToOpen, coolDownMs, now = () => performance.now() }: BreakerOptions) {
    this.#failuresToOpen = failuresToOpen;
    this.#coolDownMs = coolDownMs;
    this.#now = now;
  }

  /** half-open: the next attempt decides. */
  get state(): BreakerState {
    if (this.#openUntilMs === undefined) return 'closed';
    return this.waitMs > 0 ? 'open' : 'half-open';
  }

  get failuresInARow(): number {
    return this.#failures;
  }

  /** Until the next attempt may be made. */
  get waitMs(): number {
    return Math.max(0, (this.#openUntilMs ?? 0) - this.#now());
  }

  /** True when it opened by this, or opened anew. */
  failed(): boolean {
    this.#failures += 1;
    if (this.#openUntilMs === undefined && this.#failures < this.#failuresToOpen) return false;
    this.#openUntilMs = this.#now() + this.#coolDownMs;
    return true;
  }

  /** True when it closed by this. */
  succeeded(): boolean {
    const wasOpen = this.#openUntilMs !== undefined;
    this.#failures = 0;
    this.#openUntilMs = undefined;
    return wasOpen;
  }
}
