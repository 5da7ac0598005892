import { MienError } from '../errors.ts';
import type { Call, PluginError } from '../plugin-messages.ts';
import { coreServices } from './describe.ts';
import type { Link } from './link.ts';
import { plainJson } from './plain-json.ts';
import { fromPluginError } from './plugin-fault.ts';

/** What a plugin asks of others: services and commands. Still works while deferred steps run, so that a plugin can say goodbye. */
export class Asks {
  readonly #link: Link;
  readonly #uses: readonly string[];
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #closed = false;

  constructor(link: Link, uses: readonly string[]) {
    this.#link = link;
    this.#uses = uses;
  }

  run(command: string, input: unknown = {}): Promise<unknown> {
    return this.#ask(`command ${command}`, (what) => ({ kind: 'command', name: String(command), input: plainJson(input, what, 'REQUEST_INVALID') }));
  }

  /** Errors: PLUGIN_INVALID for a service that is not declared. */
  service(name: string): object {
    if (!coreServices.includes(name) && !this.#uses.includes(name)) {
      throw new MienError(
        'PLUGIN_INVALID',
        `service(${JSON.stringify(name)}) of "${this.#link.name}": declare it, so that its plugin starts first: uses: ['${name}'] in definePlugin`,
      );
    }
    const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>();
    return new Proxy(Object.freeze({}), {
      // A service may be returned from an async function: it must not look like a promise.
      get: (_, method) => {
        if (typeof method !== 'string' || method === 'then' || method === 'toJSON') return undefined;
        const known = methods.get(method) ?? ((...args: unknown[]) => this.#callService(name, method, args));
        methods.set(method, known);
        return known;
      },
    });
  }

  answered(id: number, value: unknown, error: PluginError | undefined): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (error) open?.reject(fromPluginError(error));
    else open?.resolve(value);
  }

  /** What is still open, and whatever is asked later, is rejected. */
  close(): void {
    this.#closed = true;
    for (const open of this.#open.values()) open.reject(this.#over('the answer'));
    this.#open.clear();
  }

  #callService(name: string, method: string, args: readonly unknown[]): Promise<unknown> {
    // An argument left out must not arrive as null.
    const given = args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
    return this.#ask(`${name}.${method}`, (what) => ({ kind: 'service', name, method, args: plainJson(given, what, 'REQUEST_INVALID') as unknown[] }));
  }

  async #ask(what: string, call: (what: string) => Call): Promise<unknown> {
    if (this.#closed) throw this.#over(what);
    this.#lastId += 1;
    const id = this.#lastId;
    const open = Promise.withResolvers<unknown>();
    this.#link.send({ type: 'ask', id, call: call(what) });
    this.#open.set(id, open);
    return open.promise;
  }

  #over(what: string): MienError {
    return new MienError('NOT_RUNNING', `${what}: "${this.#link.name}" has been stopped`);
  }
}
