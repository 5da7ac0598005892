/**
 * Holds back repeated updates for one receiver: of events of one type about one person, only the newest goes out,
 * `holdMs` after the first of them. Arrivals and departures are never held, and nothing about a person follows the departure.
 */
import { eventName, type MienEvent } from '../events.ts';

export class Debouncer {
  readonly #held = new Map<string, { event: MienEvent; timer: NodeJS.Timeout }>();
  readonly #holdMs: number;
  readonly #send: (event: MienEvent) => void;

  constructor(holdMs: number, send: (event: MienEvent) => void) {
    this.#holdMs = holdMs;
    this.#send = send;
  }

  /** Lowest sequence that is held back; undefined when nothing is. */
  get oldest(): number | undefined {
    let oldest: number | undefined;
    for (const { event } of this.#held.values()) oldest = Math.min(oldest ?? Infinity, Number(event.sequence));
    return oldest;
  }

  accept(event: MienEvent): void {
    const name = eventName(event);
    if (this.#holdMs === 0 || name === 'person.appeared' || name === 'person.left') {
      if (name === 'person.left') this.#flush(event.subject);
      this.#send(event);
      return;
    }
    const key = `${event.type} ${event.subject}`;
    const held = this.#held.get(key);
    if (held) {
      held.event = merge(held.event, event);
      return;
    }
    const timer = setTimeout(() => this.#release(key), this.#holdMs);
    this.#held.set(key, { event, timer });
  }

  clear(): void {
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #flush(subject: string): void {
    const keys = [...this.#held].filter(([, { event }]) => event.subject === subject);
    keys.sort(([, a], [, b]) => Number(a.event.sequence) - Number(b.event.sequence));
    for (const [key] of keys) this.#release(key);
  }

  #release(key: string): void {
    const held = this.#held.get(key);
    if (!held) return;
    clearTimeout(held.timer);
    this.#held.delete(key);
    this.#send(held.event);
  }
}

/** The newer event; of two updates it also tells what the older one told, so that no moment to greet is lost. */
function merge(older: MienEvent, newer: MienEvent): MienEvent {
  if (older.type !== 'mien.person.updated.v1' || newer.type !== 'mien.person.updated.v1') return newer;
  const { changed, settled, previous } = older.data;
  return {
    ...newer,
    data: {
      ...newer.data,
      changed: [...new Set([...changed, ...newer.data.changed])],
      settled: [...new Set([...settled, ...newer.data.settled])],
      previous: { ...newer.data.previous, ...previous },
    },
  };
}
