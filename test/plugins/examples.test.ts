/** Every example, run as its first lines say, with what it does looked at. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandOf, patienceMs, root, startExample, untilAnswer } from '../support/example-run.ts';
import { mien } from '../support/mien-command.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { openVisitServer } from '../support/visit-server.ts';

const examples = suite('examples');

/** Ten times as fast as in life; times in events stay those of life. */
const quick = ['--speed', '10'];

examples('the index names every file', () => {
  const index = readFileSync(join(root, 'examples/README.md'), 'utf8');
  const files = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter((one) => one.isFile() && one.name !== 'README.md');
  const plugins = readdirSync(join(root, 'examples/plugins')).filter((name) => name.endsWith('.ts'));
  const modules = new Set(files.map(({ name }) => name).filter((name) => !name.endsWith('.yaml') || name === 'mien.yaml'));
  for (const name of [...modules, ...plugins.map((name) => `plugins/${name}`)]) assert.ok(index.includes(`](${name})`), `${name} is not in examples/README.md`);
});

examples('greeter: greets by age with the words of its configuration, and on command', async () => {
  using folder = new TemporaryFolder();
  await using run = await startExample([...commandOf('examples/plugins/greeter.ts'), ...quick], folder.path);
  await run.running.until(/"name":"greeter","band":"25-34","greeted":\d+,"msg":"Welcome to the museum!"/);
  const { result } = await run.api<{ result: { words: string; greeted: number } }>('POST', '/v1/commands/greeter.greet', { band: '65+' });
  assert.is(result.words, 'A very good day to you.');
  assert.ok(result.greeted >= 2);
  const { state, isolation, options } = await run.plugin('greeter');
  assert.equal([state, isolation], ['running', 'own']);
  assert.equal(options, { young: 'Hi!', adult: 'Welcome to the museum!', senior: 'A very good day to you.' });
  await run.stop();
});

examples('greet.mjs: a client greets whom a running Mien sees', async () => {
  using folder = new TemporaryFolder();
  await using run = await startExample(['simulate', ...quick], folder.path);
  const url = /console: (http:\S+)/.exec(run.running.shown())?.[1];
  const client = spawn(process.execPath, commandOf('examples/greet.mjs', 'node'), { cwd: root, env: { ...process.env, MIEN_URL: url } });
  let said = '';
  client.stdout.on('data', (chunk) => {
    said += chunk;
  });
  try {
    await until('the client greets', patienceMs, () => /^p-\w{5}: hello! I take you for somebody of 25-34\.$/m.test(said));
  } finally {
    client.kill();
  }
  await run.stop();
});

for (const file of ['examples/plugins/greeter.test.ts', 'examples/plugins/speech/speaking-greeter.test.ts']) {
  examples(`${file} passes`, () => {
    const env: NodeJS.ProcessEnv = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { stdout, status } = spawnSync(process.execPath, commandOf(file, 'node'), { cwd: root, env, encoding: 'utf8', timeout: patienceMs });
    assert.is(status, 0, stdout);
    assert.match(stdout, /pass 2$/m);
  });
}

examples('kiosk-log: counts over a restart; what its server refused comes later, each once and in order', async () => {
  using folder = new TemporaryFolder();
  using server = await openVisitServer();
  const config = join(folder.path, 'mien.yaml');
  const text = readFileSync(join(root, 'examples/plugins/kiosk-log.yaml'), 'utf8');
  writeFileSync(config, text.replace('./kiosk-log.ts', join(root, 'examples/plugins/kiosk-log.ts')).replace("url: ''", `url: ${server.url}`));
  const today = async (run: Awaited<ReturnType<typeof startExample>>) =>
    (await run.api<{ result: { date: string; visits: number; lookedMs: number } }>('POST', '/v1/commands/kiosk-log.today', {})).result;

  server.refuses = true;
  let before: Awaited<ReturnType<typeof today>>;
  let left: string[];
  {
    await using run = await startExample(['simulate', '--config', config, '--speed', '20'], folder.path);
    const { outbox } = await untilAnswer(
      () => run.plugin('kiosk-log'),
      (status) => (status.outbox?.held ?? 0) >= 2 && server.refused.length >= 2,
    );
    assert.is(outbox?.sent, 0);
    before = await today(run);
    await run.stop();
    left = run
      .events()
      .filter(({ type }) => type === 'mien.person.left.v1')
      .map(({ id }) => id);
  }
  assert.ok(before.visits >= 2 && before.lookedMs > 0, JSON.stringify(before));
  // In order: nothing else is tried before the first has arrived.
  assert.equal([...new Set(server.refused.map(({ id }) => id))], left.slice(0, 1));

  server.refuses = false;
  await using run = await startExample(['simulate', 'examples/scenarios/nobody.yaml', '--config', config], folder.path);
  await untilAnswer(
    () => run.plugin('kiosk-log'),
    ({ outbox }) => outbox?.held === 0 && outbox.sent >= 2,
  );
  const arrived = server.taken.map(({ id }) => id);
  assert.equal(arrived, left.slice(0, arrived.length));
  assert.equal(Object.keys(server.taken[0] ?? {}), ['id', 'time', 'stayedMs', 'lookedMs', 'looks']);
  const after = await today(run);
  if (after.date === before.date) assert.ok(after.visits >= before.visits && after.visits <= left.length, `${after.visits} of ${left.length}`);
  await run.stop();
});

