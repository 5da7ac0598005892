import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ExpressionFilter, type ExpressionSwitch } from '../../../core/src/people/expression.ts';
import { testConfig } from '../../support/observations.ts';
import { times } from '../../support/soak.ts';

const rules = testConfig().expression;
const expression = suite('expression filter');
const NEUTRAL = [0.05, 0.9, 0.05];
const POSITIVE = [0.03, 0.05, 0.92];
const NEGATIVE = [0.92, 0.05, 0.03];

/** Feeds `probs` every 50 ms in [from, to) and returns the switches. */
function feed(
  filter: ExpressionFilter,
  probs: readonly number[],
  { from, to, quality = 1 }: { from: number; to: number; quality?: number },
): (ExpressionSwitch & { at: number })[] {
  const switches: (ExpressionSwitch & { at: number })[] = [];
  for (let t = from; t < to; t += 50) {
    const won = filter.add(probs, quality, t);
    if (won) switches.push({ ...won, at: t });
  }
  return switches;
}

expression('the first label needs 800 ms and is no switch', () => {
  const filter = new ExpressionFilter(rules);
  assert.equal(feed(filter, NEUTRAL, { from: 0, to: 800 }), []);
  assert.is(filter.label, -1);
  assert.equal(feed(filter, NEUTRAL, { from: 800, to: 850 }), []);
  assert.is(filter.label, 1);
});

expression('a switch needs p 0.55, a margin of 0.15, and 800 ms; its onset is when it began to win', () => {
  const filter = new ExpressionFilter(rules);
  feed(filter, NEUTRAL, { from: 0, to: 4000 });
  const [won] = feed(filter, POSITIVE, { from: 4000, to: 7000 });
  assert.ok(won);
  assert.is(won.from, 1);
  assert.is(won.to, 2);
  assert.ok(won.heldMs >= 800 && won.heldMs < 850);
  assert.is(won.at - won.onset, won.heldMs);
  assert.ok(won.onset > 4000 && won.onset < 5000, 'the filter of 700 ms delays it');
});

expression('under p or margin nothing wins', () => {
  for (const probs of [
    [0.54, 0.3, 0.16],
    [0.57, 0.43, 0],
  ]) {
    const filter = new ExpressionFilter(rules);
    feed(filter, probs, { from: 0, to: 20_000 });
    assert.is(filter.label, -1, probs.join(' '));
  }
  const filter = new ExpressionFilter(rules);
  feed(filter, [0.56, 0.4, 0.04], { from: 0, to: 2000 });
  assert.is(filter.label, 0, 'on both it does');
});

expression('a short grimace is no switch', () => {
  const filter = new ExpressionFilter(rules);
  feed(filter, NEUTRAL, { from: 0, to: 4000 });
  assert.equal([...feed(filter, NEGATIVE, { from: 4000, to: 4600 }), ...feed(filter, NEUTRAL, { from: 4600, to: 9000 })], []);
});

expression('it rests for 1.5 s after a switch', () => {
  const filter = new ExpressionFilter({ ...rules, holdMs: 100, filterMs: 50 });
  feed(filter, NEUTRAL, { from: 0, to: 4000 });
  const [first] = feed(filter, POSITIVE, { from: 4000, to: 4500 });
  const [second] = feed(filter, NEGATIVE, { from: 4500, to: 8000 });
  assert.ok(first && second);
  assert.ok(second.at - first.at >= 1500 && second.at - first.at < 1600, `${second.at - first.at}`);
});

expression('better samples weigh more', () => {
  const filter = new ExpressionFilter(rules);
  filter.add(NEUTRAL, 0.9, 0);
  filter.add(POSITIVE, 0.1, 10);
  assert.ok(filter.p(1) > 0.8);
});

expression('goes stale after 2.1 s without a sample', () => {
  const filter = new ExpressionFilter(rules);
  feed(filter, NEUTRAL, { from: 0, to: 1000 });
  assert.not(filter.stale(950 + 2100));
  assert.ok(filter.stale(950 + 2101));
});

expression('what nobody saw did not hold', () => {
  const filter = new ExpressionFilter(rules);
  filter.add(NEUTRAL, 1, 0);
  filter.add(NEUTRAL, 1, 1500);
  assert.is(filter.label, -1);
});

expression('never two switches within the rest, whatever comes', () => {
  const samples = fc.array(
    fc.record({
      probs: fc.oneof(fc.constantFrom(NEUTRAL, POSITIVE, NEGATIVE), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })),
      quality: fc.double({ min: 0, max: 1, noNaN: true }),
      dt: fc.integer({ min: 0, max: 400 }),
      repeat: fc.integer({ min: 1, max: 12 }),
    }),
    { maxLength: 60, size: 'max' },
  );
  let switched = 0;
  fc.assert(
    fc.property(samples, (stream) => {
      const filter = new ExpressionFilter(rules);
      let t = 0;
      let last = Number.NEGATIVE_INFINITY;
      for (const { probs, quality, dt, repeat } of stream) {
        for (let i = 0; i < repeat; i++) {
          t += dt;
          const won = filter.add(probs, quality, t);
          if (!won) continue;
          switched += 1;
          assert.ok(t - last >= rules.restMs);
          assert.ok(t - won.onset >= rules.holdMs);
          last = t;
        }
      }
    }),
    { numRuns: times(200), includeErrorInReport: true },
  );
  assert.ok(switched > 0);
});
expression.run();
