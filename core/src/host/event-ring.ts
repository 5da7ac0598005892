/** The newest events, kept in memory for subscribers that resume. Positions count from 0 and never repeat. */
import type { MienEvent } from '../events.ts';

export class EventRing {
  readonly capacity: number;
  readonly #slots: MienEvent[] = [];
  #head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Position after the newest event. */
  get head(): number {
    return this.#head;
  }

  /** Position of the oldest event held; equals `head` when empty. */
  get tail(): number {
    return this.#head - this.#slots.length;
  }

  push(event: MienEvent): void {
    this.#slots[this.#head % this.capacity] = event;
    this.#head += 1;
  }

  /** Undefined when it is no longer or not yet held. */
  at(position: number): MienEvent | undefined {
    return position >= this.tail && position < this.#head ? this.#slots[position % this.capacity] : undefined;
  }

  /** Sequence of the oldest and the newest event held; undefined when empty. */
  get range(): { oldest: number; newest: number } | undefined {
    const oldest = this.at(this.tail);
    const newest = this.at(this.#head - 1);
    return oldest && newest && { oldest: Number(oldest.sequence), newest: Number(newest.sequence) };
  }

  /** Position of the first held event whose sequence is greater than `sequence`; `head` when there is none. */
  after(sequence: number): number {
    let low = this.tail;
    let high = this.#head;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number(this.at(middle)?.sequence) > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
