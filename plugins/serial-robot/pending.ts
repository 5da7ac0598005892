/** What waits to be told. Never an endless queue: of one kind and person the newest replaces the one before, and who has gone unmentioned is not mentioned. */
import type { Message, PersonEventName } from './messages.ts';

export interface PendingEvent {
  /** Which of the messages about events it is, as `person.updated` or the number of a line. */
  readonly what: string;
  readonly name: PersonEventName;
  readonly personId: string;
  readonly message: Message;
}

const MOST_EVENTS = 256;
const MOST_SAYINGS = 32;
/** A whole answer to WHO?. A robot that asks without a pause hears an event after so many all the same. */
const MOST_SAYINGS_IN_A_ROW = 17;

export class Pending {
  /** Events that a newer one of the same person took the place of, or that were not worth telling any more. */
  replaced = 0;
  /** Events lost because too many waited, or nobody could be told. */
  dropped = 0;
  readonly #events = new Map<string, PendingEvent>();
  readonly #sayings: Message[] = [];
  #sayingsInARow = 0;

  get size(): number {
    return this.#events.size + this.#sayings.length;
  }

  offer(event: PendingEvent): void {
    if (event.name === 'person.left' && this.#forget(event.personId)) {
      this.replaced += 1;
      return;
    }
    const key = `${event.personId} ${event.what}`;
    if (this.#events.has(key)) this.replaced += 1;
    this.#events.set(key, event);
    if (this.#events.size <= MOST_EVENTS) return;
    const [oldest] = this.#events.keys();
    if (oldest !== undefined) this.#events.delete(oldest);
    this.dropped += 1;
  }

  /** Texts and answers: in order, before events. False when too many wait. */
  say(...messages: readonly Message[]): boolean {
    if (this.#sayings.length + messages.length > MOST_SAYINGS) return false;
    this.#sayings.push(...messages);
    return true;
  }

  take(): Message | undefined {
    const [first] = this.#events;
    if (!first || this.#sayingsInARow < MOST_SAYINGS_IN_A_ROW) {
      const saying = this.#sayings.shift();
      this.#sayingsInARow += 1;
      if (saying) return saying;
    }
    this.#sayingsInARow = 0;
    if (!first) return undefined;
    this.#events.delete(first[0]);
    return first[1].message;
  }

  clear(): void {
    this.dropped += this.size;
    this.#events.clear();
    this.#sayings.length = 0;
  }

  /** Of a person who has left: what waits. True when the robot was never told that they came, and so need not hear that they went. */
  #forget(personId: string): boolean {
    let wasUntold = false;
    for (const [key, waiting] of this.#events) {
      if (waiting.personId !== personId || waiting.name === 'person.left') continue;
      if (waiting.name === 'person.appeared') wasUntold = true;
      this.#events.delete(key);
      this.replaced += 1;
    }
    return wasUntold;
  }
}
