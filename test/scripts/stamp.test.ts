import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hashInputs, isFresh, writeStamp } from '../../scripts/lib/stamp.mjs';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite("set-up's stamps");
let folder: TemporaryFolder;
let root: string;
test.before.each(() => {
  folder = new TemporaryFolder();
  root = folder.path;
  mkdirSync(join(root, 'src', 'below'), { recursive: true });
  write('src/a.ts', 'one');
  write('src/below/b.ts', 'two');
  write('package.json', '{}');
});
test.after.each(() => folder[Symbol.dispose]());
const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
const hash = (words?: readonly string[]): string => hashInputs(root, ['src', 'package.json'], words);

test('a hash stays while names and contents stay', () => {
  const before = hash();
  write('src/a.ts', 'one');
  write('beside.txt', 'not an input');
  assert.is(hash(), before);
});

const changes: ReadonlyArray<readonly [string, () => void]> = [
  ['another content', () => write('src/below/b.ts', 'TWO')],
  ['another name', () => renameSync(join(root, 'src/a.ts'), join(root, 'src/c.ts'))],
  ['a file more', () => write('src/below/c.ts', '')],
  ['a file less', () => rmSync(join(root, 'src/a.ts'))],
  ['an input that is gone', () => rmSync(join(root, 'package.json'))],
  [
    'text that moved from one file to the next',
    () => ['src/a.ts', 'src/below/b.ts'].forEach((path, index) => void write(path, ['onet', 'wo'][index] as string)),
  ],
];
for (const [what, change] of changes) {
  test(`${what} gives another hash`, () => {
    const before = hash();
    change();
    assert.is.not(hash(), before);
  });
}

test('words count, and what is made inside an input folder does not', () => {
  assert.is.not(hash(['linux-x64']), hash(['linux-arm64']));
  const before = hash();
  for (const made of ['node_modules', 'dist', 'prebuilds']) {
    mkdirSync(join(root, 'src', made));
    write(`src/${made}/x`, 'made');
  }
  assert.is(hash(), before);
});

test('a step is fresh with its own hash and all its outputs, and with nothing less', () => {
  const outputs = ['dist/a.js', 'dist/b.js'];
  assert.is(isFresh(root, 'javascript', hash(), outputs), false, 'never run');
  mkdirSync(join(root, 'dist'));
  for (const output of outputs) write(output, '');
  writeStamp(root, 'javascript', hash());
  assert.is(isFresh(root, 'javascript', hash(), outputs), true);
  assert.is(isFresh(root, 'console', hash(), outputs), false, "another step's stamp");
  rmSync(join(root, 'dist/b.js'));
  assert.is(isFresh(root, 'javascript', hash(), outputs), false, 'an output is gone');
  write('dist/b.js', '');
  write('src/a.ts', 'three');
  assert.is(isFresh(root, 'javascript', hash(), outputs), false, 'an input changed');
});

test.run();
