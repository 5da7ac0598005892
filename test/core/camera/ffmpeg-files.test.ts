import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { frameBytes, type PixelView } from '../../../core/src/frame.ts';
import { makeVideo, openSession, type SessionOptions, temporaryFolder } from '../../support/ffmpeg-session.ts';
import { until } from '../../support/processes.ts';
import { requireFfmpeg } from '../../support/programs.ts';

requireFfmpeg();
const test = suite('ffmpeg files');
const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

// Four quarters of pure colours, clockwise from the top left: red, green, white, blue. 64x48, 10 frames, 10 a second.
const quarters =
  'color=red:32x24:r=10:d=1[a];color=lime:32x24:r=10:d=1[b];color=blue:32x24:r=10:d=1[c];color=white:32x24:r=10:d=1[d];[a][b]hstack[t];[c][d]hstack[u];[t][u]vstack';
const h264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-qp', '4'];
makeVideo('-f', 'lavfi', '-i', quarters, ...h264, path('quarters.mp4'));
writeFileSync(path('turned.mp4'), turnedByMetadata(readFileSync(path('quarters.mp4'))));
makeVideo('-f', 'lavfi', '-i', 'color=red:65x49:r=10:d=1', '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-q:v', '2', path('odd.avi'));
makeVideo('-f', 'lavfi', '-i', 'color=red:64x48:r=10:d=1', '-vf', 'setsar=2', ...h264, path('wide-pixels.mp4'));
makeVideo('-f', 'lavfi', '-i', 'color=white:64x48:r=10:d=1', '-c:v', 'ffv1', '-pix_fmt', 'gray', path('gray.mkv'));
makeVideo('-f', 'lavfi', '-i', 'color=0xff0000:1280x720:r=10:d=0.3', '-vf', 'scale=out_color_matrix=bt709', '-colorspace', 'bt709', ...h264, path('hd.mp4'));

/** [R, G, B] of the pixel at the shares x, y, by BT.601 limited range as the frame's contract says. */
function colourAt({ data, width, height, range }: PixelView, x: number, y: number): number[] {
  assert.is(range, 'limited');
  const [px, py] = [Math.floor(x * width), Math.floor(y * height)];
  const chroma = width * height + (py >> 1) * (width / 2) + (px >> 1);
  const luma = 1.164 * ((data[py * width + px] ?? 0) - 16);
  const u = (data[chroma] ?? 0) - 128;
  const v = (data[chroma + (width * height) / 4] ?? 0) - 128;
  return [luma + 1.596 * v, luma - 0.392 * u - 0.813 * v, luma + 2.017 * u].map((value) => Math.min(255, Math.max(0, value)));
}

/** The MP4 with "turn clockwise by 90 degrees" in its track header: no ffmpeg option writes that in every version. */
function turnedByMetadata(mp4: Buffer): Buffer {
  const turned = Buffer.from(mp4);
  const matrix = turned.indexOf('tkhd') + 4 + 40;
  for (const [at, value] of [0, 0x10000, 0, -0x10000, 0, 0, 48 * 0x10000, 0, 0x40000000].entries()) turned.writeInt32BE(value, matrix + at * 4);
  return turned;
}

const COLOURS = { red: [255, 0, 0], lime: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] };

function nameAt(pixels: PixelView, x: number, y: number): string {
  const found = colourAt(pixels, x, y);
  return Object.entries(COLOURS).find(([, colour]) => colour.every((value, at) => Math.abs(value - (found[at] ?? 0)) < 12))?.[0] ?? String(found);
}

/** Plays a file once; every frame is looked at before it is given back. */
async function play(options: SessionOptions, look: (pixels: PixelView) => void = () => {}): Promise<{ times: number[]; size: string }> {
  await using session = await openSession({ once: true, ...options });
  const times: number[] = [];
  let size = '';
  for (let frame = await session.camera.next(); frame; frame = await session.camera.next()) {
    assert.is(frame.index, times.length);
    size = `${frame.pixels.width}x${frame.pixels.height}`;
    assert.is(frame.pixels.data.length, frameBytes(frame.pixels.format, frame.pixels.width, frame.pixels.height));
    look(frame.pixels);
    times.push(frame.capturedMonoMs);
    frame.release();
  }
  assert.is(session.camera.state, 'ended');
  assert.equal(session.events, [{ kind: 'exited' }]);
  return { times, size };
}

test('H.264: each frame once, upright colours, media time', async () => {
  const { times, size } = await play({ source: path('quarters.mp4') }, (pixels) => {
    const seen = [nameAt(pixels, 0.25, 0.25), nameAt(pixels, 0.75, 0.25), nameAt(pixels, 0.75, 0.75), nameAt(pixels, 0.25, 0.75)];
    assert.equal(seen, ['red', 'lime', 'white', 'blue']);
  });
  assert.is(size, '64x48');
  assert.is(times.length, 10);
  assert.equal(
    times.map((time) => Math.round(time - (times[0] ?? 0))),
    [0, 100, 200, 300, 400, 500, 600, 700, 800, 900],
  );
});

// Clockwise from the top left.
for (const [rotate, mirror, corners, turnedSize] of [
  [0, true, 'lime red blue white', '64x48'],
  [90, false, 'blue red lime white', '48x64'],
  [180, false, 'white blue red lime', '64x48'],
  [270, false, 'lime white blue red', '48x64'],
  [90, true, 'red blue white lime', '48x64'],
] as const) {
  test(`turned by ${rotate} degrees${mirror ? ' and mirrored' : ''}`, async () => {
    const { size } = await play({ source: path('quarters.mp4'), camera: { rotate, mirror } }, (pixels) => {
      const seen = [nameAt(pixels, 0.25, 0.25), nameAt(pixels, 0.75, 0.25), nameAt(pixels, 0.75, 0.75), nameAt(pixels, 0.25, 0.75)];
      assert.is(seen.join(' '), corners);
    });
    assert.is(size, turnedSize);
  });
}

