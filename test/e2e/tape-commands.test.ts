/** `mien record` and `mien replay` as a user runs them. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../../core/src/log.ts';
import { createMien } from '../../core/src/mien.ts';
import { newSession } from '../../core/src/session.ts';
import { tapeHeader } from '../../core/src/tape/tape-format.ts';
import { openTapeRecorder } from '../../core/src/tape/tape-recorder.ts';
import { mien, startMien } from '../support/mien-command.ts';
import { testConfig } from '../support/observations.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const tapes = suite('mien record and mien replay');

tapes('the bundled clip is told again byte for byte', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'clip.mientape');
  const config = testConfig();
  const session = newSession();
  const told: string[] = [];
  {
    await using recorder = await openTapeRecorder(path, tapeHeader(config, session, false), { logger: silentLogger, clock: session.clock });
    await using host = await createMien(config, {
      once: true,
      api: false,
      session,
      onInput: recorder.onInput,
      onBus: (bus) => bus.subscribe({}, (event) => void told.push(JSON.stringify(event))),
    });
    await host.ended();
  }
  const { code, stdout, stderr } = await mien(['replay', path, '--speed', 'max', '--json']);
  assert.is(code, 0, stderr);
  assert.ok(told.length > 20, `${told.length} events`);
  assert.is(stdout, `${told.join('\n')}\n`);
});

tapes('record says what it keeps, refuses to write over, and replay prints lines for people', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'clip.mientape');
  const first = await mien(['record', path, '--once']);
  assert.is(first.code, 0, first.stderr);
  assert.is(first.stdout, '');
  assert.match(first.stderr, /no picture, no embedding/);
  assert.match(first.stderr, /behaviour of persons/);
  const second = await mien(['record', path, '--once']);
  assert.is(second.code, 1);
  assert.match(second.stderr, /exists; .*--force/);
  const replay = await mien(['replay', path, '--speed', 'max']);
  assert.is(replay.code, 0, replay.stderr);
  assert.match(replay.stdout, /appeared/);
  assert.match(replay.stderr, /recorded \d{4}-/);
});

tapes('a scenario of virtual people is recorded too, and says so', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'virtual.mientape');
  const recorded = await mien(['record', path, '--scenario', 'examples/scenarios/greeting.yaml', '--once']);
  assert.is(recorded.code, 0, recorded.stderr);
  assert.not.match(recorded.stderr, /behaviour of persons/, 'nobody was seen');
  const { code, stderr, stdout } = await mien(['replay', path, '--speed', 'max', '--json']);
  assert.is(code, 0, stderr);
  assert.match(stderr, /with virtual people/);
  assert.match(stdout, /"simulated":true/);
  assert.match(stdout, /person\.left/);
});

tapes('a recording that is killed stays playable up to the last second', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'killed.mientape');
  const running = startMien(['record', path]);
  await until('a few blocks', 120_000, () => existsSync(path) && statSync(path).size > 20_000);
  running.process.kill('SIGKILL');
  await running.done;
  const { code, stderr, stdout } = await mien(['replay', path, '--speed', 'max', '--json']);
  assert.is(code, 0, stderr);
  assert.match(stderr, /breaks off/);
  assert.match(stdout, /person\.appeared/);
});

tapes('--seconds ends a recording, a signal too', async () => {
  using folder = new TemporaryFolder();
  const timed = await mien(['record', join(folder.path, 'a.mientape'), '--seconds', '1']);
  assert.is(timed.code, 0, timed.stderr);
  assert.match(timed.stderr, /\d+ records/);
  const running = startMien(['record', join(folder.path, 'b.mientape')]);
  await running.until(/recording to/);
  running.process.kill('SIGINT');
  const { code, stderr } = await running.done;
  assert.is(code, 0, stderr);
  const { stderr: said } = await mien(['replay', join(folder.path, 'b.mientape'), '--speed', 'max']);
  assert.not.match(said, /breaks off/);
});

tapes('a full disk ends the command in one sentence', async () => {
  const { code, stderr } = await mien(['record', '/dev/full', '--force']);
  assert.is(code, 1);
  assert.is(stderr.match(/ENOSPC/g)?.length, 1);
  assert.not.match(stderr, /\n\s+at /);
});

tapes('the full host plays a tape with console and API, and stays', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'clip.mientape');
  assert.is((await mien(['record', path, '--once'])).code, 0);
  const running = startMien(['replay', path, '--speed', 'max', '--port', '0', '--json']);
  await running.until(/the tape is over/);
  const url = /console: (\S+)/.exec(running.shown())?.[1] as string;
  const status = (await (await fetch(new URL('/v1/status', url))).json()) as { sight: { cameras: { source: string }[] } };
  assert.match(JSON.stringify(status), /tape clip\.mientape/);
  running.process.kill('SIGTERM');
  const { code, stdout, stderr } = await running.done;
  assert.is(code, 0, stderr);
  const alone = await mien(['replay', path, '--speed', 'max', '--json']);
  assert.is(stdout, alone.stdout, 'the same events with and without a host');
});

for (const [args, says] of [
  [['replay', '/nowhere.mientape'], /cannot read the tape \/nowhere\.mientape/],
  [['replay', 'README.md'], /README\.md is not a tape/],
  [['replay', 'x', '--speed', '-1'], /--speed expects max or a number over 0/],
] as const) {
  tapes(`mien ${args.join(' ')} fails with a sentence`, async () => {
    const { code, stderr } = await mien(args);
    assert.ok(code !== 0);
    assert.match(stderr, says);
    assert.not.match(stderr, /\n\s+at /);
  });
}

tapes.run();
