import type { Config } from '../config.ts';
import type { Abstained, AbstainReason, Person } from '../events.ts';
import type { HeadLabels, ObservedFace } from '../observation.ts';
import { gate } from '../quality-gate.ts';
import { AgeFilter, thousandth } from './age-filter.ts';
import { ExpressionFilter, type ExpressionSwitch } from './expression.ts';
import { GenderFilter } from './gender-filter.ts';

export type Attributes = Pick<Person, 'age' | 'gender' | 'expression'>;
export type Verdict = 'same' | 'other' | 'undecided';

/** A switch of expression that may be told, by the labels' names. */
export interface ExpressionChange extends Omit<ExpressionSwitch, 'from' | 'to'> {
  readonly from: string;
  readonly to: string;
}

/** Samples of a head before it has a say in who somebody is. */
const SPEAKS = 3;
/** Two estimates of one face may differ by a view's bias and by their standard errors, never by more than the cap. */
const VIEW_YEARS = 4;
const ERRORS = 1.5;
const MOST_YEARS = 12;
const CERTAIN_GENDER = 0.8;
/** Nothing is ever told as certain. */
const MOST_CERTAIN = 0.999;

export function abstained(abstain: AbstainReason): Abstained {
  return { label: 'unknown', abstain };
}

/** What the samples of one face say. Belongs to one track and dies with it; only samples that pass the quality gate count. */
export class Evidence {
  readonly #config: Config;
  age: AgeFilter;
  gender: GenderFilter;
  expression: ExpressionFilter;
  #genderLabels: readonly string[] = [];
  #expressionLabels: readonly string[] = [];
  #valence: readonly number[] = [];
  /** Why the last look at this face did not count; null when it did. */
  reason: AbstainReason | null = null;
  #minor = false;

  constructor(config: Config) {
    this.#config = config;
    this.age = new AgeFilter(config.attributes);
    this.gender = new GenderFilter(config.attributes);
    this.expression = new ExpressionFilter(config.expression);
  }

