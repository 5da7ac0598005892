import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { removeOrphans } from '../../scripts/lib/orphans.mjs';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('JavaScript of deleted modules');

test('goes, with its types and its folder; what has a source, or is made otherwise, stays', () => {
  using folder = new TemporaryFolder();
  const put = (path: string): void => {
    mkdirSync(dirname(join(folder.path, path)), { recursive: true });
    writeFileSync(join(folder.path, path), '');
  };
  const stay = ['dist/index.js', 'dist/index.d.ts', 'dist/sight/a.js', 'dist/console/page/main-X1.js', 'dist/notes.txt'];
  const go = ['dist/gone.js', 'dist/gone.d.ts', 'dist/old/deep/b.js'];
  for (const path of ['src/index.ts', 'src/sight/a.ts', ...stay, ...go]) put(path);
  assert.equal(removeOrphans(folder.path, [join('console', 'page')]).sort(), ['gone.d.ts', 'gone.js', join('old', 'deep', 'b.js')]);
  for (const path of stay) assert.ok(existsSync(join(folder.path, path)), path);
  for (const path of [...go, 'dist/old']) assert.not.ok(existsSync(join(folder.path, path)), path);
  assert.equal(removeOrphans(folder.path, [join('console', 'page')]), []);
});

test('nothing made yet is nothing to remove', () => {
  using folder = new TemporaryFolder();
  assert.equal(removeOrphans(folder.path), []);
});

test.run();
