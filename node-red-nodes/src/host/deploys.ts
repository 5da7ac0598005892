/** Whether a deploy is going on: between the first flow that stops or starts and the moment at which all run. */
import type { EventEmitter } from 'node:events';

/** Node-RED gives a node 15 s to close. */
const LONGEST_MS = 30_000;

export class Deploys implements Disposable {
  readonly #events: EventEmitter;
  readonly #begin: () => void;
  readonly #end: () => void;
  #waiting = new Set<() => void>();
  #isOn = false;

  constructor(events: EventEmitter) {
    this.#events = events;
    this.#begin = () => {
      this.#isOn = true;
    };
    this.#end = () => {
      this.#isOn = false;
      for (const wake of this.#waiting) wake();
      this.#waiting = new Set();
    };
  }

  listen(): void {
    this.#events.on('flows:stopping', this.#begin);
    this.#events.on('flows:starting', this.#begin);
    this.#events.on('flows:started', this.#end);
  }

  /** Resolves when no deploy is going on; one that never ends is not waited for. */
  over(): Promise<void> {
    if (!this.#isOn) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LONGEST_MS).unref();
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  [Symbol.dispose](): void {
    this.#events.off('flows:stopping', this.#begin);
    this.#events.off('flows:starting', this.#begin);
    this.#events.off('flows:started', this.#end);
    this.#end();
  }
}
