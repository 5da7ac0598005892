/**
 * One connection per setting, whatever number of nodes: a full deploy closes every node and makes it anew, and takes the running Mien over when the settings are
 * the same. Nobody's for 5 s, it is closed.
 */
import { createHash } from 'node:crypto';
import type { HostConnection } from '../host-connection.ts';

export interface OwnedHost extends HostConnection {
  open(after?: Promise<void>): void;
  close(): Promise<void>;
}

export interface HostLease {
  readonly connection: HostConnection;
  /** `removed`: the node was deleted, nobody takes it over. */
  release(removed: boolean): void;
}

interface Held {
  readonly key: string;
  /** Of the config node that opened it: its folder. */
  readonly place: string;
  readonly host: OwnedHost;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

const KEPT_MS = 5000;

export class HostRegistry {
  readonly #held = new Map<string, Held>();
  /** Ends that are going on, by place. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #keptMs: number;

  constructor(keptMs: number = KEPT_MS) {
    this.#keptMs = keptMs;
  }

  /** `settings` may hold secrets: only their hash is kept. */
  take(place: string, settings: unknown, make: () => OwnedHost): HostLease {
    const key = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
    let held = this.#held.get(key);
    if (!held) {
      // What the same node ran with other settings has the folder and the cameras.
      for (const other of this.#held.values()) if (other.place === place && other.users === 0) this.#close(other);
      held = { key, place, host: make(), users: 0, timer: undefined };
      this.#held.set(key, held);
      held.host.open(this.#closing.get(place));
    }
    clearTimeout(held.timer);
    held.users += 1;
    const taken = held;
    let isOver = false;
    return {
      connection: taken.host,
      release: (removed) => {
        if (isOver) return;
        isOver = true;
        taken.users -= 1;
        if (taken.users > 0) return;
        if (removed) this.#close(taken);
        else taken.timer = setTimeout(() => this.#close(taken), this.#keptMs).unref();
      },
    };
  }

  #close({ key, place, host, timer }: Held): void {
    clearTimeout(timer);
    if (this.#held.get(key)?.host === host) this.#held.delete(key);
    const end = host.close().catch(() => {});
    const all = Promise.all([this.#closing.get(place), end]).then(() => {
      if (this.#closing.get(place) === all) this.#closing.delete(place);
    });
    this.#closing.set(place, all);
  }
}
