/** The speech plugin as a whole, in every isolation: greetings, say, stop, quiet hours, silence when the listener turns away, nothing left alive. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attentionEnded, attentionStarted, emotionChanged, personAppeared, personLeft, personUpdated } from '../../../../core/src/testing/sample-events.ts';
import type { SayAnswer, SpeechStatus } from '../../../../plugins/speech/service.ts';
import { known } from '../../../support/fake-people.ts';
import { must } from '../../../support/must.ts';
import { pluginRejects } from '../../../support/plugin-errors.ts';
import { openHost, patienceMs, reasonOf, TemporaryFolder, type TestHost, untilStatus } from '../../../support/plugin-host.ts';
import { isRunning, processesWith, until } from '../../../support/processes.ts';
import { type Heard, heardIn, recordingPlayer, requireEspeak, requireSox, soundFacts } from '../../../support/speech.ts';

requireEspeak();
requireSox();
const speech = suite('speech: plugin');

interface Stand extends AsyncDisposable {
  readonly test: TestHost;
  readonly folder: string;
  heard(): Heard[];
  run<T>(command: string, input?: object): Promise<T>;
  status(): Promise<SpeechStatus>;
}

const everything = ['person.presence', 'person.age', 'person.attention', 'person.expression', 'person.gender', 'person.position'];

interface StandOptions {
  readonly options?: object;
  readonly grant?: readonly string[];
  readonly isolation?: 'own' | 'shared' | 'host';
  readonly allow?: object;
  /** Each sound takes so long at least. */
  readonly leastMs?: number;
}

