/**
 * One client of the events socket. It holds a position in the bus's ring, never a queue: what the client cannot take yet
 * stays in the ring, shared by all. A client that falls out of the ring is closed with the reason `slow consumer`.
 */
import type { WebSocket } from 'ws';
import { MienError } from '../errors.ts';
import type { MienEvent, Person } from '../events.ts';
import type { EventBus } from '../host/event-bus.ts';
import { matches, matchesPerson } from '../host/event-filter.ts';
import { Debouncer } from './debouncer.ts';
import type { SocketFrame } from './socket-frames.ts';
import type { Subscription } from './subscription.ts';

/** Bytes waiting for one client above which nothing more is handed to its socket. */
const highWaterBytes = 256 * 1024;
/** Snapshots are dropped, not delayed, above this. */
const snapshotWaterBytes = 64 * 1024;

export interface ConnectionSources {
  readonly bus: EventBus;
  readonly people: { current(): readonly Person[] };
}

export class EventConnection {
  readonly #socket: WebSocket;
  readonly #sources: ConnectionSources;
  #subscription: Subscription | undefined;
  #debouncer = new Debouncer(0, () => {});
  #position = 0;
  #feed: Disposable | undefined;
  #snapshots: Disposable | undefined;
  #closed = false;

  constructor(socket: WebSocket, sources: ConnectionSources) {
    this.#socket = socket;
    this.#sources = sources;
  }

  /** True from the moment it was told to go; its socket may linger for the grace. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Replaces the subscription there was. */
  subscribe(subscription: Subscription): void {
    this.#stop();
    this.#subscription = subscription;
    const { ring, bootId } = this.#sources.bus;
    this.send({ kind: 'hello', subscription, ...(bootId !== undefined && { bootId }), ...ring.range });
    if (subscription.mode === 'events') this.#followEvents(subscription);
    else this.#followPeople(subscription);
  }

  heartbeat(): void {
    this.send({ kind: 'heartbeat', atWallMs: Date.now(), resume: this.#resume });
  }

  send(frame: SocketFrame, sent?: () => void): void {
    if (!this.#closed) this.#socket.send(JSON.stringify(frame), sent && (() => sent()));
  }

  /** Says why, then closes; a client that does not answer is cut off after `graceMs`. */
  close(code: number, reason: string, graceMs = 1000): void {
    if (this.#closed) return;
    this.send({ kind: 'closing', reason });
    this.dispose();
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), graceMs).unref();
  }

  /** Stops listening; the socket is the caller's. */
  dispose(): void {
    this.#stop();
    this.#closed = true;
  }

  #stop(): void {
    this.#feed?.[Symbol.dispose]();
    this.#snapshots?.[Symbol.dispose]();
    this.#debouncer.clear();
  }

  #followEvents(subscription: Subscription): void {
    const { ring } = this.#sources.bus;
    this.#debouncer = new Debouncer(subscription.debounceMs, (event) => this.#sendEvent(event));
    this.#position = ring.head;
    if (subscription.since !== undefined) this.#rewind(subscription.since, subscription.bootId);
    this.#feed = this.#sources.bus.subscribe({}, () => this.#pump(), 'events socket');
    this.#pump();
  }

  /** Goes back to what comes after `since`, saying what cannot be brought back. */
  #rewind(since: number, bootId: string | undefined): void {
    const { ring, bootId: present } = this.#sources.bus;
    const range = ring.range;
    const restarted = since > (range?.newest ?? 0) || (bootId !== undefined && present !== undefined && bootId !== present);
    this.#position = restarted ? ring.tail : ring.after(since);
    if (restarted) this.send({ kind: 'gap', reason: 'restarted' });
    else if (range && range.oldest > since + 1) this.send({ kind: 'gap', reason: 'expired', missed: range.oldest - since - 1 });
  }

  /** Hands over events while the socket takes them; goes on when it has drained. */
  #pump(): void {
    const { ring } = this.#sources.bus;
    const subscription = this.#subscription;
    if (this.#closed || !subscription) return;
    if (this.#position < ring.tail) {
      this.close(1013, 'slow consumer');
      return;
    }
    while (this.#position < ring.head && this.#socket.bufferedAmount < highWaterBytes) {
      const event = ring.at(this.#position);
      this.#position += 1;
      if (event && matches(subscription, event)) this.#debouncer.accept(event);
    }
  }

  #sendEvent(event: MienEvent): void {
    this.send({ kind: 'event', event, resume: this.#resume }, () => this.#pump());
  }

  /** Every event up to this sequence was sent or did not match. */
  get #resume(): number {
    const held = this.#debouncer.oldest;
    if (held !== undefined) return held - 1;
    return Number(this.#sources.bus.ring.at(this.#position - 1)?.sequence ?? 0);
  }

  /** Periodic: by the clock. Motion: after each frame, and after events that come without one; the last state always goes out. */
  #followPeople(subscription: Subscription): void {
    const { bus } = this.#sources;
    if (subscription.mode === 'periodic') {
      const timer = setInterval(() => this.#sendPeople(subscription), Math.max(subscription.debounceMs, 1000));
      this.#snapshots = { [Symbol.dispose]: () => clearInterval(timer) };
    } else {
      let lastMs = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const send = (): void => {
        clearTimeout(timer);
        timer = undefined;
        lastMs = performance.now();
        this.#sendPeople(subscription);
      };
      const changed = (): void => {
        const restMs = lastMs + subscription.debounceMs - performance.now();
        if (restMs <= 0) send();
        else timer ??= setTimeout(send, restMs);
      };
      const { cameras } = subscription;
      const frames = bus.subscribeObserved((camera) => (cameras?.includes(camera) ?? true) && changed(), 'events socket');
      const events = bus.subscribe({ ...(cameras && { cameras }) }, changed, 'events socket');
      this.#snapshots = {
        [Symbol.dispose]: () => {
          frames[Symbol.dispose]();
          events[Symbol.dispose]();
          clearTimeout(timer);
        },
      };
    }
    this.#sendPeople(subscription);
  }

  #sendPeople(subscription: Subscription): void {
    if (this.#socket.bufferedAmount > snapshotWaterBytes) return;
    const people = this.#sources.people
      .current()
      .filter((person) => (subscription.cameras?.includes(person.camera) ?? true) && matchesPerson(subscription, person));
    this.send({ kind: 'people', atWallMs: Date.now(), people });
  }
}

/** Parses a client's message. Errors: REQUEST_INVALID. */
export function subscribeRequest(text: string): unknown {
  try {
    const message = JSON.parse(text) as { kind?: unknown; subscription?: unknown };
    if (message.kind === 'subscribe') return message.subscription ?? {};
  } catch {
    // falls through to the same answer
  }
  throw new MienError('REQUEST_INVALID', 'expected {"kind": "subscribe", "subscription": { ... }}');
}
