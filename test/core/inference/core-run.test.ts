import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CoreRun, RunRing } from '../../../core/src/inference/core-run.ts';

const test = suite('ring of runs');

const run = (number: number): CoreRun => {
  const made = new CoreRun({ succeeded() {}, failed() {} });
  made.number = number;
  return made;
};

function drained(ring: RunRing): number[] {
  const numbers: number[] = [];
  for (let next = ring.shift(); next; next = ring.shift()) numbers.push(next.number);
  return numbers;
}

test('first in, first out, over its first size and round its end', () => {
  const ring = new RunRing();
  const expected: number[] = [];
  for (let i = 0; i < 100; i += 1) {
    ring.push(run(i));
    if (i % 3 === 0) expected.push(ring.shift()?.number ?? -1);
  }
  assert.is(ring.size, 66);
  assert.is(ring.first()?.number, 34);
  assert.equal([...expected, ...drained(ring)], [...Array(100).keys()]);
  assert.is(ring.first(), undefined);
  assert.is(ring.size, 0);
});

test('what comes back goes before all that was called later', () => {
  const ring = new RunRing();
  for (let i = 5; i < 30; i += 1) ring.push(run(i));
  for (const number of [3, 1, 4, 2]) ring.putBack(run(number));
  assert.equal(
    drained(ring),
    Array.from({ length: 29 }, (_, i) => i + 1),
  );
});

test.run();
