import { MienError } from '../errors.ts';
import type { Person } from '../events.ts';
import type { Link } from './link.ts';

export type PeopleHandler = (people: readonly Person[], camera: string) => unknown;

interface Follower {
  readonly handler: PeopleHandler;
  readonly everyMs: number;
  /** Monotonic milliseconds of the last call, by camera. */
  readonly calledAt: Map<string, number>;
}

/** Who follows everybody at a camera. The host sends at the fastest rate that is wished for, and only when the last was taken. */
export class PeopleHandlers {
  readonly #link: Link;
  readonly #changed: () => void;
  readonly #followers = new Set<Follower>();

  constructor(link: Link, changed: () => void) {
    this.#link = link;
    this.#changed = changed;
  }

  /** Milliseconds; undefined when nobody follows. */
  get everyMs(): number | undefined {
    return this.#followers.size === 0 ? undefined : Math.min(...[...this.#followers].map(({ everyMs }) => everyMs));
  }

  /** Errors: PLUGIN_INVALID. */
  add(handler: PeopleHandler, everyMs: number): Disposable {
    if (typeof handler !== 'function') throw new MienError('PLUGIN_INVALID', `onPeople: expected a function, got ${typeof handler}`);
    if (!Number.isFinite(everyMs) || everyMs < 0) throw new MienError('PLUGIN_INVALID', `onPeople: everyMs: expected 0 or more milliseconds, got ${everyMs}`);
    const follower = { handler, everyMs, calledAt: new Map() };
    this.#followers.add(follower);
    this.#changed();
    return {
      [Symbol.dispose]: () => {
        if (this.#followers.delete(follower)) this.#changed();
      },
    };
  }

  /** Resolves when every follower whose turn it is has settled. */
  async dispatch(people: readonly Person[], camera: string): Promise<void> {
    const now = performance.now();
    const fastestMs = this.everyMs ?? 0;
    const due = [...this.#followers].filter(({ everyMs, calledAt }) => {
      // The host keeps the fastest rate itself; for slower ones half an interval of it is as near as it gets.
      return everyMs <= fastestMs || now - (calledAt.get(camera) ?? -Infinity) >= everyMs - fastestMs / 2;
    });
    await Promise.all(due.map((follower) => this.#call(follower, people, camera, now)));
  }

  async #call({ handler, calledAt }: Follower, people: readonly Person[], camera: string, now: number): Promise<void> {
    calledAt.set(camera, now);
    try {
      await handler(people, camera);
    } catch (fault) {
      this.#link.fault('onPeople', fault);
    }
  }
}
