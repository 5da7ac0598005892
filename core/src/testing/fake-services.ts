import { MienError } from '../errors.ts';
import type { Services } from '../plugin.ts';
import type { Call, PluginError } from '../plugin-messages.ts';
import { toPluginError } from '../plugin-runtime/plugin-fault.ts';

/** Stand-ins for services of other plugins, or of Mien itself: those methods that a test needs. */
export type FakeServices = { readonly [K in keyof Services]?: Partial<Services[K]> };

export interface ServiceCall {
  readonly method: string;
  readonly args: readonly unknown[];
}

type Fakes = Readonly<Record<string, Readonly<Record<string, (...args: unknown[]) => unknown>>>>;
type Answer = { readonly value: unknown } | { readonly error: PluginError };

export class FakedServices {
  readonly #fakes: Fakes;
  readonly #calls = new Map<string, ServiceCall[]>();

  constructor(fakes: FakeServices) {
    this.#fakes = fakes as Fakes;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fakes, name);
  }

  calls(name: string): readonly ServiceCall[] {
    return this.#calls.get(name) ?? [];
  }

  async answer({ name, method, args }: Extract<Call, { kind: 'service' }>): Promise<Answer> {
    this.#calls.set(name, [...this.calls(name), { method, args }]);
    const fake = this.#fakes[name] ?? {};
    try {
      if (!Object.hasOwn(fake, method)) throw new MienError('REQUEST_INVALID', `the fake of "${name}" has no method "${method}"; give it to testPlugin`);
      // Plain data, as it would have crossed a process.
      return { value: JSON.parse(JSON.stringify((await fake[method]?.(...args)) ?? null)) };
    } catch (fault) {
      return { error: toPluginError(fault, 'COMMAND_FAILED') };
    }
  }
}
