/** Who is here as last seen, how old that is, and what changed: kept from snapshots and events. */
import type { GrantedPerson } from '@mien/core/plugin';

export const wants = ['person.position', 'person.age', 'person.gender', 'person.expression', 'person.attention'] as const;
export type Guest = GrantedPerson<'person.presence', (typeof wants)[number]>;

export interface Seen {
  readonly person: Guest;
  /** Milliseconds since its camera was last heard of. */
  readonly observedMsAgo: number;
  /** Undefined: not told yet. */
  readonly isSimulated: boolean | undefined;
}

export type ChangeKind = 'appeared' | 'updated' | 'left' | 'expression' | 'attention';
export interface Change {
  readonly kind: ChangeKind;
  readonly person: Guest;
}

/** Arrivals and departures that are remembered, as times only. */
const MOST_TIMES = 500;
const RECENT_MS = 60_000;

export class PeopleBoard {
  readonly #now: () => number;
  /** By camera. */
  readonly #snapshots = new Map<string, { readonly people: ReadonlyMap<string, Guest>; readonly atMonoMs: number }>();
  readonly #simulated = new Map<string, boolean>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #came: number[] = [];
  readonly #left: number[] = [];

  /** Monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  snapshot(people: readonly Guest[], camera: string): void {
    this.#snapshots.set(camera, { people: new Map(people.map((person) => [person.id, person])), atMonoMs: this.#now() });
  }

  change(kind: ChangeKind, person: Guest, isSimulated: boolean): void {
    const now = this.#now();
    const people = new Map(this.#snapshots.get(person.camera)?.people);
    if (kind === 'left') {
      people.delete(person.id);
      this.#simulated.delete(person.id);
      note(this.#left, now);
    } else {
      people.set(person.id, person);
      this.#simulated.set(person.id, isSimulated);
      if (kind === 'appeared') note(this.#came, now);
    }
    this.#snapshots.set(person.camera, { people, atMonoMs: now });
    for (const listener of this.#listeners) listener({ kind, person });
  }

  /** Those at the device longest come first. */
  people(): Seen[] {
    const now = this.#now();
    return [...this.#snapshots.values()]
      .flatMap(({ people, atMonoMs }) =>
        [...people.values()].map((person) => ({ person, observedMsAgo: Math.round(now - atMonoMs), isSimulated: this.#simulated.get(person.id) })),
      )
      .sort((a, b) => b.person.sinceMs - a.person.sinceMs);
  }

  find(id: string): Seen | undefined {
    return this.people().find(({ person }) => person.id === id);
  }

  /** Since any camera was last heard of; undefined when none was. */
  get observedMsAgo(): number | undefined {
    const newest = Math.max(...[...this.#snapshots.values()].map(({ atMonoMs }) => atMonoMs));
    return Number.isFinite(newest) ? Math.round(this.#now() - newest) : undefined;
  }

  /** Within the last minute. */
  get recent(): { readonly came: number; readonly left: number } {
    const since = this.#now() - RECENT_MS;
    const count = (times: readonly number[]): number => times.filter((time) => time >= since).length;
    return { came: count(this.#came), left: count(this.#left) };
  }

  listen(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

function note(times: number[], time: number): void {
  times.push(time);
  if (times.length > MOST_TIMES) times.shift();
}
