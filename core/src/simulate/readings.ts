/** What the heads of a network would say of a virtual face: the truth with errors that behave like a network's. */
import type { FaceSample, HeadLabels } from '../observation.ts';
import { SHARED } from '../people/correlation.ts';
import { type Random, Wander } from './random.ts';
import type { ExpressionLabel, Noise } from './scenario.ts';
import type { Appearance } from './script.ts';

export const simulatedHeads: HeadLabels = {
  age: { unit: 'years' },
  gender: { labels: ['female', 'male'] },
  expression: { labels: ['negative', 'neutral', 'positive'], valence: [-1, 0, 1] },
};
const EXPRESSIONS: readonly ExpressionLabel[] = ['negative', 'neutral', 'positive'];

/** Neighbouring frames show the same pixels twice: their errors are the same. */
const MEMORY_MS = 300;
const EXPRESSION_TURN_MS = 250;
const GENDER_LOGIT_SD = 0.7;
const EXPRESSION_LOGIT_SD = 0.4;
const OLDEST = 116;

/** An error with sd 1: a part stays for the whole visit, the rest wanders. */
class Deviation {
  readonly #bias: number;
  readonly #wander: Wander;

  constructor(random: Random) {
    this.#bias = random.normal();
    this.#wander = new Wander(random, MEMORY_MS);
  }

  at(ms: number): number {
    return Math.sqrt(SHARED) * this.#bias + Math.sqrt(1 - SHARED) * this.#wander.at(ms);
  }
}

export class Readings {
  readonly #noise: Noise;
  readonly #age: Deviation;
  readonly #gender: Deviation;
  readonly #expressions: readonly Wander[];
  #shown: number[] | null = null;
  #at = 0;

  constructor(noise: Noise, random: Random) {
    this.#noise = noise;
    this.#age = new Deviation(random);
    this.#gender = new Deviation(random);
    this.#expressions = EXPRESSIONS.map(() => new Wander(random, MEMORY_MS));
  }

  /** Call in every frame: a face takes a moment to change. */
  follow({ expression }: Appearance, ms: number): void {
    const { expressionP } = this.#noise;
    const kept = this.#shown ? Math.exp(-Math.max(0, ms - this.#at) / EXPRESSION_TURN_MS) : 0;
    this.#at = ms;
    this.#shown = EXPRESSIONS.map((label, k) => {
      const goal = label === expression ? expressionP : (1 - expressionP) / (EXPRESSIONS.length - 1);
      return (this.#shown?.[k] ?? 0) * kept + goal * (1 - kept);
    });
  }

  sample({ age, gender }: Appearance, ms: number): FaceSample {
    const { ageSd, genderP } = this.#noise;
    const years = Math.min(OLDEST, Math.max(0, age + ageSd * this.#age.at(ms)));
    const male = 1 / (1 + Math.exp((gender === 'male' ? -1 : 1) * (Math.log(genderP / (1 - genderP)) + GENDER_LOGIT_SD * this.#gender.at(ms))));
    const powers = (this.#shown ?? []).map((p, k) => p * Math.exp(EXPRESSION_LOGIT_SD * (this.#expressions[k]?.at(ms) ?? 0)));
    const sum = powers.reduce((total, power) => total + power, 0);
    return { age: { years, sd: ageSd }, gender: [1 - male, male], expression: powers.map((power) => power / sum) };
  }
}
