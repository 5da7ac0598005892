import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceQuality } from '../../../core/src/observation.ts';
import { abstentionOf } from '../../../core/src/sight/abstention.ts';
import { assessQuality } from '../../../core/src/sight/quality.ts';
import { defaults } from '../../support/recognition.ts';
import { projectHead } from '../../support/synthetic-head.ts';

const quality = suite('quality and abstention');

const good: FaceQuality = { score: 0.9, facePx: 120, yawDeg: 3, pitchDeg: -2, rollDeg: 0, light: 0.5, sharpness: 0.5 };
const sure = { age: { years: 40, sd: 6 }, gender: [0.02, 0.98], expression: [0.05, 0.05, 0.9] } as const;

quality('of a face takes its pose and the larger side of its box', () => {
  const { facePx, yawDeg, rollDeg, score, light } = assessQuality({ x: 0, y: 0, width: 80, height: 100 }, projectHead({ yaw: 30, roll: 10 }));
  assert.is(facePx, 100);
  assert.ok(Math.abs(yawDeg - 30) < 1e-6 && Math.abs(rollDeg - 10) < 1e-6);
  assert.ok(Math.abs(score - 0.75) < 1e-6, 'cos 30 squared');
  assert.is(light, undefined, 'not aligned, not measured');
});

quality('the gate holds back every field that there is', () => {
  assert.equal(abstentionOf({ ...good, facePx: 20 }, sure, defaults), { age: 'too_small', gender: 'too_small', expression: 'too_small' });
  assert.equal(abstentionOf({ ...good, facePx: 20 }, { age: sure.age }, defaults), { age: 'too_small' });
  assert.equal(abstentionOf(good, sure, defaults), {});
});

quality('the unsure fields are held back, the sure ones told', () => {
  assert.equal(abstentionOf(good, { ...sure, gender: [0.2, 0.8] }, defaults), { gender: 'low_confidence' });
  assert.equal(abstentionOf(good, { ...sure, expression: [0.3, 0.5, 0.2] }, defaults), { expression: 'low_confidence' });
});

quality("the minors' rule withholds gender and expression by policy, never the age", () => {
  assert.equal(abstentionOf(good, { ...sure, age: { years: 16, sd: 3 } }, defaults), { gender: 'policy', expression: 'policy' });
  // P(age < 18) = 0.2 lies 0.8416 standard deviations above 18.
  assert.equal(abstentionOf(good, { ...sure, age: { years: 18 + 5 * 0.84, sd: 5 } }, defaults), { gender: 'policy', expression: 'policy' });
  assert.equal(abstentionOf(good, { ...sure, age: { years: 18 + 5 * 0.843, sd: 5 } }, defaults), {});
});

quality.run();
