// The greeter without a camera: real code of Mien, virtual people, virtual time. From the repository's root:
//   node --test examples/plugins/greeter.test.ts
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlugin } from '@mien/core/testing';
import greeter from './greeter.ts';

test('greets each guest once, by apparent age', async () => {
  await using bench = await testPlugin(greeter, { options: { adult: 'Welcome!' } });
  await bench.play({
    people: [
      { id: 'eva', age: 38, enterS: 1, leaveS: 15 },
      { id: 'otto', age: 80, enterS: 20, leaveS: 35 },
    ],
  });
  assert.deepEqual(
    bench.logs.map(({ message }) => message),
    ['Welcome!', 'A very good day to you.'],
  );
  assert.deepEqual(bench.faults, []);
});

test('greets on command', async () => {
  await using bench = await testPlugin(greeter);
  assert.deepEqual(await bench.command('greeter.greet', { band: '13-17' }), { words: 'Hi!', greeted: 1 });
});
