import { minorProbability } from '../age-distribution.ts';
import type { Config } from '../config.ts';
import type { AgeEstimate } from '../events.ts';
import { AGE_BANDS, bandProbability, likeliestBand } from './age-bands.ts';
import { novelty, SHARED } from './correlation.ts';
import { Hold } from './hold.ts';

/** Above this effective sample size old samples are forgotten, so that a better view can still move the estimate. */
const MEMORY = 30;
const SAMPLE_GAP_MS = 2500;
const Z95 = 1.645;

/**
 * Apparent age of one person: a weighted mean of the samples. Its variance is the network's own error on this face, which does
 * not shrink (SHARED of the manifest's variance), plus the scatter of the samples divided by their effective number; so
 * a thousand frames of one face never claim more than the network knows.
 */
export class AgeFilter {
  readonly #rules: Config['attributes'];
  readonly #bandHold = new Hold<number>(SAMPLE_GAP_MS);
  #effective = 0;
  #mean = 0;
  #scatter = 0;
  #variance = 0;
  #last: number | null = null;
  #band = -1;
  /** Samples that counted, and the sum of their qualities. */
  n = 0;
  weighted = 0;
  settled = false;

  constructor(rules: Config['attributes']) {
    this.#rules = rules;
  }

  /** `sample.sd` is the calibrated error of one reading. Readings that are no numbers are left out. */
  add(sample: { readonly years: number; readonly sd: number }, quality: number, t: number): void {
    if (!Number.isFinite(sample.years) || !(sample.sd > 0) || !Number.isFinite(sample.sd) || !(quality > 0)) return;
    this.#absorb(sample.years, sample.sd ** 2, novelty(quality, t, this.#last), 0);
    this.#last = t;
    this.n += 1;
    this.weighted += quality;
    this.#decide(t);
  }

  /** Takes over the samples of the same person under another track. */
  merge(later: AgeFilter): void {
    if (later.n === 0) return;
    this.#absorb(later.#mean, later.#variance, later.#effective, later.#scatter);
    this.#last = later.#last;
    this.n += later.n;
    this.weighted += later.weighted;
    this.#decide(later.#last as number);
  }

  #absorb(mean: number, variance: number, weight: number, scatter: number): void {
    const total = this.#effective + weight;
    if (total <= 0) return;
    const delta = mean - this.#mean;
    this.#scatter += scatter + (delta * delta * this.#effective * weight) / total;
    this.#mean += (delta * weight) / total;
    this.#variance += ((variance - this.#variance) * weight) / total;
    const kept = Math.min(1, MEMORY / total);
    this.#effective = total * kept;
    this.#scatter *= kept;
  }

  #decide(t: number): void {
    const likeliest = likeliestBand(this.#mean, this.sd);
    if (!this.settled) {
      this.#band = likeliest;
      this.settled = this.weighted >= this.#rules.ageSamples && this.sd < this.sdLimit;
      return;
    }
    const challenger = this.#convinces(likeliest) ? likeliest : null;
    if (this.#bandHold.update(challenger, t) >= this.#rules.ageBandMs && challenger !== null) {
      this.#band = challenger;
      this.#bandHold.reset();
    }
  }

  /**
   * Against the held band alone: with an sd of more than 5.3 years no band of ten years has 0.65 of everything, and the
   * band would stay where it settled for ever.
   */
  #convinces(band: number): boolean {
    if (band === this.#band) return false;
    const p = bandProbability(band, this.#mean, this.sd);
    return p >= this.#rules.ageBandP * (p + bandProbability(this.#band, this.#mean, this.sd));
  }

  /** Years; an age may settle with an sd under this. */
  get sdLimit(): number {
    return Math.max(this.#rules.ageSd, this.#rules.ageSdShare * this.#mean);
  }

  get years(): number {
    return this.#mean;
  }

  /** Error of the mean that more samples would remove: what two estimates of one face by one network may differ by. */
  get standardError(): number {
    if (this.#effective <= 0) return Number.POSITIVE_INFINITY;
    return Math.sqrt(Math.max((1 - SHARED) * this.#variance, this.#scatter / this.#effective) / this.#effective);
  }

  get sd(): number {
    return Math.sqrt(SHARED * this.#variance + this.standardError ** 2);
  }

  get minorP(): number {
    return minorProbability(this);
  }

  estimate(): AgeEstimate | undefined {
    if (this.n === 0) return undefined;
    const { years, sd } = this;
    const tenth = (x: number): number => Math.round(x * 10) / 10;
    return {
      years: tenth(years),
      sd: tenth(sd),
      p05: tenth(Math.max(0, years - Z95 * sd)),
      p95: tenth(years + Z95 * sd),
      band: AGE_BANDS[this.#band] as string,
      bandP: thousandth(bandProbability(this.#band, years, sd)),
      minorP: thousandth(this.minorP),
      n: this.n,
      stable: this.settled,
    };
  }
}

export function thousandth(x: number): number {
  return Math.round(Math.min(1, Math.max(0, x)) * 1000) / 1000;
}
