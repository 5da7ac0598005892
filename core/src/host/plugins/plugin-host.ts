/** The plugins of this Mien: which there are, who starts when, what is changed while they run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config, PluginSettings } from '../../config.ts';
import type { Enveloper } from '../../enveloper.ts';
import { MienError } from '../../errors.ts';
import { Grant } from '../../events.ts';
import type { Logger } from '../../log.ts';
import { didYouMean } from '../../nearest-name.ts';
import type { People } from '../../people/people.ts';
import type { Sight } from '../../sight/sight.ts';
import { stateFolder } from '../../state-folder.ts';
import type { EventBus } from '../event-bus.ts';
import { type AvailablePlugin, availablePlugins, locatePlugin } from './discovery.ts';
import { Instance, type InstanceParts, type InstanceSettings } from './instance.ts';
import { availableStatus, instanceStatus, optionsInUse } from './instance-status.ts';
import { unmaskSecrets } from './mask-secrets.ts';
import { createPluginEvents } from './plugin-events.ts';
import { type PluginFolder, watchPlugins } from './plugin-folder.ts';
import { type PluginLimits, pluginLimits } from './plugin-limits.ts';
import { PluginRun } from './plugin-run.ts';
import { openPluginState, type PluginState } from './plugin-state.ts';
import type { PluginStatus } from './plugin-status.ts';
import type { PluginChange, Plugins } from './plugins.ts';
import { Seats } from './seats.ts';
import { StartOrder } from './start-order.ts';
import { stopInOrder } from './stop-in-order.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { type Wanted, wantedPlugins } from './wanted-plugins.ts';

export interface PluginHostOptions {
  readonly config: Config;
  readonly bus: EventBus;
  readonly people: Pick<People, 'current'>;
  readonly sight: Sight;
  readonly enveloper: Enveloper;
  readonly logger: Logger;
  /** Packages are looked for from this folder upwards: the configuration's. The working folder unless said otherwise. */
  readonly baseFolder?: string;
  readonly limits?: Partial<PluginLimits>;
}

export async function createPluginHost(options: PluginHostOptions): Promise<Plugins> {
  return new PluginHost(options, await openPluginState(stateFolder(options.config), options.logger));
}

class PluginHost implements Plugins {
  readonly #options: PluginHostOptions;
  readonly #limits: PluginLimits;
  readonly #baseFolder: string;
  readonly #state: PluginState;
  readonly #traffic: Traffic;
  readonly #order = new StartOrder();
  readonly #parts: InstanceParts;
  readonly #instances = new Map<string, Instance>();
  /** Changes of one plugin, one after the other. */
  readonly #changes = new Map<string, Promise<unknown>>();
  readonly #closing = new AbortController();
  #settings: Config['plugins'];
  #folder: PluginFolder | undefined;
  #available: readonly AvailablePlugin[] = [];
  /** Of code in the folder, by the plugin's name. */
  readonly #fingerprints = new Map<string, string | undefined>();
  #closed: Promise<void> | undefined;

