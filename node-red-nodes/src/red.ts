/** The part of Node-RED's interface that these nodes use. Written here: Node-RED brings no types. */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A message of a flow. Nodes add to it and hand the same object on. */
export interface Message {
  [property: string]: unknown;
  _msgid?: string;
  topic?: unknown;
  payload?: unknown;
}

/** One message, or one entry per output, each a message, several, or none. */
export type Sent = Message | readonly (Message | readonly Message[] | null | undefined)[] | null;
export type Send = (sent: Sent) => void;

export type Fill = 'red' | 'green' | 'yellow' | 'blue' | 'grey';

export interface RawNode extends EventEmitter {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly credentials?: Readonly<Record<string, string | undefined>>;
  send: Send;
  status(status: { fill?: Fill; shape?: 'ring' | 'dot'; text?: string }): void;
  error(fault: unknown, msg?: Message): void;
  warn(text: unknown): void;
  log(text: unknown): void;
}

/** What the flow file says about a node: its dialog's values, flat. */
export interface NodeDef {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
}

/** As express gives it. */
export interface AdminRequest extends IncomingMessage {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export interface AdminResponse extends ServerResponse {
  status(code: number): AdminResponse;
  json(body: unknown): void;
}

type AdminHandler = (request: AdminRequest, response: AdminResponse, next: () => void) => void;
type Route = (path: string, ...handlers: AdminHandler[]) => void;

export interface Red {
  readonly nodes: {
    registerType(type: string, make: (this: RawNode, def: never) => void, options?: { credentials?: Record<string, { type: 'text' | 'password' }> }): void;
    createNode(node: RawNode, def: NodeDef): void;
    getNode(id: string): unknown;
    eachNode(visit: (def: NodeDef) => void): void;
  };
  readonly settings: {
    readonly userDir?: string;
    /** What relative paths in flows are relative to; the process's folder otherwise. */
    readonly fileWorkingDirectory?: string;
  };
  readonly util: {
    /** `expression` as `payload.image`, with or without `msg.`. Throws where it is none, or leads through what is no object. */
    getMessageProperty(msg: Message, expression: string): unknown;
    /** False where it leads through what is no object. Throws where the expression is none. */
    setMessageProperty(msg: Message, expression: string, value: unknown, createMissing: boolean): boolean;
  };
  readonly events: EventEmitter;
  readonly httpAdmin: { readonly get: Route; readonly post: Route };
  readonly auth: { needsPermission(permission: string): AdminHandler };
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void; debug(text: string): void };
  /** A text of the node's catalogue in the runtime's language; the key where there is none. */
  _(key: string, values?: Readonly<Record<string, unknown>>): string;
}
