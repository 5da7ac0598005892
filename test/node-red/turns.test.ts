import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inTurn, newestOnly } from '../../node-red-nodes/src/turns.ts';

const test = suite('turns of messages');
const send = (): void => {};

/** Work that ends when told. */
function work() {
  const begun: unknown[] = [];
  const ends: Array<(fault?: Error) => void> = [];
  return {
    begun,
    async run({ payload }: { payload?: unknown }): Promise<void> {
      begun.push(payload);
      await new Promise<void>((resolve, reject) => ends.push((fault) => (fault ? reject(fault) : resolve())));
    },
    end: (fault?: Error) => ends.shift()?.(fault),
  };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('newest only: of a flood the first and the last are worked on, all are finished, the rest is counted', async () => {
  const one = work();
  let dropped = 0;
  const input = newestOnly(one.run, (count) => {
    dropped = count;
  });
  const finished: number[] = [];
  const all = Array.from({ length: 1000 }, (_, n) => input({ payload: n }, send).then(() => finished.push(n)));
  await settle();
  assert.equal(one.begun, [0]);
  assert.is(dropped, 998);
  assert.is(finished.length, 998);
  one.end();
  await settle();
  assert.equal(one.begun, [0, 999]);
  one.end();
  await Promise.all(all);
  assert.is(finished.length, 1000);
});

test('newest only: what fails goes to its own message, and the next has its turn', async () => {
  const one = work();
  const input = newestOnly(one.run);
  const first = input({ payload: 'a' }, send).catch((fault: Error) => fault.message);
  const second = input({ payload: 'b' }, send);
  one.end(new Error('broken'));
  assert.is(await first, 'broken');
  await settle();
  assert.equal(one.begun, ['a', 'b']);
  one.end();
  await second;
  const third = input({ payload: 'c' }, send);
  await settle();
  assert.equal(one.begun, ['a', 'b', 'c']);
  one.end();
  await third;
});

test('in turn: all in their order, and beyond the limit refused at once', async () => {
  const one = work();
  const input = inTurn(one.run, 2);
  const outcomes = ['a', 'b', 'c', 'd'].map((payload) => input({ payload }, send).catch((fault: { code: string }) => fault.code));
  assert.is(await outcomes[3], 'BUSY');
  for (const payload of ['a', 'b', 'c']) {
    await settle();
    assert.is(one.begun.at(-1), payload);
    one.end(payload === 'a' ? Object.assign(new Error('no'), { code: 'X' }) : undefined);
  }
  assert.equal(await Promise.all(outcomes), ['X', undefined, undefined, 'BUSY']);
  const after = input({ payload: 'e' }, send);
  await settle();
  assert.is(one.begun.at(-1), 'e');
  one.end();
  await after;
});

test.run();
