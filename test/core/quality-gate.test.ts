import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceQuality, FaceSample } from '../../core/src/observation.ts';
import { Evidence } from '../../core/src/people/evidence.ts';
import { gate, qualityParts } from '../../core/src/quality-gate.ts';
import { abstentionOf } from '../../core/src/sight/abstention.ts';
import { assessQuality } from '../../core/src/sight/quality.ts';
import { heads, testConfig } from '../support/observations.ts';
import { projectHead } from '../support/synthetic-head.ts';

const config = testConfig();
const quality = suite('quality gate');
const good: FaceQuality = { score: 0.9, facePx: 120, yawDeg: 3, pitchDeg: -2, rollDeg: 0, light: 0.5, sharpness: 0.5 };
const reason = (part: Partial<FaceQuality>) => gate({ ...good, ...part }, config.quality);

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

quality('counts a face on the limit and none beyond it', () => {
  assert.is(reason({ facePx: 48 }), null);
  assert.is(reason({ facePx: 47.9 }), 'too_small');
  assert.is(reason({ yawDeg: 35 }), null);
  assert.is(reason({ yawDeg: -35.1 }), 'yaw');
  assert.is(reason({ pitchDeg: -25 }), null);
  assert.is(reason({ pitchDeg: 25.1 }), 'pitch');
  assert.is(reason({ score: 0.4 }), null);
});

quality('blames a low score on its weakest part', () => {
  assert.is(reason({ score: 0.39, light: 0.1 }), 'dark');
  assert.is(reason({ score: 0.39, sharpness: 0.1 }), 'blur');
  assert.is(reason({ score: 0.39, light: 0.1, sharpness: 0.02 }), 'blur');
  assert.is(reason({ score: 0.39, facePx: 49 }), 'too_small');
  assert.is(reason({ score: 0.39, yawDeg: -30, pitchDeg: 10 }), 'yaw');
  assert.is(reason({ score: 0.39, yawDeg: 10, pitchDeg: -20 }), 'pitch');
  assert.is(reason({ score: 0.39, light: 0.93 }), 'low_confidence', 'too bright is not dark');
  const { light: _light, sharpness: _sharpness, ...unmeasured } = good;
  assert.is(gate({ ...unmeasured, score: 0.39, yawDeg: 0, pitchDeg: 0 }, config.quality), 'low_confidence', 'nothing known to blame');
});

const sample: FaceSample = { age: { years: 40, sd: 6 }, gender: [0.02, 0.98], expression: [0.02, 0.03, 0.95] };

/** The reason by which a person's event and a single picture would withhold the age. */
function byBoth(face: FaceQuality): [person: string | null, picture: string | null] {
  const evidence = new Evidence(config);
  evidence.add({ track: 1, box: [0, 0, 0.1, 0.1], score: 0.9, quality: face, sample }, heads, 0);
  const { age } = evidence.attributes(heads, 0);
  return [age && 'abstain' in age ? age.abstain : null, abstentionOf(face, sample, config).age ?? null];
}

quality('persons and pictures give the same reason for the same face', () => {
  const met = new Map<string | null, number>();
  for (const facePx of [30, 48, 52, 60, 160])
    for (const yaw of [0, 12, -25, 34, 50])
      for (const pitch of [0, -12, 22, 30])
        for (const light of [0.01, 0.05, 0.1, 0.5, 0.9])
          for (const sharpness of [0.01, 0.05, 0.1, 0.5]) {
            // What sight assesses, in the size asked for.
            const scored = assessQuality({ x: 0, y: 0, width: facePx, height: facePx }, projectHead({ yaw, pitch }), { light, sharpness });
            const [person, picture] = byBoth(scored);
            assert.is(person, picture, JSON.stringify(scored));
            met.set(person, (met.get(person) ?? 0) + 1);
          }
  for (const one of [null, 'too_small', 'yaw', 'pitch', 'dark', 'blur', 'low_confidence']) assert.ok(met.has(one), `the grid never met ${one}`);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const angle = fc.double({ min: -90, max: 90, noNaN: true });
  fc.assert(
    fc.property(
      share,
      fc.double({ min: 1, max: 300, noNaN: true }),
      angle,
      angle,
      fc.option(share),
      fc.option(share),
      (score, facePx, yawDeg, pitchDeg, light, sharpness) => {
        const measured = { ...(light !== null && { light }), ...(sharpness !== null && { sharpness }) };
        const [person, picture] = byBoth({ score, facePx, yawDeg, pitchDeg, rollDeg: 0, ...measured });
        assert.is(person, picture);
      },
    ),
    { numRuns: 2000 },
  );
});

quality.run();
