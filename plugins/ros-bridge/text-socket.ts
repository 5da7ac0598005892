/**
 * A WebSocket for text, over Node's HTTP client. Node's own gives no reason when it cannot connect, sends no pings, and its connection cannot be
 * ended when the other side has gone silent, which a robot on Wi-Fi does.
 */
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, opcodes } from './frames.ts';

export interface TextSocketOptions {
  readonly url: URL;
  readonly connectWithinMs: number;
  /** A ping each; after three without anything coming in the connection is given up. */
  readonly pingEveryMs: number;
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
}

const mostBytes = 1024 * 1024;
const closeWithinMs = 300;
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Rejects with an Error that says why there is no connection. */
export async function openTextSocket(options: TextSocketOptions): Promise<TextSocket> {
  const { url, connectWithinMs, signal } = options;
  const timeout = AbortSignal.timeout(connectWithinMs);
  try {
    const [socket, head] = await connect(url, AbortSignal.any([signal, timeout]));
    return new TextSocket(socket, head, options);
  } catch (fault) {
    throw timeout.aborted ? new Error(`no answer within ${connectWithinMs} ms`) : fault;
  }
}

function connect(url: URL, signal: AbortSignal): Promise<[Socket, Buffer]> {
  const key = randomBytes(16).toString('base64');
  const accept = createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64');
  const isSecure = url.protocol === 'wss:';
  const send = isSecure ? httpsRequest : httpRequest;
  const target = `${isSecure ? 'https:' : 'http:'}${url.href.slice(url.protocol.length)}`;
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': '13' };
  return new Promise((resolve, reject) => {
    const request = send(target, { headers, agent: false, signal });
    request.once('error', reject);
    request.once('response', (response: IncomingMessage) => {
      request.destroy();
      reject(new Error(`it answered HTTP ${response.statusCode}: that is no rosbridge, or not at this path`));
    });
    request.once('upgrade', (response, socket: Socket, head) => {
      if (response.headers['sec-websocket-accept'] === accept) return resolve([socket, head]);
      socket.destroy();
      reject(new Error('it answered as no WebSocket server does'));
    });
    request.end();
  });
}

export class TextSocket {
  readonly #socket: Socket;
  readonly #reader = new FrameReader(mostBytes);
  readonly #onText: (text: string) => void;
  readonly #closed = Promise.withResolvers<string>();
  readonly #pings: NodeJS.Timeout;
  readonly #detach: () => void;
  #unanswered = 0;
  #isClosing = false;
  #reason: string | undefined;

  constructor(socket: Socket, head: Buffer, { pingEveryMs, signal, onText }: TextSocketOptions) {
    this.#socket = socket;
    this.#onText = onText;
    const abort = (): void => this.#end('stopped');
    signal.addEventListener('abort', abort, { once: true });
    this.#detach = () => signal.removeEventListener('abort', abort);
    this.#pings = setInterval(() => this.#ping(pingEveryMs), pingEveryMs);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (fault) => this.#end(fault.message));
    socket.on('end', () => this.#end('it hung up'));
    socket.on('close', () => this.#end('it hung up'));
    if (head.length > 0) this.#take(head);
  }

  /** Resolves once, with why, when the connection has ended. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** Handed over and not yet sent. */
  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  send(text: string): void {
    this.#write(opcodes.text, Buffer.from(text));
  }

  /** What was sent before still goes out, unless the other side is silent. */
  async close(): Promise<void> {
    if (this.#reason !== undefined) return;
    this.#isClosing = true;
    this.#write(opcodes.close, Buffer.from([0x03, 0xe8]));
    const timer = setTimeout(() => this.#end('closed'), closeWithinMs);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#socket.writable) this.#socket.write(encodeFrame(opcode, payload));
  }

  #take(chunk: Buffer): void {
    this.#unanswered = 0;
    try {
      for (const { opcode, payload } of this.#reader.push(chunk)) {
        if (this.#reason !== undefined) return;
        if (opcode === opcodes.text) this.#onText(payload.toString('utf8'));
        else if (opcode === opcodes.ping) this.#write(opcodes.pong, payload);
        else if (opcode === opcodes.close) {
          if (!this.#isClosing) this.#write(opcodes.close, payload.subarray(0, 2));
          this.#end('it closed the connection');
        }
      }
    } catch (fault) {
      this.#end(`it sent ${(fault as Error).message}`);
    }
  }

  #ping(everyMs: number): void {
    if (this.#unanswered >= 3) {
      this.#end(`nothing came from it for ${3 * everyMs} ms`);
      return;
    }
    this.#unanswered += 1;
    this.#write(opcodes.ping, Buffer.alloc(0));
  }

  #end(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    clearInterval(this.#pings);
    this.#detach();
    this.#socket.destroySoon();
    // A silent other side never takes what is left.
    setTimeout(() => this.#socket.destroy(), closeWithinMs).unref();
    this.#closed.resolve(reason);
  }
}
