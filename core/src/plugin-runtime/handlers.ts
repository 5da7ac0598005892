import { MienError } from '../errors.ts';
import { type EventName, EventSchemas, eventName, type Grant, type MienEvent } from '../events.ts';
import { EventFilter, matches } from '../host/event-filter.ts';
import { didYouMean } from '../nearest-name.ts';
import type { Subscriptions } from '../plugin-messages.ts';
import { schemaFaults } from '../schema-faults.ts';
import { Hooks } from './hooks.ts';
import { type Announcer, createAnnouncer, type Link, mustBeActive } from './link.ts';
import { type PeopleHandler, PeopleHandlers } from './people-handlers.ts';

export type Filter = Omit<EventFilter, 'types'>;
type Handler = (data: unknown, event: unknown) => unknown;

/** An outbox as the handlers see it. */
export interface Keeper {
  readonly names: readonly EventName[];
  /** Resolves when the event is on disk; never while it cannot be. */
  keep(event: MienEvent): Promise<void>;
}

/** Everything a plugin listens to, told to the host whole whenever it changes. Handlers run in the order of events and of their registration. */
export class Handlers {
  readonly hooks: Hooks;
  readonly people: PeopleHandlers;
  readonly #link: Link;
  readonly #grants: readonly Grant[];
  readonly #wants: readonly Grant[];
  readonly #handlers = new Map<object, { name: EventName; handler: Handler; filter: Filter | undefined }>();
  readonly #keepers = new Set<Keeper>();
  readonly #announcer: Announcer;

  /** What it wants and was not granted can be listened for, and never comes. */
  constructor(link: Link, grants: readonly Grant[], wants: readonly Grant[] = []) {
    this.#link = link;
    this.#grants = grants;
    this.#wants = wants;
    const changed = (): void => this.#announcer.soon();
    this.hooks = new Hooks(link, changed);
    this.people = new PeopleHandlers(link, changed);
    this.#announcer = createAnnouncer(
      () => this.#subscriptions(),
      (subscriptions) => link.send({ type: 'subscribe', subscriptions }),
      this.#subscriptions(),
    );
  }

  /** Tells the host now what has changed. */
  announce(): void {
    this.#announcer.now();
  }

  /** Errors: PLUGIN_INVALID for an unknown event or a bad filter, GRANT_MISSING. */
  on(name: EventName, handler: Handler, filter?: Filter): Disposable {
    this.#mustHear(`on('${name}')`, name, handler);
    const faults = filter === undefined ? [] : schemaFaults(EventFilter, filter);
    if (faults.length > 0) throw new MienError('PLUGIN_INVALID', `Filter of on('${name}'): ${faults.join('; ')}`);
    const key = {};
    this.#handlers.set(key, { name, handler, filter });
    return this.#registered(() => this.#handlers.delete(key));
  }

  beforeEmit(name: EventName, hook: Handler): Disposable {
    this.#mustHear(`beforeEmit('${name}')`, name, hook);
    if (grantOf(name) === 'device.health')
      throw new MienError('PLUGIN_INVALID', `beforeEmit('${name}'): events of the device's health cannot be touched; use on('${name}')`);
    return this.hooks.add(name, hook);
  }

  onPeople(handler: PeopleHandler, everyMs: number): Disposable {
    mustBeActive(this.#link, 'onPeople');
    this.#mustHold('onPeople', 'person.presence');
    return this.people.add(handler, everyMs);
  }

  /** Errors as of `on`. */
  keep(keeper: Keeper): Disposable {
    for (const name of keeper.names) this.#mustHear('outbox', name, keeper.keep);
    this.#keepers.add(keeper);
    return this.#registered(() => this.#keepers.delete(keeper));
  }

  /** Calls every handler now; resolves when all have settled and every outbox has the event on disk. */
  async dispatch(event: MienEvent): Promise<void> {
    const name = eventName(event);
    const settled: Promise<unknown>[] = [];
    for (const keeper of this.#keepers) {
      if (keeper.names.includes(name)) settled.push(keeper.keep(event));
    }
    for (const one of this.#handlers.values()) {
      if (one.name !== name || (one.filter && !matches(one.filter, event))) continue;
      // A handler may have stopped the plugin, or ended another.
      if (this.#link.isActive) settled.push(this.#call(name, () => one.handler(event.data, event)));
    }
    await Promise.all(settled);
  }

  async #call(where: string, run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (fault) {
      this.#link.fault(where, fault);
    }
  }

  #mustHear(what: string, name: EventName, handler: unknown): void {
    mustBeActive(this.#link, what);
    if (!Object.hasOwn(EventSchemas, name)) {
      const known = Object.keys(EventSchemas);
      throw new MienError(
        'PLUGIN_INVALID',
        `${what}: there is no event ${JSON.stringify(name)}.${didYouMean(String(name), known) || ` There are ${known.join(', ')}`}`,
      );
    }
    if (typeof handler !== 'function') throw new MienError('PLUGIN_INVALID', `${what}: expected a function, got ${typeof handler}`);
    this.#mustHold(what, grantOf(name));
  }

  #mustHold(what: string, grant: Grant): void {
    if (!this.#grants.includes(grant) && !this.#wants.includes(grant))
      throw new MienError(
        'GRANT_MISSING',
        `${what} of "${this.#link.name}" needs ${grant}: write it into \`needs\` (or \`wants\`) of definePlugin and \`grant\` of the configuration`,
      );
  }

  #registered(remove: () => void): Disposable {
    this.#announcer.soon();
    return {
      [Symbol.dispose]: () => {
        remove();
        this.#announcer.soon();
      },
    };
  }

  #subscriptions(): Subscriptions {
    const comes = (name: EventName): boolean => this.#grants.includes(grantOf(name));
    const kept = [...new Set([...this.#keepers].flatMap(({ names }) => names))].filter(comes);
    const wanted = [...kept.map((name) => ({ name, filter: undefined })), ...this.#handlers.values()].filter(({ name }) => comes(name));
    const whole = new Set(wanted.filter(({ filter }) => !filter).map(({ name }) => name));
    const filtered = new Map(
      wanted.filter(({ name }) => !whole.has(name)).map(({ name, filter }) => [JSON.stringify([name, filter]), { name, filter: filter ?? {} }]),
    );
    const { everyMs } = this.people;
    return {
      events: [...[...whole].map((name) => ({ name })), ...filtered.values()],
      ...(everyMs !== undefined && this.#grants.includes('person.presence') && { peopleEveryMs: everyMs }),
      beforeEmit: this.hooks.names.filter(comes),
      kept,
    };
  }
}

function grantOf(name: EventName): Grant {
  return (EventSchemas[name] as { grant?: Grant }).grant as Grant;
}
