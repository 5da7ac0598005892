import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../core/src/backoff.ts';

const test = suite('backoff');

test('doubles up to the cap, and starts again after a healthy while', () => {
  const backoff = new Backoff({ firstMs: 100, capMs: 1000, random: () => 1 });
  assert.equal(
    Array.from({ length: 6 }, () => backoff.next()),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.is(backoff.failures, 6);
  backoff.reset();
  assert.is(backoff.next(), 100);
});

test('jitter takes off at most half', () => {
  assert.is(new Backoff({ firstMs: 100, random: () => 0 }).next(), 50);
  const waits = Array.from({ length: 200 }, () => new Backoff({ firstMs: 100 }).next());
  assert.ok(waits.every((wait) => wait >= 50 && wait <= 100));
  assert.ok(new Set(waits).size > 100);
});

test('thousands of failures stay at the cap', () => {
  const backoff = new Backoff({ random: () => 1 });
  for (let n = 0; n < 5000; n++) backoff.next();
  assert.is(backoff.next(), 30_000);
});

test.run();