examples('guard: others hear of nobody before they came near, but for what was too late to hold back', async () => {
  using folder = new TemporaryFolder();
  await using run = await startExample([...commandOf('examples/plugins/guard.ts'), ...quick], folder.path);
  interface Guarded {
    person: { id: string; distance: { m: number } };
    extra?: { guard?: { arrived?: boolean } };
  }
  const guarded = () => run.events().map(({ data }) => data as Guarded);
  await until('somebody arrives', patienceMs, () => guarded().some(({ extra }) => extra?.guard?.arrived === true));
  await untilAnswer(
    () => run.plugin('guard'),
    ({ events }) => events.vetoed >= 3,
  );
  const known = new Set<string>();
  const early: Guarded[] = [];
  for (const one of guarded()) {
    if (one.person.distance.m <= 1.5) known.add(one.person.id);
    else if (!known.has(one.person.id)) early.push(one);
  }
  // Asked after the events were read: what was late by then is counted.
  const { late } = (await run.plugin('guard')).events;
  assert.ok(known.size > 0);
  assert.ok(early.length <= late, `${late} were late, but these came out early: ${JSON.stringify(early)}`);
  await run.stop();
});

examples('speech: one plugin says what the other wants to be said', async () => {
  using folder = new TemporaryFolder();
  await using run = await startExample([...commandOf('examples/plugins/speech/speaking-greeter.ts'), ...quick], folder.path);
  await run.running.until(/"name":"speech-console","words":5,"msg":"says: Hello, can I help you\?"/);
  assert.equal((await run.plugin('speech-console')).provides, ['speech']);
  assert.is((await run.plugin('speaking-greeter')).events.faults, 0);
  await run.stop();
});

examples('still-camera.mjs: the two people of its picture, and an end with --once', async () => {
  const { code, json, stderr } = await mien([...commandOf('examples/still-camera.mjs'), '--once', '--json'], { cwd: root });
  assert.is(code, 0, stderr);
  const appeared = json<{ type: string; source: string }>().filter(({ type }) => type === 'mien.person.appeared.v1');
  assert.equal(
    appeared.map(({ source }) => source),
    ['urn:mien:mien/still', 'urn:mien:mien/still'],
  );
});

examples('timed-backend.ts: says how long each network took', async () => {
  const { code, stderr } = await mien([...commandOf('examples/timed-backend.ts'), '--log-level', 'info'], { cwd: root });
  assert.is(code, 0, stderr);
  const said = stderr.split('\n').filter((line) => line.includes('"msg":"inference timed"'));
  const timed = said.map((line) => JSON.parse(line) as { network: string; runs: number; p50Ms: number; p95Ms: number });
  assert.is(new Set(timed.map(({ network }) => network)).size, 2);
  for (const { runs, p50Ms, p95Ms } of timed) assert.ok(runs > 0 && p50Ms > 0 && p95Ms >= p50Ms, stderr);
});

examples('board.ts: the LED is lit while somebody is here', async () => {
  using folder = new TemporaryFolder();
  const led = join(folder.path, 'brightness');
  writeFileSync(led, '-');
  await using run = await startExample([...commandOf('examples/board.ts'), ...quick], folder.path, { BOARD_LED: led });
  for (const wanted of ['1', '0', '1']) await until(`the LED shows ${wanted}`, patienceMs, () => readFileSync(led, 'utf8') === wanted);
  await run.stop();
});

examples('board.ts: its camera is found by the name of the connector', async () => {
  using folder = new TemporaryFolder();
  const led = join(folder.path, 'none');
  await using run = await startExample(['run', '--config', 'examples/board.yaml'], folder.path, { BOARD_LED: led, BOARD_CAMERA: 'clip' });
  await until('somebody appears', patienceMs, () => run.events().some(({ type }) => type === 'mien.person.appeared.v1'));
  const { sight } = await run.api<{ sight: { cameras: Array<{ name: string; source: string }> } }>('GET', '/v1/status');
  assert.equal(
    sight.cameras.map(({ name, source }) => [name, source]),
    [['front', 'front, clip']],
  );
  await run.stop();
});

examples.run();
