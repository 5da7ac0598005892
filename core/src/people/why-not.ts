import type { Config } from '../config.ts';
import type { HeadLabels } from '../observation.ts';
import { ENGAGE_MS } from './engagement.ts';
import type { PersonState } from './person.ts';

/** A rule that holds something back, and how far it has come. `progress` and `thresholds` share their keys. */
export interface WhyNot {
  /** What has not happened: an event, or `settled age`. */
  readonly what: string;
  readonly rule: string;
  readonly heldMs: number;
  readonly progress: Readonly<Record<string, number>>;
  readonly thresholds: Readonly<Record<string, number>>;
}

/** Everything that is held back for a person now. */
export function whyNot(person: PersonState, config: Config, heads: HeadLabels, t: number): WhyNot[] {
  const held: WhyNot[] = [];
  const { evidence, attention, place } = person;
  const { attributes: rules } = config;
  const push = (what: string, rule: string, heldMs: number, pairs: Record<string, [now: number, needed: number]>): void => {
    const progress = Object.fromEntries(Object.entries(pairs).map(([key, [now]]) => [key, Math.round(now * 1000) / 1000]));
    const thresholds = Object.fromEntries(Object.entries(pairs).map(([key, [, needed]]) => [key, needed]));
    held.push({ what, rule, heldMs: Math.round(heldMs), progress, thresholds });
  };
  if (person.doubtSince !== null) push('attributes', 'identity.doubt', t - person.doubtSince, {});
  if (evidence.reason) {
    const { facePx, yawDeg, pitchDeg, score } = config.quality;
    const q = person.quality;
    push('sample', `quality.${evidence.reason}`, 0, {
      facePx: [q.facePx, facePx], yawDeg: [Math.abs(q.yawDeg), yawDeg], pitchDeg: [Math.abs(q.pitchDeg), pitchDeg], score: [q.score, score],
    });
  }
  if (heads.age && !evidence.age.settled) {
    const { weighted, n, sd } = evidence.age;
    push('settled age', 'age.settled', 0, { ageSamples: [weighted, rules.ageSamples], ...(n > 0 && { ageSd: [sd, rules.ageSd] as [number, number] }) });
  }
  if (evidence.minor) push('gender, expression', 'minor', 0, { minorP: [evidence.age.minorP, rules.minorP] });
  else {
    if (heads.gender && evidence.gender.label < 0) {
      const { gender } = evidence;
      push('settled gender', 'gender.commit', 0, { genderSamples: [gender.n, rules.genderSamples], genderP: [gender.p(gender.likelier), rules.genderP] });
    } else if (heads.gender && evidence.gender.likelier !== evidence.gender.label) {
      const { gender } = evidence;
      push('gender', 'gender.turn', gender.turnHeldMs, { genderTurnP: [gender.p(gender.likelier), rules.genderTurnP], genderTurnMs: [gender.turnHeldMs, rules.genderTurnMs] });
    }
    if (heads.expression) {
      const { expression } = evidence;
      const { p, margin, holdMs } = config.expression;
      const [best, second] = expression.leaders;
      if (best !== expression.label) {
        push('emotion.changed', expression.restMs(t) > 0 ? 'expression.rest' : 'expression.switch', expression.heldMs, {
          p: [expression.p(best), p], margin: [expression.p(best) - expression.p(second), margin], holdMs: [expression.heldMs, holdMs],
        });
      }
    }
  }
  const { on, onMs, off, offMs } = config.attention;
  if (attention.attending) push('attention.ended', 'attention.off', attention.heldMs, { off: [attention.score, off], offMs: [attention.heldMs, offMs] });
  else push('attention.started', 'attention.on', attention.heldMs, { on: [attention.score, on], onMs: [attention.heldMs, onMs] });
  if (person.engagement.level !== 'engaged') {
    push('engaged', 'engagement', attention.currentMs, { distanceM: [place.m, config.distance.nearEnterM], attendingMs: [attention.currentMs, ENGAGE_MS] });
  }
  return held;
}
