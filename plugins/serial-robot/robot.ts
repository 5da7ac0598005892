/** One robot on one port: what is told to it, what is heard from it, and when it is told to stop. */
import type { PluginContext } from '@mien/core/plugin';
import { createBinaryFormat } from './binary-format.ts';
import { Connection } from './connection.ts';
import { createJsonFormat } from './json-format.ts';
import { createLinesFormat } from './lines-format.ts';
import type { Incoming, Message, StopReason, WireFormat } from './messages.ts';
import type { ListPorts, OnData, OpenPort, Port } from './open-port.ts';
import type { Options } from './options.ts';
import { Pending, type PendingEvent } from './pending.ts';
import type { RareLog } from './rare-log.ts';
import { Sender } from './sender.ts';
import { Vigil } from './vigil.ts';

export interface RobotParts {
  readonly options: Options;
  readonly log: PluginContext['log'];
  readonly rare: RareLog;
  readonly openPort: OpenPort;
  readonly listPorts: ListPorts;
  readonly heard: (text: string) => void;
}

/** For the last stop: less than a plugin has to end. */
const LAST_WORDS_MS = 300;

export class Robot implements AsyncDisposable {
  readonly pending = new Pending();
  /** Lines or frames that were none. */
  garbage = 0;
  readonly #parts: RobotParts;
  readonly #format: WireFormat;
  readonly #sender: Sender;
  readonly #vigil: Vigil;
  readonly #connection: Connection;
  #settling: NodeJS.Timeout | undefined;
  #beating: NodeJS.Timeout | undefined;
  #isReady = false;
  #isEnding = false;
  /** The port went before the robot could be told to stop: it is told when the port is back. */
  #owesStop = false;

  constructor(parts: RobotParts) {
    const { options, log, rare, openPort, listPorts } = parts;
    const { port, baudRate, rateLimit, ack, heartbeat } = options;
    this.#parts = parts;
    this.#format = formatOf(options);
    this.#vigil = new Vigil({
      lostAfterMs: heartbeat.lostAfterMs,
      onStop: (reason, words) => this.#standStill(reason, words),
      onWell: () => this.#goOn(),
    });
    const onStalled = (): void => this.#connection.drop(`the robot, or its adapter, has taken no bytes for a while`);
    this.#sender = new Sender({ format: this.#format, pending: this.pending, baudRate, perSecond: rateLimit, ack, log, rare, onStalled });
    const onOpen = (opened: Port): OnData => this.#opened(opened);
    this.#connection = new Connection({ port, baudRate, openPort, listPorts, log, onOpen, onLost: () => this.#lost() });
  }

  start(): void {
    this.#connection.start();
    const { everyMs } = this.#parts.options.heartbeat;
    if (everyMs > 0) this.#beating = setInterval(() => this.#sender.beat(), everyMs);
  }

  get counts() {
    const { replaced, dropped, size } = this.pending;
    return { ...this.#sender.counts, waiting: size, replaced, dropped, garbage: this.garbage };
  }

  get path(): string | undefined {
    return this.#connection.path;
  }

  /** Why it is told nothing now; undefined when all is well. */
  get silence(): string | undefined {
    if (!this.#connection.path) return this.#connection.fault ?? 'the port is not open yet';
    return this.#vigil.missing?.words ?? (this.#isReady ? undefined : 'the port was opened just now: the robot gets settleMs to start');
  }

  tell(event: PendingEvent): void {
    if (this.silence !== undefined) {
      this.pending.dropped += 1;
      return;
    }
    this.pending.offer(event);
    this.#sender.wake();
  }

  /** False when too much waits already. */
  say(...messages: readonly Message[]): boolean {
    if (this.silence !== undefined) return false;
    const isTaken = this.pending.say(...messages);
    if (isTaken) this.#sender.wake();
    return isTaken;
  }

  /** At once, ahead of all that waits, which is forgotten. False when there is nobody to tell. */
  stop(): boolean {
    this.#sender.stop('command');
    return this.#isReady;
  }

  miss(what: string, reason: StopReason, words: string): void {
    this.#vigil.miss(what, reason, words);
  }

  found(what: string): void {
    this.#vigil.found(what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    clearInterval(this.#beating);
    clearTimeout(this.#settling);
    this.#vigil[Symbol.dispose]();
    this.#sender.hold();
    this.#sender.stop('stopping');
    await this.#sender.flushed(LAST_WORDS_MS);
    await this.#connection[Symbol.asyncDispose]();
    this.#sender[Symbol.dispose]();
  }

  #opened(port: Port): OnData {
    const decode = this.#format.createDecoder();
    const { settleMs } = this.#parts.options;
    this.#settling = setTimeout(() => {
      this.#isReady = true;
      this.#sender.attach(port);
      const missing = this.#vigil.missing;
      if (missing || this.#owesStop) this.#sender.stop(missing?.reason ?? 'port-gone');
      this.#owesStop = false;
      if (!missing) this.#sender.release();
    }, settleMs);
    this.#vigil.listen(settleMs);
    return (bytes) => {
      for (const incoming of decode(bytes, performance.now())) this.#take(incoming);
    };
  }

  #lost(): void {
    clearTimeout(this.#settling);
    if (this.#isReady) this.#owesStop = true;
    this.#isReady = false;
    this.#vigil.rest();
    this.#sender.hold();
    this.#sender.detach();
    this.pending.clear();
  }

  #take(incoming: Incoming): void {
    if (this.#isEnding) return;
    if (incoming.kind === 'garbage') {
      this.garbage += 1;
      this.#parts.rare.debug('garbage', {}, 'what came from the robot cannot be read: is baudRate the same at both ends, and the format?');
      return;
    }
    this.#vigil.heard();
    if (incoming.kind === 'ack') this.#sender.acknowledged(incoming.sequence);
    else if (incoming.kind === 'refused') this.#sender.refused(incoming.reason, incoming.sequence);
    else if (incoming.kind === 'again') this.#sender.again();
    else if (incoming.kind === 'text') this.#parts.heard(incoming.text);
  }

  #standStill(reason: StopReason, words: string): void {
    this.#parts.log.warn({ reason: words }, 'the robot is told to stop');
    this.#sender.hold();
    if (this.#isReady) this.#sender.stop(reason);
  }

  #goOn(): void {
    this.#parts.log.info({}, 'all is well again: the robot is told what happens');
    if (this.#isReady) this.#sender.release();
  }
}

function formatOf({ format, lineEnd, safeStop, heartbeat }: Options): WireFormat {
  if (format === 'json') return createJsonFormat();
  if (format === 'binary') return createBinaryFormat();
  return createLinesFormat({ end: lineEnd === 'crlf' ? '\r\n' : '\n', stop: safeStop.text, heartbeat: heartbeat.text });
}
