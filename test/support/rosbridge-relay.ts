/**
 * The server's side of rosbridge's protocol 2.0, as far as publishers and subscribers need it: what one client publishes, others that subscribed get.
 * As rosbridge does, it answers what it cannot do with a status of level error.
 */
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Certificate } from './certificates.ts';

export interface Told {
  readonly topic: string;
  /** As advertised. */
  readonly type: string;
  readonly msg: Record<string, unknown>;
  /** Monotonic. */
  readonly atMs: number;
}

export interface RosbridgeRelay extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Topics that a client advertises now, with their types. */
  readonly topics: ReadonlyMap<string, string>;
  /** Topics that were advertised with `latch`. */
  readonly latched: ReadonlySet<string>;
  /** Every message that was published, in order. */
  readonly told: Told[];
  /** Every operation that came, in order, and what was wrong with any. */
  readonly operations: Array<Record<string, unknown>>;
  readonly faults: string[];
  readonly clients: ReadonlySet<WebSocket>;
  /** To every client, as it is. */
  say(text: string | Buffer): void;
}

/** `certificate`: of a wss:// server for localhost. */
export async function openRosbridgeRelay({
  port = 0,
  certificate,
}: {
  readonly port?: number;
  readonly certificate?: Certificate;
} = {}): Promise<RosbridgeRelay> {
  const http = certificate ? createSecureServer(certificate) : createServer();
  const server = new WebSocketServer({ server: http });
  await new Promise<void>((resolve, reject) => http.once('error', reject).listen(port, '127.0.0.1', resolve));
  const topics = new Map<string, string>();
  const owners = new Map<string, WebSocket>();
  const latched = new Set<string>();
  const last = new Map<string, string>();
  const told: Told[] = [];
  const operations: Array<Record<string, unknown>> = [];
  const faults: string[] = [];
  const subscribers = new Map<string, Set<WebSocket>>();

  const take = (client: WebSocket, text: string): void => {
    const operation = JSON.parse(text) as Record<string, unknown>;
    operations.push(operation);
    const [topic, type] = [String(operation['topic']), String(operation['type'])];
    const refuse = (msg: string): void => {
      faults.push(msg);
      client.send(JSON.stringify({ op: 'status', level: 'error', msg }));
    };
    if (operation['op'] === 'advertise') {
      if (topics.has(topic) && topics.get(topic) !== type) {
        refuse(`${topic} is ${topics.get(topic)}, not ${type}`);
        return;
      }
      topics.set(topic, type);
      owners.set(topic, client);
      if (operation['latch'] === true) latched.add(topic);
    } else if (operation['op'] === 'unadvertise') {
      if (!topics.delete(topic)) refuse(`${topic} was not advertised`);
      owners.delete(topic);
      last.delete(topic);
    } else if (operation['op'] === 'publish') {
      const advertised = topics.get(topic);
      if (advertised === undefined) {
        refuse(`${topic} was published to and not advertised`);
        return;
      }
      const msg = operation['msg'] as Record<string, unknown>;
      told.push({ topic, type: advertised, msg, atMs: performance.now() });
      const out = JSON.stringify({ op: 'publish', topic, msg });
      last.set(topic, out);
      for (const other of subscribers.get(topic) ?? []) other.send(out);
    } else if (operation['op'] === 'subscribe') {
      subscribers.set(topic, (subscribers.get(topic) ?? new Set()).add(client));
      const kept = latched.has(topic) ? last.get(topic) : undefined;
      if (kept !== undefined) client.send(kept);
    } else if (operation['op'] === 'unsubscribe') subscribers.get(topic)?.delete(client);
    else if (operation['op'] !== 'set_level') refuse(`Unknown operation: ${operation['op']}`);
  };

  server.on('connection', (client) => {
    client.on('message', (data) => take(client, data.toString()));
    client.on('close', () => {
      for (const set of subscribers.values()) set.delete(client);
      for (const [topic, owner] of owners) {
        if (owner !== client) continue;
        topics.delete(topic);
        owners.delete(topic);
      }
    });
    client.on('error', () => {});
  });
  const { port: listening } = http.address() as AddressInfo;
  return {
    url: `${certificate ? 'wss://localhost' : 'ws://127.0.0.1'}:${listening}`,
    port: listening,
    topics,
    latched,
    told,
    operations,
    faults,
    clients: server.clients,
    say(text) {
      for (const client of server.clients) client.send(text);
    },
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
