/** Carries events from people to everybody in the host: plugins, sockets, outputs. In order, in process, never blocking. */
import type { MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import { type EventFilter, matches } from './event-filter.ts';
import { EventRing } from './event-ring.ts';

export type EventListener = (event: MienEvent) => void | Promise<void>;

export interface EventBus {
  /** Delivers to every matching listener before it returns; events published by a listener follow after. */
  publish(event: MienEvent): void;
  /** `name` says in the log whose listener failed. Dispose to stop. */
  subscribe(filter: EventFilter, listener: EventListener, name?: string): Disposable;
  /** Says that the snapshots of a camera's people are fresh: called once per observation, after its events. */
  announceObserved(camera: string): void;
  subscribeObserved(listener: (camera: string) => void, name?: string): Disposable;
  readonly ring: EventRing;
  /** Start of Mien that the held events belong to; undefined before the first. */
  readonly bootId: string | undefined;
  /** Faults of listeners so far: caught, logged, never passed on to the publisher. */
  readonly listenerFaults: number;
}

/** Events held for those who resume. */
export const ringCapacity = 2000;

export function createEventBus({ logger, capacity = ringCapacity }: { logger: Logger; capacity?: number }): EventBus {
  return new Bus(logger, new EventRing(capacity));
}

interface Subscription {
  readonly name: string;
  readonly filter: EventFilter;
  readonly listener: EventListener;
}

class Bus implements EventBus {
  readonly ring: EventRing;
  readonly #logger: Logger;
  readonly #subscriptions = new Set<Subscription>();
  readonly #observers = new Map<(camera: string) => void, string>();
  readonly #pending: MienEvent[] = [];
  #publishing = false;
  #faults = 0;

  constructor(logger: Logger, ring: EventRing) {
    this.#logger = logger;
    this.ring = ring;
  }

  get bootId(): string | undefined {
    return this.ring.at(this.ring.head - 1)?.data.clock.bootId;
  }

  get listenerFaults(): number {
    return this.#faults;
  }

  publish(event: MienEvent): void {
    this.#pending.push(event);
    if (this.#publishing) return;
    this.#publishing = true;
    try {
      for (let next = this.#pending.shift(); next; next = this.#pending.shift()) this.#deliver(next);
    } finally {
      this.#publishing = false;
    }
  }

  subscribe(filter: EventFilter, listener: EventListener, name = 'unnamed'): Disposable {
    const subscription = { name, filter, listener };
    this.#subscriptions.add(subscription);
    return { [Symbol.dispose]: () => void this.#subscriptions.delete(subscription) };
  }

  announceObserved(camera: string): void {
    for (const [listener, name] of this.#observers) this.#guard(name, 'observed', () => listener(camera));
  }

  subscribeObserved(listener: (camera: string) => void, name = 'unnamed'): Disposable {
    this.#observers.set(listener, name);
    return { [Symbol.dispose]: () => void this.#observers.delete(listener) };
  }

  #deliver(event: MienEvent): void {
    this.ring.push(event);
    for (const { name, filter, listener } of this.#subscriptions) {
      if (matches(filter, event)) this.#guard(name, event.type, () => listener(event));
    }
  }

  #guard(name: string, type: string, call: () => void | Promise<void>): void {
    const failed = (fault: unknown): void => {
      this.#faults += 1;
      this.#logger.error({ listener: name, event: type, err: fault }, 'a listener failed');
    };
    try {
      const result = call();
      if (result instanceof Promise) result.catch(failed);
    } catch (fault) {
      failed(fault);
    }
  }
}
