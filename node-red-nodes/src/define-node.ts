/**
 * The glue between Node-RED and a node: `done` exactly once per message, faults with a code to Catch, a status that is calm and tells how the host is,
 * everything released at close. Nothing that a node throws reaches Node-RED, which an uncaught throw would stop.
 */
import type { Client } from '@mien/core/client';
import { connectionOf, type HostConnection, type HostState } from './host-connection.ts';
import { faultOf, NodeFault } from './node-fault.ts';
import type { Message, NodeDef, RawNode, Red, Send, Sent } from './red.ts';
import { type Mood, StatusLine } from './status-line.ts';

/** The values of every dialog that has a host. */
export interface HostedDef extends NodeDef {
  readonly host?: string;
}

export interface FlowNode<D extends NodeDef> {
  readonly id: string;
  readonly def: D;
  readonly credentials: Readonly<Record<string, string | undefined>>;
  /** Aborted when the node is closed. */
  readonly signal: AbortSignal;
  /** Undefined when the dialog names no host that is there. */
  readonly connection: HostConnection | undefined;
  /** The host's client. Throws HOST_MISSING, HOST_UNAVAILABLE. */
  client(): Client;
  /** The node's own status; shown while its host is connected, which is shown otherwise. */
  show(mood: Mood, text: string): void;
  /** Sends without a message that came, as for an event. Ignored after the close. */
  send(sent: Sent): void;
  /** A fault without a message that came: to Catch and the log. */
  fault(thrown: unknown): void;
  /** Runs at close, last-in first-out. */
  defer(step: () => void | PromiseLike<void>): void;
  /** A text of the catalogue by its whole key, as `mien-people.status.here`. */
  text(key: string, values?: Readonly<Record<string, unknown>>): string;
}

export interface NodeHandlers {
  /**
   * Deals with one message. Resolves when that is done, dropped included; what it rejects with goes to Catch. Calls may overlap: Node-RED does not
   * wait. After the close nothing is sent and a rejection is no fault.
   */
  input?(msg: Message, send: Send): void | Promise<void>;
}

export interface DefineOptions {
  /** True unless said otherwise: the node has a `host` in its dialog. */
  readonly hosted?: boolean;
  readonly credentials?: Record<string, { type: 'text' | 'password' }>;
}

const FLOW_STANDS_MS = 50;

type Open<D extends NodeDef> = (node: FlowNode<D>) => NodeHandlers | undefined;

/** Registers a type. `open` runs for each node at each deploy that makes it anew; when it throws, the node shows it and each message fails with it. */
export function defineNode<D extends NodeDef>(red: Red, type: string, open: Open<D>, options: DefineOptions = {}): void {
  const { hosted = true, credentials } = options;
  red.nodes.registerType(
    type,
    function (this: RawNode, def: D) {
      red.nodes.createNode(this, def);
      new NodeRun<D>(red, this, def, hosted).open(open);
    },
    credentials && { credentials },
  );
}

class NodeRun<D extends NodeDef> implements FlowNode<D> {
  readonly id: string;
  readonly def: D;
  readonly connection: HostConnection | undefined;
  readonly #red: Red;
  readonly #raw: RawNode;
  readonly #hosted: boolean;
  readonly #line: StatusLine;
  readonly #abort = new AbortController();
  readonly #steps: Array<() => void | PromiseLike<void>> = [];
  #own: { readonly mood: Mood; readonly text: string } | undefined;

  constructor(red: Red, raw: RawNode, def: D, hosted: boolean) {
    this.#red = red;
    this.#raw = raw;
    this.id = raw.id;
    this.def = def;
    this.#hosted = hosted;
    this.connection = hosted ? connectionOf(red.nodes.getNode((def as HostedDef).host ?? '')) : undefined;
    this.#line = new StatusLine((status) => raw.status(status));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get credentials(): Readonly<Record<string, string | undefined>> {
    return this.#raw.credentials ?? {};
  }

  open(open: Open<D>): void {
    let handlers: NodeHandlers | undefined;
    let broken: unknown;
    this.#raw.on('close', (_removed: boolean, done: () => void) => void this.#close().then(done, done));
    try {
      if (this.#hosted && !this.connection) this.#line.show('error', this.text('mien.status.no-host'));
      handlers = open(this);
      this.#showHost();
    } catch (thrown) {
      broken = thrown;
      this.#line.show('error', this.text('mien.status.dialog'));
      // Catch nodes may be made after this one.
      setTimeout(() => this.fault(thrown), FLOW_STANDS_MS).unref();
    }
    this.#raw.on('input', (msg: Message, send: Send, done: (fault?: Error) => void) => {
      void this.#input(msg, send, broken, handlers).then(
        () => done(),
        (thrown) => (this.signal.aborted ? done() : done(faultOf(thrown))),
      );
    });
  }

  async #input(msg: Message, send: Send, broken: unknown, handlers: NodeHandlers | undefined): Promise<void> {
    if (broken) throw broken;
    await handlers?.input?.(msg, (sent) => {
      if (!this.signal.aborted) send(sent);
    });
  }

  #showHost(): void {
    if (!this.connection) return;
    const following = this.connection.on((state) => this.#line.show(...this.#lineFor(state)));
    this.defer(() => following[Symbol.dispose]());
  }

  #lineFor({ kind }: HostState): [Mood, string] {
    if (kind === 'connected') return this.#own ? [this.#own.mood, this.#own.text] : ['ok', this.text('mien.status.connected')];
    const mood = kind === 'starting' ? 'waiting' : kind === 'stopped' ? 'off' : 'error';
    return [mood, this.text(`mien.status.${kind}`)];
  }

  client(): Client {
    if (this.connection) return this.connection.client();
    throw new NodeFault('HOST_MISSING', 'this node has no Mien host: open it and choose one (or add one with the pencil)');
  }

  show(mood: Mood, text: string): void {
    this.#own = { mood, text };
    if (this.signal.aborted) return;
    if (!this.#hosted) this.#line.show(mood, text);
    else if (this.connection) this.#line.show(...this.#lineFor(this.connection.state));
  }

  send(sent: Sent): void {
    if (!this.signal.aborted) this.#raw.send(sent);
  }

  fault(thrown: unknown): void {
    if (!this.signal.aborted) this.#raw.error(faultOf(thrown), {});
  }

  defer(step: () => void | PromiseLike<void>): void {
    this.#steps.push(step);
  }

  text(key: string, values: Readonly<Record<string, unknown>> = {}): string {
    return this.#red._(key, values);
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    this.#line[Symbol.dispose]();
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (thrown) {
        this.#raw.warn(faultOf(thrown).message);
      }
    }
  }
}