test('rotation in the metadata is honoured', async () => {
  const { size } = await play({ source: path('turned.mp4') }, (pixels) => {
    const seen = [nameAt(pixels, 0.25, 0.25), nameAt(pixels, 0.75, 0.25), nameAt(pixels, 0.75, 0.75), nameAt(pixels, 0.25, 0.75)];
    assert.equal(seen, ['blue', 'red', 'lime', 'white']);
  });
  assert.is(size, '48x64');
});

test('odd sizes become even, full range becomes limited', async () => {
  const { size, times } = await play({ source: path('odd.avi') }, (pixels) => assert.is(nameAt(pixels, 0.5, 0.5), 'red'));
  assert.is(size, '64x48');
  assert.is(times.length, 10);
});

test('pixels that are not square become square', async () => {
  assert.is((await play({ source: path('wide-pixels.mp4') })).size, '128x48');
});

test('grayscale video', async () => {
  await play({ source: path('gray.mkv') }, (pixels) => assert.is(nameAt(pixels, 0.5, 0.5), 'white'));
});

test('BT.709 becomes BT.601', async () => {
  await play({ source: path('hd.mp4') }, (pixels) => assert.is(nameAt(pixels, 0.5, 0.5), 'red'));
});

test('names with blanks, colons, quotes and a leading dash', async () => {
  for (const name of ["a b'c.mp4", 'http:x.mp4', '-i.mp4', 'ümläut %d.mp4']) {
    copyFileSync(path('quarters.mp4'), path(name));
    assert.is((await play({ source: path(name) })).times.length, 10);
  }
});

test('a playlist cannot fetch from elsewhere', async () => {
  writeFileSync(path('list.m3u8'), '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n');
  await using session = await openSession({ source: path('list.m3u8'), once: true });
  await assertRejects(session.camera.next(), 'FRAME_INVALID');
  assert.match(session.logged.join('\n'), /whitelist/);
});

for (const [name, bytes] of [
  ['noise.mp4', Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251))],
  ['cut.mp4', readFileSync(path('quarters.mp4')).subarray(0, 900)],
  ['empty.mp4', Buffer.alloc(0)],
] as const) {
  test(`${name} is no video: FRAME_INVALID, once and looping`, async () => {
    writeFileSync(path(name), bytes);
    for (const once of [true, false]) {
      await using session = await openSession({ source: path(name), once });
      const error = await assertRejects(session.camera.next(), 'FRAME_INVALID');
      assert.match(error.message, `file ${name}`);
      assert.not.match(session.logged.join('\n') + error.message, folder);
      assert.equal(
        session.events.map(({ kind }) => kind),
        ['exited'],
      );
      assert.is(session.camera.state, 'ended');
    }
  });
}

test('a file that is not there', async () => {
  await using session = await openSession({ source: path('none.mp4') });
  await assertRejects(session.camera.next(), 'CAMERA_NOT_FOUND');
});

test('live: in its own time, and again from the start', async () => {
  await using session = await openSession({ source: path('quarters.mp4') });
  (await session.next()).release();
  const started = performance.now();
  let last = 0;
  while (last < 14) {
    const frame = await session.next();
    last = frame.index;
    frame.release();
  }
  const tookMs = performance.now() - started;
  assert.ok(tookMs > 900 && tookMs < 5000, `14 frames at 10 a second took ${tookMs} ms`);
  assert.is(session.camera.state, 'live');
  assert.equal(session.events, []);
});

test('live: what is not taken in time is dropped and counted, the newest comes', async () => {
  await using session = await openSession({ source: path('quarters.mp4') });
  const first = await session.next();
  await until('six more frames', 10_000, () => session.camera.stats().received >= first.index + 6);
  const { received } = session.camera.stats();
  const frame = await session.next();
  assert.ok(frame.index >= received - 1);
  assert.is(session.camera.stats().dropped, frame.index - first.index - 1);
  first.release();
  frame.release();
});

test('live without loop ends', async () => {
  await using session = await openSession({ source: path('quarters.mp4'), camera: { loop: false } });
  let last = -1;
  for (let frame = await session.camera.next(); frame; frame = await session.camera.next()) {
    last = frame.index;
    frame.release();
  }
  assert.is(last, 9);
  assert.is(session.camera.state, 'ended');
});

test('the socket is private, takes one connection, and is gone afterwards', async () => {
  const { statSync } = await import('node:fs');
  const { connect } = await import('node:net');
  const session = await openSession({ source: path('quarters.mp4') });
  const { socketPath } = session.camera;
  (await session.next()).release();
  assert.is(statSync(dirname(socketPath)).mode & 0o777, 0o700);
  const second = connect(socketPath);
  await new Promise((resolve) => second.on('error', () => {}).once('close', resolve));
  (await session.next()).release();
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  assert.not(existsSync(dirname(socketPath)));
  assert.is(await session.camera.next(), null);
});

async function assertRejects(promise: Promise<unknown>, code: string): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    assert.is((error as { code?: string }).code, code, String(error));
    return error as Error;
  }
  throw new Error(`${code} was expected`);
}

test.run();
