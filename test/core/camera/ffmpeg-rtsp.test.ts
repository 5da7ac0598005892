import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Frame } from '../../../core/src/frame.ts';
import { openSession, type Session } from '../../support/ffmpeg-session.ts';
import { until } from '../../support/processes.ts';
import { requireFfmpeg } from '../../support/programs.ts';
import { startRtspCamera } from '../../support/rtsp-camera.ts';

requireFfmpeg();
const test = suite('ffmpeg RTSP');
const LOGIN = ['anna', "open/sesame'1@"];
const ENCODED = "anna:open%2Fsesame'1%40";

test('frames arrive, soon after they were made; the password is in no log and no process list', async () => {
  await using server = await startRtspCamera(0, LOGIN);
  await using session = await openSession({ source: `rtsp://${ENCODED}@127.0.0.1:${server.port}/camera` });
  const first = await session.next();
  assert.equal([first.pixels.width, first.pixels.height, first.pixels.format], [320, 240, 'i420']);
  assert.ok(
    first.pixels.data.some((value) => value > 200),
    'the white ball is in the picture',
  );
  first.release();
  const commandLine = readFileSync(`/proc/${session.process.pid}/cmdline`, 'latin1');
  assert.match(commandLine, 'unix:');
  assert.not.match(commandLine, /sesame|anna/);
  const before = performance.now();
  for (let n = 0; n < 15; n++) (await session.next()).release();
  const tookMs = performance.now() - before;
  assert.ok(tookMs > 600 && tookMs < 2500, `15 frames at 15 a second took ${tookMs} ms`);
  assert.is(session.camera.state, 'live');
  assert.not.match(session.logged.join('\n'), /sesame|anna/);
});

test('switched off and on again: lost, then live with the frame count going on', async () => {
  const server = await startRtspCamera();
  await using session = await openSession({ source: `rtsp://127.0.0.1:${server.port}/camera`, timing: { firstMs: 100, capMs: 400 } });
  (await session.next()).release();
  const pid = session.process.pid;
  await server[Symbol.asyncDispose]();
  await until('the loss', 10_000, () => session.camera.state === 'lost');
  const { received } = session.camera.stats();
  const waiting = nextAfter(session, received);
  await until('a second attempt', 10_000, () => session.events.length >= 2);
  assert.ok(session.events.every(({ kind }) => kind === 'lost'));
  assert.match(session.camera.error?.message ?? '', /does not answer/);
  await using again = await startRtspCamera(server.port);
  assert.is(again.port, server.port);
  const frame = await waiting;
  assert.ok(frame.index >= received);
  frame.release();
  assert.is(session.camera.state, 'live');
  assert.is(session.camera.error, undefined);
  assert.is.not(session.process.pid, pid);
});

test('a camera that falls silent is given up and opened anew', async () => {
  await using server = await startRtspCamera();
  await using session = await openSession({ source: `rtsp://127.0.0.1:${server.port}/camera`, timing: { firstMs: 100, stallMs: 4000 } });
  (await session.next()).release();
  process.kill(server.pid, 'SIGSTOP');
  await until('giving up', 10_000, () => session.events.length > 0);
  assert.match(session.events[0]?.error?.message ?? '', 'stopped sending frames');
  process.kill(server.pid, 'SIGCONT');
  const { received } = session.camera.stats();
  await until('the return', 15_000, () => session.camera.stats().received > received);
});

test('a wrong password and a wrong path are named, without the password', async () => {
  await using server = await startRtspCamera(0, LOGIN);
  for (const [address, code] of [
    [`anna:falsch-geheim@127.0.0.1:${server.port}/camera`, 'CAMERA_DENIED'],
    [`${ENCODED}@127.0.0.1:${server.port}/nothing`, 'CAMERA_NOT_FOUND'],
    ['anna:falsch-geheim@no-such-host.invalid/camera', 'CAMERA_NOT_FOUND'],
  ] as const) {
    await using session = await openSession({ source: `rtsp://${address}` });
    await until(code, 10_000, () => session.events.length > 0);
    const error = session.events[0]?.error;
    assert.is(error?.code, code, error?.message);
    assert.is(session.camera.state, 'lost');
    assert.is(session.events[0]?.kind, 'lost', 'it is tried again: the camera may be set right');
    assert.not.match(session.logged.join('\n') + error?.message, /geheim|sesame|anna/);
  }
});

/** The first frame from `index` on: one that was waiting when the camera was lost may come before. */
async function nextAfter(session: Session, index: number): Promise<Frame> {
  for (;;) {
    const frame = await session.next();
    if (frame.index >= index) return frame;
    frame.release();
  }
}

test.run();
