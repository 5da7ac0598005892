/** Messages both ways between the host and plugins: one JSON object a line over a stream. Neither side trusts the other's lines. */
import type { Duplex } from 'node:stream';
import { MienError } from '../errors.ts';

/** Of a line without its end, in bytes. A longer one that arrives closes the channel. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface Message {
  readonly type: string;
}

export interface Channel<In extends Message, Out extends Message> {
  /** After the channel was closed nothing is sent. Errors: REQUEST_INVALID for what is no JSON or is longer than a line may be; nothing is sent then. */
  send(message: Out): void;
  /** What `encodeLine` made, for a message that goes to many. */
  sendEncoded(line: string): void;
  /** One listener, called in order, never before this call has returned. Messages that came earlier wait for it. */
  onMessage(listener: (message: In) => void): void;
  /** One listener, called once with the reason, also when the channel was closed before. No message comes after it. */
  onClose(listener: (reason: string) => void): void;
  /** Nothing is read until `resume`: the other side's messages wait with it. */
  pause(): void;
  resume(): void;
  /** Bytes sent that the other side has not read yet, as far as is known here. */
  readonly waitingBytes: number;
  /** Resolves when everything sent so far has left this process, or the channel is closed. */
  flushed(): Promise<void>;
  close(reason: string): void;
}

/** Errors: REQUEST_INVALID for what is no JSON or is longer than a line may be. */
export function encodeLine(message: Message): string {
  let line: string;
  try {
    line = JSON.stringify(message);
  } catch (fault) {
    throw new MienError('REQUEST_INVALID', `${message.type}: expected plain JSON data: ${fault instanceof Error ? fault.message.split('\n')[0] : fault}`);
  }
  // Characters of text are at most three bytes: only long lines need to be counted.
  if (line.length > MAX_LINE_BYTES / 3 && Buffer.byteLength(line) > MAX_LINE_BYTES) {
    throw new MienError(
      'REQUEST_INVALID',
      `${message.type}: ${Buffer.byteLength(line)} bytes as JSON, at most ${MAX_LINE_BYTES} can be sent: send less at a time`,
    );
  }
  return line;
}

/** Undefined for what is not a message. */
export function decodeLine(line: string): Message | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string' ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the stream over: nobody else may read or write it. Closing destroys it. */
export function openChannel<In extends Message, Out extends Message>(stream: Duplex): Channel<In, Out> {
  return new StreamChannel<In, Out>(stream);
}

const newline = 0x0a;

class StreamChannel<In extends Message, Out extends Message> implements Channel<In, Out> {
  readonly #stream: Duplex;
  #listener: ((message: In) => void) | undefined;
  #closeListener: ((reason: string) => void) | undefined;
  #closed: string | undefined;
  /** Why nothing more comes; what has come is still handed over. */
  #ended: string | undefined;
  /** Whole chunks not looked at yet; the start of an unfinished line lies in `#line`. */
  readonly #chunks: Buffer[] = [];
  readonly #line: Buffer[] = [];
  #lineBytes = 0;
  #paused = false;
  #reading = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#read();
    });
    stream.on('error', (fault) => this.#end(fault.message));
    stream.on('end', () => this.#end('the other side has closed'));
    stream.on('close', () => this.#end('the other side has closed'));
    stream.pause();
  }

  get waitingBytes(): number {
    return this.#stream.writableLength;
  }

  send(message: Out): void {
    this.sendEncoded(encodeLine(message));
  }

  sendEncoded(line: string): void {
    if (this.#closed === undefined) this.#stream.write(`${line}\n`);
  }

  onMessage(listener: (message: In) => void): void {
    this.#listener = listener;
    this.#continue();
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener;
    const reason = this.#closed;
    if (reason !== undefined) queueMicrotask(() => listener(reason));
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#continue();
  }

  flushed(): Promise<void> {
    if (this.#closed !== undefined || this.#stream.writableLength === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.write('', () => resolve());
    });
  }

  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#chunks.length = 0;
    this.#stream.destroy();
    this.#closeListener?.(reason);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    if (this.#chunks.length === 0) this.close(this.#ended);
  }

  #continue(): void {
    if (this.#paused || !this.#listener || this.#closed !== undefined) return;
    queueMicrotask(() => {
      this.#read();
      if (!this.#paused && this.#closed === undefined) this.#stream.resume();
    });
  }

  /** Hands over whole lines until paused or closed by a listener. */
  #read(): void {
    if (this.#reading || !this.#listener) return;
    this.#reading = true;
    try {
      while (!this.#paused && this.#closed === undefined) {
        const chunk = this.#chunks.shift();
        if (!chunk) break;
        const end = chunk.indexOf(newline);
        if (end + 1 < chunk.length && end >= 0) this.#chunks.unshift(chunk.subarray(end + 1));
        this.#take(end < 0 ? chunk : chunk.subarray(0, end), end >= 0);
      }
    } finally {
      this.#reading = false;
    }
    if (this.#ended !== undefined && this.#chunks.length === 0) this.close(this.#ended);
  }

  #take(part: Buffer, whole: boolean): void {
    this.#lineBytes += part.length;
    if (this.#lineBytes > MAX_LINE_BYTES) this.close(`a line of more than ${MAX_LINE_BYTES} bytes came`);
    else if (whole) this.#hand(part);
    else this.#line.push(part);
  }

  #hand(part: Buffer): void {
    const line = this.#line.length === 0 ? part : Buffer.concat([...this.#line, part]);
    this.#line.length = 0;
    this.#lineBytes = 0;
    const message = decodeLine(line.toString());
    if (message) this.#listener?.(message as In);
    else this.close('a line came that is not a message');
  }
}
