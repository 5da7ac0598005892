import type { Config } from '../config.ts';
import { independent, novelty } from './correlation.ts';
import { Hold } from './hold.ts';

const MEMORY = 15;
const SAMPLE_GAP_MS = 2500;
/** One reading never weighs more than this probability says. */
const MOST_CERTAIN = 0.995;

/**
 * Gender of one person in log-odds: the weighted mean of the readings' log-odds times the number of independent readings they
 * are worth (at most two, see correlation.ts). Commits at `genderP` with `genderSamples` samples, and then turns over only when
 * the other label stands at `genderTurnP` for `genderTurnMs`.
 */
export class GenderFilter {
  readonly #rules: Config['attributes'];
  readonly #turn = new Hold<number>(SAMPLE_GAP_MS);
  #effective = 0;
  #logit = 0;
  #last: number | null = null;
  /** Index of the committed label, -1 before. */
  label = -1;
  n = 0;

  constructor(rules: Config['attributes']) {
    this.#rules = rules;
  }

  /** `pair` holds P(label) in the order of the head's labels. */
  add(pair: readonly [number, number], quality: number, t: number): void {
    const p = pair[1] / (pair[0] + pair[1]);
    if (!Number.isFinite(p) || !(quality > 0)) return;
    const bounded = Math.min(MOST_CERTAIN, Math.max(1 - MOST_CERTAIN, p));
    this.#absorb(Math.log(bounded / (1 - bounded)), novelty(quality, t, this.#last));
    this.#last = t;
    this.n += 1;
    this.#decide(t);
  }

  merge(later: GenderFilter): void {
    if (later.n === 0) return;
    this.#absorb(later.#logit, later.#effective);
    this.#last = later.#last;
    this.n += later.n;
    this.#decide(later.#last as number);
  }

  #absorb(logit: number, weight: number): void {
    const total = this.#effective + weight;
    if (total <= 0) return;
    this.#logit += ((logit - this.#logit) * weight) / total;
    this.#effective = Math.min(MEMORY, total);
  }

  #decide(t: number): void {
    const likelier = this.likelier;
    if (this.label < 0) {
      if (this.n >= this.#rules.genderSamples && this.p(likelier) >= this.#rules.genderP) this.label = likelier;
      return;
    }
    const challenger = likelier !== this.label && this.p(likelier) >= this.#rules.genderTurnP ? likelier : null;
    if (this.#turn.update(challenger, t) >= this.#rules.genderTurnMs && challenger !== null) {
      this.label = challenger;
      this.#turn.reset();
    }
  }

  get likelier(): 0 | 1 {
    return this.#logit >= 0 ? 1 : 0;
  }

  /** Posterior of the label with this index. */
  p(label: number): number {
    const odds = this.#logit * independent(this.#effective);
    return 1 / (1 + Math.exp(label === 1 ? -odds : odds));
  }

  get turnHeldMs(): number {
    return this.#turn.heldMs;
  }
}
