import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { annotatedPaths, writeAnnotated } from '../../../core/src/cli/annotated-paths.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const paths = suite('places of drawn pictures');
const folder = new TemporaryFolder();
paths.after(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);
for (const name of ['photos', 'photos/a', 'photos/b']) mkdirSync(at(name));
const photos = ['photos/1.jpg', 'photos/a/1.png', 'photos/b/1.jpg'].map(at);
for (const photo of photos) writeFileSync(photo, '');
symlinkSync('photos', at('same'));
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'taken',
    (fault) => fault.code,
  );

paths('one picture goes where it is told, several go into the folder, each under a name of its own', async () => {
  assert.equal([...(await annotatedPaths(photos.slice(0, 1), at('out.jpg'))).values()], [at('out.jpg')]);
  const several = await annotatedPaths([...photos, '-'], at('drawn'));
  assert.equal(
    [...several.values()],
    ['1.jpg', '1-2.jpg', '1-3.jpg', 'stdin.jpg'].map((name) => at(`drawn/${name}`)),
  );
  assert.ok(existsSync(at('drawn')));
  assert.equal([...(await annotatedPaths(photos.slice(0, 1), at('drawn'))).values()], [at('drawn/1.jpg')], 'a folder that is there');
});

paths('no drawing takes the place of a picture that is to be measured', async () => {
  assert.is(await refusal(annotatedPaths(photos.slice(0, 1), photos[0] as string)), 'OPTION_UNKNOWN');
  assert.is(await refusal(annotatedPaths(photos, at('photos'))), 'OPTION_UNKNOWN');
  assert.is(await refusal(annotatedPaths(photos, at('same'))), 'OPTION_UNKNOWN', 'by another name of the folder');
});

paths('a place that cannot be written is named', async () => {
  assert.is(await refusal(annotatedPaths(photos, photos[1] as string)), 'OUTPUT_UNWRITABLE', 'a file is no folder');
  assert.is(await refusal(writeAnnotated(at('nowhere/x.jpg'), new Uint8Array(1))), 'OUTPUT_UNWRITABLE');
});

paths.run();
