/** The HTTP server: on this machine only, for who shows the token, at a bounded rate and size. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MienError } from '@mien/core/plugin';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { Rate } from './rate.ts';
import type { Sessions } from './sessions.ts';

export interface DoorOptions {
  readonly port: number;
  readonly token: string;
  /** Of web pages that may come in. */
  readonly origins: readonly string[];
  readonly sessions: Sessions;
  fault(error: unknown): void;
}

export interface Door extends AsyncDisposable {
  readonly url: string;
}

const MOST_BODY_BYTES = 256 * 1024;
const MOST_BATCH = 20;
const MOST_CONNECTIONS = 200;
const HOST = '127.0.0.1';
const PATH = '/mcp';
/** Whatever a page's address says, the browser sends the name that it asked for: another one than these is DNS rebinding. */
const hosts = new Set(['127.0.0.1', 'localhost', '[::1]']);
/** JSON-RPC errors of the server's own; those of the SDK's transport are the same. */
const REFUSED = -32_000;
const NO_SESSION = -32_001;
const PARSE = -32_700;
const INVALID = -32_600;

/** Rejects with PORT_IN_USE. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const visits = new Visits(options);
  const server = createServer({ connectionsCheckingInterval: 1000 }, (request, response) => void visits.answer(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  // Connections that say nothing, or say it drop by drop, would take the places of others.
  server.headersTimeout = 5000;
  server.requestTimeout = 30_000;
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}${PATH}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, HOST, resolve);
  try {
    await promise;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new MienError('PORT_IN_USE', `port ${port} is in use by another program: give another one as the option port (0 takes any free one)`, { cause });
    throw new MienError('PLUGIN_FAILED', `port ${port} cannot be served: ${message}`, { cause });
  } finally {
    server.removeListener('error', reject);
  }
}

class Visits {
  readonly #options: DoorOptions;
  readonly #token: Buffer;
  readonly #rates = new WeakMap<object, Rate>();

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#token = digest(options.token);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    try {
      await this.#answer(request, response);
    } catch (fault) {
      // A client that hangs up is no fault of ours.
      if (!request.errored) this.#options.fault(fault);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, -32_603, 'this failed within Mien; its log says more');
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request);
    if (refusal) return refuse(response, ...refusal);
    const id = request.headers['mcp-session-id'];
    const session = typeof id === 'string' ? this.#options.sessions.find(id) : undefined;
    if (session && !this.#mayAsk(session)) {
      response.setHeader('retry-after', '1');
      return refuse(response, 429, REFUSED, 'too many requests: at most 100 a second');
    }
    const body = request.method === 'POST' ? await readBody(request) : undefined;
    if (body && 'refusal' in body) return refuse(response, ...body.refusal);
    if (session) return session.handle(request, response, body?.value);
    if (id !== undefined) return refuse(response, 404, NO_SESSION, 'there is no such session (any more): initialize a new one');
    if (!isInitializeRequest(body?.value)) return refuse(response, 400, REFUSED, 'expected an initialize request, or the header mcp-session-id of a session');
    const opened = await this.#options.sessions.open();
    if (!opened) return refuse(response, 503, REFUSED, 'as many clients are connected as may be (maxSessions): close one of them');
    await opened.handle(request, response, body?.value);
    // What the transport refused has begun nothing.
    if (response.statusCode >= 400) opened.close();
  }

  #refusal({ headers, url, method }: IncomingMessage): Refusal | undefined {
    if (!hosts.has((headers.host ?? '').replace(/:\d+$/, '').toLowerCase())) return [403, REFUSED, 'the header host names another machine than this one'];
    if (headers.origin !== undefined && !this.#options.origins.includes(headers.origin)) {
      return [403, REFUSED, 'pages of this origin may not come in: its owner adds it to the option origins'];
    }
    if (URL.parse(url ?? '/', 'http://localhost')?.pathname !== PATH) return [404, REFUSED, `there is nothing here; MCP is at ${PATH}`];
    const shown = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!timingSafeEqual(digest(shown), this.#token)) return [401, REFUSED, 'expected the header authorization: Bearer <token of the plugin dialogue>'];
    return method === 'POST' || method === 'GET' || method === 'DELETE' ? undefined : [405, REFUSED, 'expected POST, GET or DELETE'];
  }

  #mayAsk(session: object): boolean {
    let rate = this.#rates.get(session);
    if (!rate) {
      rate = new Rate({ perSecond: 100, burst: 200 });
      this.#rates.set(session, rate);
    }
    return rate.take();
  }
}

type Refusal = readonly [status: number, code: number, message: string];

async function readBody(request: IncomingMessage): Promise<{ readonly value: unknown } | { readonly refusal: Refusal }> {
  const tooLarge = { refusal: [413, REFUSED, `a message has at most ${MOST_BODY_BYTES} bytes`] as const };
  if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) return tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) return tooLarge;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    if (Array.isArray(value) && value.length > MOST_BATCH) return { refusal: [400, INVALID, `a batch has at most ${MOST_BATCH} messages`] };
    return { value };
  } catch {
    return { refusal: [400, PARSE, 'expected JSON'] };
  }
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  // What is not read is not waited for.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...(status === 401 && { 'www-authenticate': 'Bearer' }) });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
