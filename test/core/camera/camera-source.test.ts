import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSource, describeSource, paceOf, parseSource, redactSource } from '../../../core/src/camera/camera-source.ts';
import type { MienError } from '../../../core/src/errors.ts';
import { temporaryFolder } from '../../support/ffmpeg-session.ts';

const test = suite('camera source');

function refusal(text: string): string {
  try {
    parseSource(text);
  } catch (error) {
    assert.is((error as MienError).code, 'CAMERA_NOT_FOUND');
    return (error as MienError).message;
  }
  throw new Error(`${text} was accepted`);
}

test('knows the four kinds', () => {
  assert.equal(parseSource('clip'), { kind: 'clip' });
  assert.equal(parseSource(' /dev/video2 '), { kind: 'v4l2', device: '/dev/video2' });
  assert.equal(parseSource('/dev/v4l/by-id/usb-cam-index0'), { kind: 'v4l2', device: '/dev/v4l/by-id/usb-cam-index0' });
  assert.equal(parseSource('rtsp://cam.local/a'), { kind: 'rtsp', url: 'rtsp://cam.local/a' });
  assert.equal(parseSource('RTSPS://cam.local:322/a?x=1'), { kind: 'rtsp', url: 'RTSPS://cam.local:322/a?x=1' });
  assert.equal(parseSource('lobby.mp4'), { kind: 'file', path: resolve('lobby.mp4') });
  assert.equal(parseSource('file:///videos/a%20b.mp4'), { kind: 'file', path: '/videos/a b.mp4' });
});

test('what it does not know is refused with the nearest form', () => {
  assert.match(refusal('rstp://cam/a'), 'Did you mean rtsp://?');
  assert.match(refusal('http://cam/a'), 'http:// is not a kind of camera');
  assert.match(refusal('file://%zz'), 'expected file:///path');
  assert.match(refusal('file://elsewhere/clip.mp4'), 'expected file:///path');
  assert.match(refusal('/dev/vide1'), 'Did you mean /dev/video1?');
  assert.match(refusal('0'), 'Did you mean /dev/video0?');
  assert.match(refusal(''), 'expected `clip`');
  assert.match(refusal('rtsp:///path'), 'no host');
  assert.match(refusal('rtsp://user:secret@/path'), 'no host');
  assert.not.match(refusal('rtsp://user:sec ret@host/path'), 'ret');
});

for (const [source, shown] of [
  ['clip', 'clip'],
  ['/videos/lobby.mp4', 'file lobby.mp4'],
  ['/dev/video0', 'v4l2 /dev/video0'],
  ['rtsp://host:554/path', 'rtsp host:554/path'],
  ['rtsp://anna:geheim@host:554/path', 'rtsp host:554/path'],
  ['rtsp://anna:ge@he/im@host/path?token=geheim', 'rtsp host/path'],
  ['rtsp://10.0.0.8:554/user=anna_password=geheim_channel=1', 'rtsp 10.0.0.8:554/...'],
  ['rtsps://anna:geheim@[::1]:322/a#geheim', 'rtsps [::1]:322/a'],
] as const) {
  test(`shows ${shown}`, () => {
    const parsed = parseSource(source);
    assert.is(describeSource(parsed), shown);
    for (const line of [`Impossible to open '${source}'`, `${source}: Connection refused`, `[tcp] ${source}`]) {
      const safe = redactSource(line, parsed);
      assert.not.match(safe, /geheim|anna|\/videos/);
    }
  });
}

test('only what is recorded can be held back', () => {
  const paces = ['clip', 'a.mp4', '/dev/video0', 'rtsp://cam/a'].map((source) => paceOf(parseSource(source), true));
  assert.equal(paces, ['every', 'every', 'live', 'live']);
  assert.is(paceOf(parseSource('clip'), false), 'live');
});

test('files and devices that are not there are named, with what is', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'lobby.mp4'), 'x');
  mkdirSync(join(folder, 'inner'));
  await checkSource(parseSource(join(folder, 'lobby.mp4')));
  await checkSource(parseSource('rtsp://nowhere/a'));
  await checkSource(parseSource('clip'));
  assert.match(await failure(join(folder, 'loby.mp4')), `Did you mean ${join(folder, 'lobby.mp4')}?`);
  assert.match(await failure('cilp'), 'Did you mean clip?');
  assert.match(await failure(join(folder, 'inner')), 'is not a file');
  assert.match(await failure('/dev/video987'), /no video device \/dev\/video987/);
});

async function failure(source: string): Promise<string> {
  try {
    await checkSource(parseSource(source));
  } catch (error) {
    assert.is((error as MienError).code, 'CAMERA_NOT_FOUND');
    return (error as MienError).message;
  }
  throw new Error(`${source} was found`);
}

test.run();
