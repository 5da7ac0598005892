/** A plugin in a process of its own under the sandbox, led step by step: to look at its definition, or to test how it behaves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Value from 'typebox/value';
import { PluginSettings } from '../config.ts';
import { MienError } from '../errors.ts';
import type { Grant } from '../events.ts';
import type { PluginPlace } from '../host/plugins/discovery.ts';
import { pluginLimits } from '../host/plugins/plugin-limits.ts';
import { PluginProcess } from '../host/plugins/plugin-process.ts';
import { sandboxedPlan } from '../host/plugins/sandbox.ts';
import { silentLogger } from '../log.ts';
import type { FromPlugin, LifeFromPlugin, PluginDescription, ToPlugin, TrafficFromPlugin } from '../plugin-messages.ts';

type Said<T extends FromPlugin['type']> = Extract<FromPlugin, { type: T }>;
type Sent = ToPlugin extends infer M ? (M extends ToPlugin ? Omit<M, 'plugin'> : never) : never;

export interface VisitOptions {
  readonly name: string;
  readonly place: PluginPlace;
  readonly settings?: PluginSettings;
  /** What is not of its life: events it takes, services it asks for. */
  readonly traffic?: (message: TrafficFromPlugin) => void;
  readonly log?: (line: Extract<LifeFromPlugin, { type: 'log' }>) => void;
  /** Further flags of its Node. */
  readonly execArgv?: readonly string[];
  /** Lines on its standard error. */
  readonly stderr?: (line: string) => void;
}

/** How long a step may take where the plugin's settings say nothing else. */
const STEP_MS = 10_000;

export async function openVisit(options: VisitOptions): Promise<PluginVisit> {
  return new PluginVisit(options, await mkdtemp(join(tmpdir(), 'mien-plugin-')));
}

export class PluginVisit implements AsyncDisposable {
  readonly #options: VisitOptions;
  readonly #store: string;
  readonly #process: PluginProcess;
  readonly #waiting = new Set<{ readonly takes: (message: FromPlugin) => boolean; readonly fail: (fault: MienError) => void }>();
  #checks = 0;
  #gone: string | undefined;

  constructor(options: VisitOptions, store: string) {
    const { name, place, settings = defaultSettings(), execArgv = [], stderr } = options;
    this.#options = options;
    this.#store = store;
    const plan = sandboxedPlan(place, settings, store);
    const warn = stderr ? (_: object, line: string) => stderr(line) : () => {};
    this.#process = new PluginProcess({
      name,
      kind: 'own',
      plan: { ...plan, execArgv: [...plan.execArgv, ...execArgv] },
      heapMb: settings.heapMb,
      mayFork: settings.allow.childProcess,
      limits: pluginLimits,
      logger: { ...silentLogger, warn },
      message: (message) => this.#hear(message),
    });
    this.#process.gone.then(({ reason }) => {
      this.#gone = reason;
      for (const { fail } of this.#waiting) fail(ended(reason));
    });
    this.#process.start();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Why its process is gone; undefined while it runs. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /** Errors: PLUGIN_INVALID, PLUGIN_FAILED. */
  async load(): Promise<PluginDescription> {
    const loaded = this.#answer('loaded', 'load');
    this.send({ type: 'load', entry: this.#options.place.entry });
    return (await loaded).description;
  }

  /** Faults of options, empty when they are good, and then the options with defaults. Errors: PLUGIN_FAILED. */
  async check(options: unknown, optionsVersion: number): Promise<{ readonly faults: readonly string[]; readonly options?: unknown }> {
    this.#checks += 1;
    const id = this.#checks;
    const faults = this.#answer('faults', 'check its options', (message) => message.id === id);
    this.send({ type: 'check', id, options, optionsVersion });
    return faults;
  }

  /** Errors: CONFIG_INVALID for its options, PLUGIN_FAILED and what `setup` threw. */
  async start(description: PluginDescription, options: unknown, grants: readonly Grant[]): Promise<void> {
    const started = this.#answer('started', 'start');
    this.send({
      type: 'start',
      start: { options, optionsVersion: description.optionsVersion, grants, device: 'mien', storeFolder: this.#store, logLevel: 'debug' },
    });
    await started;
  }

  /** Resolves with what its deferred steps threw. Errors: PLUGIN_FAILED after the deadline. */
  async stop(): Promise<readonly string[]> {
    const stopped = this.#answer('stopped', 'stop', undefined, this.#options.settings?.stopWithinMs ?? defaultSettings().stopWithinMs);
    this.send({ type: 'stop' });
    return (await stopped).faults;
  }

  send(message: Sent): void {
    this.#process.send({ plugin: this.#options.name, ...message } as ToPlugin);
  }

  sendEncoded(line: string): void {
    this.#process.sendEncoded(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('was ended by the host');
    await this.#process.gone;
    await rm(this.#store, { recursive: true, force: true });
  }

  #hear(message: FromPlugin): void {
    if (message.type === 'failed') {
      const { code, message: said } = message.error;
      for (const { fail } of [...this.#waiting]) fail(new MienError(code, said));
      return;
    }
    if (message.type === 'log') this.#options.log?.(message);
    else if (![...this.#waiting].some(({ takes }) => takes(message))) this.#options.traffic?.(message as TrafficFromPlugin);
  }

  #answer<T extends FromPlugin['type']>(type: T, what: string, isIt: (message: Said<T>) => boolean = () => true, withinMs = STEP_MS): Promise<Said<T>> {
    const { promise, resolve, reject } = Promise.withResolvers<Said<T>>();
    const one = {
      takes: (message: FromPlugin) => {
        const isMine = message.type === type && isIt(message as Said<T>);
        if (isMine) resolve(message as Said<T>);
        return isMine;
      },
      fail: reject,
    };
    this.#waiting.add(one);
    const timer = setTimeout(() => reject(new MienError('PLUGIN_FAILED', `it did not ${what} within ${withinMs} ms`)), withinMs);
    if (this.#gone !== undefined) reject(ended(this.#gone));
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(one);
    });
  }
}

function ended(reason: string): MienError {
  return new MienError('PLUGIN_FAILED', `its process ${reason}`);
}

export function defaultSettings(): PluginSettings {
  return Value.Default(PluginSettings, {}) as PluginSettings;
}
