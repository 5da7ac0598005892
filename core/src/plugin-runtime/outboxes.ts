import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MienError } from '../errors.ts';
import type { EventName, MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Delivery, Outbox, OutboxOptions } from '../plugin.ts';
import type { Handlers } from './handlers.ts';
import type { Link } from './link.ts';
import { DiskOutbox } from './outbox.ts';

/** Between two reports of the numbers. */
const reportEveryMs = 250;
const outboxName = /^[a-z][a-z0-9-]{0,39}$/;

/**
 * The outboxes of one plugin, each in a folder named by its option `name`, or else by its events: so it finds what it left before a restart, also
 * when the plugin has changed the order in which it makes them.
 */
export class Outboxes {
  readonly #folder: string;
  readonly #link: Link;
  readonly #handlers: Handlers;
  readonly #log: Logger;
  /** Whose numbers are reported. */
  readonly #boxes = new Set<DiskOutbox>();
  /** By folder. */
  readonly #live = new Map<string, DiskOutbox>();
  /** By folder: resolves when it may be opened again. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #opening = new Set<Promise<void>>();
  #past = { dropped: 0, sent: 0 };
  #report: NodeJS.Timeout | undefined;
  #toldHeld = 0;

  constructor(storeFolder: string, link: Link, handlers: Handlers, log: Logger) {
    this.#folder = join(storeFolder, 'outbox');
    this.#link = link;
    this.#handlers = handlers;
    this.#log = log;
  }

  /** Errors: PLUGIN_INVALID, GRANT_MISSING. `unusable` is told when the folder cannot be opened. */
  create(
    names: readonly EventName[],
    send: (event: MienEvent, delivery: Delivery) => unknown,
    options: OutboxOptions,
    unusable: (error: unknown) => void,
  ): Outbox {
    const { maxEvents = 10_000, maxBytes = 16 * 1024 * 1024, inFlight = 1 } = options;
    if (!Array.isArray(names) || names.length === 0) throw invalid("outbox: expected names of events, as ['person.left']");
    if (typeof send !== 'function') throw invalid(`outbox: expected a function send(event, delivery), got ${typeof send}`);
    if (!(maxEvents >= 1)) throw invalid(`outbox: maxEvents: expected 1 or more, got ${maxEvents}`);
    if (!(maxBytes >= 1)) throw invalid(`outbox: maxBytes: expected 1 or more, got ${maxBytes}`);
    if (!Number.isInteger(inFlight) || inFlight < 1) throw invalid(`outbox: inFlight: expected a whole number from 1 up, got ${inFlight}`);
    const id = this.#idOf(names, options.name);
    const settings = { folder: join(this.#folder, id), names: [...new Set(names)], maxEvents, maxBytes, inFlight };
    const box = new DiskOutbox(settings, send, this.#log, () => this.#reportSoon());
    const kept = this.#handlers.keep(box);
    this.#live.set(id, box);
    this.#boxes.add(box);
    this.#open(id, box).catch(unusable);
    return {
      get held() {
        return box.held;
      },
      get dropped() {
        return box.dropped;
      },
      get sent() {
        return box.sent;
      },
      [Symbol.dispose]: () => {
        kept[Symbol.dispose]();
        this.#forget(box);
        this.#close(id, box).catch((fault) => this.#link.fault(`outbox ${id}`, fault));
      },
    };
  }

  /** Resolves when all that were made so far are open; rejects when one cannot be. */
  async opened(): Promise<void> {
    await Promise.all(this.#opening);
  }

  /** Tells of folders whose outbox is no longer made: their events would otherwise lie there unseen. */
  async tellOrphans(): Promise<void> {
    const found = await readdir(this.#folder).catch(() => []);
    for (const id of found) {
      if (!this.#live.has(id))
        this.#log.warn(
          { folder: join(this.#folder, id) },
          'events of an outbox that the plugin no longer has are kept: name outboxes by the option `name`, or delete the folder',
        );
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening);
    const closed = await Promise.allSettled([...[...this.#live].map(([id, box]) => this.#close(id, box)), ...this.#closing.values()]);
    clearTimeout(this.#report);
    this.#tell();
    const fault = closed.find((one) => one.status === 'rejected');
    if (fault) throw fault.reason;
  }

  async #open(id: string, box: DiskOutbox): Promise<void> {
    const opening = (this.#closing.get(id) ?? Promise.resolve())
      .then(() => box.open())
      .catch((fault) => {
        throw new MienError(
          'OUTPUT_UNWRITABLE',
          `The outbox in ${join(this.#folder, id)} cannot be used: ${(fault as Error).message}. Correct the rights of the folder, or free some space`,
          { cause: fault },
        );
      });
    this.#opening.add(opening);
    await opening.finally(() => this.#opening.delete(opening));
  }

  async #close(id: string, box: DiskOutbox): Promise<void> {
    if (this.#live.get(id) !== box) return;
    this.#live.delete(id);
    const closing = box.close();
    const done = closing.catch(() => {});
    this.#closing.set(id, done);
    await closing;
    if (this.#closing.get(id) === done) this.#closing.delete(id);
  }

  /** What it holds is nobody's any more; what it did still counts. */
  #forget(box: DiskOutbox): void {
    if (!this.#boxes.delete(box)) return;
    this.#past = { dropped: this.#past.dropped + box.dropped, sent: this.#past.sent + box.sent };
    this.#reportSoon();
  }

  #idOf(names: readonly EventName[], name: string | undefined): string {
    if (name !== undefined) {
      if (typeof name !== 'string' || !outboxName.test(name))
        throw invalid(`outbox: name: expected lower case letters, digits and dashes, got ${JSON.stringify(name)}`);
      if (this.#live.has(name)) throw invalid(`outbox: there is one named ${name} already`);
      return name;
    }
    const all = [...new Set(names)].sort().join('+');
    const base = all.length <= 100 ? all : createHash('sha256').update(all).digest('hex').slice(0, 32);
    let id = base;
    for (let n = 2; this.#live.has(id); n++) id = `${base}-${n}`;
    return id;
  }

  /** At once where the host thinks that all are empty: it hears of an event that is held before it hears that the event is taken. */
  #reportSoon(): void {
    if (this.#toldHeld === 0 && this.#sum((box) => box.held) > 0) this.#tell();
    else this.#reportLater();
  }

  #reportLater(): void {
    this.#report ??= setTimeout(() => {
      this.#report = undefined;
      this.#tell();
    }, reportEveryMs).unref();
  }

  #tell(): void {
    if (this.#boxes.size === 0 && this.#past.dropped + this.#past.sent === 0) return;
    this.#toldHeld = this.#sum((box) => box.held);
    this.#link.send({
      type: 'outbox',
      held: this.#toldHeld,
      bytes: this.#sum((box) => box.bytes),
      dropped: this.#past.dropped + this.#sum((box) => box.dropped),
      sent: this.#past.sent + this.#sum((box) => box.sent),
    });
  }

  #sum(of: (box: DiskOutbox) => number): number {
    let sum = 0;
    for (const box of this.#boxes) sum += of(box);
    return sum;
  }
}

function invalid(message: string): MienError {
  return new MienError('PLUGIN_INVALID', message);
}
