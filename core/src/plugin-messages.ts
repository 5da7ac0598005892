/**
 * What host and plugin say to each other: one JSON object a line over a pipe, several plugins over one where they share a process.
 * The host believes nothing of what a plugin says: names, sizes and rates are checked where a message is taken.
 */
import type { ErrorCode } from './errors.ts';
import type { EventName, Grant, MienEvent, Person } from './events.ts';
import type { EventFilter } from './host/event-filter.ts';
import type { LogLevel } from './log.ts';

export type PluginError = { readonly code: ErrorCode; readonly message: string; readonly stack?: string };

/** A definition as it crosses. `options` is the JSON Schema. */
export interface PluginDescription {
  readonly name: string;
  readonly apiVersion: number;
  readonly description?: string;
  readonly version?: string;
  readonly needs: readonly Grant[];
  readonly wants: readonly Grant[];
  readonly uses: readonly string[];
  readonly provides: readonly string[];
  readonly options: object;
  readonly optionsVersion: number;
}

export interface PluginStart {
  /** As written in the configuration, migrated and filled with defaults by the plugin's side. */
  readonly options: unknown;
  readonly optionsVersion: number;
  readonly grants: readonly Grant[];
  /** Name of the device, as in the `source` of events. */
  readonly device: string;
  /** Folder of its own: store and outboxes. */
  readonly storeFolder: string;
  /** Lines of its log below it do not cross; all do when absent. */
  readonly logLevel?: LogLevel;
}

/** A command by its name, or a method of a service. */
export type Call =
  | { readonly kind: 'command'; readonly name: string; readonly input: unknown }
  | { readonly kind: 'service'; readonly name: string; readonly method: string; readonly args: readonly unknown[] };

/** Everything a plugin listens to; sent whole whenever it changes. */
export interface Subscriptions {
  readonly events: readonly { readonly name: EventName; readonly filter?: Omit<EventFilter, 'types'> }[];
  /** Fastest wish; absent when nobody follows. */
  readonly peopleEveryMs?: number;
  readonly beforeEmit: readonly EventName[];
  /** Events that outboxes keep: after a crash the plugin gets again what it had not said to be taken. */
  readonly kept: readonly EventName[];
}

/** Life of a plugin: between its supervisor and its runner. */
export type LifeToPlugin =
  | { readonly type: 'load'; readonly entry: string }
  /** Are these options good? Answered by `faults`. */
  | { readonly type: 'check'; readonly id: number; readonly options: unknown; readonly optionsVersion: number }
  | { readonly type: 'start'; readonly start: PluginStart }
  | { readonly type: 'stop' };
export type LifeFromPlugin =
  | { readonly type: 'loaded'; readonly description: PluginDescription }
  /** `options`: migrated and with defaults, when there are no faults. */
  | { readonly type: 'faults'; readonly id: number; readonly faults: readonly string[]; readonly options?: unknown }
  | { readonly type: 'started'; readonly options: unknown }
  /** Loading, options, setup, or an uncaught fault later: this plugin is over, its process need not be. */
  | { readonly type: 'failed'; readonly error: PluginError }
  | { readonly type: 'stopped'; readonly faults: readonly string[] }
  | { readonly type: 'log'; readonly level: Exclude<LogLevel, 'silent'>; readonly fields: object; readonly message: string };

/** What flows while it runs: between the host's exchange and the runner. */
export type TrafficToPlugin =
  /** `at`: position in the host's ring, to be given back in `taken`. */
  | { readonly type: 'event'; readonly at: number; readonly event: MienEvent }
  | { readonly type: 'people'; readonly camera: string; readonly people: readonly Person[] }
  | { readonly type: 'emit'; readonly id: number; readonly event: MienEvent }
  /** To what this plugin offers. Answered by `result`. */
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: PluginError };
export type TrafficFromPlugin =
  | { readonly type: 'subscribe'; readonly subscriptions: Subscriptions }
  /** Every handler of the event has settled, and every outbox has it on disk. Once for each event, in the order in which they settle. */
  | { readonly type: 'taken'; readonly at: number }
  | { readonly type: 'peopleTaken'; readonly camera: string }
  | { readonly type: 'verdict'; readonly id: number; readonly veto?: boolean; readonly extra?: Readonly<Record<string, unknown>> }
  /** Everything that is offered; sent whole whenever it changes. */
  | {
      readonly type: 'offer';
      readonly commands: readonly { readonly name: string; readonly input: object; readonly openTo?: 'everybody' | 'api' }[];
      readonly services: readonly { readonly name: string; readonly methods: readonly string[] }[];
    }
  | { readonly type: 'result'; readonly id: number; readonly value?: unknown; readonly error?: PluginError }
  | { readonly type: 'ask'; readonly id: number; readonly call: Call }
  /** A handler failed; the plugin goes on. */
  | { readonly type: 'fault'; readonly where: string; readonly error: PluginError }
  | { readonly type: 'outbox'; readonly held: number; readonly bytes: number; readonly dropped: number; readonly sent: number };

/** With the plugin's name in the configuration. `ping` and `pong` are the process's own. */
export type ToPlugin = { readonly plugin: string } & (LifeToPlugin | TrafficToPlugin);
export type FromPlugin = { readonly plugin: string } & (LifeFromPlugin | TrafficFromPlugin);
export type ToPluginProcess = ToPlugin | { readonly type: 'ping'; readonly id: number };
export type FromPluginProcess = FromPlugin | { readonly type: 'pong'; readonly id: number; readonly heapBytes: number; readonly rssBytes: number };
