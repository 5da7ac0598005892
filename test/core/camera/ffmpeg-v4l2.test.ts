// V4L2 through a stand-in that is named so: the machines that run these tests have no camera.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openSession, type SessionOptions, temporaryFolder } from '../../support/ffmpeg-session.ts';
import { isRunning, until } from '../../support/processes.ts';

const test = suite('V4L2 by a stand-in ffmpeg');
const ffmpeg = fileURLToPath(new URL('../../support/stand-in-ffmpeg.mjs', import.meta.url));
const devices = temporaryFolder();
process.env.STAND_IN_DEVICES = devices;
const plugIn = (device: string, behaviour = 'ok'): void => writeFileSync(join(devices, device), behaviour);
const open = (device: string, options: Partial<SessionOptions> = {}) => openSession({ source: `/dev/${device}`, ffmpeg, ...options });

test('frames of the size that was asked for; it says that it is a stand-in', async () => {
  plugIn('video0');
  await using session = await open('video0', { camera: { width: 128, height: 96 } });
  const frame = await session.next();
  assert.equal([frame.pixels.width, frame.pixels.height], [128, 96]);
  frame.release();
  assert.match(session.logged.join('\n'), 'this is not ffmpeg');
});

test('two Miens on one camera: the second is told CAMERA_BUSY, and gets the camera when the first goes', async () => {
  plugIn('video0');
  const first = await open('video0');
  (await first.next()).release();
  await using second = await open('video0');
  await until('the refusal', 10_000, () => second.events.length > 0);
  assert.is(second.events[0]?.kind, 'lost');
  assert.is(second.events[0]?.error?.code, 'CAMERA_BUSY');
  assert.match(second.events[0]?.error?.message ?? '', '/dev/video0 is in use');
  assert.is(second.camera.state, 'lost');
  assert.is(second.camera.error?.code, 'CAMERA_BUSY');
  (await first.next()).release();
  await first[Symbol.asyncDispose]();
  (await second.next()).release();
  assert.is(second.camera.state, 'live');
  assert.is(second.camera.error, undefined);
});

test('with --once a busy camera is an error', async () => {
  plugIn('video0');
  await using first = await open('video0');
  (await first.next()).release();
  await using second = await open('video0', { once: true });
  try {
    await second.camera.next();
    assert.unreachable('it was opened twice');
  } catch (error) {
    assert.is((error as { code?: string }).code, 'CAMERA_BUSY', String(error));
  }
});

test('unplugged in mid stream and plugged in again', async () => {
  plugIn('video1');
  await using session = await open('video1');
  (await session.next()).release();
  rmSync(join(devices, 'video1'));
  await until('the loss and a failed attempt', 10_000, () => session.events.length >= 2);
  assert.equal(
    session.events.slice(0, 2).map(({ error }) => error?.code),
    ['CAMERA_LOST', 'CAMERA_NOT_FOUND'],
  );
  assert.is(session.camera.state, 'lost');
  const { received } = session.camera.stats();
  plugIn('video1');
  await until('the return', 10_000, () => session.camera.stats().received > received && session.camera.state === 'live');
});

test('a camera that is not there yet is waited for', async () => {
  await using session = await open('video2');
  await until('the refusal', 10_000, () => session.events.length > 0);
  assert.is(session.events[0]?.error?.code, 'CAMERA_NOT_FOUND');
  const coming = session.next();
  plugIn('video2');
  (await coming).release();
});

test('silent and deaf: killed by force, at a stall and at the end', async () => {
  plugIn('video3', 'stall');
  const timing = { firstMs: 50, stallMs: 1500, graceMs: 200 };
  const session = await open('video3', { timing });
  (await session.next()).release();
  const stalled = session.process.pid as number;
  await until('giving up', 10_000, () => session.events.length > 0);
  assert.match(session.events[0]?.error?.message ?? '', 'stopped sending frames');
  assert.not(isRunning(stalled));
  const { received } = session.camera.stats();
  await until('a new start', 10_000, () => session.camera.stats().received > received);
  const deaf = session.process.pid as number;
  assert.ok(isRunning(deaf));
  const started = performance.now();
  await session[Symbol.asyncDispose]();
  assert.ok(performance.now() - started < 1000);
  assert.not(isRunning(deaf));
});

test('waits grow while it fails', async () => {
  await using session = await open('video9', { timing: { firstMs: 40, capMs: 300 } });
  await until('five attempts', 15_000, () => session.events.length >= 5);
  const waits = session.logged.flatMap((line) => /"inMs":(\d+)/.exec(line)?.[1] ?? []).map(Number);
  for (const [at, most] of [40, 80, 160, 300, 300].entries()) {
    const wait = waits[at] ?? -1;
    assert.ok(wait >= most / 2 - 1 && wait <= most + 1, `wait ${at} was ${wait} ms`);
  }
  assert.not(existsSync(join(devices, 'video9.lock')));
});

test.run();
