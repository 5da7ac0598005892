/** `mien mcp`: MCP on standard input and output, passed on to the dialogue plugin of a running Mien; it outlives restarts of that Mien. */
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  type InitializeRequest,
  isInitializedNotification,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { Backoff } from '../shared/backoff.ts';
import { type Address, Link } from './link.ts';

export interface BridgeOptions {
  /** Where the plugin is now, and its token. Rejects, with what to do, when it is not there. */
  address(): Promise<Address>;
  readonly input: Readable;
  readonly output: Writable;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** A line for whoever looks after it. */
  say(line: string): void;
}

/** JSON-RPC: an error of the server's own. */
const NOT_THERE = -32_000;
const FIRST_MS = 250;
const MOST_MS = 5000;

/** Resolves when the input has ended or the signal says so. */
export async function bridge(options: BridgeOptions): Promise<void> {
  const one = new Bridge(options);
  await one.run();
}

class Bridge {
  readonly #options: BridgeOptions;
  readonly #client: StdioServerTransport;
  readonly #ended = new AbortController();
  readonly #backoff = new Backoff({ firstMs: FIRST_MS, mostMs: MOST_MS });
  /** Asked by the client, not answered yet. */
  readonly #open = new Set<RequestId>();
  readonly #subscribed = new Set<string>();
  #greeting: InitializeRequest['params'] | undefined;
  #link: Link | undefined;
  #opening: Promise<Link> | undefined;
  #isWelcome = false;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#client = new StdioServerTransport(options.input as never, options.output as never);
  }

  async run(): Promise<void> {
    const { input, output, signal, say } = this.#options;
    const over = Promise.withResolvers<void>();
    for (const event of ['end', 'close', 'error']) input.once(event, () => over.resolve());
    output.once('error', () => over.resolve());
    signal.addEventListener('abort', () => over.resolve(), { once: true });
    this.#client.onmessage = (message) => void this.#fromClient(message);
    this.#client.onerror = (fault) => say(`a message of the client cannot be read: ${fault.message.slice(0, 200)}`);
    await this.#client.start();
    await over.promise;
    this.#ended.abort();
    await this.#link?.close().catch(() => {});
    await this.#client.close();
  }

  async #fromClient(message: JSONRPCMessage): Promise<void> {
    if (!isJSONRPCRequest(message)) {
      // The link has said that the client is ready.
      if (!isInitializedNotification(message)) await this.#link?.send(message).catch(() => {});
      return;
    }
    this.#open.add(message.id);
    try {
      if (message.method === 'initialize') await this.#greet(message);
      else await this.#passOn(message);
    } catch (fault) {
      await this.#refuse(message.id, fault);
    }
  }

  async #greet({ id, params }: JSONRPCRequest): Promise<void> {
    this.#greeting = params as InitializeRequest['params'];
    const { link, welcome } = await this.#openLink();
    this.#link = link;
    this.#isWelcome = true;
    this.#open.delete(id);
    await this.#client.send({ jsonrpc: '2.0', id, result: welcome });
  }

  async #passOn(message: JSONRPCRequest): Promise<void> {
    const link = this.#link ?? (await this.#reopen());
    await link.send(message);
    const uri = message.params?.['uri'];
    if (message.method === 'resources/subscribe' && typeof uri === 'string') this.#subscribed.add(uri);
    if (message.method === 'resources/unsubscribe' && typeof uri === 'string') this.#subscribed.delete(uri);
  }

  #openLink() {
    if (!this.#greeting) throw new Error('expected an initialize request first');
    const { address } = this.#options;
    return Link.open({ address, message: (message) => this.#toClient(message), broken: (reason) => void this.#broken(reason) }, this.#greeting);
  }

  #toClient(message: JSONRPCMessage): void {
    const isAnswer = isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
    // One that came too late has been refused already.
    if (isAnswer && message.id !== undefined && !this.#open.delete(message.id)) return;
    void this.#client.send(message);
  }

  async #broken(reason: Error): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#link = undefined;
    for (const id of [...this.#open]) await this.#refuse(id, reason);
    if (!this.#isWelcome) return;
    this.#options.say(`the connection to Mien broke (${reason.message}); it is tried again`);
    while (!this.#link && !this.#ended.signal.aborted) {
      await sleep(this.#backoff.nextMs(), undefined, { signal: this.#ended.signal }).catch(() => {});
      await this.#reopen().catch(() => {});
    }
  }

  /** One attempt at a time. */
  #reopen(): Promise<Link> {
    this.#opening ??= this.#resume().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #resume(): Promise<Link> {
    if (this.#link) return this.#link;
    const { link } = await this.#openLink();
    if (this.#ended.signal.aborted) {
      await link.close();
      throw new Error('the bridge is closed');
    }
    this.#link = link;
    this.#backoff.reset();
    this.#options.say('connected to Mien again');
    // People of before are not here any more: what cannot be subscribed to is told as changed, once, and forgotten.
    for (const uri of [...this.#subscribed]) {
      await link.ask('resources/subscribe', { uri }).catch(() => this.#subscribed.delete(uri));
      void this.#client.send({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
    }
    void this.#client.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    return link;
  }

  async #refuse(id: RequestId, fault: unknown): Promise<void> {
    if (!this.#open.delete(id)) return;
    const message = `Mien cannot answer now: ${fault instanceof Error ? fault.message : String(fault)}`;
    await this.#client.send({ jsonrpc: '2.0', id, error: { code: NOT_THERE, message } });
  }
}
