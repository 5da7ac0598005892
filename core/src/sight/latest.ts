/** What a mailbox holds must be given back when nobody takes it. */
export interface Releasable {
  release(): void;
}

/**
 * A mailbox with one slot between a producer that cannot wait and a consumer that may be slow: the newest item wins, the
 * item it replaces is released and counted. Latency therefore never grows, whatever the consumer does.
 */
export class Latest<T extends Releasable> {
  #slot: T | undefined;
  #waiting: { resolve(item: T | null): void } | undefined;
  #ended = false;
  #replaced = 0;

  /** Items released because a newer one came before anybody took them. */
  get replaced(): number {
    return this.#replaced;
  }

  /** True while an item waits to be taken. */
  get full(): boolean {
    return this.#slot !== undefined;
  }

  /** Gives the item to the waiting consumer, or keeps it in place of the one before. After `end` it is released at once. */
  put(item: T): void {
    if (this.#ended) {
      item.release();
      return;
    }
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting.resolve(item);
      return;
    }
    if (this.#slot !== undefined) {
      this.#slot.release();
      this.#replaced += 1;
    }
    this.#slot = item;
  }

  /**
   * The newest item, waiting for one if needed; `null` once the mailbox has ended and is empty. The caller owns the item.
   * One call at a time. Rejects with the signal's reason when cancelled; the item then stays for the next call.
   */
  take(signal?: AbortSignal): Promise<T | null> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiting) return Promise.reject(new TypeError('Latest.take was called while another take was waiting.'));
    const item = this.#slot;
    if (item !== undefined) {
      this.#slot = undefined;
      return Promise.resolve(item);
    }
    if (this.#ended) return Promise.resolve(null);
    return new Promise<T | null>((resolve, reject) => {
      const cancel = (): void => {
        this.#waiting = undefined;
        reject(signal?.reason);
      };
      this.#waiting = {
        resolve(taken) {
          signal?.removeEventListener('abort', cancel);
          resolve(taken);
        },
      };
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** No more items will come. An item in the slot can still be taken, unless `discard` releases it. Idempotent. */
  end(discard = false): void {
    this.#ended = true;
    if (discard) {
      this.#slot?.release();
      this.#slot = undefined;
    }
    this.#waiting?.resolve(null);
    this.#waiting = undefined;
  }
}
