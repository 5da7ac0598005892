/** Owns resources: `defer` and `use` register how to release, disposal runs every step last-in-first-out, whatever fails. */
export class Scope implements AsyncDisposable {
  readonly #steps: Array<() => void | PromiseLike<void>> = [];
  readonly #abort = new AbortController();
  #closing: Promise<void> | undefined;

  /** Aborted when disposal begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  defer(step: () => void | PromiseLike<void>): void {
    this.#steps.push(step);
  }

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.defer(() => (Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()));
    return resource;
  }

  /** Idempotent. Throws one AggregateError after every step has run. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    const faults: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, `${faults.length} step(s) failed while closing: ${faults.map(String).join('; ')}`);
  }
}
