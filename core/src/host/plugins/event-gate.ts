/**
 * Every event on its way out: plugins with beforeEmit are asked, all at once, and have `deadlineMs` together to hold it back or add to it;
 * then it goes out unchanged. Order is kept, and numbers stay without gaps: what follows an event held back moves up.
 */
import { eventName, type MienEvent } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { Additions } from '../grants.ts';
import { eventGrant } from './granted-view.ts';
import type { Interceptor, Verdict } from './interceptor.ts';

/** For all that are asked about one event, together. */
export const verdictDeadlineMs = 20;

export interface EventGateOptions {
  readonly logger: Logger;
  /** Where additions are noted with the grants of who made them. */
  readonly additions: Additions;
  readonly deadlineMs?: number;
}

/** An event that waits: for verdicts, or for those before it. */
interface Waiting {
  readonly event: MienEvent;
  /** Monotonic. */
  readonly deadlineMs: number;
  /** Who has not answered, with the id of the question. */
  readonly open: Map<Interceptor, number>;
  readonly extras: Map<Interceptor, object>;
  vetoed: boolean;
}

/** Asked in the order in which they were added. */
export class EventGate {
  readonly #out: (event: MienEvent) => void;
  readonly #logger: Logger;
  readonly #additions: Additions;
  readonly #deadlineMs: number;
  readonly #interceptors = new Set<Interceptor>();
  readonly #queue: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #watched: Waiting | undefined;
  #heldBack = 0;
  #releasing = false;

  constructor(out: (event: MienEvent) => void, { logger, additions, deadlineMs = verdictDeadlineMs }: EventGateOptions) {
    this.#out = out;
    this.#logger = logger;
    this.#additions = additions;
    this.#deadlineMs = deadlineMs;
  }

  /** No event waits for a verdict. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Harmless when it is there already. */
  add(interceptor: Interceptor): void {
    this.#interceptors.add(interceptor);
  }

  /** Nobody waits for it any more. */
  remove(interceptor: Interceptor): void {
    this.#interceptors.delete(interceptor);
    for (const { open } of this.#queue) open.delete(interceptor);
    this.#release();
  }

  /** Never throws. Goes out before this returns when nobody is to be asked and nothing waits. */
  publish(event: MienEvent): void {
    const asked = this.#interceptors.size === 0 ? nobody : this.#whoIsAsked(event);
    if (asked.length === 0 && this.#queue.length === 0) {
      this.#out(this.#numbered(event));
      return;
    }
    const waiting: Waiting = { event, deadlineMs: performance.now() + this.#deadlineMs, open: new Map(), extras: new Map(), vetoed: false };
    for (const { interceptor } of asked) waiting.open.set(interceptor, 0);
    this.#queue.push(waiting);
    for (const { interceptor, seen } of asked) {
      const id = interceptor.ask(seen, (verdict) => this.#judge(waiting, interceptor, verdict));
      if (waiting.open.has(interceptor)) waiting.open.set(interceptor, id);
    }
    this.#release();
  }

  /** What waits goes out unchanged, at once. */
  [Symbol.dispose](): void {
    this.#interceptors.clear();
    for (const { open } of this.#queue) open.clear();
    this.#release();
  }

  #whoIsAsked(event: MienEvent): readonly { readonly interceptor: Interceptor; readonly seen: MienEvent }[] {
    const name = eventName(event);
    // Health of the device is told whatever plugins think of it.
    if (eventGrant(name) === 'device.health') return nobody;
    const asked: { interceptor: Interceptor; seen: MienEvent }[] = [];
    for (const interceptor of this.#interceptors) {
      const seen = interceptor.names.has(name) ? interceptor.view(event) : undefined;
      if (!seen) continue;
      if (interceptor.isWaitedFor) asked.push({ interceptor, seen });
      else interceptor.stats.late += 1;
    }
    return asked;
  }

  #judge(waiting: Waiting, interceptor: Interceptor, verdict: Verdict): void {
    if (!waiting.open.delete(interceptor) || waiting.vetoed) return;
    if (verdict === 'veto') {
      waiting.vetoed = true;
      interceptor.stats.vetoed += 1;
    } else if (verdict !== 'pass') waiting.extras.set(interceptor, verdict);
    this.#release();
  }

  /** Lets go what is decided, up to the first that is not. */
  #release(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    try {
      for (let first = this.#queue[0]; first && (first.vetoed || first.open.size === 0); first = this.#queue[0]) {
        this.#queue.shift();
        if (first.vetoed) this.#heldBack += 1;
        else this.#out(this.#numbered(this.#enriched(first)));
      }
    } finally {
      this.#releasing = false;
    }
    this.#watch();
  }

  /** Deadlines rise along the queue: only the first is watched. Answers that have arrived by then are read before time is called. */
  #watch(): void {
    const first = this.#queue[0];
    if (first === this.#watched) return;
    this.#watched = first;
    clearTimeout(this.#timer);
    if (first) this.#timer = setTimeout(() => setImmediate(() => this.#callTime()), Math.max(0, first.deadlineMs - performance.now()));
  }

  #callTime(): void {
    this.#watched = undefined;
    const nowMs = performance.now();
    for (const { deadlineMs, open } of this.#queue) {
      if (deadlineMs > nowMs) break;
      for (const [interceptor, id] of open) {
        if (!interceptor.missed(id)) continue;
        const message = 'beforeEmit is late again and again: its plugin is passed over until it answers';
        this.#logger.warn({ plugin: interceptor.name, deadlineMs: this.#deadlineMs }, message);
      }
      open.clear();
    }
    this.#release();
  }

  #enriched({ event, extras }: Waiting): MienEvent {
    if (extras.size === 0) return event;
    const extra: Record<string, object> = {};
    for (const interceptor of this.#interceptors) {
      const added = extras.get(interceptor);
      if (!added) continue;
      extra[interceptor.name] = added;
      this.#additions.set(added, interceptor.grants);
    }
    return { ...event, data: { ...event.data, extra } } as MienEvent;
  }

  /** As the enveloper numbers, less those held back. */
  #numbered(event: MienEvent): MienEvent {
    if (this.#heldBack === 0) return event;
    const sequence = Number(event.sequence) - this.#heldBack;
    return { ...event, id: `${event.data.clock.bootId}-${sequence}`, sequence: String(sequence).padStart(16, '0') };
  }
}

const nobody: readonly never[] = [];