  /** Returns the switch of expression, with the labels' names, when one has won that may be told. */
  add(face: ObservedFace, heads: HeadLabels, t: number): ExpressionChange | null {
    this.reason = gate(face.quality, this.#config.quality);
    const { sample } = face;
    if (this.reason !== null || !sample) return null;
    this.#relabel(heads);
    const weight = Math.min(1, face.quality.score);
    if (heads.age && sample.age) {
      this.age.add(sample.age, weight, t);
      this.#judgeAge();
    }
    if (heads.gender && sample.gender) this.gender.add(sample.gender, weight, t);
    if (!heads.expression || sample.expression?.length !== this.#expressionLabels.length) return null;
    const won = this.expression.add(sample.expression, weight, t);
    if (!won || this.#withheld(heads)) return null;
    return { ...won, from: this.#expressionLabels[won.from] as string, to: this.#expressionLabels[won.to] as string };
  }

  /** Another model may name its classes otherwise: what was counted under the old names is void. */
  #relabel(heads: HeadLabels): void {
    if (heads.gender && !equal(heads.gender.labels, this.#genderLabels)) {
      this.#genderLabels = heads.gender.labels;
      this.gender = new GenderFilter(this.#config.attributes);
    }
    if (heads.expression && !equal(heads.expression.labels, this.#expressionLabels)) {
      this.#expressionLabels = heads.expression.labels;
      this.expression = new ExpressionFilter(this.#config.expression);
    }
    if (heads.expression) this.#valence = heads.expression.valence;
  }

  #judgeAge(): void {
    const { minorP, minorReleaseP } = this.#config.attributes;
    this.#minor = this.age.n > 0 && this.age.minorP > (this.#minor ? Math.min(minorP, minorReleaseP) : minorP);
  }

  /** P(age < 18) is too high for gender and expression to be told. */
  get minor(): boolean {
    return this.#minor;
  }

  /** Enough samples to compare with another face's. */
  get speaks(): boolean {
    return this.age.n >= SPEAKS || this.gender.n >= SPEAKS;
  }

  /**
   * Is `fresh` the same face? Every head that has a say here must have one there. Age decides where it has one: opposite genders tell
   * people apart, but equal ones do not make them the same. Gender decides alone where age has none, and then must lean the same way.
   */
  compare(fresh: Evidence): Verdict {
    const { age, gender } = this;
    const aged = age.n >= SPEAKS && fresh.age.n >= SPEAKS;
    if (aged) {
      const allowed = Math.min(MOST_YEARS, VIEW_YEARS + ERRORS * Math.hypot(age.standardError, fresh.age.standardError));
      if (Math.abs(age.years - fresh.age.years) > allowed) return 'other';
    }
    if (gender.n >= SPEAKS && fresh.gender.n >= SPEAKS && equal(this.#genderLabels, fresh.#genderLabels)) {
      const label = gender.likelier;
      if (gender.p(label) >= CERTAIN_GENDER && fresh.gender.p(1 - label) >= CERTAIN_GENDER) return 'other';
      if (!aged && fresh.gender.likelier !== label) return 'undecided';
    }
    const silent = (age.n >= SPEAKS && fresh.age.n < SPEAKS) || (gender.n >= SPEAKS && fresh.gender.n < SPEAKS);
    return this.speaks && !silent ? 'same' : 'undecided';
  }

  /** Takes over what was seen of the same face later. A head that had no say in that is not handed on: its few samples could be another's. */
  merge(fresh: Evidence): void {
    if (this.age.n < SPEAKS) this.age = fresh.age;
    else this.age.merge(fresh.age);
    if (this.gender.n < SPEAKS) [this.gender, this.#genderLabels] = [fresh.gender, fresh.#genderLabels];
    else if (equal(this.#genderLabels, fresh.#genderLabels)) this.gender.merge(fresh.gender);
    else if (fresh.gender.n > 0) [this.gender, this.#genderLabels] = [fresh.gender, fresh.#genderLabels];
    if (equal(this.#expressionLabels, fresh.#expressionLabels)) this.expression.merge(fresh.expression);
    else if (fresh.expression.n > 0) [this.expression, this.#expressionLabels, this.#valence] = [fresh.expression, fresh.#expressionLabels, fresh.#valence];
    this.reason = fresh.reason;
    this.#judgeAge();
  }

  /** Gender and expression are for adults: withheld for likely minors, and while a bound age head has not spoken. */
  #withheld(heads: HeadLabels): AbstainReason | null {
    if (this.#minor) return 'policy';
    return heads.age && this.age.n === 0 ? (this.reason ?? 'low_confidence') : null;
  }

  /** What may be said now; a head that is not bound is absent. */
  attributes(heads: HeadLabels, t: number): Attributes {
    const why = this.reason ?? 'low_confidence';
    const withheld = this.#withheld(heads);
    const result: Attributes = {};
    if (heads.age) result.age = this.age.estimate() ?? abstained(why);
    if (heads.gender) result.gender = withheld ? abstained(withheld) : this.#genderNow(why);
    if (heads.expression) result.expression = withheld ? abstained(withheld) : this.#expressionNow(t, why);
    return result;
  }

  /** The expression that may be told now, cheaply. */
  expressionLabel(heads: HeadLabels, t: number): string | undefined {
    if (!heads.expression || this.expression.stale(t) || this.#withheld(heads)) return undefined;
    return this.#expressionLabels[this.expression.label];
  }

  /** The limits under which these attributes settled, as they apply to this person. */
  settlingLimits(settled: readonly (keyof Attributes)[]): Record<string, number> {
    const { ageSamples, genderSamples, genderP } = this.#config.attributes;
    const { p, margin, holdMs } = this.#config.expression;
    return {
      ...(settled.includes('age') && { ageSamples, ageSd: Math.round(this.age.sdLimit * 1000) / 1000 }),
      ...(settled.includes('gender') && { genderSamples, genderP }),
      ...(settled.includes('expression') && { p, margin, holdMs }),
    };
  }

  #genderNow(why: AbstainReason): Attributes['gender'] & {} {
    const { label, n } = this.gender;
    if (label < 0) return abstained(n === 0 ? why : 'low_confidence');
    return { label: this.#genderLabels[label] as string, p: Math.min(MOST_CERTAIN, thousandth(this.gender.p(label))), n, stable: true };
  }

  #expressionNow(t: number, why: AbstainReason): Attributes['expression'] & {} {
    const { expression } = this;
    if (expression.label < 0 || expression.stale(t)) return abstained(why);
    const probs: Record<string, number> = {};
    let valence = 0;
    for (const [k, label] of this.#expressionLabels.entries()) {
      probs[label] = thousandth(expression.p(k));
      valence += expression.p(k) * (this.#valence[k] ?? 0);
    }
    const label = this.#expressionLabels[expression.label] as string;
    return { label, p: probs[label] as number, probs, valence: Math.round(Math.max(-1, Math.min(1, valence)) * 100) / 100, n: expression.n, stable: true };
  }
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
