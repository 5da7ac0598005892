/** Events and snapshots as one set of grants lets them be seen: filtered and encoded once, for every plugin that holds the same. */
import { type EventName, EventSchemas, type Grant, type MienEvent, type Person } from '../../events.ts';
import { type Additions, createGrantFilter, type GrantFilter } from '../grants.ts';

/** Everybody at one camera at one moment; a new object for a new moment. */
export interface Snapshot {
  readonly camera: string;
  readonly people: readonly Person[];
}

export interface SeenEvent {
  readonly event: MienEvent;
  /** Encoded when first asked for. */
  readonly json: string;
}

/** Plugins are rarely further apart than this; who lags more has the event filtered again. */
const remembered = 64;

export class GrantedView {
  readonly grants: readonly Grant[];
  readonly #filter: GrantFilter;
  readonly #events: Array<{ at: number; seen: Seen | undefined } | undefined> = [];
  readonly #snapshots = new Map<string, { of: Snapshot; json: string }>();

  constructor(grants: readonly Grant[], additions: Additions) {
    this.grants = grants;
    this.#filter = createGrantFilter(grants, { additions });
  }

  /** `at`: position of the event in the ring. Undefined when it is not for these grants. */
  seen(at: number, event: MienEvent): SeenEvent | undefined {
    const slot = this.#events[at % remembered];
    if (slot?.at === at) return slot.seen;
    const filtered = this.#filter.event(event);
    const seen = filtered && new Seen(filtered);
    this.#events[at % remembered] = { at, seen };
    return seen;
  }

  /** Before an event has a place in the ring: as who may hold it back is asked about it. */
  question(event: MienEvent): MienEvent | undefined {
    return this.#filter.question(event);
  }

  people(people: readonly Person[]): Person[] {
    return people.map((person) => this.#filter.person(person));
  }

  /** JSON of the snapshot's people. */
  peopleJson(snapshot: Snapshot): string {
    const known = this.#snapshots.get(snapshot.camera);
    if (known?.of === snapshot) return known.json;
    const json = JSON.stringify(this.people(snapshot.people));
    this.#snapshots.set(snapshot.camera, { of: snapshot, json });
    return json;
  }
}

class Seen implements SeenEvent {
  readonly event: MienEvent;
  #json: string | undefined;

  constructor(event: MienEvent) {
    this.event = event;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.event);
    return this.#json;
  }
}

/** Views of plugins that run, shared by equal grants; the last user's end frees one. */
export class GrantedViews {
  readonly #additions: Additions;
  readonly #views = new Map<string, { view: GrantedView; users: number }>();

  constructor(additions: Additions) {
    this.#additions = additions;
  }

  /** To be given back with `release`. */
  acquire(grants: readonly Grant[]): GrantedView {
    const sorted = [...new Set(grants)].sort();
    const key = sorted.join(' ');
    let shared = this.#views.get(key);
    if (!shared) {
      shared = { view: new GrantedView(sorted, this.#additions), users: 0 };
      this.#views.set(key, shared);
    }
    shared.users += 1;
    return shared.view;
  }

  release(view: GrantedView): void {
    const key = view.grants.join(' ');
    const shared = this.#views.get(key);
    if (!shared) return;
    shared.users -= 1;
    if (shared.users === 0) this.#views.delete(key);
  }
}

/** Without it an event is not delivered at all. */
export function eventGrant(name: EventName): Grant {
  return (EventSchemas[name] as unknown as { readonly grant: Grant }).grant;
}
