import type { Config } from '../config.ts';
import { Hold } from './hold.ts';

const SAMPLE_GAP_MS = 1000;
/** After this many filter lengths without a sample nothing is claimed of a face that may have changed. */
const STALE = 3;

export interface ExpressionSwitch {
  readonly from: number;
  readonly to: number;
  /** When the new expression began to win. */
  readonly onset: number;
  readonly heldMs: number;
}

/**
 * How the face appears now: probabilities averaged with quality as weight and a time constant of `filterMs`. A label wins with p,
 * margin and hold of the config, and then rests. Labels are indices into the head's labels.
 */
export class ExpressionFilter {
  readonly #rules: Config['expression'];
  readonly #hold = new Hold<number>(SAMPLE_GAP_MS);
  #sums: number[] = [];
  #weight = 0;
  #last: number | null = null;
  #switchedAt = Number.NEGATIVE_INFINITY;
  /** The label that won last, -1 before the first. */
  label = -1;
  n = 0;

  constructor(rules: Config['expression']) {
    this.#rules = rules;
  }

  /** Returns the switch when another label than the one before has won. The first label is no switch. */
  add(probs: readonly number[], quality: number, t: number): ExpressionSwitch | null {
    if (!(quality > 0) || probs.length === 0 || !probs.every(Number.isFinite)) return null;
    const kept = this.#last === null || probs.length !== this.#sums.length ? 0 : Math.exp(-Math.max(0, t - this.#last) / this.#rules.filterMs);
    this.#sums = probs.map((p, k) => (this.#sums[k] ?? 0) * kept + p * quality);
    this.#weight = this.#weight * kept + quality;
    this.#last = t;
    this.n += 1;
    return this.#decide(t);
  }

  /** The later filter's present reading counts; the label and the rest stay. */
  merge(later: ExpressionFilter): void {
    if (later.n === 0) return;
    this.#sums = later.#sums;
    this.#weight = later.#weight;
    this.#last = later.#last;
    this.n += later.n;
  }

  #decide(t: number): ExpressionSwitch | null {
    const winner = this.winner;
    const heldMs = this.#hold.update(winner === this.label ? null : winner, t);
    if (winner === null || winner === this.label || heldMs < this.#rules.holdMs || t - this.#switchedAt < this.#rules.restMs) return null;
    const from = this.label;
    this.label = winner;
    this.#switchedAt = t;
    const onset = this.#hold.since;
    this.#hold.reset();
    return from < 0 ? null : { from, to: winner, onset, heldMs };
  }

  /** The likeliest and the second likeliest label. */
  get leaders(): readonly [number, number] {
    let best = 0;
    let second = -1;
    for (let k = 1; k < this.#sums.length; k++) {
      if (this.p(k) > this.p(best)) [best, second] = [k, best];
      else if (second < 0 || this.p(k) > this.p(second)) second = k;
    }
    return [best, second];
  }

  /** The label that stands out by p and margin at this moment. */
  get winner(): number | null {
    const [best, second] = this.leaders;
    return this.p(best) >= this.#rules.p && this.p(best) - this.p(second) >= this.#rules.margin ? best : null;
  }

  p(label: number): number {
    return this.#weight > 0 ? (this.#sums[label] ?? 0) / this.#weight : 0;
  }

  get heldMs(): number {
    return this.#hold.heldMs;
  }

  restMs(t: number): number {
    return Math.max(0, this.#switchedAt + this.#rules.restMs - t);
  }

  stale(t: number): boolean {
    return this.#last === null || t - this.#last > STALE * this.#rules.filterMs;
  }
}
