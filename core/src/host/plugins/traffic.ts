/**
 * What flows between running plugins and the host: events, snapshots, verdicts, calls. The life of plugins (processes, restarts) lies
 * outside: it attaches each plugin once its definition is known, and hands over every traffic message as it came.
 */
import type { Grant, MienEvent } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { PluginDescription, TrafficFromPlugin, TrafficToPlugin } from '../../plugin-messages.ts';
import type { EventBus } from '../event-bus.ts';
import type { Additions } from '../grants.ts';
import { AttachedRun } from './attached-run.ts';
import { type CoreServiceSources, createCoreServices } from './core-services.ts';
import { EventGate } from './event-gate.ts';
import { Exchange } from './exchange.ts';
import type { CallLimits } from './exchange-member.ts';
import { GrantedViews } from './granted-view.ts';
import { PeopleSource } from './people-feed.ts';
import type { CommandInfo, PluginStatus } from './plugin-status.ts';

/** One run of a plugin, as its life shows it to the traffic. */
export interface AttachedPlugin {
  readonly name: string;
  /** What it was granted and asks for; nothing else reaches it. */
  readonly grants: readonly Grant[];
  readonly description: PluginDescription;
  /** Hands a message on, without waiting. Harmless when the plugin has gone. */
  send(message: TrafficToPlugin): void;
  /** The same for a message that is a line of JSON already, `plugin` included and without the line's end: one event is encoded once for many. */
  sendEncoded(line: string): void;
  /** It misbehaved: is to be killed, and counted as a crash. Followed by `detach`, at once or later. */
  fail(reason: string): void;
  /** `takenUpTo` of the run before: what an outbox keeps is delivered again from there. */
  readonly resumeFrom?: number;
}

export interface OutboxCounts {
  readonly held: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly sent: number;
}

export interface Attached {
  /** Also before `ready`: subscriptions and offers come while it is set up. What is not as agreed ends in `fail`. */
  receive(message: TrafficFromPlugin): void;
  /** It has started: delivery begins. */
  ready(): void;
  /** Of this run. */
  readonly stats: PluginStatus['events'];
  readonly outbox: OutboxCounts | undefined;
  /** Names of the commands that run when called; without those that another plugin had offered before. */
  readonly commands: readonly string[];
  /** Position in the bus's ring before which nothing is left to be kept by its outboxes. */
  readonly takenUpTo: number;
  /** Calls that it was asked reject with SERVICE_UNAVAILABLE and this reason; calls that it had asked are cancelled. Idempotent. */
  detach(reason: string): void;
}

export interface Traffic extends Disposable {
  attach(plugin: AttachedPlugin): Attached;
  /** Past every beforeEmit in order, then to the bus. */
  publish(event: MienEvent): void;
  /** Every event has gone out, and plugins have taken all of theirs. */
  readonly isIdle: boolean;
  commands(): readonly CommandInfo[];
  /** Errors: COMMAND_UNKNOWN, REQUEST_INVALID, COMMAND_FAILED, SERVICE_UNAVAILABLE, BUSY; the reason of `signal`. */
  run(command: string, input: unknown, signal?: AbortSignal): Promise<unknown>;
}

export interface TrafficOptions extends CoreServiceSources {
  readonly bus: EventBus;
  readonly logger: Logger;
  /** For tests. */
  readonly calls?: CallLimits;
  readonly beforeEmitMs?: number;
}

export function createTraffic({ bus, people, sight, config, logger, calls, beforeEmitMs }: TrafficOptions): Traffic {
  const additions: Additions = new WeakMap();
  const runs = new Set<AttachedRun>();
  const gate = new EventGate((event) => bus.publish(event), { logger, additions, ...(beforeEmitMs !== undefined && { deadlineMs: beforeEmitMs }) });
  const exchange = new Exchange({ logger, core: createCoreServices({ people, sight, config }), ...(calls && { limits: calls }) });
  const source = new PeopleSource(bus, people);
  const parts = { ring: bus.ring, gate, exchange, source, views: new GrantedViews(additions), logger, ended: (run: AttachedRun) => void runs.delete(run) };
  const events = bus.subscribe(
    {},
    () => {
      for (const run of runs) run.pump();
    },
    'plugins',
  );
  return {
    attach(plugin) {
      const run = new AttachedRun(plugin, parts);
      runs.add(run);
      return run;
    },
    publish: (event) => gate.publish(event),
    get isIdle() {
      return gate.isEmpty && [...runs].every((run) => run.isIdle);
    },
    commands: () => exchange.commands(),
    run: (command, input, signal = new AbortController().signal) => exchange.run(command, input, signal),
    [Symbol.dispose]() {
      gate[Symbol.dispose]();
      for (const run of runs) run.detach('Mien stops');
      source[Symbol.dispose]();
      events[Symbol.dispose]();
    },
  };
}
