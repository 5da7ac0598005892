import type { Config } from '../config.ts';
import type { FaceQuality, FaceSample } from '../observation.ts';
import { qualityParts } from './quality.ts';
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
  const gate = gateReason(quality, rules.quality);
  if (gate) {
    return { ...(sample.age ? { age: gate } : {}), ...(sample.gender ? { gender: gate } : {}), ...(sample.expression ? { expression: gate } : {}) };
  }
  const minor = sample.age !== undefined && minorProbability(sample.age) > rules.attributes.minorP;
  const unsure = (probs: readonly number[], p: number): AbstainReason | undefined => (minor ? 'policy' : Math.max(...probs) < p ? 'low_confidence' : undefined);
  const gender = sample.gender && unsure(sample.gender, rules.attributes.genderP);
  const expression = sample.expression && unsure(sample.expression, rules.expression.p);
  return { ...(gender ? { gender } : {}), ...(expression ? { expression } : {}) };
}

/** The first limit that a face fails, the weakest part of its score when only the score is too low. */
export function gateReason(quality: FaceQuality, limits: Config['quality']): AbstainReason | undefined {
  if (quality.facePx < limits.facePx) return 'too_small';
  if (Math.abs(quality.yawDeg) > limits.yawDeg) return 'yaw';
  if (Math.abs(quality.pitchDeg) > limits.pitchDeg) return 'pitch';
  if (quality.score >= limits.score) return undefined;
  const { light = 0.5, sharpness = 1 } = quality;
  const parts = qualityParts(quality.facePx, quality.yawDeg, quality.pitchDeg, { light, sharpness });
  const least = Math.min(parts.size, parts.pose, parts.light, parts.sharpness);
  if (least === parts.light) return 'dark';
  if (least === parts.sharpness) return 'blur';
  return least === parts.size ? 'too_small' : 'yaw';
}

/** P(age < 18) with the age normally distributed about its estimate. */
export function minorProbability({ years, sd }: { readonly years: number; readonly sd: number }): number {
  return normalCdf((18 - years) / sd);
}

/** Abramowitz and Stegun 26.2.17, off by at most 7.5e-8. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp((-z * z) / 2) * 0.3989422804014327 * poly;
  return z > 0 ? 1 - tail : tail;
}
