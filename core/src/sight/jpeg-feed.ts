/**
 * A stream of pictures of which only the newest counts: a slow reader misses some, never waits for old ones. Ends when the
 * reader returns it, or when the writer ends it.
 */
export class JpegFeed implements AsyncIterableIterator<Uint8Array> {
  readonly #onReturn: () => void;
  #newest: Uint8Array | undefined;
  #waiting: Array<PromiseWithResolvers<IteratorResult<Uint8Array>>> = [];
  #fault: Error | undefined;
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
    if (waiting) waiting.resolve({ value: jpeg, done: false });
    else this.#newest = jpeg;
  }

  /** The writer has no more pictures; a fault is told to the reader once. */
  end(fault?: Error): void {
    if (this.#done) return;
    this.#done = true;
    this.#newest = undefined;
    this.#fault = fault;
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(this.next());
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#newest) {
      const value = this.#newest;
      this.#newest = undefined;
      return Promise.resolve({ value, done: false });
    }
    if (this.#fault) {
      const fault = this.#fault;
      this.#fault = undefined;
      return Promise.reject(fault);
    }
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    const waiting = Promise.withResolvers<IteratorResult<Uint8Array>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#fault = undefined;
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
