/** Warnings that a faulty robot could cause a thousand times a second: each kind once in a while, with how many there were meanwhile. */
import type { PluginContext } from '@mien/core/plugin';

const EVERY_MS = 10_000;

export class RareLog {
  readonly #log: PluginContext['log'];
  readonly #nowMs: () => number;
  readonly #kinds = new Map<string, { atMs: number; unsaid: number }>();

  constructor(log: PluginContext['log'], nowMs: () => number = () => performance.now()) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  warn(kind: string, fields: object, message: string): void {
    this.#say('warn', kind, fields, message);
  }

  debug(kind: string, fields: object, message: string): void {
    this.#say('debug', kind, fields, message);
  }

  #say(level: 'warn' | 'debug', kind: string, fields: object, message: string): void {
    const last = this.#kinds.get(kind);
    const now = this.#nowMs();
    if (last && now - last.atMs < EVERY_MS) {
      last.unsaid += 1;
      return;
    }
    this.#log[level]({ ...fields, ...(last && last.unsaid > 0 && { unsaid: last.unsaid }) }, message);
    this.#kinds.set(kind, { atMs: now, unsaid: 0 });
  }
}
