/** So many a second, spent as they come: a bucket that holds one second's worth. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #atMs: number;

  /** `perSecond` 0: no limit. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = Math.max(perSecond, 1);
    this.#atMs = now();
  }

  /** Whether one more may go. */
  take(): boolean {
    if (this.#perSecond === 0) return true;
    const now = this.#now();
    this.#left = Math.min(this.#left + ((now - this.#atMs) / 1000) * this.#perSecond, Math.max(this.#perSecond, 1));
    this.#atMs = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
