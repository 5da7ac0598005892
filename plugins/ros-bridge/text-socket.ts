/**
 * A WebSocket for text that ends when the other side has gone silent, and says in words why it ended. By npm's ws: Node's own gives no reason when it
 * cannot connect, and sends no pings, which a robot on Wi-Fi needs.
 */
import WebSocket from 'ws';
import { handshakeWords, messageWords } from './socket-words.ts';

export interface TextSocketOptions {
  readonly url: URL;
  /** PEM: who signed the certificate of a wss:// server; the public authorities unless given. */
  readonly ca?: string | undefined;
  readonly connectWithinMs: number;
  /** A ping each; after three without anything coming in the connection is given up. */
  readonly pingEveryMs: number;
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
}

const mostBytes = 1024 * 1024;
const closeWithinMs = 300;

/** Rejects with an Error that says why there is no connection. */
export async function openTextSocket(options: TextSocketOptions): Promise<TextSocket> {
  const { url, ca, connectWithinMs, signal } = options;
  signal.throwIfAborted();
  // Packing would cost this device more than it spares the network.
  // @types/ws does not have closeTimeout yet.
  const settings: WebSocket.ClientOptions & { closeTimeout: number } = { maxPayload: mostBytes, perMessageDeflate: false, closeTimeout: closeWithinMs };
  const socket = new WebSocket(url, ca === undefined ? settings : { ...settings, ca });
  const text = new TextSocket(socket, options);
  const { promise, resolve, reject } = Promise.withResolvers<TextSocket>();
  const fail = (fault: Error): void => {
    reject(fault);
    socket.terminate();
  };
  // The limit that ws has is for silence: one that answers byte by byte never meets it.
  const timer = setTimeout(() => fail(new Error(`no answer within ${connectWithinMs} ms`)), connectWithinMs);
  socket.once('open', () => resolve(text));
  socket.once('error', (fault) => fail(new Error(handshakeWords(fault), { cause: fault })));
  socket.once('unexpected-response', (_, { statusCode }) => fail(new Error(`it answered HTTP ${statusCode}: that is no rosbridge, or not at this path`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

export class TextSocket {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<string>();
  readonly #pings: NodeJS.Timeout;
  #unanswered = 0;
  #reason: string | undefined;

  /** `socket`: not open yet. */
  constructor(socket: WebSocket, { pingEveryMs, signal, onText }: TextSocketOptions) {
    this.#socket = socket;
    this.#pings = setInterval(() => this.#ping(pingEveryMs), pingEveryMs);
    const abort = (): void => this.#giveUp('stopped');
    signal.addEventListener('abort', abort, { once: true });
    const heard = (): void => {
      this.#unanswered = 0;
    };
    socket.on('ping', heard);
    socket.on('pong', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      if (!isBinary) onText(String(data));
    });
    // After a fault ws closes by itself, within closeTimeout.
    socket.on('error', (fault) => {
      this.#reason ??= messageWords(fault, mostBytes);
    });
    socket.once('close', (code) => {
      clearInterval(this.#pings);
      signal.removeEventListener('abort', abort);
      this.#closed.resolve(this.#reason ?? (code === 1006 ? 'it hung up' : 'it closed the connection'));
    });
  }

  /** Resolves once, with why, when the connection has ended. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** Handed over and not yet sent. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** What was sent before still goes out, unless the other side is silent. */
  async close(): Promise<void> {
    this.#socket.close(1000);
    await this.#closed.promise;
  }

  #ping(everyMs: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#unanswered >= 3) {
      this.#giveUp(`nothing came from it for ${3 * everyMs} ms`);
      return;
    }
    this.#unanswered += 1;
    this.#socket.ping();
  }

  #giveUp(reason: string): void {
    this.#reason ??= reason;
    this.#socket.terminate();
  }
}
