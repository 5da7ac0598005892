import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPersonIds } from '../../../core/src/people/person-ids.ts';

const ids = suite('ids of persons');
const take = (next: () => string, count: number): string[] => Array.from({ length: count }, next);

ids('the same seed gives the same ids again, another one others', () => {
  assert.equal(take(createPersonIds('a'), 100), take(createPersonIds('a'), 100));
  assert.not.equal(take(createPersonIds('a'), 5), take(createPersonIds('b'), 5));
});

ids('without a seed no two sessions are alike', () => {
  assert.not.equal(take(createPersonIds(), 5), take(createPersonIds(), 5));
});

for (const seed of ['', 'a', '0b58303d-72a0-43dc-8bc8-c7e0285bfb94']) {
  ids(`none of seed "${seed}" is repeated`, () => {
    const told = take(createPersonIds(seed), 50_000);
    assert.is(new Set(told).size, told.length);
    assert.match(told[0] as string, /^p-[0-9a-z]{5}$/);
  });
}

ids.run();
