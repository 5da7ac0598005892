/** Pauses between attempts: doubled each time, spread by chance so that many devices do not come at once. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** 0..1, for tests. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = { random: Math.random, ...options };
  }

  /** How many pauses were asked for since the last `reset`. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next pause in milliseconds: half to all of `firstMs` doubled per attempt, `mostMs` at most. */
  nextMs(): number {
    const { firstMs, mostMs, random } = this.#options;
    const whole = Math.min(mostMs, firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return whole / 2 + (random() * whole) / 2;
  }

  /** After a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
