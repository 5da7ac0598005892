import type { TObject } from 'typebox';
import Value from 'typebox/value';
import { MienError } from '../errors.ts';
import type { CommandOptions } from '../plugin.ts';
import type { Call, TrafficFromPlugin } from '../plugin-messages.ts';
import { schemaFaults } from '../schema-faults.ts';
import { type Announcer, createAnnouncer, type Link, mustBeActive } from './link.ts';
import { plainJson } from './plain-json.ts';
import { toPluginError } from './plugin-fault.ts';

interface Command {
  readonly input: TObject;
  readonly run: (input: never) => unknown;
  readonly openTo: 'everybody' | 'api';
}
type Offer = Extract<TrafficFromPlugin, { type: 'offer' }>;

const commandName = /^[a-z][a-z0-9.-]{0,63}$/;

/** What a plugin does for others: its commands and services, told to the host whole whenever they change. */
export class Offers {
  readonly #link: Link;
  readonly #provides: readonly string[];
  readonly #commands = new Map<string, Command>();
  readonly #services = new Map<string, object>();
  /** Calls under way that still want a result. */
  readonly #calls = new Set<number>();
  readonly #announcer: Announcer;

  constructor(link: Link, provides: readonly string[]) {
    this.#link = link;
    this.#provides = provides;
    this.#announcer = createAnnouncer(
      () => this.#offer(),
      (offer) => link.send(offer),
      this.#offer(),
    );
  }

  /** Tells the host now what has changed. */
  announce(): void {
    this.#announcer.now();
  }

  /** Errors: PLUGIN_INVALID for a name that is malformed or taken, a schema that is no object's, or options that there are not. */
  command(name: string, input: TObject, run: (input: never) => unknown, { openTo = 'everybody' }: CommandOptions = {}): Disposable {
    mustBeActive(this.#link, `command ${name}`);
    if (!commandName.test(name)) throw invalid(`command ${JSON.stringify(name)}: expected up to 64 lower case letters, digits, dots and dashes, as "wave"`);
    if ((input as { type?: unknown } | undefined)?.type !== 'object') throw invalid(`command ${name}: expected Type.Object({ ... }) as its input`);
    if (typeof run !== 'function') throw invalid(`command ${name}: expected a function that runs it`);
    // One that was misspelt would be open.
    if (openTo !== 'everybody' && openTo !== 'api') throw invalid(`command ${name}: openTo: expected 'everybody' or 'api', got ${JSON.stringify(openTo)}`);
    return this.#register(this.#commands, `command ${name}`, name, { input, run, openTo });
  }

  /** Errors: PLUGIN_INVALID for a service that is not declared, taken, or has no methods. */
  provide(name: string, implementation: unknown): Disposable {
    mustBeActive(this.#link, `provide ${name}`);
    if (!this.#provides.includes(name)) {
      throw invalid(
        `provide(${JSON.stringify(name)}) of "${this.#link.name}": declare it, so that others can count on it: provides: ['${name}'] in definePlugin`,
      );
    }
    if (typeof implementation !== 'object' || implementation === null || methodsOf(implementation).length === 0)
      throw invalid(`provide ${name}: expected an object with methods`);
    return this.#register(this.#services, `service ${name}`, name, implementation);
  }

  /** Answers with `result`, unless cancelled meanwhile. */
  async call(id: number, call: Call): Promise<void> {
    const where = call.kind === 'command' ? call.name : `${call.name}.${call.method}`;
    this.#calls.add(id);
    let result: TrafficFromPlugin;
    try {
      const value = await (call.kind === 'command' ? this.#run(call.name, call.input) : this.#serve(call.name, call.method, call.args));
      result = { type: 'result', id, value: this.#plain(value, where) };
    } catch (fault) {
      result = { type: 'result', id, error: toPluginError(fault, 'COMMAND_FAILED', this.#link.name) };
    }
    if (this.#calls.delete(id)) this.#answer(where, id, result);
  }

  /** What is no JSON is told as a fault of the plugin's, as a throw of its code is: who called does not log it again. */
  #plain(value: unknown, where: string): unknown {
    try {
      return plainJson(value, `result of ${where}`, 'COMMAND_FAILED');
    } catch (fault) {
      this.#link.fault(where, fault);
      throw fault;
    }
  }

  cancel(id: number): void {
    this.#calls.delete(id);
  }

  /** A result that is too long for the channel must still be answered. */
  #answer(where: string, id: number, result: TrafficFromPlugin): void {
    try {
      this.#link.send(result);
    } catch (fault) {
      const said = new MienError('COMMAND_FAILED', `${where}: ${(fault as Error).message}`);
      this.#link.fault(where, said);
      this.#link.send({ type: 'result', id, error: toPluginError(said, 'COMMAND_FAILED') });
    }
  }

  #run(name: string, given: unknown): unknown {
    const command = this.#commands.get(name);
    if (!command || !this.#link.isActive) throw new MienError('COMMAND_UNKNOWN', `${name}: "${this.#link.name}" does not offer this command now`);
    const input = Value.Default(command.input, structuredClone(given ?? {}));
    const faults = schemaFaults(command.input, input);
    if (faults.length > 0) throw new MienError('REQUEST_INVALID', `Input of ${name}: ${faults.join('; ')}`);
    return this.#mine(name, () => command.run(input as never));
  }

  #serve(name: string, method: string, args: readonly unknown[]): unknown {
    const service = this.#services.get(name) as Record<string, (...args: readonly unknown[]) => unknown> | undefined;
    if (!service || !this.#link.isActive) throw new MienError('SERVICE_UNAVAILABLE', `${name}: "${this.#link.name}" does not provide this service now`);
    const methods = methodsOf(service);
    if (!methods.includes(method)) throw new MienError('REQUEST_INVALID', `${name}.${method}: no such method; there are ${methods.join(', ')}`);
    return this.#mine(`${name}.${method}`, () => service[method]?.(...args));
  }

  /** What the plugin's own code throws is a fault of its too, unless it is an error meant for the caller. */
  async #mine(where: string, run: () => unknown): Promise<unknown> {
    try {
      return await run();
    } catch (fault) {
      if (!(fault instanceof MienError)) this.#link.fault(where, fault);
      throw fault;
    }
  }

  #register<T>(map: Map<string, T>, what: string, name: string, entry: T): Disposable {
    if (map.has(name)) throw invalid(`${what} is there already: dispose of the first one before`);
    map.set(name, entry);
    this.#announcer.soon();
    return {
      [Symbol.dispose]: () => {
        if (map.get(name) === entry && map.delete(name)) this.#announcer.soon();
      },
    };
  }

  #offer(): Offer {
    return {
      type: 'offer',
      commands: [...this.#commands].map(([name, { input, openTo }]) => ({ name, input, openTo })),
      services: [...this.#services].map(([name, service]) => ({ name, methods: methodsOf(service) })),
    };
  }
}

/** Own and inherited ones: a service may be a class. */
function methodsOf(service: object): string[] {
  const names = new Set<string>();
  for (let one: object | null = service; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}

function invalid(message: string): MienError {
  return new MienError('PLUGIN_INVALID', message);
}
