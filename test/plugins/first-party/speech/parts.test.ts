/** The parts of the speech plugin that need no program: text, hours, WAV, cache, queue, greetings, options. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../../../core/src/errors.ts';
import { Greeter } from '../../../../plugins/speech/greeter.ts';
import { optionFaults, type SpeechOptions } from '../../../../plugins/speech/options.ts';
import { PhraseCache } from '../../../../plugins/speech/phrase-cache.ts';
import { parseQuietHours, quietSpanAt, timeOfDay } from '../../../../plugins/speech/quiet-hours.ts';
import { type Ending, SpeechQueue, type Utterance } from '../../../../plugins/speech/speech-queue.ts';
import { cleanText, cutText } from '../../../../plugins/speech/spoken-text.ts';
import { readWav } from '../../../../plugins/speech/wav.ts';
import { must } from '../../../support/must.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';

const parts = suite('speech: parts');

parts('text loses what is no text, and what programs would take for an option or phonemes', () => {
  assert.is(cleanText('  Hello,\u0000\u0007 \n\nworld\u001b[31m!\u202e '), 'Hello, world [31m!');
  assert.is(cleanText('--help'), 'help');
  assert.is(cleanText('- -v x'), 'v x');
  assert.is(cleanText('a [[h@l]] b'), 'a [ [h@l]] b');
  assert.is(cleanText('Grüße 你好 👋🏽'), 'Grüße 你好 👋🏽');
  assert.is(cleanText('\u0001\u0002 \t-'), '');
  assert.is(cleanText('\ud800 lone'), 'lone');
});

parts('a long text is cut after a sentence, else between words, else anywhere', () => {
  assert.equal(cutText('Short.', 10), { text: 'Short.', cut: 0 });
  assert.equal(cutText('One two. Three four. Five six', 22), { text: 'One two. Three four.', cut: 9 });
  assert.equal(cutText('A "quote." And more words', 14), { text: 'A "quote."', cut: 15 });
  assert.equal(cutText('no sentence here at all', 12), { text: 'no sentence', cut: 12 });
  assert.equal(cutText('👋'.repeat(30), 20), { text: '👋'.repeat(20), cut: 10 });
  assert.equal(cutText('你好。你好吗。再见了', 8), { text: '你好。你好吗。', cut: 3 });
  assert.is(cutText('3.14 is not a sentence end, really', 20).text, '3.14 is not a');
  const long = 'This is a sentence of some length. '.repeat(300);
  const { text, cut } = cutText(long.trim(), 600);
  assert.ok(text.length <= 600 && text.endsWith('length.'), text.slice(-40));
  assert.is(text.length + cut, long.trim().length);
});

parts('quiet hours: over midnight, whole day, ends not included', () => {
  const night = must(parseQuietHours('22:00-07:00'));
  const noon = must(parseQuietHours('12:00 - 13:30'));
  const at = (hours: number, minutes: number) => quietSpanAt([night, noon], new Date(2026, 5, 1, hours, minutes));
  assert.is(at(21, 59), undefined);
  assert.is(at(22, 0), night);
  assert.is(at(3, 0), night);
  assert.is(at(6, 59), night);
  assert.is(at(7, 0), undefined);
  assert.is(at(12, 0), noon);
  assert.is(at(13, 30), undefined);
  assert.is(timeOfDay(night.toMin), '07:00');
  assert.ok(quietSpanAt([must(parseQuietHours('00:00-24:00'))], new Date(2026, 5, 1, 15)));
  for (const bad of ['22-7', '25:00-07:00', '22:60-07:00', '', 'night', '07:00-24:01']) assert.is(parseQuietHours(bad), undefined, bad);
});

/** 16 bit, one channel. */
function wavOf(samples: number, { rateHz = 8000, dataSize = samples * 2 } = {}): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(dataSize + 36, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rateHz, 24);
  header.writeUInt32LE(rateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataSize, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2, 1)]);
}

