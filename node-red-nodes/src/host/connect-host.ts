/** A Mien that runs elsewhere: its address and token are known, its life is not ours. */
import { type Client, createClient } from '@mien/core/client';
import type { CameraWish, HostConnection, HostState } from '../host-connection.ts';
import { NodeFault } from '../node-fault.ts';
import { States, unavailable } from './states.ts';
import { watchClient } from './watch-client.ts';

export interface ConnectSettings {
  /** ws://, wss://, http:// or https://. */
  readonly url: string;
  readonly token: string | undefined;
}

export interface HostLog {
  warn(text: string): void;
  info(text: string): void;
}

export class ConnectHost implements HostConnection {
  readonly mode = 'connect';
  readonly #settings: ConnectSettings;
  readonly #log: HostLog;
  readonly #states: States;
  #client: Client | undefined;
  #watch: Disposable | undefined;

  constructor(settings: ConnectSettings, log: HostLog) {
    this.#settings = settings;
    this.#log = log;
    this.#states = new States((fault) => log.warn(String(fault)));
  }

  get state(): HostState {
    return this.#states.present;
  }

  open(): void {
    let url: string;
    try {
      url = httpAddress(this.#settings.url);
    } catch (fault) {
      this.#states.set({ kind: 'stopped', text: (fault as Error).message, restarts: 0 });
      return;
    }
    this.#client = createClient({ url, token: this.#settings.token || undefined });
    this.#watch = watchClient(this.#client, {
      onStatus: (status) => {
        if (this.state.kind !== 'connected') this.#log.info(`connected to Mien ${status.version} at ${url}`);
        this.#states.set({ kind: 'connected', text: '', status, url, restarts: 0 });
      },
      onLost: ({ code, message }) => {
        const text = code === 'UNREACHABLE' ? `nothing answers at ${url}; is Mien running there? It is tried again` : `Mien at ${url} refuses: ${message}`;
        const kind = this.state.kind === 'connected' || this.state.kind === 'lost' ? 'lost' : 'failed';
        if (this.state.text !== text) this.#log.warn(text);
        this.#states.set({ kind, text, url, restarts: 0 });
      },
    });
  }

  on(listener: (state: HostState) => void): Disposable {
    return this.#states.on(listener);
  }

  client(): Client {
    if (this.#client && this.state.kind === 'connected') return this.#client;
    throw new NodeFault('HOST_UNAVAILABLE', unavailable(this.state));
  }

  requireCamera({ name }: CameraWish): Disposable {
    throw new NodeFault('INPUT_INVALID', `camera "${name}": the Mien at ${this.#settings.url} has its own cameras; add it to its mien.yaml and name it here`);
  }

  async close(): Promise<void> {
    this.#watch?.[Symbol.dispose]();
    this.#states.set({ kind: 'stopped', text: 'closed', restarts: 0 });
  }
}

/** Errors: INPUT_INVALID. */
export function httpAddress(text: string): string {
  const given = text.trim();
  let address: URL;
  try {
    address = new URL(given.includes('://') ? given : `http://${given}`);
  } catch {
    throw new NodeFault('INPUT_INVALID', `the address of a Mien is written as http://robot.local:7430, not "${given}"`);
  }
  const protocol = { 'ws:': 'http:', 'wss:': 'https:', 'http:': 'http:', 'https:': 'https:' }[address.protocol];
  if (!protocol || !address.hostname)
    throw new NodeFault('INPUT_INVALID', `the address of a Mien begins with http://, https://, ws:// or wss://, not "${given}"`);
  // Parts that are not the place: a password there would stand in logs.
  return `${protocol}//${address.host}`;
}
