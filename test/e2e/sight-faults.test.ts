import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../core/src/backoff.ts';
import { canDieWithParent } from '../../core/src/dies-with-parent.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createSightClient } from '../../core/src/sight/sight-client.ts';
import { childrenOf, isRunning, until } from '../support/processes.ts';
import { findProgram } from '../support/programs.ts';
import { openSight, SightLog } from '../support/sight-log.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('sight faults');
const startMs = 20_000;
const release = new URL('../../model/release/', import.meta.url);

async function rejection(promise: Promise<unknown>): Promise<{ code?: string; message: string }> {
  return promise.then(
    () => assert.unreachable('it should have failed') as never,
    (fault) => fault,
  );
}

test('sight that is killed is started anew, says so, and goes on seeing under a new run', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  await until('observations', 5000, () => log.observations.length > 5);
  const { pid } = sight.status();
  const [first] = log.observations;
  process.kill(pid as number, 'SIGKILL');
  await until('the loss is noticed', 1000, () => log.turns.includes('sight.lost'));
  assert.is(sight.status().state, 'restarting');
  assert.is(sight.status().cameras[0]?.state, 'lost');
  const seen = log.observations.length;
  await until('the return', startMs, () => log.turns.includes('sight.restored'));
  await until('observations again', 5000, () => log.observations.length > seen + 5);
  assert.equal(log.turns, ['sight.lost', 'sight.restored']);
  assert.is(sight.status().restarts, 1);
  assert.is.not(sight.status().pid, pid);
  const last = log.observations.at(-1);
  assert.is.not(last?.run, first?.run);
  assert.is(new Set(log.observations.map(({ run }) => run)).size, 2);
  assert.ok((last?.capturedMonoMs ?? 0) > (first?.capturedMonoMs ?? 0), 'both runs read one clock');
});

test('sight that hangs is killed and started anew', async () => {
  await using opened = await openSight({ sight: { timeoutMs: 1000 } });
  const { sight, log } = opened;
  await until('observations', 5000, () => log.observations.length > 0);
  const pid = sight.status().pid as number;
  process.kill(pid, 'SIGSTOP');
  const noticed = await until('the hang is noticed', 3000, () => log.turns.includes('sight.lost'));
  assert.ok(noticed > 500, `not before its time: ${noticed} ms`);
  assert.ok(log.notices.some((notice) => notice.type === 'sight.lost' && notice.message.includes('no sign of life')));
  await until('the hung process is gone', 1000, () => !isRunning(pid));
  await until('the return', startMs, () => log.turns.includes('sight.restored'));
});

test('a question that was open when sight died is answered with SIGHT_LOST, and so is one asked meanwhile', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  const pid = sight.status().pid as number;
  process.kill(pid, 'SIGSTOP');
  const open = rejection(sight.models.list());
  process.kill(pid, 'SIGKILL');
  assert.is((await open).code, 'SIGHT_LOST');
  assert.is((await rejection(sight.models.list())).code, 'SIGHT_LOST', 'also in the very moment of the loss');
  await until('the loss is noticed', 1000, () => log.turns.includes('sight.lost'));
  assert.is((await rejection(sight.models.list())).code, 'SIGHT_LOST');
  await until('the return', startMs, () => log.turns.includes('sight.restored'));
  assert.is((await sight.models.list()).length > 0, true);
});

test('a listener that throws takes nothing along', async () => {
  const sight = createSightClient(checkConfig({}), silentLogger);
  let calls = 0;
  await sight.start({
    observation() {
      calls += 1;
      throw new Error('a bug of somebody else');
    },
    notice() {},
  });
  await until('observations go on', 5000, () => calls > 10);
  assert.is(sight.status().state, 'running');
  await sight[Symbol.asyncDispose]();
});

test('Ctrl-C in the terminal reaches sight too, and does not end it', async () => {
  await using opened = await openSight();
  const { sight, log } = opened;
  process.kill(sight.status().pid as number, 'SIGINT');
  const seen = log.observations.length;
  await until('observations go on', 3000, () => log.observations.length > seen + 15);
  assert.equal(log.turns, []);
});

test('a start that cannot succeed says why and leaves nothing behind', async () => {
  const sight = createSightClient(checkConfig({ model: { release: '/nowhere/model.json' } }), silentLogger);
  const fault = await rejection(sight.start(new SightLog()));
  assert.is(fault.code, 'MODEL_NOT_FOUND');
  assert.is(sight.status().state, 'failed');
  assert.equal(childrenOf(process.pid), []);
  await sight[Symbol.asyncDispose]();
});

test('a sight that dies before it ever was ready fails the start', async () => {
  const entry = fileURLToPath(new URL('../support/broken-sight.mjs', import.meta.url));
  const sight = createSightClient(checkConfig({}), silentLogger, { entry });
  const fault = await rejection(sight.start(new SightLog()));
  assert.is(fault.code, 'SIGHT_LOST');
  assert.match(fault.message, 'exited with code 7');
  await sight[Symbol.asyncDispose]();
  assert.equal(childrenOf(process.pid), []);
});

