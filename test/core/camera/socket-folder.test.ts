import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openFfmpegCamera } from '../../../core/src/camera/ffmpeg-camera.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const sockets = suite("folder of a camera's socket");
const folder = new TemporaryFolder();
const before = process.env['TMPDIR'];
sockets.after(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  folder[Symbol.dispose]();
});

sockets('a temporary folder with a path too long for a Unix socket gives way to /tmp', async () => {
  const deep = join(folder.path, 'x'.repeat(100));
  mkdirSync(deep);
  process.env['TMPDIR'] = deep;
  const camera = await openFfmpegCamera({ name: 'main', pace: 'live' });
  const { socketPath } = camera;
  assert.match(socketPath, /^\/tmp\/mien-camera-/);
  assert.ok(existsSync(socketPath));
  await camera[Symbol.asyncDispose]();
  assert.not.ok(existsSync(dirname(socketPath)));
});

sockets('a temporary folder that cannot be written is named with the remedy', async () => {
  writeFileSync(join(folder.path, 'file'), '');
  process.env['TMPDIR'] = join(folder.path, 'file');
  const fault = await openFfmpegCamera({ name: 'main', pace: 'live' }).catch((error) => error);
  assert.is(fault.code, 'CAMERA_LOST');
  assert.match(fault.message, /Set TMPDIR/);
});

sockets.run();