  constructor(options: PluginHostOptions, state: PluginState) {
    const { config, logger } = options;
    this.#options = options;
    this.#limits = { ...pluginLimits, ...options.limits };
    this.#baseFolder = options.baseFolder ?? process.cwd();
    this.#state = state;
    this.#settings = config.plugins;
    this.#traffic = createTraffic(options);
    this.#parts = {
      seats: new Seats({ state, limits: this.#limits, logger, settings: () => this.#settings }),
      order: this.#order,
      state,
      traffic: this.#traffic,
      logger,
      logLevel: config.log.level,
      device: config.device,
      limits: this.#limits,
      baseFolder: this.#baseFolder,
      events: createPluginEvents(options.enveloper, this.#limits, this.publish),
    };
  }

  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { config, logger } = this.#options;
    if (config.pluginFolder !== undefined && !this.#folder) {
      try {
        this.#folder = watchPlugins(config.pluginFolder, logger, () => this.#refresh(this.#settings));
      } catch (fault) {
        logger.error({ folder: config.pluginFolder, reason: String(fault) }, 'the folder of plugins cannot be used');
      }
    }
    this.#available = availablePlugins(this.#baseFolder);
    const ready = this.#refresh(this.#settings);
    if (!signal) return ready;
    const cancelled = Promise.withResolvers<never>();
    const cancel = (): void => cancelled.reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    await Promise.race([ready, cancelled.promise]).finally(() => signal.removeEventListener('abort', cancel));
  }

  list(): readonly PluginStatus[] {
    const used = [...this.#instances.values()];
    const unused = this.#available.filter(({ name, from }) => !used.some((one) => one.name === name || one.given.from === from));
    return [...used.map((one) => instanceStatus(one)), ...unused.map(availableStatus)];
  }

  status(name: string): PluginStatus {
    return instanceStatus(this.#find(name));
  }

  unmasked(name: string, options: unknown): unknown {
    return unmaskSecrets(options, optionsInUse(this.#find(name)), `plugins.${name}.options`);
  }

  async check(name: string, given: unknown): Promise<readonly string[]> {
    const instance = this.#find(name);
    const options = this.unmasked(name, given);
    if (instance.state === 'running' && instance.run) {
      return instance.run.check(options).catch(() => {
        throw new MienError('PLUGIN_INVALID', `${name} ended before it had said whether the options are good: ${instance.reason ?? 'try again'}`);
      });
    }
    const { from, settings, grantAll } = instance.given;
    const place = instance.place ?? locatePlugin(from, this.#baseFolder);
    const run = new PluginRun({ ...this.#parts, order: new StartOrder() }, { name, place, settings, isolation: 'own', grantAll });
    const answer = await run.ask(options, this.#closing.signal);
    if ('reason' in answer) throw new MienError('PLUGIN_INVALID', `${name} cannot be asked about its options: ${answer.reason}`);
    return answer.faults;
  }

  configure(name: string, change: PluginChange): Promise<PluginStatus> {
    this.#find(name);
    return this.#oneAtATime(name, async () => {
      // What was asked before may have taken it away, or put another in its place.
      const instance = this.#find(name);
      const { given } = instance;
      const options = change.options === undefined ? undefined : (this.unmasked(name, change.options) as PluginSettings['options']);
      const faults = options === undefined ? [] : (await this.check(name, options)).map((fault) => `plugins.${name}.options.${fault}`);
      const known: readonly string[] = Grant.enum;
      for (const grant of change.grant ?? []) {
        if (!known.includes(grant))
          faults.push(`plugins.${name}.grant: there is no grant "${grant}".${didYouMean(grant, known) || ` There are ${known.join(', ')}`}`);
      }
      if (faults.length > 0) throw new MienError('CONFIG_INVALID', `The options of ${name} stay as they are: ${faults.join('; ')}`);
      const settings = {
        ...given.settings,
        ...(change.enabled !== undefined && { enabled: change.enabled }),
        ...(options !== undefined && { options }),
        ...(change.grant !== undefined && { grant: change.grant as Grant[] }),
      };
      // Options are checked in the plugin's present shape.
      if (options !== undefined) delete settings.optionsVersion;
      this.#settings = { ...this.#settings, [name]: settings };
      if (change.enabled) instance.pardon();
      await this.#renew(instance, { ...given, settings });
      return instanceStatus(instance);
    });
  }

  restart(name: string): Promise<PluginStatus> {
    this.#find(name);
    return this.#oneAtATime(name, async () => {
      const instance = this.#find(name);
      if (instance.state === 'quarantined') instance.pardon();
      await this.#renew(instance, instance.given);
      return instanceStatus(instance);
    });
  }

  apply(plugins: Config['plugins']): Promise<void> {
    this.#available = availablePlugins(this.#baseFolder);
    return this.#refresh(plugins);
  }

  async caughtUp(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    const instances = [...this.#instances.values()];
    const isSending = ({ state, run }: Instance): boolean => state === 'running' && (run?.attached?.outbox?.held ?? 0) > 0;
    const isDone = (): boolean => this.#traffic.isIdle && !instances.some(isSending);
    while (!isDone() && performance.now() < untilMs && !this.#closing.signal.aborted) await sleep(10);
    const { logger } = this.#options;
    if (!this.#traffic.isIdle) logger.warn({ withinMs }, 'plugins have not taken every event in time: the rest is lost to them');
    for (const { name: plugin, events, run } of instances) {
      const { dropped } = events;
      if (dropped > 0) logger.warn({ plugin, dropped }, `the plugin ${plugin} was too slow for the events: it lost ${dropped}`);
      const held = run?.attached?.outbox?.held ?? 0;
      if (held > 0) logger.warn({ plugin, held }, `${held} event${held === 1 ? ' stays' : 's stay'} in the outbox of ${plugin} for the next start`);
    }
  }

  commands(): ReturnType<Plugins['commands']> {
    return this.#traffic.commands();
  }

  run(command: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#traffic.run(command, input, signal);
  }

  publish: Plugins['publish'] = (event) => this.#traffic.publish(event);

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Starts, stops and renews what differs, each after what was asked of it before. Resolves when all of it has settled. */
  async #refresh(settings: Config['plugins']): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#settings = settings;
    const wanted = wantedPlugins(settings, this.#folder?.found ?? []);
    // All are known before the first is started: who waits for whom is seen at once.
    for (const [name, { given }] of wanted) if (!this.#instances.has(name)) this.#create(name, given);
    const names = new Set([...this.#instances.keys(), ...wanted.keys()]);
    await Promise.all([...names].map((name) => this.#oneAtATime(name, () => this.#bring(name, wanted.get(name), settings[name]))));
  }

  async #bring(name: string, wanted: Wanted | undefined, settings: PluginSettings | undefined): Promise<void> {
    const present = this.#instances.get(name);
    if (!wanted) {
      if (present) await this.#remove(present);
      return;
    }
    // A change that was asked for before may have come in between.
    if (settings) this.#settings = { ...this.#settings, [name]: settings };
    const { given, fingerprint } = wanted;
    const isSame = present && isDeepStrictEqual(present.given, given) && (!this.#fingerprints.has(name) || this.#fingerprints.get(name) === fingerprint);
    this.#fingerprints.set(name, fingerprint);
    if (present && !isSame) await this.#renew(present, given);
    else await this.#begin(present ?? this.#create(name, given));
  }

  #create(name: string, given: InstanceSettings): Instance {
    const instance = new Instance(name, given, this.#parts);
    this.#instances.set(name, instance);
    return instance;
  }

  async #begin(instance: Instance): Promise<void> {
    if (this.#closing.signal.aborted) return;
    instance.start();
    await instance.settled;
  }

  async #renew(instance: Instance, given: InstanceSettings): Promise<void> {
    await instance.stop();
    instance.replace(given);
    await this.#begin(instance);
  }

  async #remove(instance: Instance): Promise<void> {
    await instance.stop();
    this.#instances.delete(instance.name);
    this.#fingerprints.delete(instance.name);
    this.#order.delete(instance.name);
  }

  #oneAtATime<T>(name: string, change: () => Promise<T>): Promise<T> {
    const next = (this.#changes.get(name) ?? Promise.resolve()).then(change);
    this.#changes.set(
      name,
      next.catch(() => {}),
    );
    return next;
  }

  #find(name: string): Instance {
    const found = this.#instances.get(name);
    if (found) return found;
    const available = this.#available.find((one) => one.name === name);
    if (available) throw new MienError('PLUGIN_NOT_FOUND', `the plugin "${name}" is installed, but not in use: \`mien plugin add ${available.from}\``);
    const names = [...this.#instances.keys()];
    throw new MienError(
      'PLUGIN_NOT_FOUND',
      `there is no plugin "${name}".${didYouMean(name, names) || (names.length > 0 ? ` There are ${names.join(', ')}` : '')}`,
    );
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#folder?.[Symbol.dispose]();
    await stopInOrder(this.#instances, this.#order, this.#limits.stopAllMs);
    this.#traffic[Symbol.dispose]();
    await this.#state[Symbol.asyncDispose]();
  }
}
