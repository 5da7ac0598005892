import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';

export interface Pacer {
  /** Resolves when that moment of the recorded time is due. Rejects with the signal's reason. */
  until(monoMs: number, signal?: AbortSignal): Promise<void>;
}

/** At the highest speed others get their turn after so many records. */
const TURN_EVERY = 256;
/** What is due within this is due now: a timer would be later. */
const NEAR_MS = 1;
/** Longest that a timer takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** Plays recorded time `speed` times as fast as it passed; Infinity for as fast as it can be read. The first moment is due at once. */
export function createPacer(speed: number): Pacer {
  let first: { readonly recorded: number; readonly now: number } | undefined;
  let count = 0;
  return {
    async until(monoMs, signal) {
      count += 1;
      if (count % TURN_EVERY === 0) await immediate();
      signal?.throwIfAborted();
      if (speed === Number.POSITIVE_INFINITY) return;
      first ??= { recorded: monoMs, now: performance.now() };
      const due = first.now + (monoMs - first.recorded) / speed;
      for (let wait = due - performance.now(); wait > NEAR_MS; wait = due - performance.now()) {
        await sleep(Math.min(wait, LONGEST_MS), undefined, signal && { signal }).catch((fault) => {
          signal?.throwIfAborted();
          throw fault;
        });
      }
    },
  };
}