parts('a WAV from a pipe gets a true header; anything else is said to be what it is', () => {
  const sound = readWav(wavOf(4000, { dataSize: 0x7ffff000 }), 'x');
  assert.equal([sound.rateHz, sound.channels, sound.durationMs, sound.wav.readUInt32LE(4), sound.wav.readUInt32LE(40)], [8000, 1, 500, 8036, 8000]);
  const refused = (bytes: Buffer): string => {
    try {
      readWav(bytes, 'festival');
    } catch (fault) {
      assert.is((fault as MienError).code, 'COMMAND_FAILED');
      return (fault as MienError).message;
    }
    return 'taken';
  };
  assert.is(refused(Buffer.alloc(0)), 'festival: expected a WAV file, got nothing');
  assert.match(refused(Buffer.from('Usage: festival [options]')), 'got 25 bytes that begin with "Usage: festi"');
  assert.match(refused(wavOf(0)), 'got one without sound');
  assert.match(refused(wavOf(10).subarray(0, 30)), 'got one without sound');
  assert.match(refused(wavOf(10, { rateHz: 0 })), 'does not say how its sound is stored');
});

parts('the cache stays within its bytes; what was used last stays', () => {
  const cache = new PhraseCache(3000);
  const sound = readWav(wavOf(478), 'x'); // 1000 bytes
  assert.is(sound.wav.length, 1000);
  const phrase = (text: string) => ({ text, language: 'en' });
  for (const text of ['a', 'b', 'c']) cache.set(phrase(text), sound);
  cache.get(phrase('a'));
  cache.set(phrase('d'), sound);
  assert.equal([cache.size, cache.bytes], [3, 3000]);
  assert.is(cache.get(phrase('b')), undefined);
  assert.ok(cache.get(phrase('a')));
  assert.is(cache.get({ text: 'a', language: 'de' }), undefined);
  cache.set(phrase('big'), readWav(wavOf(5000), 'x'));
  assert.equal([cache.size, cache.bytes], [3, 3000]);
});

interface Stage {
  readonly queue: SpeechQueue;
  readonly began: number[];
  readonly ended: Array<[number, string]>;
  /** Ends what is being said. */
  finish(fault?: Error): void;
}

