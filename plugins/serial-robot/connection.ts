/** Keeps one port open: opens it, notices when it is gone, and tries again with growing pauses until it is back. */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PluginContext } from '@mien/core/plugin';
import { Backoff } from '../shared/backoff.ts';
import { findPort } from './find-port.ts';
import type { ListPorts, OnData, OpenPort, Port } from './open-port.ts';
import { explainPortFault } from './port-fault.ts';

export interface ConnectionParts {
  /** As in the options. */
  readonly port: string;
  readonly baudRate: number;
  readonly openPort: OpenPort;
  readonly listPorts: ListPorts;
  readonly log: PluginContext['log'];
  /** With a port that has just been opened. */
  readonly onOpen: (port: Port) => OnData;
  readonly onLost: (reason: string) => void;
}

/** Less than the patience of a person who plugs it in. */
const AGAIN = { firstMs: 250, mostMs: 2000 };
/** A port that stays open so long counts as good. */
const GOOD_MS = 2000;
/** The system tells of most that go; a hung-up terminal that is read at the wrong moment only says nothing any more. */
const LOOK_EVERY_MS = 1000;

export class Connection implements AsyncDisposable {
  readonly #parts: ConnectionParts;
  readonly #ending = new AbortController();
  #port: Port | undefined;
  #fault: string | undefined;
  #living: Promise<void> = Promise.resolve();

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get path(): string | undefined {
    return this.#port?.path;
  }

  /** Why there is no port now. */
  get fault(): string | undefined {
    return this.#fault;
  }

  start(): void {
    this.#living = this.#live();
  }

  /** The port is closed, and opened anew. */
  drop(reason: string): void {
    void this.#port?.close(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#port?.close('Mien stops');
    await this.#living;
  }

  async #live(): Promise<void> {
    const { signal } = this.#ending;
    const backoff = new Backoff(AGAIN);
    while (!signal.aborted) {
      const openedMs = await this.#once();
      if (openedMs > GOOD_MS) backoff.reset();
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves when the port is gone, with how long it was there; at once when it cannot be opened. */
  async #once(): Promise<number> {
    const { port: wish, baudRate, openPort, listPorts, log, onOpen, onLost } = this.#parts;
    let path = wish;
    let port: Port;
    // Bytes may come before whoever takes them is ready.
    let take: OnData = () => {};
    try {
      path = await findPort(wish, listPorts);
      port = await openPort({ path, baudRate }, (bytes) => take(bytes));
    } catch (cause) {
      this.#told(await explainPortFault(cause, path, listPorts));
      return 0;
    }
    this.#port = port;
    if (this.#ending.signal.aborted) await port.close('Mien stops');
    const openedAtMs = performance.now();
    this.#fault = undefined;
    log.info({ port: path, baudRate }, `the port ${path} is open`);
    take = onOpen(port);
    const looking = new AbortController();
    void this.#look(port, looking.signal);
    const reason = await port.closed;
    looking.abort();
    this.#port = undefined;
    this.#fault = `the port ${path} is gone: ${reason}`;
    if (!this.#ending.signal.aborted) log.warn({ port: path, reason }, this.#fault);
    onLost(reason);
    return performance.now() - openedAtMs;
  }

  /** Each fault once, however often it is met. */
  #told(fault: string): void {
    if (fault !== this.#fault) this.#parts.log.warn({ port: this.#parts.port }, fault);
    this.#fault = fault;
  }

  /** Closes the port when its device file is gone, or is another one. */
  async #look(port: Port, signal: AbortSignal): Promise<void> {
    const seen = async (): Promise<number | undefined> => {
      try {
        return (await stat(port.path)).rdev;
      } catch (fault) {
        // Not there; anything else, as in a sandbox, tells nothing.
        return (fault as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : Number.NaN;
      }
    };
    const first = await seen();
    if (first === undefined) return;
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const now = await seen();
      if (!Object.is(now, first)) return port.close('its device file is gone');
    }
  }
}
