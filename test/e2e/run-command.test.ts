import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName, type MienEvent } from '../../core/src/events.ts';
import { mien, startMien } from '../support/mien-command.ts';
import { childrenOf, isRunning } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const command = suite('mien run');
const folder = new TemporaryFolder();
command.after(() => folder[Symbol.dispose]());

command('npm start -- --once --json prints nothing but valid CloudEvents on stdout and ends with 0', async () => {
  const child = spawn('npm', ['start', '--', '--once', '--json'], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as MienEvent);
  assert.ok(events.length > 20);
  for (const event of events) assert.ok(Value.Check(EventSchemas[eventName(event)], event), JSON.stringify(event));
  assert.equal(
    events.map(({ sequence }) => Number(sequence)),
    events.map((_, index) => index + 1),
  );
});

command('a camera that is not there fails a run --once with 1 and says what is wrong', async () => {
  const { code, stderr } = await mien(['run', '--once', '--json', '--camera', 'lobby.mp4']);
  assert.is(code, 1);
  assert.match(stderr, /no video file .*lobby\.mp4/);
});

command('ffmpeg missing is named with the fix', async () => {
  const config = join(folder.path, 'no-ffmpeg.yaml');
  writeFileSync(join(folder.path, 'some.mp4'), 'x');
  writeFileSync(config, `version: 2\nsight: { ffmpeg: no-such-ffmpeg }\ncameras:\n  - source: ${join(folder.path, 'some.mp4')}\n`);
  const { code, stderr } = await mien(['run', '--once', '--config', config]);
  assert.is(code, 1);
  assert.match(stderr, /ffmpeg/);
  assert.match(stderr, /apt(-get)? install ffmpeg/);
});

command('a port in use is named and ends with 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { code, stderr } = await mien(['run', '--port', String(port)]);
  taken.close();
  assert.is(code, 1);
  assert.match(stderr, new RegExp(`port ${port}.*taken`));
});

command('off loopback without a token it refuses to start', async () => {
  const { code, stderr } = await mien(['run', '--host', '0.0.0.0', '--port', '0']);
  assert.is(code, 1);
  assert.match(stderr, /token/i);
});

command('faults of the configuration come all at once, with paths and near names', async () => {
  const config = join(folder.path, 'faulty.yaml');
  writeFileSync(config, 'api:\n  prot: 1\ncameras:\n  - sorce: clip\n    rotate: 45\n');
  const { code, stderr } = await mien(['run', '--once', '--config', config]);
  assert.is(code, 2);
  assert.match(stderr, /api\.prot: unknown key\. Did you mean "port"\?/);
  assert.match(stderr, /cameras\[0\]\.sorce.*"source"/);
  assert.match(stderr, /cameras\[0\]\.rotate/);
});

for (const [what, content, says] of [
  ['a missing model', undefined, /no model release/],
  ['a broken manifest', '{"manifestVersion": 1, "nam": "x"}', /model\.json has \d+ fault\(s\):\n(.*\n)*\s+nam: unknown key\. Did you mean "name"\?/],
] as const) {
  command(`${what} is named and ends with 1`, async () => {
    const release = join(folder.path, what.replaceAll(' ', '-'));
    if (content !== undefined) {
      mkdirSync(release);
      writeFileSync(join(release, 'model.json'), content);
    }
    const config = join(folder.path, 'model.yaml');
    writeFileSync(config, `model:\n  release: ${release}\n`);
    const { code, stderr } = await mien(['run', '--once', '--config', config]);
    assert.is(code, 1);
    assert.match(stderr, says);
  });
}

command('backend auto falls back to the CPU here, and every event and the terminal say so', async () => {
  const config = join(folder.path, 'auto.yaml');
  writeFileSync(config, 'model:\n  backend: auto\n');
  const outcome = await mien(['run', '--once', '--json', '--config', config]);
  assert.is(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stderr, /degraded: faces-npu-head/);
  const origins = outcome.json<MienEvent>().filter(({ data }) => 'origin' in data);
  assert.ok(origins.length > 20);
  for (const { data } of origins) {
    if (!('origin' in data)) continue;
    assert.is(data.origin.degraded, true);
    assert.match(data.origin.degradedReason ?? '', /CPU/);
  }
});

command('a device that fell back says so in its health', async () => {
  const config = join(folder.path, 'auto.yaml');
  writeFileSync(config, 'model:\n  backend: auto\n');
  const running = startMien(['run', '--port', '0', '--config', config]);
  await running.until(/console: http/);
  const url = running.shown().match(/console: (http:\S+)/)?.[1] as string;
  const { health } = (await (await fetch(new URL('/v1/status', url))).json()) as { health: { state: string; reasons: string[] } };
  running.process.kill('SIGTERM');
  await running.done;
  assert.is(health.state, 'degraded');
  assert.equal(health.reasons.length, 1);
  assert.match(health.reasons[0] ?? '', /^fell back to the CPU: .*NPU/);
  assert.not.match(health.reasons[0] ?? '', /auto/, 'no advice to set what is set');
});

