/**
 * `@mien/core/plugin`: what a plugin is made with. The same plugin runs in a process of its own, in one shared with others, or in
 * the host (tests): everything in its context is asynchronous and plain data. No part of Mien's container shows here.
 */
import Type, { type Static, type TObject } from 'typebox';
import { MienError } from './errors.ts';
import type { Abstained, Grant, Person } from './events.ts';
import type { GrantedData, GrantedEvent, GrantedEventName, GrantedPerson } from './granted.ts';
import type { EventFilter } from './host/event-filter.ts';
import type { Logger } from './log.ts';
import { didYouMean, nearestName } from './nearest-name.ts';
import type { CameraStatus, ModelStatus, SwapRequest } from './sight/sight.ts';

export type { EventName, Grant, MienEvent, Person } from './events.ts';
export type { GrantedData, GrantedEvent, GrantedEventName, GrantedPerson } from './granted.ts';
export type { Static };
export { didYouMean, MienError, nearestName, Type };

/** Services that Mien itself provides. Closed: plugins extend `Services`. */
export interface CoreServices {
  /** Needs person.presence; persons hold granted fields only. */
  people: { current(): Promise<Person[]> };
  /** `list` needs nothing, the rest model.control. */
  models: {
    list(): Promise<ModelStatus[]>;
    load(name: string): Promise<ModelStatus>;
    unload(name: string): Promise<ModelStatus>;
    swap(name: string, request: SwapRequest): Promise<ModelStatus>;
    selftest(name: string): Promise<ModelStatus>;
  };
  /** `list` needs device.health, `snapshot` camera.preview: a JPEG of the newest frame, as base64. */
  cameras: { list(): Promise<CameraStatus[]>; snapshot(camera: string): Promise<string> };
}
/** Open: `declare module '@mien/core/plugin' { interface Services { speech: { say(text: string): Promise<void> } } }`. */
export interface Services extends CoreServices {}

