/** The traffic between plugins and the host with people on command: what they cause goes out through the gate, as in Mien. */
import Value from 'typebox/value';
import { Config } from '../../core/src/config.ts';
import { createEventBus, type EventBus } from '../../core/src/host/event-bus.ts';
import { type Attached, createTraffic, type Traffic, type TrafficOptions } from '../../core/src/host/plugins/traffic.ts';
import type { Logger } from '../../core/src/log.ts';
import { type FakeEnd, type FakeEndParts, fakeEnd } from './attached-plugin.ts';
import { createFakePeople, type FakePeople } from './fake-people.ts';
import { createFakeSight, type FakeSight } from './fake-sight.ts';

export interface TrafficStage extends Disposable {
  readonly bus: EventBus;
  readonly traffic: Traffic;
  readonly people: FakePeople;
  readonly sight: FakeSight;
  /** Warnings and the like, as `message {fields}`. */
  readonly log: string[];
  /** Attached and started. */
  plugin(name: string, parts?: FakeEndParts): FakeEnd & { readonly attached: Attached };
  /** Sequences of the events on the bus. */
  readonly out: number[];
}

export function trafficStage(options: Partial<TrafficOptions> & { capacity?: number } = {}): TrafficStage {
  const log: string[] = [];
  const write = (fields: object, message: string): void => void log.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { error: write, warn: write, info: write, debug() {}, trace() {} };
  const bus = createEventBus({ logger, ...(options.capacity !== undefined && { capacity: options.capacity }) });
  const out: number[] = [];
  bus.subscribe({}, ({ sequence }) => void out.push(Number(sequence)));
  const sight = createFakeSight();
  const config = Value.Default(Config, {}) as Config;
  const source: FakePeople = createFakePeople({ ...gated(() => traffic, bus) });
  const traffic: Traffic = createTraffic({ bus, people: source, sight, config, logger, ...options });
  return {
    bus,
    traffic,
    people: source,
    sight,
    log,
    out,
    plugin(name, parts) {
      const end = fakeEnd(name, parts);
      const attached = traffic.attach(end.plugin);
      attached.ready();
      return Object.assign(end, { attached });
    },
    [Symbol.dispose]: () => traffic[Symbol.dispose](),
  };
}

/** The bus, whose events pass the gate first. */
function gated(traffic: () => Traffic, bus: EventBus): EventBus {
  return {
    publish: (event) => traffic().publish(event),
    announceObserved: (camera) => bus.announceObserved(camera),
    subscribe: (...given) => bus.subscribe(...given),
    subscribeObserved: (...given) => bus.subscribeObserved(...given),
    ring: bus.ring,
    bootId: bus.bootId,
    listenerFaults: bus.listenerFaults,
  };
}
