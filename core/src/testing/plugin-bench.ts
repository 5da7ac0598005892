import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEnveloper } from '../enveloper.ts';
import { MienError } from '../errors.ts';
import type { Grant, MienEvent } from '../events.ts';
import { createEventBus, type EventBus } from '../host/event-bus.ts';
import { allAskedFor, heldGrants } from '../host/plugins/held-grants.ts';
import { type Attached, createTraffic, type Traffic } from '../host/plugins/traffic.ts';
import { type Logger, silentLogger } from '../log.ts';
import { createPeople, type People } from '../people/people.ts';
import type { PluginDefinition } from '../plugin.ts';
import type { FromPlugin, PluginDescription, PluginError, ToPlugin, TrafficFromPlugin } from '../plugin-messages.ts';
import type { Channel } from '../plugin-runtime/channel.ts';
import { memoryChannelPair } from '../plugin-runtime/memory-channel.ts';
import { openRunners } from '../plugin-runtime/runners.ts';
import { Scope } from '../scope.ts';
import { readScenario } from '../simulate/read-scenario.ts';
import { stepScenario } from '../simulate/run-scenario.ts';
import { checkScenario, greetingScenario } from '../simulate/scenario.ts';
import { createSimulatedSight } from '../simulate/simulated-sight.ts';
import { VirtualClock } from '../simulate/virtual-clock.ts';
import { FakedServices, type ServiceCall } from './fake-services.ts';
import { OpenWork } from './open-work.ts';
import type { BenchFault, BenchSettings, LogLine, TestBench } from './test-bench.ts';

/** A verdict that is late on a busy machine must not change what a test sees. */
const BEFORE_EMIT_MS = 5000;
const START_MONO_MS = 10_000;
const START_WALL_MS = Date.UTC(2026, 0, 1, 12);

export class PluginBench implements TestBench {
  readonly logs: LogLine[] = [];
  readonly faults: BenchFault[] = [];
  readonly events: MienEvent[] = [];
  readonly #name: string;
  readonly #settings: BenchSettings;
  readonly #scope = new Scope();
  readonly #work = new OpenWork();
  readonly #fakes: FakedServices;
  readonly #clock = new VirtualClock({ monoMs: START_MONO_MS, wallMs: START_WALL_MS });
  readonly #people: People;
  readonly #bus: EventBus;
  readonly #traffic: Traffic;
  readonly #channel: Channel<FromPlugin, ToPlugin>;
  readonly #loaded = Promise.withResolvers<PluginDescription>();
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #attached: Attached | undefined;
  #scenes = 0;

