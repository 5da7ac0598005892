import { setImmediate as turn } from 'node:timers/promises';
import { MienError } from '../errors.ts';
import type { FromPlugin, ToPlugin } from '../plugin-messages.ts';

/** Follows both directions of a plugin's messages, to know when all that was begun has ended. */
export class OpenWork {
  readonly #open = new Map<string, string>();
  #moves = 0;
  #failure: MienError | undefined;
  #wake = Promise.withResolvers<void>();

  /** A message of either direction. */
  see(message: ToPlugin | FromPlugin): void {
    const begun = beginning(message);
    if (begun) this.#open.set(begun.key, begun.what);
    const ended = ending(message);
    if (ended !== undefined) this.#open.delete(ended);
    if (begun || ended !== undefined) this.#moved();
  }

  /** Whoever waits is told now, and whoever waits later. */
  fail(failure: MienError): void {
    this.#failure ??= failure;
    this.#moved();
  }

  /** Nothing is under way, and nothing new came of it. Errors: PLUGIN_FAILED naming what has not ended in time; that of `fail`. */
  async settled(withinMs: number): Promise<void> {
    const late = setTimeout(() => {
      const waiting = [...this.#open.values()].slice(0, 5).join(', ');
      this.fail(new MienError('PLUGIN_FAILED', `after ${withinMs} ms there has not ended: ${waiting}; does it wait for something that does not come?`));
    }, withinMs);
    try {
      for (;;) {
        if (this.#failure) throw this.#failure;
        if (this.#open.size > 0) await this.#wake.promise;
        else {
          const before = this.#moves;
          // A message takes one turn from end to end; what a handler began without waiting for it comes after.
          await turn();
          await turn();
          if (before === this.#moves && this.#open.size === 0) return;
        }
      }
    } finally {
      clearTimeout(late);
    }
  }

  #moved(): void {
    this.#moves += 1;
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

interface Begun {
  readonly key: string;
  /** For people. */
  readonly what: string;
}

function beginning(message: ToPlugin | FromPlugin): Begun | undefined {
  switch (message.type) {
    case 'event':
      return { key: `event ${message.at}`, what: `handlers of ${message.event.type}` };
    case 'people':
      return { key: `people ${message.camera}`, what: 'onPeople' };
    case 'emit':
      return { key: `emit ${message.id}`, what: `beforeEmit of ${message.event.type}` };
    case 'call':
      return { key: `call ${message.id}`, what: message.call.kind === 'command' ? `command ${message.call.name}` : `service ${message.call.name}` };
    case 'ask':
      return { key: `ask ${message.id}`, what: `the answer of ${message.call.name}` };
    default:
      return undefined;
  }
}

function ending(message: ToPlugin | FromPlugin): string | undefined {
  switch (message.type) {
    case 'taken':
      return `event ${message.at}`;
    case 'peopleTaken':
      return `people ${message.camera}`;
    case 'verdict':
      return `emit ${message.id}`;
    case 'result':
    case 'cancel':
      return `call ${message.id}`;
    case 'answer':
      return `ask ${message.id}`;
    default:
      return undefined;
  }
}