command('a stop that hangs is named and ends with 1, in under 2 s all the same', async () => {
  const module = join(folder.path, 'hanging.mjs');
  writeFileSync(
    module,
    `import { ContainerModule } from ${JSON.stringify(import.meta.resolve('inversify'))};
import { createFakeSight } from ${JSON.stringify(new URL('../support/fake-sight.ts', import.meta.url).href)};
export const host = new ContainerModule(({ rebind }) => {
  rebind(Symbol.for('mien.sight')).toConstantValue({ ...createFakeSight(), [Symbol.asyncDispose]: () => new Promise(() => {}) });
});`,
  );
  const config = join(folder.path, 'hanging.yaml');
  writeFileSync(config, `modules: [${module}]\n`);
  const running = startMien(['run', '--port', '0', '--config', config]);
  await running.until(/console: http/);
  const started = performance.now();
  running.process.kill('SIGTERM');
  const { code, stderr } = await running.done;
  assert.ok(performance.now() - started < 2000, `took ${performance.now() - started} ms`);
  assert.is(code, 1);
  assert.match(stderr, /mien: "stop sight" took longer than 1\.2 s/);
  assert.not.match(stderr, /\n\s+at /, 'a sentence, no stack');
});

command('backend rknn never falls back', async () => {
  const config = join(folder.path, 'rknn.yaml');
  writeFileSync(config, 'model:\n  backend: rknn\n');
  const { code, stdout, stderr } = await mien(['run', '--once', '--json', '--config', config]);
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, /Rockchip NPU/);
});

command('a full disk under the log is told once and stops nothing', async () => {
  const config = join(folder.path, 'full.yaml');
  writeFileSync(config, 'log:\n  level: debug\n  file: /dev/full\ncameras:\n  - source: nothing.mp4\n');
  const running = startMien(['run', '--config', config, '--port', '0']);
  await running.until(/console: http/);
  await sleep(1500);
  running.process.kill('SIGTERM');
  const { stderr, code } = await running.done;
  assert.is(code, 0);
  assert.is(stderr.match(/cannot be written/g)?.length ?? 0, 1, stderr);
});

for (const [state, delayMs, pattern] of [
  ['before anything runs', 0, undefined],
  ['while it starts', 250, undefined],
  ['when sight is starting', 700, undefined],
  ['when it runs', 0, /console: http/],
  ['when people are there', 0, /appeared/],
] as const) {
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    command(`${name} ${state} ends everything in under 2 s`, async () => {
      const running = startMien(['run', '--port', '0']);
      if (pattern) await running.until(pattern);
      else await sleep(delayMs);
      const pid = running.process.pid as number;
      const children = childrenOf(pid);
      const started = performance.now();
      running.process.kill(name);
      const { code, signal } = await running.done;
      assert.ok(performance.now() - started < 2000, `took ${performance.now() - started} ms`);
      // Before the program has had a chance to listen, the signal itself ends it.
      assert.ok(code === 0 || signal === name, `code ${code}, signal ${signal}`);
      await sleep(300);
      assert.equal(children.filter(isRunning), []);
    });
  }
}

command('mien events prints what a running Mien holds', async () => {
  const running = startMien(['run', '--port', '0']);
  await running.until(/appeared/);
  await running.until(/console: http/);
  const url = running.shown().match(/console: (http:\S+)/)?.[1] as string;
  const held = await mien(['events', '--url', url, '--json', '--type', 'person.appeared']);
  running.process.kill('SIGTERM');
  await running.done;
  assert.is(held.code, 0, held.stderr);
  const events = held.json<MienEvent>();
  assert.ok(events.length >= 1);
  for (const event of events) assert.is(eventName(event), 'person.appeared');
});

command('a password of a camera stands neither in the process list nor in what is said', async () => {
  const running = startMien(['run', '--port', '0', '--camera', 'door=rtsp://bob:pa55word@127.0.0.1:9/x', '--log-level', 'trace']);
  await running.until(/door.*(does not answer|Trying again)|FFMPEG_MISSING/);
  const pid = running.process.pid as number;
  for (const one of [pid, ...childrenOf(pid)]) assert.not.match(readFileSync(`/proc/${one}/cmdline`, 'utf8'), /pa55word/);
  running.process.kill('SIGTERM');
  const { stdout, stderr } = await running.done;
  assert.not.match(stdout + stderr, /pa55word/);
});

command('mien events says when nothing answers', async () => {
  const { code, stderr } = await mien(['events', '--url', 'http://127.0.0.1:9']);
  assert.is(code, 1);
  assert.match(stderr, /nothing answers/);
  assert.not.match(stderr, /\n\s+at /, 'a sentence, no stack');
});

command.run();