  constructor(definition: PluginDefinition, settings: BenchSettings) {
    const { config } = settings;
    this.#name = String(definition?.name);
    this.#settings = settings;
    this.#fakes = new FakedServices(settings.services);
    const clock = { monoMs: () => this.#clock.monoMs(), wallMs: () => this.#clock.wallMs() };
    const enveloper = createEnveloper(config.device, { bootId: 'bench', monoMs: clock.monoMs });
    this.#people = createPeople(config, enveloper, { ...clock, idSeed: 'bench' });
    const logger = this.#hostLogger();
    this.#bus = createEventBus({ logger });
    this.#bus.subscribe({}, (event) => void this.events.push(event), 'bench');
    const sight = createSimulatedSight({ config, scenario: checkScenario(greetingScenario) });
    this.#traffic = createTraffic({ bus: this.#bus, people: this.#people, sight, config, logger, beforeEmitMs: BEFORE_EMIT_MS });
    const [mine, its] = memoryChannelPair<FromPlugin, ToPlugin>();
    this.#channel = mine;
    mine.onMessage((message) => this.#take(message));
    this.#scope.use(this.#traffic);
    this.#scope.use(openRunners(its as never, { load: async () => ({ default: definition }) }));
    for (const { promise } of [this.#loaded, this.#started]) promise.catch(() => {});
  }

  /** Errors: PLUGIN_INVALID, CONFIG_INVALID, GRANT_MISSING, SERVICE_UNAVAILABLE, and what `setup` throws. */
  async start(): Promise<void> {
    try {
      this.#send({ type: 'load', entry: this.#name });
      const description = await this.#loaded.promise;
      const grants = this.#demandGrants(description);
      this.#demandServices(description);
      this.#attached = this.#traffic.attach({
        name: this.#name,
        grants,
        description,
        send: (message) => this.#send(message),
        sendEncoded: (line) => {
          this.#work.see(JSON.parse(line) as ToPlugin);
          this.#channel.sendEncoded(line);
        },
        fail: (reason) => this.#fail(new MienError('PLUGIN_FAILED', `"${this.#name}" ${reason}`)),
      });
      const storeFolder = await this.#storeFolder();
      const { options, config } = this.#settings;
      this.#send({ type: 'start', start: { options, optionsVersion: description.optionsVersion, grants, device: config.device, storeFolder } });
      await this.#started.promise;
      this.#attached.ready();
      await this.#settled();
    } catch (fault) {
      await this.#scope[Symbol.asyncDispose]();
      throw fault;
    }
  }

  get commands(): readonly string[] {
    return this.#attached?.commands ?? [];
  }

  async play(input: string | object): Promise<readonly MienEvent[]> {
    const scenario = typeof input === 'string' ? await readScenario(input) : checkScenario(input);
    const told: MienEvent[] = [];
    this.#scenes += 1;
    const stage = { config: this.#settings.config, clock: this.#clock, people: this.#people };
    for (const { observation, events } of stepScenario(stage, scenario, { run: `scene-${this.#scenes}` })) {
      for (const event of events) this.#traffic.publish(event);
      told.push(...events);
      if (observation) this.#bus.announceObserved(observation.camera);
      await this.#settled();
    }
    return told;
  }

  async emit(...events: readonly MienEvent[]): Promise<void> {
    for (const event of events) this.#traffic.publish(event);
    await this.#settled();
  }

  async command(name: string, input: object = {}): Promise<unknown> {
    const value = await this.#traffic.run(name, input);
    await this.#settled();
    return value;
  }

  calls(service: string): readonly ServiceCall[] {
    return this.#fakes.calls(service);
  }

  async stop(): Promise<void> {
    const { withinMs } = this.#settings;
    this.#send({ type: 'stop' });
    const late = Promise.withResolvers<never>();
    const said = `"${this.#name}" did not stop within ${withinMs} ms: a deferred step, or an outbox, does not end`;
    const timer = setTimeout(() => late.reject(new MienError('STEP_TIMEOUT', said)), withinMs);
    try {
      await Promise.race([this.#stopped.promise, late.promise]);
      this.#attached?.detach('the test is over');
      await this.#scope[Symbol.asyncDispose]();
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #settled(): Promise<void> {
    return this.#work.settled(this.#settings.withinMs);
  }

  #send(message: Parameters<Parameters<Traffic['attach']>[0]['send']>[0] | { type: 'load'; entry: string } | { type: 'stop' } | StartMessage): void {
    const addressed = { plugin: this.#name, ...message } as ToPlugin;
    this.#work.see(addressed);
    this.#channel.send(addressed);
  }

  #take(message: FromPlugin): void {
    switch (message.type) {
      case 'loaded':
        this.#loaded.resolve(message.description);
        break;
      case 'started':
        this.#started.resolve();
        break;
      case 'failed':
        this.faults.push({ where: 'plugin', message: message.error.message });
        this.#fail(faultOf(message.error));
        break;
      case 'stopped':
        for (const fault of message.faults) this.faults.push({ where: 'stop', message: fault });
        this.#stopped.resolve();
        break;
      case 'log':
        this.logs.push({ level: message.level, fields: message.fields, message: message.message });
        break;
      case 'faults':
        break;
      default:
        this.#traffics(message);
    }
  }

  #traffics(message: TrafficFromPlugin & { readonly plugin: string }): void {
    if (message.type === 'fault') this.faults.push({ where: message.where, message: message.error.message });
    if (message.type === 'ask' && message.call.kind === 'service' && this.#fakes.has(message.call.name)) {
      const { id, call } = message;
      this.#work.see(message);
      void this.#fakes.answer(call).then((answer) => this.#send({ type: 'answer', id, ...answer }));
      return;
    }
    // A question may be answered on the spot: it has begun before.
    if (message.type === 'ask') this.#work.see(message);
    this.#attached?.receive(message);
    // What follows from a message has begun before the message counts as done.
    if (message.type !== 'ask') this.#work.see(message);
  }

  #fail(failure: MienError): void {
    this.#loaded.reject(failure);
    this.#started.reject(failure);
    this.#stopped.resolve();
    this.#work.fail(failure);
  }

  #demandGrants(description: PluginDescription): readonly Grant[] {
    const { name, needs } = description;
    const { grant = allAskedFor(description) } = this.#settings;
    const missing = needs.filter((one) => !grant.includes(one));
    if (missing.length === 0) return heldGrants(description, grant);
    throw new MienError('GRANT_MISSING', `"${name}" needs ${missing.join(', ')}, which this test does not grant; Mien would not start it`);
  }

  #demandServices({ name, uses }: PluginDescription): void {
    const missing = uses.filter((service) => !this.#fakes.has(service));
    if (missing.length === 0) return;
    throw new MienError('SERVICE_UNAVAILABLE', `"${name}" uses ${missing.join(', ')}: give testPlugin a fake, as services: { ${missing[0]}: { ... } }`);
  }

  async #storeFolder(): Promise<string> {
    if (this.#settings.storeFolder !== undefined) return this.#settings.storeFolder;
    const folder = await mkdtemp(join(tmpdir(), 'mien-bench-'));
    this.#scope.defer(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /** What the host says of the plugin: refused offers, rights it lacks. Faults of handlers come as messages of their own. */
  #hostLogger(): Logger {
    const tell = (fields: object, message: string): void => {
      if (!('where' in fields)) this.faults.push({ where: 'host', message });
    };
    return { ...silentLogger, warn: tell, error: tell };
  }
}

type StartMessage = Extract<ToPlugin, { type: 'start' }> extends infer M ? Omit<M, 'plugin'> : never;

/** With the stack of where it was thrown, for the test runner to show. */
function faultOf({ code, message, stack }: PluginError): MienError {
  const fault = new MienError(code, message);
  if (stack) fault.stack = stack;
  return fault;
}
