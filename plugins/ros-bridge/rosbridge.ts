/** A client of rosbridge's protocol 2.0 that publishes: connects, stays connected, advertises what it publishes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PluginContext } from '@mien/core/plugin';
import { Backoff } from '../shared/backoff.ts';
import { readPem } from '../shared/pem.ts';
import { openTextSocket, type TextSocket } from './text-socket.ts';

export interface RosbridgeOptions {
  readonly url: URL;
  /** For wss://: a PEM file or its text; empty: the public authorities. Read for each connection. */
  readonly ca?: string;
  readonly log: PluginContext['log'];
  /** Called on each new connection: nothing is advertised there yet. */
  readonly onConnected: () => void;
  readonly connectWithinMs?: number;
  readonly pingEveryMs?: number;
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
}

export interface Publication {
  readonly topic: string;
  /** As `hri_msgs/IdsList`. */
  readonly type: string;
  readonly message: object;
  /** The robot keeps the last one for who comes later. */
  readonly isLatched: boolean;
}

export interface RosbridgeStatus {
  readonly state: 'connected' | 'connecting' | 'waiting';
  readonly topics: number;
  readonly published: number;
  /** Complaints of the robot since the start. */
  readonly errors: number;
  readonly lastFault: string | null;
}

/** More than this unsent, and nothing is added: it would be old when it arrives. */
const mostWaitingBytes = 256 * 1024;
/** Different complaints of the robot that are logged in full. */
const mostComplaints = 50;

export class Rosbridge {
  readonly #options: Required<RosbridgeOptions>;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  readonly #advertised = new Set<string>();
  readonly #complaints = new Set<string>();
  #socket: TextSocket | undefined;
  #running: Promise<void> | undefined;
  #state: RosbridgeStatus['state'] = 'connecting';
  #published = 0;
  #errors = 0;
  #lastFault: string | null = null;
  #saidGarbage = false;

  constructor(options: RosbridgeOptions) {
    this.#options = { ca: '', connectWithinMs: 5000, pingEveryMs: 5000, backoff: { firstMs: 500, mostMs: 15_000 }, ...options };
    this.#backoff = new Backoff(this.#options.backoff);
  }

  get status(): RosbridgeStatus {
    return { state: this.#state, topics: this.#advertised.size, published: this.#published, errors: this.#errors, lastFault: this.#lastFault };
  }

  /** Nothing is published while this holds. */
  get isBusy(): boolean {
    return this.#socket === undefined || this.#socket.waitingBytes > mostWaitingBytes;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** What was published before still goes out. */
  async close(): Promise<void> {
    await this.#socket?.close();
    this.#abort.abort();
    await this.#running;
  }

  /** Without a connection it does nothing. */
  publish({ topic, type, message, isLatched }: Publication): void {
    if (!this.#socket) return;
    if (!this.#advertised.has(topic)) {
      this.#advertised.add(topic);
      this.#send({ op: 'advertise', topic, type, latch: isLatched });
    }
    this.#send({ op: 'publish', topic, msg: message });
    this.#published += 1;
  }

  unadvertise(topic: string): void {
    if (this.#advertised.delete(topic)) this.#send({ op: 'unadvertise', topic });
  }

  #send(operation: object): void {
    this.#socket?.send(JSON.stringify(operation));
  }

  async #run(): Promise<void> {
    const { log, url } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const reason = await this.#connection();
      if (signal.aborted) return;
      this.#lastFault = reason;
      const retryMs = Math.round(this.#backoff.nextMs());
      const first = this.#backoff.attempts === 1;
      log[first ? 'warn' : 'debug']({ host: url.host, retryMs }, `no connection to the robot: ${reason}. It is tried again`);
      this.#state = 'waiting';
      await delay(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, from its opening to its end; resolves with why it ended. */
  async #connection(): Promise<string> {
    const { url, ca: givenCa, connectWithinMs, pingEveryMs, log, onConnected } = this.#options;
    const { signal } = this.#abort;
    this.#state = 'connecting';
    try {
      const ca = url.protocol === 'wss:' ? await readPem('ca', givenCa, 'certificate') : undefined;
      const socket = await openTextSocket({ url, ca, signal, connectWithinMs, pingEveryMs, onText: (text) => this.#take(text) });
      const openedMs = performance.now();
      this.#socket = socket;
      this.#advertised.clear();
      this.#saidGarbage = false;
      this.#state = 'connected';
      log.info({ host: url.host }, 'connected to the robot');
      // Only errors: a robot that tells of all it does would tell of each message.
      this.#send({ op: 'set_level', level: 'error' });
      onConnected();
      const reason = await socket.closed;
      this.#socket = undefined;
      // One that is dropped at once is no success.
      if (performance.now() - openedMs > 2 * this.#options.backoff.firstMs) this.#backoff.reset();
      return reason;
    } catch (fault) {
      return (fault as Error).message;
    }
  }

  #take(text: string): void {
    let said: { op?: unknown; level?: unknown; msg?: unknown } | undefined;
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null) said = parsed;
    } catch {
      // As what is no object.
    }
    if (said === undefined || typeof said.op !== 'string') this.#garbage(text.length);
    else if (said.op === 'status' && (said.level === 'error' || said.level === 'warning')) this.#complain(String(said.msg).slice(0, 500));
  }

  #complain(text: string): void {
    this.#errors += 1;
    this.#lastFault = text;
    // The same complaint comes with each message that it is about.
    const isNew = !this.#complaints.has(text) && this.#complaints.size < mostComplaints;
    if (isNew) this.#complaints.add(text);
    const hint = /hri_msgs/.test(text) ? '. Is the package hri_msgs installed there (apt install ros-<distro>-hri-msgs), and the option ros right?' : '';
    this.#options.log[isNew ? 'warn' : 'debug']({ errors: this.#errors }, `the robot says: ${text}${hint}`);
  }

  #garbage(length: number): void {
    this.#errors += 1;
    if (this.#saidGarbage) return;
    this.#saidGarbage = true;
    this.#options.log.warn({ characters: length }, 'something came from the robot that is not of the rosbridge protocol: it is ignored');
  }
}
