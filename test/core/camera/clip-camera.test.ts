import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openBundledClip, openClipCamera } from '../../../core/src/camera/clip-camera.ts';
import type { MienError } from '../../../core/src/errors.ts';
import type { Frame } from '../../../core/src/frame.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('clip camera');

async function fault(promise: Promise<unknown>): Promise<MienError> {
  return promise.then(
    () => assert.unreachable('it should have failed') as never,
    (reason) => reason,
  );
}

test('the bundled clip opens as it is: 1280x720 RGB, decoded in time for its rate', async () => {
  await using source = await openBundledClip('main', { pace: 'every', loop: false });
  const frame = (await source.next()) as Frame;
  assert.equal([frame.pixels.width, frame.pixels.height, frame.pixels.format, frame.pixels.data.length], [1280, 720, 'rgb', 1280 * 720 * 3]);
  assert.ok(frame.decodeMs > 0);
  frame.release();
});

test('a released frame gives its memory back at once, not at the next collection', async () => {
  await using source = await openBundledClip('main', { pace: 'every', loop: false });
  const frame = (await source.next()) as Frame;
  frame.release();
  assert.is(frame.pixels.data.length, 0);
});

test('a hundred frames do not grow the memory by more than a few of them', async () => {
  await using source = await openBundledClip('main', { pace: 'every', loop: true });
  const play = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) (await source.next())?.release();
  };
  await play(30);
  const before = process.memoryUsage().rss;
  await play(100);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 20, `${grown} MB; the frames had ${(100 * 1280 * 720 * 3) / 2 ** 20}`);
});

test('a clip that is not there, or no clip, is refused with the reason', async () => {
  using folder = new TemporaryFolder();
  const options = { framesPerSecond: 15, pace: 'every', loop: false } as const;
  const missing = await fault(openClipCamera('main', { ...options, path: join(folder.path, 'none.mjpeg') }));
  assert.is(missing.code, 'CAMERA_NOT_FOUND');
  assert.not.match(missing.message, folder.path);
  const junk = join(folder.path, 'junk.mjpeg');
  writeFileSync(junk, 'not a clip');
  assert.is((await fault(openClipCamera('main', { ...options, path: junk }))).code, 'FRAME_INVALID');
});

test('a broken picture is told by the call that asks for it, in both paces', async () => {
  using folder = new TemporaryFolder();
  const good = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#204060' } })
    .jpeg()
    .toBuffer();
  const broken = Buffer.from([0xff, 0xd8, 0xff, 0xd9]); // starts and ends like a JPEG, with nothing in between
  const path = join(folder.path, 'clip.mjpeg');
  writeFileSync(path, Buffer.concat([good, good, broken]));
  {
    await using source = await openClipCamera('main', { path, framesPerSecond: 100, pace: 'every', loop: false });
    (await source.next())?.release();
    (await source.next())?.release();
    assert.is((await fault(source.next())).code, 'FRAME_INVALID');
  }
  await using source = await openClipCamera('main', { path, framesPerSecond: 100, pace: 'live', loop: false });
  const drained = (async () => {
    for (let frame = await source.next(); frame; frame = await source.next()) frame.release();
  })();
  assert.is((await fault(drained)).code, 'FRAME_INVALID');
});

test.run();
