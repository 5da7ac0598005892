import { MienError } from '../errors.ts';
import { type EventName, eventName, type MienEvent } from '../events.ts';
import type { Link } from './link.ts';
import { plainJson } from './plain-json.ts';

type Hook = (data: unknown, event: unknown) => unknown;
export interface Verdict {
  readonly veto?: boolean;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Of what one plugin adds to an event, as JSON. */
export const MAX_EXTRA_BYTES = 4096;

/** What a plugin says to events before they go out. */
export class Hooks {
  readonly #link: Link;
  readonly #changed: () => void;
  readonly #hooks = new Map<object, { name: EventName; hook: Hook }>();

  constructor(link: Link, changed: () => void) {
    this.#link = link;
    this.#changed = changed;
  }

  get names(): EventName[] {
    return [...new Set([...this.#hooks.values()].map(({ name }) => name))];
  }

  add(name: EventName, hook: Hook): Disposable {
    const key = {};
    this.#hooks.set(key, { name, hook });
    this.#changed();
    return {
      [Symbol.dispose]: () => {
        if (this.#hooks.delete(key)) this.#changed();
      },
    };
  }

  /** Asks all at once. One `false` holds the event back; what they add is put together. A hook that fails has said nothing. */
  async judge(event: MienEvent): Promise<Verdict> {
    const name = eventName(event);
    const asked = [...this.#hooks.values()].filter((one) => one.name === name);
    const said = await Promise.all(asked.map(({ hook }) => this.#ask(name, hook, event)));
    if (said.includes(false)) return { veto: true };
    const extra: Record<string, unknown> = Object.assign({}, ...said.filter((one) => typeof one === 'object'));
    if (Object.keys(extra).length === 0) return {};
    const bytes = Buffer.byteLength(JSON.stringify(extra));
    if (bytes <= MAX_EXTRA_BYTES) return { extra };
    this.#link.fault(
      `beforeEmit ${name}`,
      new MienError('PLUGIN_INVALID', `beforeEmit('${name}') added ${bytes} bytes as JSON, at most ${MAX_EXTRA_BYTES} can be: nothing was added`),
    );
    return {};
  }

  async #ask(name: EventName, hook: Hook, event: MienEvent): Promise<false | object | undefined> {
    try {
      const said = await hook(event.data, event);
      if (said === false) return false;
      if (said === undefined || said === true) return undefined;
      if (typeof said === 'object' && said !== null && !Array.isArray(said)) return plainJson(said, `beforeEmit('${name}')`, 'PLUGIN_INVALID') as object;
      throw new MienError(
        'PLUGIN_INVALID',
        `beforeEmit('${name}'): expected undefined, true, false or an object, got ${said === null ? 'null' : Array.isArray(said) ? 'an array' : typeof said}`,
      );
    } catch (fault) {
      this.#link.fault(`beforeEmit ${name}`, fault);
      return undefined;
    }
  }
}
