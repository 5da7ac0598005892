/** So many in a second in the long run, `burst` at once. */
export interface RateOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export class Rate {
  readonly #options: Required<RateOptions>;
  #left: number;
  #atMs: number;

  constructor(options: RateOptions) {
    this.#options = { now: () => performance.now(), ...options };
    this.#left = options.burst;
    this.#atMs = this.#options.now();
  }

  take(): boolean {
    const { perSecond, burst, now } = this.#options;
    const atMs = now();
    this.#left = Math.min(burst, this.#left + ((atMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = atMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
