import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readPicture } from '../../../core/src/cli/read-picture.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const reading = suite('reading of pictures');
const folder = new TemporaryFolder();
reading.after(() => folder[Symbol.dispose]());
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'read',
    (fault) => fault.code,
  );

reading('standard input is read to its end, and left as soon as it is too long', async () => {
  const some = (): Readable => Readable.from([Buffer.from('ab'), Buffer.from('cd')]);
  assert.is(Buffer.from(await readPicture('-', some(), 4)).toString(), 'abcd');
  assert.is(await code(readPicture('-', some(), 3)), 'IMAGE_TOO_LARGE');
  let given = 0;
  const endless = Readable.from(
    (function* () {
      for (; given < 1e6; given += 1) yield Buffer.alloc(1000);
    })(),
  );
  assert.is(await code(readPicture('-', endless, 10_000)), 'IMAGE_TOO_LARGE');
  assert.ok(given < 100, `${given} chunks were taken`);
  assert.ok(endless.destroyed);
});

reading('a file is measured before it is read', async () => {
  const file = join(folder.path, 'x.jpg');
  writeFileSync(file, '12345');
  assert.is((await readPicture(file, process.stdin, 5)).length, 5);
  assert.is(await code(readPicture(file, process.stdin, 4)), 'IMAGE_TOO_LARGE');
  assert.is(await code(readPicture(`${file}.gone`)), 'INPUT_NOT_FOUND');
  assert.is(await code(readPicture(folder.path)), 'INPUT_NOT_FOUND');
});

reading.run();
