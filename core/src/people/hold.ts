/** A condition that must hold without interruption. */
export class Hold<K> {
  readonly #maxGapMs: number;
  #key: K | null = null;
  #since = 0;
  #last = 0;

  /** Longer silence than `maxGapMs` between two updates breaks the hold: what nobody saw did not hold. */
  constructor(maxGapMs: number) {
    this.#maxGapMs = maxGapMs;
  }

  /** `key` names what holds now, null nothing. Returns the milliseconds it has held. */
  update(key: K | null, t: number): number {
    if (key === null || key !== this.#key || t - this.#last > this.#maxGapMs) this.#since = t;
    this.#key = key;
    this.#last = t;
    return key === null ? 0 : t - this.#since;
  }

  get key(): K | null {
    return this.#key;
  }

  /** When the present hold began. */
  get since(): number {
    return this.#since;
  }

  get heldMs(): number {
    return this.#key === null ? 0 : this.#last - this.#since;
  }

  reset(): void {
    this.#key = null;
  }
}
