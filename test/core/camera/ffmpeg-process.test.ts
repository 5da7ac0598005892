import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFfmpegProcess, type FfmpegEvent } from '../../../core/src/camera/ffmpeg-process.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { makeVideo, openSession, temporaryFolder } from '../../support/ffmpeg-session.ts';
import { isRunning, until } from '../../support/processes.ts';
import { requireFfmpeg } from '../../support/programs.ts';

requireFfmpeg();
const test = suite('ffmpeg process');
const folder = temporaryFolder();
const video = join(folder, 'a.mp4');
makeVideo('-f', 'lavfi', '-i', 'testsrc2=64x48:r=25:d=1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', video);
const timing = { firstMs: 50, graceMs: 300 };

for (const [name, program] of [
  ['absent', 'no-such-ffmpeg'],
  ['not executable', video],
] as const) {
  test(`ffmpeg ${name}: FFMPEG_MISSING with the fix, not tried again`, async () => {
    await using session = await openSession({ source: video, ffmpeg: program });
    try {
      await session.camera.next();
      assert.unreachable();
    } catch (error) {
      assert.is((error as { code?: string }).code, 'FFMPEG_MISSING', String(error));
      assert.match((error as Error).message, 'apt install ffmpeg');
    }
    assert.equal(
      session.events.map(({ kind }) => kind),
      ['exited'],
    );
    assert.is(session.process.state, 'ended');
  });
}

test('an ffmpeg that is too old is named', async () => {
  const old = join(folder, 'old-ffmpeg');
  writeFileSync(old, '#!/bin/sh\necho "Unrecognized option \'fps_mode\'." >&2\nexit 1\n');
  chmodSync(old, 0o755);
  await using session = await openSession({ source: 'rtsp://127.0.0.1/a', ffmpeg: old });
  await until('the exit', 10_000, () => session.events.length > 0);
  assert.is(session.events[0]?.kind, 'exited');
  assert.match(session.events[0]?.error?.message ?? '', '5.1 or newer');
});

test('killed from outside: lost, and run again', async () => {
  await using session = await openSession({ source: video, timing });
  (await session.next()).release();
  process.kill(session.process.pid as number, 'SIGKILL');
  await until('the loss', 10_000, () => session.events.length > 0);
  assert.equal(
    session.events.map(({ kind, error }) => [kind, error?.code]),
    [['lost', 'CAMERA_LOST']],
  );
  const { received } = session.camera.stats();
  await until('the return', 10_000, () => session.camera.stats().received > received && session.camera.state === 'live');
});

test('disposed in every state: nothing is left, nothing is said', async () => {
  for (const state of ['starting', 'running', 'held back', 'waiting'] as const) {
    const source = state === 'waiting' ? 'rtsp://127.0.0.1:9/a' : video;
    const session = await openSession({ source, once: state === 'held back', timing: { firstMs: 60_000 } });
    const pid = session.process.pid as number;
    if (state === 'running' || state === 'held back') (await session.next()).release();
    if (state === 'waiting') await until('the wait', 10_000, () => session.process.state === 'waiting');
    const said = session.events.length;
    const started = performance.now();
    await session[Symbol.asyncDispose]();
    assert.ok(performance.now() - started < 1500, `${state} took ${performance.now() - started} ms`);
    assert.not(isRunning(pid), state);
    assert.is(session.events.length, said, state);
    assert.not(existsSync(dirname(session.camera.socketPath)), state);
  }
});

test('when sight closes the socket ffmpeg ends; the socket and its folder are removed for a sight that was killed', async () => {
  const socketPath = join(mkdtempSync(join(tmpdir(), 'mien-camera-')), 'frames');
  const server = createServer((socket) => {
    socket.resume();
    setTimeout(() => socket.destroy(), 200);
  }).listen(socketPath);
  const events: FfmpegEvent[] = [];
  const camera = { name: 'a', source: video, rotate: 0, mirror: false, fieldOfViewDeg: 70, loop: true, exitsVisible: true } as const;
  const ffmpeg = createFfmpegProcess({
    ffmpeg: 'ffmpeg',
    camera,
    socketPath,
    once: false,
    logger: silentLogger,
    timing: { firstMs: 60_000 },
    onEvent: (event) => events.push(event),
  });
  await until('the end of ffmpeg', 10_000, () => events.length > 0);
  assert.is(events[0]?.error?.code, 'CAMERA_LOST');
  assert.match(events[0]?.error?.message ?? '', 'no longer takes its frames');
  await ffmpeg[Symbol.asyncDispose]();
  assert.not(existsSync(dirname(socketPath)));
  server.close();
});

test('when host and sight are killed, ffmpeg ends by itself', async () => {
  const script = fileURLToPath(new URL('../../support/ffmpeg-host.ts', import.meta.url));
  const host = spawn(process.execPath, [script, video], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
  const { pid, socketPath } = JSON.parse(line) as { pid: number; socketPath: string };
  assert.ok(isRunning(pid));
  host.kill('SIGKILL');
  await until('the end of ffmpeg', 2000, () => !isRunning(pid));
  rmSync(dirname(socketPath), { recursive: true });
});

test('a Ctrl-C in the terminal does not reach ffmpeg', async () => {
  await using session = await openSession({ source: video, timing });
  (await session.next()).release();
  const { readFileSync } = await import('node:fs');
  const groupOf = (pid: number): string | undefined => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
  assert.is.not(groupOf(session.process.pid as number), groupOf(process.pid));
});

test('garbage on the socket: FRAME_INVALID, cut off, run again', async () => {
  const liar = join(folder, 'lying-ffmpeg');
  const code = "require('net').connect(process.argv.at(-1).slice(5)).on('error',()=>{}).on('close',()=>process.exit(0)).write('GIF89a not video\\n')";
  writeFileSync(liar, `#!${process.execPath}\n${code}\n`);
  chmodSync(liar, 0o755);
  await using session = await openSession({ source: 'rtsp://127.0.0.1/a', ffmpeg: liar, timing: { firstMs: 60_000 } });
  await until('the end of ffmpeg', 10_000, () => session.events.length > 0);
  await until('the refusal', 10_000, () => session.camera.error?.code === 'FRAME_INVALID');
  assert.is(session.camera.state, 'lost');
});

test.run();
