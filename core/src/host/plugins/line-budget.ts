/** At most so many lines a second go to the log; the rest is counted and told. */
export class LineBudget {
  readonly #perSecond: number;
  readonly #left: (lines: number) => void;
  #second = 0;
  #lines = 0;
  #over = 0;

  /** `left` is told how many lines were left out, when the next second's first comes or at `close`. */
  constructor(perSecond: number, left: (lines: number) => void) {
    this.#perSecond = perSecond;
    this.#left = left;
  }

  allows(): boolean {
    const now = Math.floor(performance.now() / 1000);
    if (now !== this.#second) {
      this.#second = now;
      this.#lines = 0;
      this.close();
    }
    this.#lines += 1;
    if (this.#lines <= this.#perSecond) return true;
    this.#over += 1;
    return false;
  }

  close(): void {
    if (this.#over > 0) this.#left(this.#over);
    this.#over = 0;
  }
}
