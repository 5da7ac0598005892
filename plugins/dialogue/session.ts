/** One client: its MCP server, its subscriptions, and what it has under way. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer, type RegisteredTool } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { LEAST_MS, Notices } from './notices.ts';
import type { PeopleBoard } from './people-board.ts';
import { noticeChange, registerResources } from './resources.ts';
import { registerTools } from './tools.ts';
import type { VoiceLink } from './voice-link.ts';

export interface SessionParts {
  readonly board: PeopleBoard;
  readonly voice: VoiceLink;
  readonly grants: readonly string[];
  readonly version: string;
  /** The client said goodbye, or was forgotten. */
  closed(session: Session): void;
}

/** For the model. */
const instructions = `Mien sees who stands before this device, with a camera, and tells how people appear: apparent age, gender and expression of the face, where they are, whether they are turned to the device.
These are estimates of an appearance. They say nothing about who somebody is, what they feel, or their true age or gender: word them as appearances ("appears to be in their thirties"), do not put them to people as facts, and treat nobody worse because of them.
"Not known" is an answer: do not guess what is not known. Ids are random for one visit and name nobody. Each answer says how old the observation is, and whether the people are simulated.`;

export class Session {
  readonly id = randomUUID();
  readonly #parts: SessionParts;
  readonly #controller = new AbortController();
  readonly #server: McpServer;
  readonly #transport: StreamableHTTPServerTransport;
  readonly #notices: Notices;
  readonly #listening: Disposable;
  readonly #say: RegisteredTool;
  /** Requests under way, the stream of notices among them. */
  readonly #open = new Set<ServerResponse>();
  #stream: ServerResponse | undefined;
  #usedMonoMs = performance.now();
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#server = new McpServer({ name: 'mien', title: 'Mien', version: parts.version }, { instructions });
    this.#transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => this.id });
    this.#notices = new Notices({
      leastMs: LEAST_MS,
      send: (uri) => void this.#server.server.sendResourceUpdated({ uri }).catch(() => {}),
      canSend: () => this.#stream?.writableNeedDrain !== true,
    });
    this.#say = registerTools(this.#server, { ...parts, signal: this.#controller.signal });
    registerResources(this.#server, parts.board, this.#notices);
    this.#listening = parts.board.listen((change) => noticeChange(this.#notices, change));
  }

  async open(): Promise<void> {
    this.#server.server.onclose = () => this.close();
    // The SDK's own types do not agree about what may be undefined.
    await this.#server.connect(this.#transport as Transport);
  }

  /** Since it last asked something; 0 while something is under way. */
  get idleMs(): number {
    return this.#open.size > 0 ? 0 : performance.now() - this.#usedMonoMs;
  }

  async handle(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
    this.#usedMonoMs = performance.now();
    this.#open.add(response);
    if (request.method === 'GET') this.#stream ??= response;
    response.once('close', () => {
      this.#open.delete(response);
      if (this.#stream === response) this.#stream = undefined;
      this.#usedMonoMs = performance.now();
    });
    await this.#transport.handleRequest(request, response, body);
  }

  /** Something can be said now, or cannot any more. */
  voiceChanged(isThere: boolean): void {
    if (isThere !== this.#say.enabled) this.#say[isThere ? 'enable' : 'disable']();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#controller.abort(new DOMException('the session is over', 'AbortError'));
    this.#listening[Symbol.dispose]();
    this.#notices[Symbol.dispose]();
    void this.#server.close().catch(() => {});
    this.#parts.closed(this);
  }
}
