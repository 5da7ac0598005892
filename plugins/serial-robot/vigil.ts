/** Watches over what a robot relies on: while something of it is missing, the robot was told to stop and hears nothing else. */
import type { StopReason } from './messages.ts';

export interface VigilParts {
  /** A robot that says nothing for so long is lost. 0: it need not say anything. */
  readonly lostAfterMs: number;
  /** Something is missing, for the first time since all was well, or beside what is missing already. */
  readonly onStop: (reason: StopReason, words: string) => void;
  readonly onWell: () => void;
}

export class Vigil implements Disposable {
  readonly #parts: VigilParts;
  readonly #missing = new Map<string, { reason: StopReason; words: string }>();
  #heardAtMs = 0;
  #isListening = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: VigilParts) {
    this.#parts = parts;
  }

  /** What is missing, in words, and why the robot has to stop for the first of it; undefined when all is well. */
  get missing(): { readonly reason: StopReason; readonly words: string } | undefined {
    const [first, ...others] = this.#missing.values();
    return first && { reason: first.reason, words: [first, ...others].map(({ words }) => words).join('; ') };
  }

  /** `what`: names it, as `camera main`. Each is told once. */
  miss(what: string, reason: StopReason, words: string): void {
    if (this.#missing.has(what)) return;
    this.#missing.set(what, { reason, words });
    this.#parts.onStop(reason, words);
  }

  found(what: string): void {
    if (this.#missing.delete(what) && this.#missing.size === 0) this.#parts.onWell();
  }

  /** From now on the robot should be heard, the first time after `graceMs` at the latest. */
  listen(graceMs: number): void {
    this.#isListening = true;
    this.#heardAtMs = performance.now() + graceMs;
    this.#arm();
  }

  /** There is no port: nothing can be heard, and silence says nothing. */
  rest(): void {
    this.#isListening = false;
    clearTimeout(this.#timer);
    this.#missing.delete('robot');
  }

  heard(): void {
    if (!this.#isListening) return;
    this.#heardAtMs = Math.max(this.#heardAtMs, performance.now());
    if (!this.#missing.has('robot')) return;
    this.found('robot');
    this.#arm();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { lostAfterMs } = this.#parts;
    if (lostAfterMs <= 0) return;
    const leftMs = this.#heardAtMs + lostAfterMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#arm(), leftMs);
      return;
    }
    this.miss('robot', 'robot-silent', `nothing was heard from the robot for ${lostAfterMs} ms`);
  }
}
