/** What executes one plugin from `load` to `stopped`, on whichever side of a process boundary. */
import { MienError } from '../errors.ts';
import type { PluginDefinition } from '../plugin.ts';
import type { LifeFromPlugin, LifeToPlugin, PluginStart, TrafficFromPlugin, TrafficToPlugin } from '../plugin-messages.ts';
import { Scope } from '../scope.ts';
import { ContextParts } from './context.ts';
import { definitionOf, describe } from './describe.ts';
import { placeOf } from './fault-words.ts';
import type { Link } from './link.ts';
import { checkOptions } from './options.ts';
import { toPluginError } from './plugin-fault.ts';
import { createPluginLog } from './plugin-log.ts';

export interface RunnerOptions {
  /** In the configuration. */
  readonly name: string;
  readonly send: (message: LifeFromPlugin | TrafficFromPlugin) => void;
  /** Gives the module of an entry file. */
  readonly load: (entry: string, plugin: string) => Promise<unknown>;
}

/** One life of a plugin: after `stopped` or `failed` it is over and takes nothing more. */
export interface Runner {
  receive(message: LifeToPlugin | TrafficToPlugin): void;
  /** A fault that nobody caught: `failed` is sent, then the plugin is stopped without a further word. */
  fail(error: unknown): void;
  /** As the message `stop`. Resolves when the plugin is over. */
  stop(): Promise<void>;
  /** It says nothing more, and stops. */
  abandon(): void;
  /** Resolves when every deferred step has run, with how it ended. */
  readonly over: Promise<'stopped' | 'failed'>;
}

export function createRunner(options: RunnerOptions): Runner {
  return new PluginRunner(options);
}

class PluginRunner implements Runner {
  readonly #name: string;
  readonly #send: RunnerOptions['send'];
  readonly #load: RunnerOptions['load'];
  readonly #link: Link;
  readonly #scope = new Scope();
  readonly #over = Promise.withResolvers<'stopped' | 'failed'>();
  #entry = '';
  #definition: Promise<PluginDefinition> | undefined;
  #parts: ContextParts | undefined;
  #started = false;
  #isEnding = false;
  /** The host has had its last word. */
  #silent = false;
  #closed = false;

