/** Sound made by the real espeak-ng and by programs of the user's, checked by sox. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createEngine } from '../../../../plugins/speech/engine.ts';
import { SpeechOptions } from '../../../../plugins/speech/options.ts';
import { findPlayer } from '../../../../plugins/speech/player.ts';
import { openPrograms } from '../../../../plugins/speech/programs.ts';
import type { Sound } from '../../../../plugins/speech/wav.ts';
import { pluginRejects } from '../../../support/plugin-errors.ts';
import { patienceMs } from '../../../support/plugin-host.ts';
import { isRunning, until } from '../../../support/processes.ts';
import { heardIn, recordingPlayer, requireEspeak, requireSox, soundFacts } from '../../../support/speech.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireEspeak();
requireSox();
const engines = suite('speech: engine and player');
const programs = await openPrograms();
const never = new AbortController().signal;
const optionsOf = (options: object): SpeechOptions => Value.Default(SpeechOptions, options) as SpeechOptions;
const engineOf = (folder: TemporaryFolder, options: object) => createEngine(optionsOf(options), programs, folder.path);
const byCommand = (program: string, ...engineArgs: string[]) => ({ engine: 'command', engineCommand: program, engineArgs });

async function written(folder: TemporaryFolder, name: string, sound: Sound): Promise<string> {
  const path = join(folder.path, `${name}.wav`);
  writeFileSync(path, sound.wav);
  return path;
}

engines('espeak-ng: a WAV that sox reads without a warning, audible, not clipped, as long as it says; languages sound different', async () => {
  using folder = new TemporaryFolder();
  const engine = engineOf(folder, {});
  const english = await engine.synthesise({ text: 'Good morning, seventy seven people.', language: 'en' }, never);
  const facts = soundFacts(await written(folder, 'en', english));
  assert.equal([facts.rateHz, facts.channels], [english.rateHz, 1]);
  assert.ok(Math.abs(facts.durationS * 1000 - english.durationMs) < 2, `${facts.durationS} s, ${english.durationMs} ms`);
  assert.ok(facts.durationS > 1 && facts.durationS < 10, `${facts.durationS} s`);
  assert.ok(facts.rms > 0.01, `rms ${facts.rms}`);
  assert.ok(facts.peak < 0.999, `peak ${facts.peak}`);
  const german = await engine.synthesise({ text: 'Good morning, seventy seven people.', language: 'de' }, never);
  assert.not.equal(german.wav.length, english.wav.length);
  // The same twice: what the cache keeps is what would be made.
  const again = await engine.synthesise({ text: 'Good morning, seventy seven people.', language: 'en' }, never);
  assert.ok(again.wav.equals(english.wav));
});

engines('volume and rate do what they say', async () => {
  using folder = new TemporaryFolder();
  const phrase = { text: 'One two three four five.', language: 'en' };
  const loud = soundFacts(await written(folder, 'loud', await engineOf(folder, { volume: 100 }).synthesise(phrase, never)));
  const quiet = soundFacts(await written(folder, 'quiet', await engineOf(folder, { volume: 20 }).synthesise(phrase, never)));
  assert.ok(quiet.rms < loud.rms / 2, `${quiet.rms} and ${loud.rms}`);
  const fast = await engineOf(folder, { wordsPerMinute: 320 }).synthesise(phrase, never);
  const slow = await engineOf(folder, { wordsPerMinute: 100 }).synthesise(phrase, never);
  assert.ok(fast.durationMs < slow.durationMs / 1.5, `${fast.durationMs} and ${slow.durationMs} ms`);
});

engines('a language without a voice is refused with the nearest', async () => {
  using folder = new TemporaryFolder();
  const engine = engineOf(folder, {});
  await engine.checkLanguage('de', never);
  await engine.checkLanguage('en-gb', never);
  await pluginRejects('REQUEST_INVALID', /no voice for the language "dde".*"de"/, () => engine.checkLanguage('dde', never));
  await pluginRejects('REQUEST_INVALID', /no voice/, () => engine.checkLanguage('--help', never));
});

engines('any program: text on stdin or as one argument, WAV on stdout or in a file; no shell reads it', async () => {
  using folder = new TemporaryFolder();
  const evil = `$(touch ${folder.path}/pwned) \`touch ${folder.path}/pwned\` ; touch ${folder.path}/pwned "quoted"`;
  const ways = {
    stdin: byCommand('espeak-ng', '--stdin', '--stdout', '-v', '{language}'),
    argument: byCommand('espeak-ng', '--stdout', '-v', '{language}', '{text}'),
    file: byCommand('espeak-ng', '-w', '{out}', '-v', '{language}', '{text}'),
  };
  const sounds = [];
  for (const way of Object.values(ways)) sounds.push(await engineOf(folder, way).synthesise({ text: evil, language: 'en' }, never));
  for (const sound of sounds) assert.ok(Math.abs(sound.durationMs - (sounds[0]?.durationMs ?? 0)) < 100);
  assert.equal(readdirSync(folder.path), [], 'nothing is left behind, nothing was run');
});

engines('programs that fail, write nothing, or never end are told by what they did', async () => {
  using folder = new TemporaryFolder();
  const phrase = { text: 'Hello', language: 'en' };
  const node = (...args: string[]) => byCommand(process.execPath, ...args);
  const made = (options: object) => engineOf(folder, options).synthesise(phrase, never);
  await pluginRejects('SERVICE_UNAVAILABLE', /no\/such\/engine cannot be started: there is no such program/, () => made(byCommand('/no/such/engine')));
  await pluginRejects('COMMAND_FAILED', /ended with 3: voice broken/, () => made(node('-e', 'console.error("voice broken"); process.exit(3)')));
  await pluginRejects('COMMAND_FAILED', /expected a WAV file, got 9 bytes/, () => made(node('-e', 'console.log("hi there")')));
  await pluginRejects('COMMAND_FAILED', /did not write the file/, () => made(node('-e', '0', '{out}')));
  await pluginRejects('STEP_TIMEOUT', /did not end within 1 s/, () => made({ ...node('-e', 'setInterval(() => {}, 1000)'), engineTimeoutS: 1 }));
  await pluginRejects('COMMAND_FAILED', /more than/, () =>
    made(node('-e', 'const b = Buffer.alloc(1 << 20); const w = () => { while (process.stdout.write(b)); }; process.stdout.on("drain", w); w()')),
  );
});

engines('a player is silent when told so, with all that it started', async () => {
  using folder = new TemporaryFolder();
  const log = join(folder.path, 'log');
  const sound = await engineOf(folder, {}).synthesise({ text: 'A rather long sentence that takes a while to be said.', language: 'en' }, never);
  const player = await findPlayer(optionsOf(recordingPlayer(log)), programs, folder.path);
  const controller = new AbortController();
  const playing = player.play(sound, controller.signal);
  await until('the first bytes', patienceMs, () => heardIn(log).length > 0);
  const pid = heardIn(log)[0]?.pid as number;
  assert.ok(isRunning(pid));
  controller.abort();
  await playing.then(
    () => assert.unreachable('it was cut off'),
    (reason) => assert.is(reason, controller.signal.reason),
  );
  await until('the player is gone', patienceMs, () => !isRunning(pid));
  assert.not(heardIn(log).some(({ what }) => what === 'done'));
});

engines('a player that needs a file gets one, which is gone afterwards; a folder keeps what would be heard', async () => {
  using folder = new TemporaryFolder();
  const store = join(folder.path, 'store');
  const copy = join(folder.path, 'copy.wav');
  mkdirSync(store);
  const sound = await engineOf(folder, {}).synthesise({ text: 'Hello', language: 'en' }, never);
  const byFile = await findPlayer(optionsOf({ player: 'command', playerCommand: 'cp', playerArgs: ['{file}', copy] }), programs, store);
  await byFile.play(sound, never);
  assert.ok(soundFacts(copy).rms > 0.01);
  assert.equal(readdirSync(store), []);
  const kept = join(folder.path, 'kept', 'here');
  const intoFolder = await findPlayer(optionsOf({ player: 'folder', folder: kept }), programs, store);
  await intoFolder.play(sound, never);
  await intoFolder.play(sound, never);
  assert.equal(readdirSync(kept).sort(), ['speech-0000.wav', 'speech-0001.wav']);
  assert.ok(existsSync(join(kept, 'speech-0001.wav')));
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const onFile = await findPlayer(optionsOf({ player: 'folder', folder: file }), programs, store);
  await pluginRejects('OUTPUT_UNWRITABLE', /file cannot be written/, () => onFile.play(sound, never));
});

engines('a player that is missing is named with what to install', async () => {
  using folder = new TemporaryFolder();
  const find = (options: object) => findPlayer(optionsOf(options), programs, folder.path);
  await pluginRejects('SERVICE_UNAVAILABLE', /no program \/no\/such\/player \(playerCommand\)/, () =>
    find({ player: 'command', playerCommand: '/no/such/player' }),
  );
  const bare = { has: async () => false } as unknown as typeof programs;
  await pluginRejects('SERVICE_UNAVAILABLE', /no player \(looked for .*aplay.*\): apt install alsa-utils/, () => findPlayer(optionsOf({}), bare, folder.path));
  await pluginRejects('SERVICE_UNAVAILABLE', /no program play: apt install sox/, () => findPlayer(optionsOf({ player: 'play' }), bare, folder.path));
});

engines.run();
