/** The way of a bridge to the MCP server: opened again when it broke, with the same greeting and the same subscriptions. */
import { StreamableHTTPClientTransport, StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  type InitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  type Result,
} from '@modelcontextprotocol/sdk/types.js';

export interface Address {
  readonly url: string;
  readonly token: string;
}

export interface LinkOptions {
  address(): Promise<Address>;
  /** From the server, but for answers to what the link itself asked. */
  message(message: JSONRPCMessage): void;
  /** It was open, and is of no use any more: nothing that was asked will be answered. */
  broken(reason: Error): void;
}

/** Answers to one request that say nothing about the others. */
const PASSING = new Set([400, 413, 429]);

export class Link {
  readonly #options: LinkOptions;
  readonly #transport: StreamableHTTPClientTransport;
  /** Of what it asked itself. */
  readonly #own = new Map<RequestId, PromiseWithResolvers<Result>>();
  #lastId = 0;
  #isOpen = false;
  #isOver = false;

  private constructor(options: LinkOptions, { url, token }: Address) {
    this.#options = options;
    this.#transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      // A stream that ends is a link that is broken.
      reconnectionOptions: { maxRetries: 0, initialReconnectionDelay: 1000, maxReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1 },
    });
  }

  /** Greets the server as the client did. Rejects when nobody is there, or who is there refuses. */
  static async open(options: LinkOptions, greeting: InitializeRequest['params']): Promise<{ readonly link: Link; readonly welcome: Result }> {
    const link = new Link(options, await options.address());
    return { link, welcome: await link.#greet(greeting) };
  }

  /** Rejects when it could not be sent. */
  async send(message: JSONRPCMessage): Promise<void> {
    await this.#transport.send(message);
  }

  /** Asks for itself. */
  async ask(method: string, params: Record<string, unknown>): Promise<Result> {
    this.#lastId += 1;
    const id = `mien-bridge-${this.#lastId}`;
    const answer = Promise.withResolvers<Result>();
    // The link may break before anybody waits.
    answer.promise.catch(() => {});
    this.#own.set(id, answer);
    await this.#transport.send({ jsonrpc: '2.0', id, method, params });
    return answer.promise;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#transport.close();
  }

  async #greet(greeting: InitializeRequest['params']): Promise<Result> {
    this.#transport.onmessage = (message) => this.#take(message);
    this.#transport.onerror = (fault) => this.#fault(fault);
    await this.#transport.start();
    const welcome = await this.ask('initialize', greeting);
    this.#transport.setProtocolVersion(String(welcome['protocolVersion']));
    await this.#transport.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    this.#isOpen = true;
    return welcome;
  }

  #take(message: JSONRPCMessage): void {
    const isAnswer = isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
    const own = isAnswer && message.id !== undefined ? this.#own.get(message.id) : undefined;
    if (!own || !isAnswer || message.id === undefined) {
      this.#options.message(message);
      return;
    }
    this.#own.delete(message.id);
    if ('result' in message) own.resolve(message.result);
    else own.reject(new Error(message.error.message));
  }

  #fault(fault: Error): void {
    if (this.#isOver || (fault instanceof StreamableHTTPError && PASSING.has(fault.code ?? 0))) return;
    this.#isOver = true;
    for (const { reject } of this.#own.values()) reject(fault);
    void this.#transport.close().catch(() => {});
    if (this.#isOpen) this.#options.broken(fault);
  }
}