  constructor({ name, send, load }: RunnerOptions) {
    this.#name = name;
    this.#send = send;
    this.#load = load;
    const isActive = (): boolean => !this.#isEnding;
    this.#link = {
      name,
      send: (message) => this.#say(message),
      fault: (where, error) => this.#say({ type: 'fault', where, error: toPluginError(error, 'PLUGIN_FAILED', name) }),
      get isActive() {
        return isActive();
      },
    };
  }

  get over(): Promise<'stopped' | 'failed'> {
    return this.#over.promise;
  }

  receive(message: LifeToPlugin | TrafficToPlugin): void {
    switch (message.type) {
      case 'load':
        this.#definition ??= this.#describe(message.entry);
        this.#definition.catch((fault) => this.fail(fault));
        break;
      case 'check':
        this.#whenLoaded((definition) => this.#check(definition, message.id, message.options, message.optionsVersion));
        break;
      case 'start':
        this.#whenLoaded((definition) => this.#start(definition, message.start));
        break;
      case 'stop':
        this.stop();
        break;
      default:
        if (this.#parts) this.#traffic(this.#parts, message);
    }
  }

  fail(error: unknown): void {
    if (this.#silent) return;
    this.#tellFailure(error);
    this.#close().then(() => this.#over.resolve('failed'));
  }

  abandon(): void {
    this.#silent = true;
    this.stop();
  }

  async stop(): Promise<void> {
    if (!this.#isEnding) {
      const faults = await this.#close();
      this.#say({ type: 'stopped', faults });
      this.#silent = true;
      this.#over.resolve('stopped');
    }
    await this.#over.promise;
  }

  /** `place`: of the line that threw. */
  #tellFailure(error: unknown, place?: string): void {
    const said = toPluginError(error, 'PLUGIN_FAILED', this.#name);
    this.#say({ type: 'failed', error: place === undefined ? said : { ...said, message: `${said.message} (${place})` } });
    this.#silent = true;
  }

  #say(message: LifeFromPlugin | TrafficFromPlugin): void {
    if (!this.#silent) this.#send(message);
  }

  async #describe(entry: string): Promise<PluginDefinition> {
    this.#entry = entry;
    const definition = definitionOf(await this.#load(entry, this.#name));
    this.#say({ type: 'loaded', description: describe(definition) });
    return definition;
  }

  #whenLoaded(go: (definition: PluginDefinition) => Promise<void>): void {
    const definition = this.#definition ?? Promise.reject(new MienError('INTERNAL', `"${this.#name}" was not loaded`));
    definition.then(go).catch((fault) => this.fail(fault));
  }

  async #check(definition: PluginDefinition, id: number, given: unknown, version: number): Promise<void> {
    const { faults, options } = await checkOptions(definition, given, version);
    this.#say({ type: 'faults', id, faults, ...(faults.length === 0 && { options }) });
  }

  async #start(definition: PluginDefinition, start: PluginStart): Promise<void> {
    const { faults, options } = await checkOptions(definition, start.options, start.optionsVersion);
    if (faults.length > 0) throw new MienError('CONFIG_INVALID', `Options of ${this.#name}: ${faults.join('; ')}`);
    if (this.#isEnding || this.#parts) return;
    const log = createPluginLog(start.logLevel ?? 'trace', (line) => this.#say(line));
    const parts = new ContextParts(
      {
        link: this.#link,
        log,
        signal: this.#scope.signal,
        defer: (step) => this.#defer(step),
        fail: (error) => this.fail(error),
      },
      definition,
      start,
    );
    this.#parts = parts;
    this.#scope.defer(() => parts.close());
    try {
      await definition.setup(parts.context, options as never);
      if (!this.#isEnding) await parts.settle();
    } catch (fault) {
      // A plugin that was told to stop meanwhile gives up its setup in its own way.
      if (this.#isEnding) return;
      for (const one of await this.#close()) log.warn({}, `after the failed start: ${one}`);
      this.#tellFailure(fault, placeOf(fault, this.#entry));
      this.#over.resolve('failed');
      return;
    }
    if (this.#isEnding) return;
    this.#started = true;
    this.#say({ type: 'started', options });
  }

  #traffic({ handlers, offers, asks }: ContextParts, message: TrafficToPlugin): void {
    switch (message.type) {
      case 'answer':
        asks.answered(message.id, message.value, message.error);
        break;
      case 'call':
        offers.call(message.id, message.call);
        break;
      case 'cancel':
        offers.cancel(message.id);
        break;
      case 'emit':
        if (!this.#started || this.#isEnding) this.#say({ type: 'verdict', id: message.id });
        else handlers.hooks.judge(message.event).then((verdict) => this.#say({ type: 'verdict', id: message.id, ...verdict }));
        break;
      case 'event':
        if (this.#isEnding) break;
        handlers.dispatch(message.event).then(() => this.#say({ type: 'taken', at: message.at }));
        break;
      case 'people':
        if (this.#isEnding) break;
        handlers.people.dispatch(message.people, message.camera).then(() => this.#say({ type: 'peopleTaken', camera: message.camera }));
        break;
    }
  }

  #defer(step: () => unknown): void {
    const run = async (): Promise<void> => {
      await step();
    };
    if (!this.#closed) this.#scope.defer(run);
    // What is acquired after the stop is released at once.
    else run().catch((fault) => this.#link.fault('defer', fault));
  }

  /** Faults of the deferred steps. */
  async #close(): Promise<string[]> {
    this.#isEnding = true;
    try {
      await this.#scope[Symbol.asyncDispose]();
      return [];
    } catch (fault) {
      return (fault instanceof AggregateError ? fault.errors : [fault]).map((one) => (one instanceof Error ? one.message : String(one)));
    } finally {
      this.#closed = true;
    }
  }
}
