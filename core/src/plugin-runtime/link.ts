import { MienError } from '../errors.ts';
import type { TrafficFromPlugin } from '../plugin-messages.ts';

/** What the parts of one plugin's context share. */
export interface Link {
  /** Of the plugin, in the configuration. */
  readonly name: string;
  send(message: TrafficFromPlugin): void;
  /** Something of the plugin's failed; it goes on. `where` names the event or command. */
  fault(where: string, error: unknown): void;
  /** False once the plugin is being stopped: nothing of it is called any more, except what it deferred. */
  readonly isActive: boolean;
}

/** Errors: NOT_RUNNING when the plugin is being stopped. */
export function mustBeActive(link: Link, what: string): void {
  if (!link.isActive) throw new MienError('NOT_RUNNING', `${what}: "${link.name}" has been stopped. Check context.signal before going on after an await`);
}

export interface Announcer {
  /** At the end of this turn, once for many changes. */
  soon(): void;
  now(): void;
}

/** Sends a whole state when it has changed. */
export function createAnnouncer<T>(state: () => T, announce: (state: T) => void, first: T): Announcer {
  let last = JSON.stringify(first);
  let scheduled = false;
  const now = (): void => {
    scheduled = false;
    const present = state();
    const text = JSON.stringify(present);
    if (text === last) return;
    last = text;
    announce(present);
  };
  return {
    now,
    soon() {
      if (scheduled) return;
      scheduled = true;
      queueMicrotask(() => {
        if (scheduled) now();
      });
    },
  };
}
