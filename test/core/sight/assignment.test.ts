import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { assign } from '../../../core/src/sight/assignment.ts';

const limit = 10;

/** Least summed cost by trying everything; a row left single costs the limit. */
function least(cost: Float64Array, rows: number, columns: number, row = 0, used = 0): number {
  if (row === rows) return 0;
  let best = limit + least(cost, rows, columns, row + 1, used);
  for (let c = 0; c < columns; c += 1) {
    const price = cost[row * columns + c] as number;
    if (used & (1 << c) || price >= limit) continue;
    best = Math.min(best, price + least(cost, rows, columns, row + 1, used | (1 << c)));
  }
  return best;
}

const test = suite('assignment');

test('is as cheap as the best of all assignments', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.infiniteStream(fc.double({ min: 0, max: 14, noNaN: true })),
      (rows, columns, numbers) => {
        const cost = Float64Array.from({ length: rows * columns }, () => {
          const value = numbers.next().value as number;
          return value > 13 ? Number.POSITIVE_INFINITY : value;
        });
        const columnOf = assign(cost, rows, columns, limit);
        const used = [...columnOf].filter((c) => c >= 0);
        assert.is(new Set(used).size, used.length, 'no column twice');
        let total = 0;
        columnOf.forEach((c, row) => {
          if (c >= 0) assert.ok((cost[row * columns + c] as number) < limit);
          total += c >= 0 ? (cost[row * columns + c] as number) : limit;
        });
        assert.ok(Math.abs(total - least(cost, rows, columns)) < 1e-9, `${total}`);
      },
    ),
    { numRuns: 500 },
  );
});

test('takes fifty by fifty in a blink', () => {
  const cost = Float64Array.from({ length: 2500 }, (_, i) => ((i * 7919) % 1000) / 100);
  const started = performance.now();
  assert.is(assign(cost, 50, 50, limit).length, 50);
  assert.ok(performance.now() - started < 100);
});

test.run();
