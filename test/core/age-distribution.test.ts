import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { minorProbability, normalBelow } from '../../core/src/age-distribution.ts';

test('the normal distribution is right', () => {
  for (const [z, p] of [
    [0, 0.5],
    [1, 0.8413447461],
    [-2, 0.0227501319],
    [-3, 0.001349898],
    [1.644853627, 0.95],
    [40, 1],
  ] as const) {
    assert.ok(Math.abs(normalBelow(50 + 7 * z, 50, 7) - p) < 1e-7, `${z}`);
  }
});

test('P(age < 18) is half at 18 and falls with age', () => {
  assert.ok(Math.abs(minorProbability({ years: 18, sd: 5 }) - 0.5) < 1e-8);
  for (let years = 5; years < 60; years += 1) assert.ok(minorProbability({ years, sd: 5 }) > minorProbability({ years: years + 1, sd: 5 }));
  assert.is(minorProbability({ years: 17, sd: 0 }), 1, 'without an error it is certain');
});

test.run();
