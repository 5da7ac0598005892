/** One plugin with beforeEmit, as the gate asks it: what it may see, what it owes, and whether it is waited for at all. */
import { Backoff } from '../../backoff.ts';
import type { EventName, Grant, MienEvent } from '../../events.ts';
import type { TrafficStats } from './stats.ts';

export type Verdict = 'pass' | 'veto' | object;

export interface InterceptorParts {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** What it may see of an event; undefined for nothing. */
  readonly view: (event: MienEvent) => MienEvent | undefined;
  readonly send: (id: number, event: MienEvent) => void;
  readonly stats: TrafficStats;
}

/** Deadlines missed in a row after which it is passed over. */
const patience = 3;
/** Questions without an answer, those whose time is over included. */
const maxOwed = 256;
/** Passed over for so long when no answer comes at all. */
const silenceMs = 60_000;

export class Interceptor {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly stats: TrafficStats;
  readonly view: InterceptorParts['view'];
  /** Events it wants to be asked about. */
  names: ReadonlySet<EventName> = new Set();
  readonly #send: InterceptorParts['send'];
  /** Undefined when its time is over. */
  readonly #owed = new Map<number, ((verdict: Verdict) => void) | undefined>();
  readonly #backoff = new Backoff({ firstMs: 1000, capMs: silenceMs });
  #nextId = 1;
  #missed = 0;
  #waitedForFromMs = -Infinity;

  constructor({ name, grants, view, send, stats }: InterceptorParts) {
    this.name = name;
    this.grants = grants;
    this.stats = stats;
    this.view = view;
    this.#send = send;
  }

  /** False while it is passed over for its lateness. */
  get isWaitedFor(): boolean {
    return this.#owed.size < maxOwed && performance.now() >= this.#waitedForFromMs;
  }

  /** `answered` is not called after `missed(id)`. Returns the id. */
  ask(seen: MienEvent, answered: (verdict: Verdict) => void): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#owed.set(id, answered);
    this.#send(id, seen);
    return id;
  }

  /** False when nothing was asked under this id: the plugin makes things up. */
  answer(id: number, verdict: Verdict): boolean {
    if (!this.#owed.has(id)) return false;
    const answered = this.#owed.get(id);
    this.#owed.delete(id);
    if (answered) {
      this.#missed = 0;
      this.#backoff.reset();
      answered(verdict);
    } else if (this.#missed >= patience) {
      // It lives: one more try after a while, and one more miss is enough then.
      this.#missed = patience - 1;
      this.#waitedForFromMs = performance.now() + this.#backoff.next();
    }
    return true;
  }

  /** Its time for this question is over. True when it is passed over from now on. */
  missed(id: number): boolean {
    this.#owed.set(id, undefined);
    this.#missed += 1;
    this.stats.late += 1;
    if (this.#missed < patience) return false;
    const wasWaitedFor = performance.now() >= this.#waitedForFromMs;
    this.#waitedForFromMs = performance.now() + silenceMs;
    return wasWaitedFor;
  }
}
