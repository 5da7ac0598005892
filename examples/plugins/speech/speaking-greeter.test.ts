// A plugin whose service is played by the test. From the repository's root:
//   node --test examples/plugins/speech/speaking-greeter.test.ts
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MienError } from '@mien/core/plugin';
import { attentionStarted, testPlugin } from '@mien/core/testing';
import speakingGreeter from './speaking-greeter.ts';

test('says hello once to everybody who looks', async () => {
  await using bench = await testPlugin(speakingGreeter, { services: { speech: { say: async () => 5 } } });
  await bench.play({ people: [{ id: 'eva', look: [{ atS: 2 }, { atS: 6, at: 'away' }, { atS: 9 }], leaveS: 15 }] });
  assert.deepEqual(bench.calls('speech'), [{ method: 'say', args: ['Hello, can I help you?'] }]);
});

test('goes on when nobody can speak', async () => {
  const say = async () => {
    throw new MienError('SERVICE_UNAVAILABLE', 'the loudspeaker is being started');
  };
  await using bench = await testPlugin(speakingGreeter, { services: { speech: { say } } });
  await bench.emit(attentionStarted());
  assert.deepEqual(bench.faults, []);
  assert.match(bench.logs.at(-1)?.message ?? '', /nothing was said/);
});