/** A service as its user sees it: methods that take and give plain data, later. */
export type Remote<S> = { readonly [K in keyof S]: S[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never };

/** JSON values under string keys, on disk when the promise resolves. At most 1 MiB in all. Errors: OUTPUT_UNWRITABLE. */
export interface Store {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<string[]>;
}

export interface OutboxOptions {
  /** Lower case, digits and dashes. Says which events on disk are its own after a restart; the names of its events unless given. */
  readonly name?: string;
  /** Beyond either the oldest are dropped and counted. 10,000 events and 16 MiB unless said otherwise. */
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  /**
   * How many sends may be under way; 1 unless said otherwise. They begin in order. When one rejects no further one begins; when all have settled
   * it goes on from the oldest that has not resolved: for the order to hold, reject all that a lost connection carried.
   */
  readonly inFlight?: number;
}
export interface CommandOptions {
  /** `api`: run by the HTTP API, the command line and what uses them; refused to other plugins. For what tells more than a plugin's grants. `everybody` unless said otherwise. */
  readonly openTo?: 'everybody' | 'api';
}
export interface Outbox extends Disposable {
  readonly held: number;
  readonly dropped: number;
  readonly sent: number;
}
export interface Delivery {
  /** Aborted when the plugin stops; the event stays in the outbox. */
  readonly signal: AbortSignal;
  /** From 1; more when it was tried before. */
  readonly attempt: number;
}

/** `G`: what it needs; `W`: what it wants beside, which may be missing. */
export interface PluginContext<G extends Grant = Grant, W extends Grant = never> {
  /** Its name in the configuration. */
  readonly name: string;
  /** Name of the device: the `source` of events is `urn:mien:<device>/<camera>`. */
  readonly device: string;
  readonly log: Logger;
  /** Aborted when the plugin stops. */
  readonly signal: AbortSignal;
  readonly store: Store;
  /** All that it needs, and what it was given of what it wants. */
  readonly grants: readonly (G | W)[];

  /**
   * Called in the order of the events. Up to 32 calls may be under way; a plugin that is slower loses the oldest, and is told how many in its
   * status. Never called for an event whose grant it wants and was not given; so with the next three.
   */
  on<N extends GrantedEventName<G | W>>(
    name: N,
    handler: (data: GrantedData<N, G, W>, event: GrantedEvent<N, G, W>) => unknown,
    filter?: Omit<EventFilter, 'types'>,
  ): Disposable;
  /** Everybody at one camera at the rate of its frames, newest only: for following somebody. Needs person.presence. */
  onPeople(handler: (people: GrantedPerson<G, W>[], camera: string) => unknown, options?: { readonly everyMs?: number }): Disposable;
  /**
   * Before an event goes out to anybody: `false` holds it back, an object is added as `data.extra[<plugin>]` (4 KiB as JSON at most). After
   * 20 ms the event goes out unchanged. An update of which this plugin may see nothing comes with an empty `changed`. Events of the device's
   * health cannot be touched.
   */
  beforeEmit<N extends GrantedEventName<G | W>>(
    name: N,
    hook: (
      data: GrantedData<N, G, W>,
      event: GrantedEvent<N, G, W>,
    ) => undefined | boolean | Record<string, unknown> | Promise<undefined | boolean | Record<string, unknown>>,
  ): Disposable;
  /**
   * Events kept on disk until `send` has resolved for each, in order, over restarts. A rejected `send` is tried again with back-off. At least once:
   * after a crash the newest may be sent again, with the same `event.id`.
   */
  outbox<N extends GrantedEventName<G | W>>(
    names: readonly N[],
    send: (event: GrantedEvent<N, G, W>, delivery: Delivery) => Promise<unknown>,
    options?: OutboxOptions,
  ): Outbox;

  /** Offers a service that stands in `provides`. Arguments and results are plain JSON. */
  provide<K extends keyof Services & string>(name: K, implementation: Services[K]): Disposable;
  /** A service of Mien, or of a plugin that stands in `uses`. Calls reject with SERVICE_UNAVAILABLE while its plugin is down, GRANT_MISSING without the right. */
  service<K extends keyof Services & string>(name: K): Remote<Services[K]>;
  /** Offers a command to the API, Node-RED and other plugins. The input is checked before `run` is called; the result is plain JSON. */
  command<S extends TObject>(name: string, input: S, run: (input: Static<S>) => unknown, options?: CommandOptions): Disposable;
  /** Runs a command of any plugin. Errors: COMMAND_UNKNOWN, FORBIDDEN for one that is not open to plugins, REQUEST_INVALID, COMMAND_FAILED, BUSY. */
  run(command: string, input?: object): Promise<unknown>;

  /** Runs when the plugin stops, newest first, whatever fails. */
  defer(step: () => unknown): void;
}

export interface PluginDefinition<N extends readonly Grant[] = readonly Grant[], O extends TObject = TObject, W extends readonly Grant[] = readonly Grant[]> {
  /** Lower case, digits and dashes. */
  readonly name: string;
  readonly apiVersion: 1;
  readonly description?: string;
  /** What it may see and do; shown at install, to be granted in the configuration, enforced by the host. */
  readonly needs?: N;
  /** What it can use beside that: it runs without, and sees what of it the configuration grants. */
  readonly wants?: W;
  /** Services of other plugins; they start first. */
  readonly uses?: readonly (keyof Services & string)[];
  readonly provides?: readonly (keyof Services & string)[];
  /** Names that it does not have are faults, also within its objects, unless these say `additionalProperties`. */
  readonly options?: O;
  /** Raise it when the options' shape changes; `migrateOptions` brings older ones along. 1 unless said otherwise. */
  readonly optionsVersion?: number;
  migrateOptions?(options: unknown, from: number): unknown;
  /** What a schema cannot say (a template with a field that does not exist): `path: what was expected, what came`, one a fault. Asked when the schema finds none. */
  checkOptions?(options: Static<O>): readonly string[];
  setup(context: PluginContext<N[number], W[number]>, options: Static<O>): unknown;
}

/** An age, gender or expression that was read; undefined when it is not there yet, or withheld (`{ label: 'unknown', abstain }`). */
export function known<E extends Person['age'] | Person['gender'] | Person['expression']>(estimate: E): Exclude<E, Abstained | undefined> | undefined {
  return estimate === undefined || 'abstain' in estimate ? undefined : (estimate as Exclude<E, Abstained | undefined>);
}

// biome-ignore lint/complexity/noBannedTypes: a plugin without options gets an empty object
export function definePlugin<const N extends readonly Grant[] = readonly [], O extends TObject = TObject<{}>, const W extends readonly Grant[] = readonly []>(
  definition: PluginDefinition<N, O, W>,
): PluginDefinition<N, O, W> {
  const said = (what: string) => new MienError('PLUGIN_INVALID', `definePlugin: ${what}`);
  if (definition === null || typeof definition !== 'object') throw said('expected an object with name, apiVersion and setup');
  const { name, apiVersion, setup } = definition;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,39}$/.test(name))
    throw said(`name: expected lower case letters, digits and dashes, as "greeter", got ${JSON.stringify(name)}`);
  if (apiVersion !== 1) throw said(`"${name}" is made for plugin API ${JSON.stringify(apiVersion)}; this Mien has 1: install a release of the plugin for it`);
  if (typeof setup !== 'function') throw said(`"${name}" has no setup(context, options)`);
  return definition;
}
