import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../../../plugins/shared/backoff.ts';

test('pauses double up to the most, and begin anew after a success', () => {
  const backoff = new Backoff({ firstMs: 100, mostMs: 1000, random: () => 1 });
  assert.equal(
    [1, 2, 3, 4, 5, 6].map(() => backoff.nextMs()),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.is(backoff.attempts, 6);
  backoff.reset();
  assert.is(backoff.nextMs(), 100);
});

test('chance takes away up to half', () => {
  const pauses = Array.from({ length: 200 }, () => new Backoff({ firstMs: 100, mostMs: 1000 }).nextMs());
  assert.ok(pauses.every((pause) => pause >= 50 && pause <= 100));
  assert.ok(new Set(pauses).size > 50);
  const long = new Backoff({ firstMs: 1, mostMs: 1000 });
  for (let i = 0; i < 5000; i += 1) assert.ok(long.nextMs() <= 1000);
});

test.run();
