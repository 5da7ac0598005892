import { setTimeout as delay } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import type { EventName, MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Delivery, Outbox } from '../plugin.ts';
import { DiskQueue, type Item } from './disk-queue.ts';

export interface DiskOutboxOptions {
  /** Of its own; made when absent. */
  readonly folder: string;
  readonly names: readonly EventName[];
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Between attempts, of sending and of writing. */
  readonly retry?: BackoffOptions;
}
type Send = (event: MienEvent, delivery: Delivery) => unknown;
interface Pending extends Item {
  readonly kept: PromiseWithResolvers<void>;
}

/** At stop, `send` has so long to heed its signal; if it then succeeds nobody knows, and the event is sent again after the start. */
const settleWithinMs = 250;

/**
 * Events on their way out, on disk until `send` has resolved. At least once: after a crash between the two, the newest are sent again; receivers
 * tell by `event.id`. An event that is handed in twice is kept once.
 */
export class DiskOutbox implements Outbox {
  readonly names: readonly EventName[];
  readonly #options: DiskOutboxOptions;
  readonly #send: Send;
  readonly #log: Logger;
  readonly #changed: () => void;
  readonly #abort = new AbortController();
  readonly #pending: Pending[] = [];
  #queue: DiskQueue | undefined;
  #isWriting = false;
  #writing: Promise<void> | undefined;
  #delivering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;
  #wake = Promise.withResolvers<void>();
  #dropped = 0;
  #sent = 0;

  /** `changed` is called when one of the numbers has. */
  constructor(options: DiskOutboxOptions, send: Send, log: Logger, changed: () => void) {
    this.names = options.names;
    this.#options = options;
    this.#send = send;
    this.#log = log;
    this.#changed = changed;
  }

  get held(): number {
    return this.#queue?.held ?? 0;
  }
  get bytes(): number {
    return this.#queue?.bytes ?? 0;
  }
  get dropped(): number {
    return this.#dropped;
  }
  get sent(): number {
    return this.#sent;
  }

  /** Once. Begins to send what an earlier life has left. Rejects when the folder cannot be used. */
  async open(): Promise<void> {
    const queue = await DiskQueue.open(this.#options.folder);
    if (this.#closing) return queue.close();
    this.#queue = queue;
    this.#trim(queue);
    this.#changed();
    this.#delivering = this.#deliver(queue);
    this.#write();
  }

  /** Resolves when the event is on disk. While it cannot be written this waits; once closed, for ever. */
  keep(event: MienEvent): Promise<void> {
    const kept = Promise.withResolvers<void>();
    this.#pending.push({ id: event.id, line: JSON.stringify(event), kept });
    this.#write();
    return kept.promise;
  }

  [Symbol.dispose](): void {
    this.close().catch((fault) => this.#log.error({ fault: String(fault) }, 'an outbox could not be closed'));
  }

  /** What is being written is finished, what is being sent is aborted. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    this.#wake.resolve();
    await this.#writing;
    if (this.#delivering) await Promise.race([this.#delivering, delay(settleWithinMs, undefined, { ref: false })]);
    this.#closed = true;
    await this.#queue?.close();
  }

  #write(): void {
    const queue = this.#queue;
    if (!queue || this.#isWriting || this.#closing || this.#pending.length === 0) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll(queue);
  }

  /** What comes while the disk is busy goes into the next write together. */
  async #writeAll(queue: DiskQueue): Promise<void> {
    const backoff = new Backoff(this.#options.retry);
    while (this.#pending.length > 0 && !this.#abort.signal.aborted) {
      const batch = [...this.#pending];
      const fresh = new Map(batch.filter(({ id }) => !queue.has(id)).map(({ id, line }) => [id, { id, line }]));
      try {
        if (fresh.size > 0) await queue.append([...fresh.values()]);
      } catch (fault) {
        if (backoff.failures === 0) this.#log.error({ fault: String(fault), waiting: batch.length }, 'the outbox cannot write: events wait until it can');
        await this.#pause(backoff.next());
        continue;
      }
      if (backoff.failures > 0) this.#log.info({}, 'the outbox can write again');
      backoff.reset();
      this.#pending.splice(0, batch.length);
      this.#trim(queue);
      for (const { kept } of batch) kept.resolve();
      this.#changed();
      this.#wake.resolve();
    }
    // In the same turn as the last look: what comes now begins anew.
    this.#isWriting = false;
  }

  #trim(queue: DiskQueue): void {
    const { maxEvents, maxBytes } = this.#options;
    while (queue.held > maxEvents || queue.bytes > maxBytes) this.#drop(queue);
  }

  #drop(queue: DiskQueue): void {
    queue.shift();
    this.#dropped += 1;
    this.#changed();
  }

  async #deliver(queue: DiskQueue): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const id = queue.firstId;
      if (id === undefined) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
        continue;
      }
      const event = await this.#read(queue);
      if (queue.firstId !== id) continue;
      if (event) await this.#sendOne(queue, event);
      else this.#drop(queue);
    }
  }

  async #read(queue: DiskQueue): Promise<MienEvent | undefined> {
    try {
      const line = await queue.first();
      if (line !== undefined) return JSON.parse(line);
      this.#log.error({}, 'an event of the outbox is gone from the disk');
    } catch (fault) {
      this.#log.error({ fault: String(fault) }, 'an event of the outbox cannot be read');
    }
    return undefined;
  }

  /** Until it succeeds, is dropped because too much came, or the outbox is closed. */
  async #sendOne(queue: DiskQueue, event: MienEvent): Promise<void> {
    const { signal } = this.#abort;
    const backoff = new Backoff(this.#options.retry);
    for (let attempt = 1; !signal.aborted && queue.firstId === event.id; attempt++) {
      try {
        await this.#send(event, { signal, attempt });
      } catch (fault) {
        if (signal.aborted) return;
        const retryMs = Math.round(backoff.next());
        this.#log[attempt === 1 ? 'warn' : 'debug'](
          { fault: String(fault), attempt, retryMs, event: event.id },
          'the outbox could not send: it will try again',
        );
        await this.#pause(retryMs);
        continue;
      }
      if (this.#closed) return;
      if (attempt > 1) this.#log.info({ attempt, held: queue.held }, 'the outbox can send again');
      this.#sent += 1;
      // It may have been dropped while it was being sent: it has left all the same.
      if (queue.firstId === event.id) queue.shift();
      else this.#dropped -= 1;
      this.#changed();
      return;
    }
  }

  /** Ends early when the outbox is closed. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal }).catch(() => {});
  }
}
