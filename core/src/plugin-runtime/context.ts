import type { TObject } from 'typebox';
import type { EventName, MienEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { CommandOptions, Delivery, OutboxOptions, PluginContext, PluginDefinition } from '../plugin.ts';
import type { PluginStart } from '../plugin-messages.ts';
import { Asks } from './asks.ts';
import { type Filter, Handlers } from './handlers.ts';
import { type Link, mustBeActive } from './link.ts';
import { Offers } from './offers.ts';
import { Outboxes } from './outboxes.ts';
import type { PeopleHandler } from './people-handlers.ts';
import { FileStore } from './store.ts';

/** What a context is made of besides its parts. */
export interface ContextGround {
  readonly link: Link;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Runs at the stop, newest first; at once when the stop is over. */
  defer(step: () => unknown): void;
  /** The plugin cannot go on. */
  fail(error: unknown): void;
}

/** The parts of one running plugin, and the context in front of them. */
export class ContextParts {
  readonly handlers: Handlers;
  readonly offers: Offers;
  readonly asks: Asks;
  readonly outboxes: Outboxes;
  readonly store: FileStore;
  readonly context: PluginContext;

  constructor(ground: ContextGround, { wants = [], uses = [], provides = [] }: PluginDefinition, start: PluginStart) {
    const { grants, storeFolder } = start;
    const { link, log } = ground;
    this.handlers = new Handlers(link, grants, wants);
    this.offers = new Offers(link, provides);
    this.asks = new Asks(link, uses);
    this.store = new FileStore(storeFolder, log);
    this.outboxes = new Outboxes(storeFolder, link, this.handlers, log);
    this.context = contextOf(ground, start, this);
  }

  /** Everything registered so far is told, every outbox open. Rejects with OUTPUT_UNWRITABLE. */
  async settle(): Promise<void> {
    await this.outboxes.opened();
    this.handlers.announce();
    this.offers.announce();
    await this.outboxes.tellOrphans();
  }

  /** After the plugin's own steps. */
  async close(): Promise<void> {
    this.asks.close();
    const closed = await Promise.allSettled([this.outboxes.close(), this.store.close()]);
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }
}

/** The types of `PluginContext` depend on the grants of the plugin; behind it, one function takes all events. */
function contextOf(
  { link, log, signal, defer, fail }: ContextGround,
  { grants, device }: PluginStart,
  { handlers, offers, asks, outboxes, store }: ContextParts,
): PluginContext {
  const context = {
    name: link.name,
    device,
    log,
    signal,
    store,
    grants: Object.freeze([...grants]),
    on: (name: EventName, handler: () => unknown, filter?: Filter) => handlers.on(name, handler, filter),
    onPeople: (handler: PeopleHandler, options?: { everyMs?: number }) => handlers.onPeople(handler, options?.everyMs ?? 0),
    beforeEmit: (name: EventName, hook: () => unknown) => handlers.beforeEmit(name, hook),
    outbox: (names: readonly EventName[], send: (event: MienEvent, delivery: Delivery) => unknown, options: OutboxOptions = {}) => {
      mustBeActive(link, 'outbox');
      return outboxes.create(names, send, options, fail);
    },
    provide: (name: string, implementation: unknown) => offers.provide(name, implementation),
    service: (name: string) => asks.service(name),
    command: (name: string, input: TObject, run: (input: never) => unknown, options?: CommandOptions) => offers.command(name, input, run, options),
    run: (command: string, input?: object) => asks.run(command, input),
    defer,
  };
  return Object.freeze(context) as unknown as PluginContext;
}
