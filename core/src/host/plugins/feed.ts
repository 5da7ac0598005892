/**
 * Events for one plugin: a cursor into the bus's ring and a window of events that the plugin has not taken yet; never a queue of its own.
 * A plugin that lags gets the newest. What its outboxes keep is passed over by nobody: it waits in the ring as long as that holds it.
 */
import type { EventName, MienEvent } from '../../events.ts';
import { eventName } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { Subscriptions } from '../../plugin-messages.ts';
import { type EventFilter, matches } from '../event-filter.ts';
import type { EventRing } from '../event-ring.ts';
import type { GrantedView, SeenEvent } from './granted-view.ts';
import type { TrafficStats } from './stats.ts';

/** Counts of events. */
export interface FeedLimits {
  /** Sent and not taken. */
  readonly window: number;
  /** Behind the newest; beyond, all but the `newest` are dropped. */
  readonly lag: number;
  readonly newest: number;
}
export const feedLimits: FeedLimits = { window: 32, lag: 256, newest: 64 };

export interface FeedSources {
  readonly ring: EventRing;
  readonly view: GrantedView;
  readonly stats: TrafficStats;
  readonly logger: Logger;
  /** Its name, for the log. */
  readonly plugin: string;
  readonly send: (at: number, seen: SeenEvent) => void;
  /** Where the run before had got to. */
  readonly resumeFrom?: number;
  readonly limits?: FeedLimits;
}

export class EventFeed {
  readonly #ring: EventRing;
  readonly #view: GrantedView;
  readonly #stats: TrafficStats;
  readonly #logger: Logger;
  readonly #plugin: string;
  readonly #send: (at: number, seen: SeenEvent) => void;
  readonly #limits: FeedLimits;
  /** No filter: all of that name. */
  #wanted = new Map<EventName, EventFilter[]>();
  #kept: ReadonlySet<EventName> = new Set();
  /** Positions sent and not taken, with whether an outbox keeps them. */
  readonly #underWay = new Map<number, boolean>();
  #cursor: number;
  /** From here on handlers are served; before it outboxes only. */
  #servedFrom = Infinity;
  /** Before it, what no outbox keeps is dropped. */
  #dropBefore = 0;
  #lost = 0;
  #running = false;
  #pumping = false;

  constructor({ ring, view, stats, logger, plugin, send, resumeFrom, limits = feedLimits }: FeedSources) {
    this.#ring = ring;
    this.#view = view;
    this.#stats = stats;
    this.#logger = logger;
    this.#plugin = plugin;
    this.#send = send;
    this.#limits = limits;
    this.#cursor = Math.min(resumeFrom ?? ring.head, ring.head);
  }

  /** Every event before this position was taken or needs no keeping. */
  get takenUpTo(): number {
    for (const [at, kept] of this.#underWay) if (kept) return at;
    return this.#cursor;
  }

  /** Everything in the ring was taken, or is not for it. */
  get isIdle(): boolean {
    return !this.#running || (this.#underWay.size === 0 && this.#cursor >= this.#ring.head);
  }

  subscribe({ events, kept }: Subscriptions): void {
    this.#wanted = new Map();
    for (const { name, filter } of events) this.#wanted.set(name, [...(this.#wanted.get(name) ?? []), filter ?? {}]);
    this.#kept = new Set(kept);
    this.pump();
  }

  start(): void {
    this.#servedFrom = this.#ring.head;
    if (this.#kept.size === 0) this.#cursor = this.#ring.head;
    this.#running = true;
    this.pump();
  }

  stop(): void {
    this.#running = false;
  }

  /** False when this event is not under way: the plugin makes things up. */
  taken(at: number): boolean {
    const known = this.#underWay.delete(at);
    if (known) this.pump();
    return known;
  }

  /** To be called for each event in the ring. */
  pump(): void {
    if (!this.#running || this.#pumping) return;
    this.#pumping = true;
    try {
      if (this.#cursor < this.#ring.tail) this.#lose(this.#ring.tail - this.#cursor);
      this.#advance();
      if (this.#ring.head - this.#cursor > this.#limits.lag) {
        this.#dropBefore = this.#ring.head - this.#limits.newest;
        this.#advance();
      }
      // The next event in the ring takes the place of its oldest.
      while (this.#running && this.#ring.head - this.#cursor >= this.#ring.capacity) {
        this.#lose(1);
        this.#advance();
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Goes on until the window is full and something is to be sent, or the head is reached. */
  #advance(): void {
    for (let event = this.#ring.at(this.#cursor); event && this.#running; event = this.#ring.at(this.#cursor)) {
      const at = this.#cursor;
      const kept = this.#kept.has(eventName(event));
      if (kept || at >= this.#servedFrom) {
        const seen = this.#seen(at, event, kept);
        if (seen && !kept && at < this.#dropBefore) this.#stats.dropped += 1;
        else if (seen) {
          if (this.#underWay.size >= this.#limits.window) return;
          this.#underWay.set(at, kept);
          this.#stats.delivered += 1;
          this.#cursor += 1;
          this.#send(at, seen);
          continue;
        }
      }
      this.#cursor += 1;
    }
  }

  /** Filters are held against what the plugin may see: what it lacks the grant for meets no condition. */
  #seen(at: number, event: MienEvent, kept: boolean): SeenEvent | undefined {
    const filters = this.#wanted.get(eventName(event));
    if (!kept && !filters) return undefined;
    const seen = this.#view.seen(at, event);
    return seen && (kept || filters?.some((filter) => matches(filter, seen.event))) ? seen : undefined;
  }

  #lose(count: number): void {
    this.#cursor += count;
    this.#stats.dropped += count;
    // The first of each thousand: the count says the rest.
    if (Math.floor((this.#lost + count - 1) / 1000) > Math.floor((this.#lost - 1) / 1000)) {
      this.#logger.warn(
        { plugin: this.#plugin, lost: this.#lost + count },
        'events of an outbox fell out of the ring before the plugin took them: they are lost',
      );
    }
    this.#lost += count;
  }
}