function stage(maxQueued: number): Stage {
  const began: number[] = [];
  const ended: Array<[number, string]> = [];
  let settle: ((fault?: Error) => void) | undefined;
  const queue = new SpeechQueue({
    maxQueued,
    speak: ({ id }, signal) =>
      new Promise((resolve, reject) => {
        began.push(id);
        settle = (fault) => (fault ? reject(fault) : resolve());
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    ended: ({ id }: Utterance, { how }: Ending) => void ended.push([id, how]),
  });
  return { queue, began, ended, finish: (fault) => settle?.(fault) };
}
const utterance = (id: number, more: Partial<Utterance> = {}): Utterance => ({ id, text: 'x', language: 'en', priority: 'normal', ...more });
const begun = (scene: Stage, ids: number[]) => until(`${ids} begun`, patienceMs, () => JSON.stringify(scene.began) === JSON.stringify(ids));

parts('the queue: in order, important first, bounded; less important gives way', async () => {
  const scene = stage(2);
  assert.is(scene.queue.add(utterance(1)), 0);
  await begun(scene, [1]);
  assert.is(scene.queue.add(utterance(2, { priority: 'low' })), 1);
  assert.is(scene.queue.add(utterance(3)), 1);
  // Full: 2 gives way to 4, nothing gives way to 5.
  assert.is(scene.queue.add(utterance(4)), 2);
  assert.throws(
    () => scene.queue.add(utterance(5)),
    (fault: MienError) => fault.code === 'BUSY' && fault.message.includes('maxQueued'),
  );
  assert.is(scene.queue.add(utterance(6, { priority: 'urgent' })), 1);
  scene.finish();
  await begun(scene, [1, 6]);
  scene.finish(new MienError('COMMAND_FAILED', 'no card'));
  await begun(scene, [1, 6, 3]);
  await scene.queue.stop();
  assert.equal(scene.ended, [
    [2, 'cut'],
    [4, 'cut'],
    [1, 'said'],
    [6, 'failed'],
    [3, 'cut'],
  ]);
  // It goes on after a stop.
  scene.queue.add(utterance(7));
  await begun(scene, [1, 6, 3, 7]);
  await scene.queue.stop();
});

parts('the queue: cut by listener; too late is left out, and what follows is said', async () => {
  const scene = stage(5);
  scene.queue.add(utterance(1, { person: 'p-a' }));
  scene.queue.add(utterance(2, { person: 'p-b', notAfterMonoMs: performance.now() - 1 }));
  scene.queue.add(utterance(3, { person: 'p-a' }));
  scene.queue.add(utterance(4, { person: 'p-b' }));
  await begun(scene, [1]);
  assert.is(
    scene.queue.cut(({ person }) => person === 'p-a'),
    2,
  );
  // 4 is ahead of it, 1 is not any more.
  assert.is(scene.queue.add(utterance(5, { person: 'p-b' })), 2);
  await begun(scene, [1, 4]);
  assert.equal(scene.ended.map(([id, how]) => `${id} ${how}`).sort(), ['1 cut', '2 stale', '3 cut']);
  await scene.queue.stop();
});

parts('greetings: each once a person, again for who comes again; the fixed ones are known beforehand', () => {
  const greeter = new Greeter(
    [
      { on: 'person.appeared', text: 'Hello!' },
      { on: 'person.appeared', text: 'Hallo!', language: 'de' },
      { on: 'age.settled', text: 'You seem {person.age.band|ageless}.' },
    ],
    'en',
  );
  assert.equal(greeter.fixed, [
    { text: 'Hello!', language: 'en' },
    { text: 'Hallo!', language: 'de' },
  ]);
  assert.is(greeter.at('person.appeared', 'p-a', {}).length, 2);
  assert.equal(greeter.at('person.appeared', 'p-a', {}), []);
  assert.equal(greeter.at('age.settled', 'p-a', { person: { age: { band: '25-34' } } }), [{ text: 'You seem 25-34.', language: 'en' }]);
  assert.equal(greeter.at('age.settled', 'p-b', { person: { age: { label: 'unknown', abstain: 'policy' } } }), [{ text: 'You seem ageless.', language: 'en' }]);
  greeter.forget('p-a');
  assert.is(greeter.at('person.appeared', 'p-a', {}).length, 2);
});

parts('what no schema can say of the options is told by name', () => {
  const options = {
    greetings: [
      { on: 'person.appeared', text: 'Hi {person.agee.band}' },
      { on: 'person.left', text: 'Bye, after {session.dwellMs} ms' },
      { on: 'person.appeared', text: 'Hi {session.dwellMs}' },
      { on: 'person.appeared', text: 'a } b' },
    ],
    quietHours: ['22:00-07:00', 'late'],
    engine: 'command',
    engineCommand: ' ',
    player: 'command',
    playerCommand: '',
  } as unknown as SpeechOptions;
  const faults = optionFaults(options);
  assert.match(must(faults[0]), 'greetings[0].text: there is no field {person.agee.band}. Did you mean "person.age.band"?');
  assert.match(must(faults[1]), 'greetings[2].text: there is no field {session.dwellMs}');
  assert.match(must(faults[2]), 'greetings[3].text: a single "}"');
  assert.is(faults[3], 'quietHours[1]: expected two times of day such as "22:00-07:00", got "late"');
  assert.match(must(faults[4]), 'engineCommand: expected a program');
  assert.match(must(faults[5]), 'playerCommand: expected a program');
  assert.is(faults.length, 6);
});

parts.run();