test('a sight that dies at every new start is tried with growing pauses until one succeeds', async () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/starts`;
  process.env['MIEN_TEST_STARTS'] = file;
  const startsAtMs = () => readFileSync(file, 'utf8').trim().split('\n').map(Number);
  const entry = fileURLToPath(new URL('../support/stumbling-sight.mjs', import.meta.url));
  const backoff = new Backoff({ firstMs: 200, random: () => 1 });
  await using opened = await openSight({}, { entry, backoff });
  const { sight, log } = opened;
  process.kill(sight.status().pid as number, 'SIGKILL');
  const killedAtMs = Date.now();
  await until('the return', startMs, () => log.turns.includes('sight.restored'));
  assert.equal(log.turns, ['sight.lost', 'sight.restored'], 'the failures between are no news');
  assert.is(sight.status().restarts, 4);
  assert.is(backoff.failures, 4);
  const starts = startsAtMs();
  assert.is(starts.length, 5);
  for (const [index, pauseMs] of [200, 400, 800, 1600].entries()) {
    const since = index === 0 ? killedAtMs : (starts[index] as number);
    const waitedMs = (starts[index + 1] as number) - since;
    // Timers and the clock may differ by a millisecond.
    assert.ok(waitedMs >= pauseMs - 2, `pause ${index + 1}: ${waitedMs} ms`);
  }
  delete process.env['MIEN_TEST_STARTS'];
});

const hasFfmpeg = findProgram(['ffmpeg'], ['-version']) !== undefined;
const clip = fileURLToPath(new URL('../../core/clip/clip.mjpeg', import.meta.url));
/** The clip, and the same through ffmpeg where there is one. */
const cameras = [{ name: 'main' }, ...(hasFfmpeg ? [{ name: 'file', source: clip }] : [])];

/** A host in a process of its own with temporary files of its own, and a way to wait for what it says. */
function spawnHost(folder: string): { host: ChildProcess; said(word: string): Promise<number> } {
  const program = fileURLToPath(new URL('../support/sight-host.ts', import.meta.url));
  const host = spawn(process.execPath, [program, JSON.stringify({ cameras })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const words: Array<{ word: string; pid: number }> = [];
  createInterface({ input: host.stdout as NodeJS.ReadableStream }).on('line', (line) => words.push(JSON.parse(line)));
  return {
    host,
    async said(word) {
      await until(`the host says ${word}`, startMs, () => words.some((one) => one.word === word));
      return words.findLast((one) => one.word === word)?.pid as number;
    },
  };
}

test('when the host is killed, sight and ffmpeg end by themselves within a second', async () => {
  using folder = new TemporaryFolder();
  const { host, said } = spawnHost(folder.path);
  const pid = await said('seeing');
  await until('ffmpeg runs', 5000, () => childrenOf(host.pid as number).length === cameras.length);
  const children = childrenOf(host.pid as number);
  assert.ok(children.includes(pid));
  host.kill('SIGKILL');
  const ms = await until('all are gone', 3000, () => !children.some(isRunning));
  assert.ok(ms < 1000, `${ms} ms`);
});

test('when the host is killed, a sight that hangs goes with it', async () => {
  if (!canDieWithParent()) return console.log('SKIPPED: no setpriv that knows --pdeathsig');
  using folder = new TemporaryFolder();
  const { host, said } = spawnHost(folder.path);
  const pid = await said('seeing');
  process.kill(pid, 'SIGSTOP');
  host.kill('SIGKILL');
  try {
    await until('the hung sight is gone', startMs, () => !isRunning(pid));
  } catch (fault) {
    process.kill(pid, 'SIGKILL');
    throw fault;
  }
});

test('a model changed at run time comes back with sight, and gives way to the configured one when it is gone', async () => {
  const folder = new TemporaryFolder();
  const manifest = JSON.parse(readFileSync(new URL('model.json', release), 'utf8')) as { version: string; networks: Array<{ role: string }> };
  cpSync(release, folder.path, { recursive: true });
  const other = { ...manifest, version: '9.9.9', networks: manifest.networks.filter(({ role }) => role === 'recognizer') };
  writeFileSync(`${folder.path}/model.json`, JSON.stringify(other));
  await using opened = await openSight();
  const { sight, log } = opened;
  const versions = async () => {
    const ready = (await sight.models.list()).filter(({ state }) => state === 'ready');
    return Object.fromEntries(ready.map(({ role, version }) => [role, version]));
  };
  const killed = async () => {
    const returns = log.turns.filter((turn) => turn === 'sight.restored').length;
    process.kill(sight.status().pid as number, 'SIGKILL');
    await until('the return', startMs, () => log.turns.filter((turn) => turn === 'sight.restored').length > returns);
  };
  await sight.models.swap('faces-npu-head', { release: folder.path });
  await killed();
  assert.equal(await versions(), { detector: manifest.version, recognizer: '9.9.9' });
  folder[Symbol.dispose]();
  await killed();
  assert.equal(await versions(), { detector: manifest.version, recognizer: manifest.version });
});

for (const state of ['starting', 'ready', 'seeing', 'sight.lost'] as const) {
  test(`SIGTERM while ${state}: everything is gone in under two seconds`, async () => {
    using folder = new TemporaryFolder();
    const { host, said } = spawnHost(folder.path);
    if (state === 'sight.lost') process.kill(await said('seeing'), 'SIGKILL');
    const pid = await said(state);
    const children = childrenOf(host.pid as number);
    const started = performance.now();
    const exited = once(host, 'exit');
    host.kill('SIGTERM');
    if (state === 'seeing') setTimeout(() => host.kill('SIGTERM'), 20);
    const [code] = await exited;
    await until('all children are gone', 2000, () => ![...children, pid].some(isRunning));
    assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`);
    assert.is(code, 0);
    assert.equal(readdirSync(folder.path), [], 'no socket is left');
  });
}

test.run();
