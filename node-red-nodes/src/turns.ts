/** Node-RED hands over messages without waiting: what a node does while it is at work. Each message is finished once, whichever way. */
import { NodeFault } from './node-fault.ts';
import type { Message, Send } from './red.ts';

export type Work = (msg: Message, send: Send) => Promise<void>;

/**
 * One at work and one waiting, for what only the newest matters of. A newer one takes the place of the one that waits, which is finished without an
 * answer; `onDropped` gets the count of these.
 */
export function newestOnly(work: Work, onDropped: (dropped: number) => void = () => {}): Work {
  let isAtWork = false;
  let waiting: ((mayGo: boolean) => void) | undefined;
  let dropped = 0;
  return async (msg, send) => {
    if (isAtWork) {
      if (waiting) {
        waiting(false);
        dropped += 1;
        onDropped(dropped);
      }
      const mayGo = await new Promise<boolean>((resolve) => {
        waiting = resolve;
      });
      if (!mayGo) return;
    }
    isAtWork = true;
    try {
      await work(msg, send);
    } finally {
      const next = waiting;
      waiting = undefined;
      // Handed over, not given up: one that comes between the two must not overtake.
      if (next) next(true);
      else isAtWork = false;
    }
  };
}

/** One at work and `most` waiting, in their order, for what is owed an answer. Rejects with BUSY beyond. */
export function inTurn(work: Work, most: number): Work {
  let last: Promise<void> = Promise.resolve();
  let present = 0;
  return async (msg, send) => {
    if (present > most) throw new NodeFault('BUSY', `${most} messages wait here already: send fewer, or send the next when the one before was answered`);
    present += 1;
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    try {
      await before;
      await work(msg, send);
    } finally {
      present -= 1;
      resolve();
    }
  };
}
