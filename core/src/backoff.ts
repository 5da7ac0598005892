/** Waiting times between attempts: doubling up to a cap, with jitter so that many devices do not knock at once. */
export interface BackoffOptions {
  /** Milliseconds before the first retry, and the longest wait. */
  readonly firstMs?: number;
  readonly capMs?: number;
  /** 0 to 1, uniform; Math.random by default. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #firstMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({ firstMs = 500, capMs = 30_000, random = Math.random }: BackoffOptions = {}) {
    this.#firstMs = firstMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  /** Failures since the last `reset`. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait now: between half and all of the doubled time. */
  next(): number {
    const full = Math.min(this.#capMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return full * (0.5 + 0.5 * this.#random());
  }

  /** To be called after a healthy while. */
  reset(): void {
    this.#failures = 0;
  }
}
