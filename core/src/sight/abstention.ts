import { minorProbability } from '../age-distribution.ts';
import type { Config } from '../config.ts';
import type { FaceQuality, FaceSample } from '../observation.ts';
import { gate } from '../quality-gate.ts';
import type { AbstainReason } from './sight.ts';

export type AbstainRules = Pick<Config, 'quality' | 'attributes' | 'expression'>;

/** Why each field of one face would be withheld from a person's event; a field that would be told is absent. */
export interface Abstention {
  readonly age?: AbstainReason;
  readonly gender?: AbstainReason;
  readonly expression?: AbstainReason;
}

/**
 * The rules of a person's events as far as one picture can follow them: the quality gate holds back every field, the minors' rule
 * gender and expression, and each of these two must be sure enough to commit. Rules that need several samples do not apply.
 */
export function abstentionOf(quality: FaceQuality, sample: FaceSample, rules: AbstainRules): Abstention {
  const reason = gate(quality, rules.quality);
  if (reason) {
    return { ...(sample.age ? { age: reason } : {}), ...(sample.gender ? { gender: reason } : {}), ...(sample.expression ? { expression: reason } : {}) };
  }
  const minor = sample.age !== undefined && minorProbability(sample.age) > rules.attributes.minorP;
  const unsure = (probs: readonly number[], p: number): AbstainReason | undefined => (minor ? 'policy' : Math.max(...probs) < p ? 'low_confidence' : undefined);
  const gender = sample.gender && unsure(sample.gender, rules.attributes.genderP);
  const expression = sample.expression && unsure(sample.expression, rules.expression.p);
  return { ...(gender ? { gender } : {}), ...(expression ? { expression } : {}) };
}
