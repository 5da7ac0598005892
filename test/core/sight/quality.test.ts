import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceQuality } from '../../../core/src/observation.ts';
import { abstentionOf, gateReason, minorProbability } from '../../../core/src/sight/abstention.ts';
import { assessQuality, qualityParts } from '../../../core/src/sight/quality.ts';
import { defaults } from '../../support/recognition.ts';
import { projectHead } from '../../support/synthetic-head.ts';

const quality = suite('quality and abstention');

const good: FaceQuality = { score: 0.9, facePx: 120, yawDeg: 3, pitchDeg: -2, rollDeg: 0, light: 0.5, sharpness: 0.5 };
const sure = { age: { years: 40, sd: 6 }, gender: [0.02, 0.98], expression: [0.05, 0.05, 0.9] } as const;

quality('falls with each part and stays within 0 and 1', () => {
  const score = (facePx: number, yaw = 0, light = 0.5, sharpness = 0.5) => {
    const { size, pose, light: l, sharpness: s } = qualityParts(facePx, yaw, 0, { light, sharpness });
    return size * pose * l * s;
  };
  assert.is(score(200), 1);
  for (const worse of [score(30), score(200, 40), score(200, 0, 0.06), score(200, 0, 0.92), score(200, 0, 0.5, 0.03)])
    assert.ok(worse > 0 && worse < 0.6, String(worse));
  for (const none of [score(8), score(200, 95), score(200, 0, 0), score(200, 0, 1), score(200, 0, 0.5, 0)]) assert.is(none, 0);
});

quality('of a face takes its pose and the larger side of its box', () => {
  const { facePx, yawDeg, rollDeg, score, light } = assessQuality({ x: 0, y: 0, width: 80, height: 100 }, projectHead({ yaw: 30, roll: 10 }));
  assert.is(facePx, 100);
  assert.ok(Math.abs(yawDeg - 30) < 1e-6 && Math.abs(rollDeg - 10) < 1e-6);
  assert.ok(Math.abs(score - 0.75) < 1e-6, 'cos 30 squared');
  assert.is(light, undefined, 'not aligned, not measured');
});

quality('names the limit that a face fails', () => {
  const limits = defaults.quality;
  assert.is(gateReason(good, limits), undefined);
  assert.is(gateReason({ ...good, facePx: 47 }, limits), 'too_small');
  assert.is(gateReason({ ...good, yawDeg: -36 }, limits), 'yaw');
  assert.is(gateReason({ ...good, pitchDeg: 26 }, limits), 'pitch');
  assert.is(gateReason({ ...good, score: 0.3, light: 0.03 }, limits), 'dark');
  assert.is(gateReason({ ...good, score: 0.3, sharpness: 0.02 }, limits), 'blur');
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

quality('the normal distribution is right', () => {
  for (const [years, sd, p] of [
    [18, 5, 0.5],
    [18 - 5, 5, 0.841345],
    [18 + 10, 5, 0.02275],
    [18 + 15, 5, 0.00135],
  ] as const) {
    assert.ok(Math.abs(minorProbability({ years, sd }) - p) < 1e-5);
  }
});

quality.run();
