import { setTimeout as delay } from 'node:timers/promises';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import type { EventName, MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Outbox } from '../plugin.ts';
import { Deliveries, type Send } from './deliveries.ts';
import { DiskQueue, type Item } from './disk-queue.ts';

export interface DiskOutboxOptions {
  /** Of its own; made when absent. */
  readonly folder: string;
  readonly names: readonly EventName[];
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** Sends under way at a time; 1 unless said otherwise. */
  readonly inFlight?: number;
  /** Between attempts, of sending and of writing. */
  readonly retry?: BackoffOptions;
}
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
  #deliveries: Deliveries | undefined;
  #isWriting = false;
  #writing: Promise<void> | undefined;
  #delivering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

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
    return this.#deliveries?.dropped ?? 0;
  }
  get sent(): number {
    return this.#deliveries?.sent ?? 0;
  }

  /** Once. Begins to send what an earlier life has left. Rejects when the folder cannot be used. */
  async open(): Promise<void> {
    const queue = await DiskQueue.open(this.#options.folder);
    if (this.#closing) return queue.close();
    this.#queue = queue;
    const { inFlight = 1, retry } = this.#options;
    const deliveries = new Deliveries(queue, this.#send, this.#log, { inFlight, retry, changed: this.#changed });
    this.#deliveries = deliveries;
    this.#trim(queue, deliveries);
    this.#changed();
    this.#delivering = deliveries.run();
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
    this.#deliveries?.abort();
    await this.#writing;
    if (this.#delivering) await Promise.race([this.#delivering, delay(settleWithinMs, undefined, { ref: false })]);
    this.#deliveries?.end();
    await this.#queue?.close();
  }

  #write(): void {
    const queue = this.#queue;
    const deliveries = this.#deliveries;
    if (!queue || !deliveries || this.#isWriting || this.#closing || this.#pending.length === 0) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll(queue, deliveries);
  }

  /** What comes while the disk is busy goes into the next write together. */
  async #writeAll(queue: DiskQueue, deliveries: Deliveries): Promise<void> {
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
      this.#trim(queue, deliveries);
      for (const { kept } of batch) kept.resolve();
      this.#changed();
      deliveries.more();
    }
    // In the same turn as the last look: what comes now begins anew.
    this.#isWriting = false;
  }

  #trim(queue: DiskQueue, deliveries: Deliveries): void {
    const { maxEvents, maxBytes } = this.#options;
    while (queue.held > maxEvents || queue.bytes > maxBytes) deliveries.dropOldest();
  }

  /** Ends early when the outbox is closed. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal }).catch(() => {});
  }
}
