import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { thisMachine } from '../../../core/src/device/machine.ts';
import { openConsole } from '../../support/open-console.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('this machine');
const machine = thisMachine();

test('a port that is free, one that a Mien has, one that another program has', async () => {
  await using app = await openConsole();
  const { hostname, port } = new URL(app.url);
  assert.equal(await machine.listen(hostname, Number(port)), { code: 'EADDRINUSE', isMien: true });
  const other = createServer((socket) => socket.resume().end('HTTP/1.1 200 OK\r\n\r\n{}')).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const taken = (other.address() as { port: number }).port;
  assert.equal(await machine.listen('127.0.0.1', taken), { code: 'EADDRINUSE', isMien: false });
  await new Promise((resolve) => other.close(resolve));
  assert.is(await machine.listen('127.0.0.1', taken), undefined);
  assert.is((await machine.listen('203.0.113.7', 7430))?.code, 'EADDRNOTAVAIL');
});

test('programs: what they say, how they end, and that they are not there', async () => {
  const good = await machine.run(process.execPath, ['-e', 'console.log("out"); console.error("err")']);
  assert.equal(good, { isGood: true, output: 'out\n\nerr' });
  assert.is((await machine.run(process.execPath, ['-e', 'process.exit(3)']))?.isGood, false);
  assert.is(await machine.run('no-program-of-this-name', []), undefined);
});

test('space is that of the nearest folder there is, and nothing is made', async () => {
  using folder = new TemporaryFolder();
  const wished = join(folder.path, 'a', 'b');
  const { nearest, freeMb, mayWrite } = await machine.space(wished);
  assert.equal({ nearest, mayWrite }, { nearest: folder.path, mayWrite: true });
  assert.ok(Number.isInteger(freeMb) && freeMb >= 0);
  mkdirSync(wished, { recursive: true });
  assert.is((await machine.space(wished)).nearest, wished);
});

test('a file is one, a folder is none', async () => {
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, 'clip.mp4'), '');
  assert.is(await machine.isFile(join(folder.path, 'clip.mp4')), true);
  assert.is(await machine.isFile(folder.path), false);
  assert.is(await machine.isFile(join(folder.path, 'gone')), false);
});

test('the addon tells which kernels run; a library that is not there is an error', async () => {
  assert.match(await machine.addon(), /^linux-(x64|arm64), (avx2|baseline|neon)$/);
  assert.is(
    await machine.runtime('/gone/librknnrt.so', undefined).then(
      () => 'opened',
      (fault) => fault.code,
    ),
    'library-missing',
  );
});

test.run();
