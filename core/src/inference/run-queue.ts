import { setImmediate as macrotask } from 'node:timers/promises';
import { MienError } from '../errors.ts';

/**
 * The order, cancel and disposal rules of `Session`, for backends to build on: runs one at a time in call order, each in a
 * macrotask of its own.
 */
export class RunQueue {
  readonly #name: string;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(name: string) {
    this.#name = name;
  }

  run<T>(execute: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#closed) return Promise.reject(new MienError('MODEL_STATE', `${this.#name} is unloaded. Load it again before running it.`));
    const turn = this.#tail.then(async () => {
      await macrotask();
      signal?.throwIfAborted();
      const result = await execute();
      signal?.throwIfAborted();
      return result;
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Refuses further runs and resolves when those already called are through. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
  }
}
