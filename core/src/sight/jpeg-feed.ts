/**
 * A stream of pictures of which only the newest counts: a slow reader misses some, never waits for old ones. Ends when the
 * reader returns it, or when the writer ends it.
 */
export class JpegFeed implements AsyncIterableIterator<Uint8Array> {
  readonly #onReturn: () => void;
  #newest: Uint8Array | undefined;
  #waiting: Array<(result: IteratorResult<Uint8Array>) => void> = [];
  #done = false;

  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  get done(): boolean {
    return this.#done;
  }

  put(jpeg: Uint8Array): void {
    if (this.#done) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ value: jpeg, done: false });
    else this.#newest = jpeg;
  }

  /** The writer has no more pictures. */
  end(): void {
    this.#done = true;
    this.#newest = undefined;
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#newest) {
      const value = this.#newest;
      this.#newest = undefined;
      return Promise.resolve({ value, done: false });
    }
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#done) {
      this.end();
      this.#onReturn();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.return().then(() => undefined);
  }
}
