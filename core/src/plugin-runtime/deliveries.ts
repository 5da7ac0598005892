/** Sends what a queue on disk holds: in order, several at a time where the plugin wants it, each until it has been sent. */
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import type { MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Delivery } from '../plugin.ts';
import type { DiskQueue } from './disk-queue.ts';

export type Send = (event: MienEvent, delivery: Delivery) => unknown;

export interface DeliveryOptions {
  /** Sends under way at a time. */
  readonly inFlight: number;
  /** Between attempts. */
  readonly retry: BackoffOptions | undefined;
  /** One of the numbers has changed. */
  readonly changed: () => void;
}

/**
 * Sends begin in order. When one fails no further one begins; those under way are waited for, and after a pause it goes on from the oldest that
 * has not left. What has left leaves the disk in order too, so a crash may send again what left out of turn.
 */
export class Deliveries {
  readonly #queue: DiskQueue;
  readonly #send: Send;
  readonly #log: Logger;
  readonly #options: DeliveryOptions;
  readonly #abort = new AbortController();
  readonly #backoff: Backoff;
  /** By position: how often each that is under way, or is to be tried again, was begun. */
  readonly #attempts = new Map<number, number>();
  /** Positions that have left, while an older one has not. */
  readonly #gone = new Set<number>();
  #next: number;
  #underWay = 0;
  /** Set while something has failed: how long the pause will be. */
  #pauseMs: number | undefined;
  /** It was said that nothing gets out, and not yet that something does. */
  #isStuck = false;
  #isOver = false;
  #wake = Promise.withResolvers<void>();
  dropped = 0;
  sent = 0;

  constructor(queue: DiskQueue, send: Send, log: Logger, options: DeliveryOptions) {
    this.#queue = queue;
    this.#send = send;
    this.#log = log;
    this.#options = options;
    this.#backoff = new Backoff(options.retry);
    this.#next = queue.begin;
  }

  /** There is more in the queue. */
  more(): void {
    this.#wake.resolve();
  }

  /** What is under way is aborted, nothing further begins. `run` resolves when the last has settled. */
  abort(): void {
    this.#abort.abort();
    this.#wake.resolve();
  }

  /** Whatever is still sent from here on counts for nothing. */
  end(): void {
    this.#isOver = true;
  }

  /** Gives up the oldest, which may be under way: it counts as dropped until it has been sent all the same. */
  dropOldest(): void {
    this.#attempts.delete(this.#queue.begin);
    this.#queue.shift();
    this.dropped += 1;
    this.#follow();
  }

  async run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted || this.#underWay > 0) {
      if (this.#pauseMs !== undefined && this.#underWay === 0) await this.#startOver(this.#pauseMs);
      else if (!this.#mayBegin) await this.#awake();
      else await this.#begin(Math.max(this.#next, this.#queue.begin));
    }
  }

  get #mayBegin(): boolean {
    const { begin, end } = this.#queue;
    const next = Math.max(this.#next, begin);
    return !this.#abort.signal.aborted && this.#pauseMs === undefined && next < end && next < begin + this.#options.inFlight;
  }

  async #awake(): Promise<void> {
    this.#wake = Promise.withResolvers();
    await this.#wake.promise;
  }

  async #startOver(pauseMs: number): Promise<void> {
    await delay(pauseMs, undefined, { signal: this.#abort.signal }).catch(() => {});
    this.#pauseMs = undefined;
    this.#next = this.#queue.begin;
  }

  async #begin(position: number): Promise<void> {
    this.#next = position + 1;
    if (this.#gone.has(position)) return;
    const event = await this.#read(position);
    // Meanwhile it was dropped, or an older one has failed: its turn comes again.
    if (position < this.#queue.begin || this.#abort.signal.aborted || this.#pauseMs !== undefined) return;
    if (event) void this.#sendOne(position, event);
    else {
      this.dropped += 1;
      this.#left(position);
    }
  }

  async #read(position: number): Promise<MienEvent | undefined> {
    try {
      const line = await this.#queue.read(position);
      if (line !== undefined) return JSON.parse(line);
      if (position >= this.#queue.begin) this.#log.error({}, 'an event of the outbox is gone from the disk');
    } catch (fault) {
      if (position >= this.#queue.begin) this.#log.error({ fault: String(fault) }, 'an event of the outbox cannot be read');
    }
    return undefined;
  }

  async #sendOne(position: number, event: MienEvent): Promise<void> {
    const { signal } = this.#abort;
    const attempt = (this.#attempts.get(position) ?? 0) + 1;
    this.#attempts.set(position, attempt);
    this.#underWay += 1;
    try {
      await this.#send(event, { signal, attempt });
      if (!this.#isOver) this.#succeeded(position, attempt);
    } catch (fault) {
      if (!signal.aborted) this.#failed(position, attempt, event, fault);
    } finally {
      this.#underWay -= 1;
      this.#wake.resolve();
    }
  }

  #succeeded(position: number, attempt: number): void {
    this.#attempts.delete(position);
    this.sent += 1;
    // It may have been dropped while it was being sent: it has left all the same.
    if (position < this.#queue.begin) this.dropped -= 1;
    if (!this.#left(position) || !this.#isStuck) return;
    this.#isStuck = false;
    this.#log.info({ attempt, held: this.#queue.held }, 'the outbox can send again');
  }

  #failed(position: number, attempt: number, event: MienEvent, fault: unknown): void {
    if (position < this.#queue.begin) this.#attempts.delete(position);
    // The first of those that fail together says it for all.
    if (this.#pauseMs !== undefined) return;
    this.#pauseMs = Math.round(this.#backoff.next());
    const fields = { fault: String(fault), attempt, retryMs: this.#pauseMs, event: event.id };
    this.#log[this.#isStuck ? 'debug' : 'warn'](fields, 'the outbox could not send: it will try again');
    this.#isStuck = true;
  }

  /** Whether the queue has moved on. */
  #left(position: number): boolean {
    const { begin } = this.#queue;
    if (position >= begin) this.#gone.add(position);
    this.#follow();
    const hasMoved = this.#queue.begin > begin;
    if (hasMoved) this.#backoff.reset();
    return hasMoved;
  }

  /** The queue moves past what has left. */
  #follow(): void {
    while (this.#gone.delete(this.#queue.begin)) this.#queue.shift();
    this.#options.changed();
  }
}