async function open({ options, grant = everything, isolation = 'shared', allow, leastMs = 0 }: StandOptions = {}): Promise<Stand> {
  const folder = new TemporaryFolder();
  const log = join(folder.path, 'heard');
  const settings = { from: '@mien/plugins/speech', grant, isolation, options: { ...recordingPlayer(log, leastMs), ...options }, ...(allow && { allow }) };
  const test = await openHost({ stateFolder: folder.path, plugins: { speech: settings } });
  await test.host.start();
  await untilStatus(test.host, 'speech', ({ state }) => state === 'running');
  const run = async <T>(command: string, input: object = {}): Promise<T> => (await test.host.run(command, input)) as T;
  return {
    test,
    folder: folder.path,
    run,
    heard: () => heardIn(log),
    status: () => run<SpeechStatus>('speech.status'),
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const untilHeard = (stand: Stand, what: Heard['what'], count: number) =>
  until(`${count} ${what}`, patienceMs, () => stand.heard().filter((one) => one.what === what).length >= count);
const untilStill = (stand: Stand) =>
  until('nothing more to say', patienceMs, async () => ((status) => !status.saying && status.queued === 0)(await stand.status()));
const logged = (stand: Stand, words: RegExp) => stand.test.log.some(({ message }) => words.test(message));

for (const isolation of ['own', 'shared', 'host'] as const) {
  speech(`${isolation}: greets from the cache, says, tells how it is, is silent when told so and leaves no player behind`, async () => {
    const stand = await open({ isolation, ...(isolation === 'own' && { allow: { childProcess: true } }), leastMs: 60_000 });
    let pid = 0;
    try {
      await until('the greeting is prepared', patienceMs, async () => (await stand.status()).cached.phrases === 1);
      stand.test.host.publish(personAppeared({ id: 'p-aaaaa' }));
      await untilHeard(stand, 'first', 1);
      const status = await stand.status();
      assert.is(status.speaking, true);
      assert.is(status.saying?.id, 1);
      assert.is(status.player, 'env');
      const answer = await stand.run<SayAnswer>('speech.say', { text: 'Please  come\nin.' });
      assert.equal(answer, { id: 2, ahead: 1, text: 'Please come in.', cut: 0 });
      const first = must(stand.heard()[0]).pid;
      assert.equal(await stand.run('speech.stop'), { stopped: 2 });
      await until('the player is gone', patienceMs, () => !isRunning(first));
      await untilStill(stand);
      assert.equal((await stand.status()).counts, { said: 0, cut: 2, stale: 0, failed: 0 });
      await stand.run('speech.say', { text: 'Until the end.' });
      await untilHeard(stand, 'first', 2);
      pid = must(stand.heard().at(-1)).pid;
      assert.ok(isRunning(pid));
    } finally {
      await stand[Symbol.asyncDispose]();
    }
    assert.not(isRunning(pid), 'the player ends with the plugin');
  });
}

speech('own, without the right to start programs: it runs, says which line to write, and refuses to speak', async () => {
  await using stand = await open({ isolation: 'own' });
  await until('the log says so', patienceMs, () => logged(stand, /nothing can be said.*allow: \{ childProcess: true \}/));
  await pluginRejects('SERVICE_UNAVAILABLE', /may start no programs/, () => stand.run('speech.say', { text: 'Hello' }));
  stand.test.host.publish(personAppeared());
  await until('a greeting failed', patienceMs, async () => (await stand.status()).counts.failed === 1);
  assert.is(stand.test.host.status('speech').state, 'running');
});

speech('a kill -9 of its process takes the player along', async () => {
  await using stand = await open({ isolation: 'own', allow: { childProcess: true }, leastMs: 600_000 });
  await stand.run('speech.say', { text: 'This goes on for long.' });
  await untilHeard(stand, 'first', 1);
  const player = must(stand.heard()[0]).pid;
  process.kill(must(stand.test.host.status('speech').pid), 'SIGKILL');
  await until('the player is gone', patienceMs, () => !isRunning(player));
  await untilStatus(stand.test.host, 'speech', ({ state, restarts }) => state === 'running' && restarts === 1);
});

speech('each greeting once a person; age, smile, look and goodbye have theirs; withheld is what stands behind the bar', async () => {
  const greetings = [
    { on: 'person.appeared', text: 'Hello!' },
    { on: 'age.settled', text: 'Welcome, {person.age.band|dear guest}.' },
    { on: 'attention.started', text: 'Can I help you?' },
    { on: 'emotion.positive', text: 'What a smile!', language: 'de' },
    { on: 'person.left', text: 'Goodbye after {session.dwellMs} milliseconds.' },
  ];
  await using stand = await open({ options: { greetings, player: 'folder', maxQueued: 20, staleAfterS: 600 } });
  const ann = { id: 'p-annnn', age: 30 } as const;
  for (const event of [
    personAppeared(ann),
    personAppeared(ann),
    personUpdated(ann),
    personUpdated(ann),
    attentionStarted(ann),
    attentionEnded(ann),
    attentionStarted(ann),
    emotionChanged(ann, { to: 'negative' }),
    emotionChanged(ann, { from: 'negative', to: 'positive' }),
    emotionChanged(ann),
    personLeft(ann),
  ])
    stand.test.host.publish(event);
  await until('five are said', patienceMs, async () => (await stand.status()).counts.said === 5);
  await untilStill(stand);
  assert.equal((await stand.status()).counts, { said: 5, cut: 0, stale: 0, failed: 0 });
  // Who comes again is greeted again.
  stand.test.host.publish(personAppeared(ann));
  await until('six are said', patienceMs, async () => (await stand.status()).counts.said === 6);
});

speech('the folder of what would be heard has WAVs that sox reads', async () => {
  await using stand = await open({ options: { player: 'folder' } });
  const folder = join(stand.folder, 'out');
  await stand.test.host.configure('speech', { options: { player: 'folder', folder } });
  await untilStatus(stand.test.host, 'speech', ({ state }) => state === 'running');
  await stand.run('speech.say', { text: 'One' });
  await stand.run('speech.say', { text: 'Eins und zwei und drei', language: 'de' });
  await until('both are written', patienceMs, async () => (await stand.status()).counts.said === 2);
  const facts = readdirSync(folder).map((name) => soundFacts(join(folder, name)));
  assert.is(facts.length, 2);
  for (const { rms, durationS } of facts) assert.ok(rms > 0.01 && durationS > 0.1);
});

speech('whenTurnedAway stop: silent when the listener turns away or leaves, others are heard to their end', async () => {
  await using stand = await open({ options: { whenTurnedAway: 'stop', greetings: [] }, leastMs: 600_000 });
  const { host } = stand.test;
  for (const id of ['p-aaaaa', 'p-bbbbb']) host.publish(attentionStarted({ id }));
  await stand.run('speech.say', { text: 'To A', person: 'p-aaaaa' });
  await untilHeard(stand, 'first', 1);
  host.publish(attentionEnded({ id: 'p-aaaaa' }));
  await untilStill(stand);
  const pids = stand.heard().map(({ pid }) => pid);
  await until('the player is gone', patienceMs, () => !pids.some(isRunning));
  // To nobody in particular: B still looks.
  const toAll = await stand.run<SayAnswer>('speech.say', { text: 'To all' });
  await untilHeard(stand, 'first', 2);
  host.publish(attentionStarted({ id: 'p-aaaaa' }));
  host.publish(attentionEnded({ id: 'p-aaaaa' }));
  const later = await stand.run<SayAnswer>('speech.say', { text: 'later', person: 'p-ccccc' });
  assert.is((await stand.status()).saying?.id, toAll.id);
  host.publish(personLeft({ id: 'p-bbbbb' }));
  await until('the next is said', patienceMs, async () => (await stand.status()).saying?.id === later.id);
  assert.is((await stand.status()).counts.cut, 2);
});

speech('quiet hours: greetings are left out, say is refused until when, what is urgent is said', async () => {
  await using stand = await open({ options: { quietHours: ['00:00-24:00'] } });
  stand.test.host.publish(personAppeared());
  await pluginRejects('SERVICE_UNAVAILABLE', /quiet hours until 00:00/, () => stand.run('speech.say', { text: 'Hello' }));
  assert.is((await stand.status()).quietUntil, '00:00');
  await stand.run('speech.say', { text: 'Fire!', priority: 'urgent' });
  await untilHeard(stand, 'done', 1);
  assert.is(stand.heard().filter(({ what }) => what === 'first').length, 1);
});

speech('texts: 10 kB is cut after a sentence and logged, or refused; nothing to say, a wrong language and a full queue are refused', async () => {
  const long = 'This is one sentence of many. '.repeat(350);
  await using stand = await open({ options: { maxChars: 100, maxQueued: 2, greetings: [] }, leastMs: 600_000 });
  const { text, cut } = await stand.run<SayAnswer>('speech.say', { text: long });
  assert.ok(text.length <= 100 && text.endsWith('many.'), text);
  assert.is(cut, long.trim().length - text.length);
  assert.ok(logged(stand, /a text is too long/));
  await pluginRejects('REQUEST_INVALID', /without any words/, () => stand.run('speech.say', { text: ' \u0007\n ' }));
  await pluginRejects('REQUEST_INVALID', /no voice for the language "xx"/, () => stand.run('speech.say', { text: 'hi', language: 'xx' }));
  await pluginRejects('REQUEST_INVALID', /must not have more than 50000 characters/, () => stand.run('speech.say', { text: 'x'.repeat(50_001) }));
  await untilHeard(stand, 'first', 1);
  await stand.run('speech.say', { text: 'two' });
  await stand.run('speech.say', { text: 'three' });
  await pluginRejects('BUSY', /2 texts wait/, () => stand.run('speech.say', { text: 'four' }));
  const now = await stand.run<SayAnswer>('speech.say', { text: 'now', interrupt: true });
  assert.is(now.ahead, 0);
  await until('it is said', patienceMs, async () => (await stand.status()).saying?.id === now.id);
  await stand.test.host.configure('speech', { options: { maxChars: 100, tooLong: 'refuse' } });
  await untilStatus(stand.test.host, 'speech', ({ state }) => state === 'running');
  await pluginRejects('REQUEST_INVALID', /at most 100 characters \(maxChars\), got 10499/, () => stand.run('speech.say', { text: long }));
});

speech('a player that fails is told once, with its own last words; one that is missing says what to install; good options mend it', async () => {
  await using stand = await open({ options: { playerCommand: 'sh', playerArgs: ['-c', 'echo "no such card" >&2; exit 1'] } });
  for (const [index, text] of ['one', 'two'].entries()) {
    await stand.run('speech.say', { text });
    await until('it failed', patienceMs, async () => (await stand.status()).counts.failed === index + 1);
  }
  assert.match(must((await stand.status()).fault), 'sh ended with 1: no such card');
  assert.is(stand.test.log.filter(({ message }) => /not said: sh ended/.test(message)).length, 1);
  await stand.test.host.configure('speech', { options: { player: 'command', playerCommand: '/no/player' } });
  await pluginRejects('SERVICE_UNAVAILABLE', /no program \/no\/player/, () => stand.run('speech.say', { text: 'three' }));
  await pluginRejects('CONFIG_INVALID', /greetings\[0\].text: there is no field \{person.agee\}/, () =>
    stand.test.host.configure('speech', { options: { greetings: [{ on: 'person.appeared', text: '{person.agee}' }] } }),
  );
  assert.is(stand.test.host.status('speech').state, 'running');
});

speech('what is said of somebody is not in the status, which every plugin may ask for', async () => {
  await using stand = await open({ options: { greetings: [{ on: 'person.appeared', text: 'Welcome, {person.age.band}!' }] }, leastMs: 600_000 });
  stand.test.people.appear('p-aaaaa', known);
  await untilHeard(stand, 'first', 1);
  const status = await stand.status();
  assert.is(status.saying?.id, 1);
  assert.not.match(JSON.stringify(status), /25-34|Welcome/);
});

speech('a language is no option of the engine, and no control character', async () => {
  await using stand = await open({ options: { engine: 'command', engineCommand: 'echo', engineArgs: ['{language}'] } });
  for (const language of ['--version', 'en\u0000', 'en\nde', ' en'])
    await pluginRejects('REQUEST_INVALID', /language: expected a name such as en/, () => stand.run('speech.say', { text: 'Hello', language }));
});

speech('what a greeting needs and was not granted is named in the log, and the plugin runs', async () => {
  const greetings = [{ on: 'emotion.positive', text: 'What a smile!' }];
  await using stand = await open({ grant: ['person.presence'], options: { greetings, whenTurnedAway: 'stop' } });
  await until(
    'both are logged',
    patienceMs,
    () => logged(stand, /never said: add person.expression/) && logged(stand, /whenTurnedAway has no effect: add person.attention/),
  );
  assert.is(reasonOf(stand.test.host, 'speech'), '');
  assert.equal(
    processesWith(stand.folder).filter((pid) => pid !== stand.test.host.status('speech').pid),
    [],
    'nothing is being played',
  );
});

speech.run();
