/** The line under a node: at most two changes a second, the newest wins, under 20 characters. */
import type { Fill } from './red.ts';

export type Mood = 'ok' | 'busy' | 'waiting' | 'warning' | 'error' | 'off';

const LOOKS: Record<Mood, { readonly fill: Fill; readonly shape: 'ring' | 'dot' }> = {
  ok: { fill: 'green', shape: 'dot' },
  busy: { fill: 'blue', shape: 'dot' },
  waiting: { fill: 'yellow', shape: 'ring' },
  warning: { fill: 'yellow', shape: 'dot' },
  error: { fill: 'red', shape: 'ring' },
  off: { fill: 'grey', shape: 'ring' },
};
const LEAST_MS = 500;
/** The first is put when the flow stands: a Status node that is made after this one would miss it. */
const FIRST_MS = 50;
const LONGEST = 19;

export type Put = (status: { fill?: Fill; shape?: 'ring' | 'dot'; text?: string }) => void;

export class StatusLine implements Disposable {
  readonly #put: Put;
  #wanted = '';
  #shown: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #atMs = performance.now() - LEAST_MS + FIRST_MS;

  constructor(put: Put) {
    this.#put = put;
  }

  show(mood: Mood, text: string): void {
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
    this.#wanted = JSON.stringify({ ...LOOKS[mood], text: short });
    if (this.#timer) return;
    const restMs = this.#atMs + LEAST_MS - performance.now();
    if (restMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), restMs);
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#wanted === this.#shown) return;
    this.#shown = this.#wanted;
    this.#atMs = performance.now();
    this.#put(JSON.parse(this.#wanted));
  }

  /** Nothing is put any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = this.#shown ?? '';
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
