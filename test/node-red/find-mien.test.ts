import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findMien, wordsOf } from '../../node-red-nodes/src/host/find-mien.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('where a Mien is');

function program(path: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, 0o755);
  return path;
}

test('the command goes before the user directory, and that before PATH', () => {
  using folder = new TemporaryFolder();
  const userDir = join(folder.path, 'user');
  const onPath = program(join(folder.path, 'bin', 'mien'));
  const path = join(folder.path, 'bin');
  assert.equal(findMien({ userDir, path }), { kind: 'found', where: 'PATH', program: { file: onPath, args: [] } });
  const own = program(join(userDir, 'node_modules', '@mien', 'core', 'bin', 'mien.mjs'));
  assert.equal(findMien({ userDir, path }), { kind: 'found', where: 'user directory', program: { file: process.execPath, args: [own] } });
  const command = program(join(userDir, 'my mien'));
  assert.equal(findMien({ command: `'./my mien' --flag`, userDir, path }), { kind: 'found', where: 'command', program: { file: command, args: ['--flag'] } });
  assert.equal(findMien({ command: 'mien', userDir, path }), { kind: 'found', where: 'command', program: { file: onPath, args: [] } });
});

test('a command that is not there is not replaced by another Mien', () => {
  using folder = new TemporaryFolder();
  program(join(folder.path, 'bin', 'mien'));
  const found = findMien({ command: '/opt/none/mien', userDir: folder.path, path: join(folder.path, 'bin') });
  assert.is(found.kind, 'missing');
  assert.match(found.kind === 'missing' ? found.text : '', /the command "\/opt\/none\/mien" was not found/);
});

test('what is on PATH but is no program is none', () => {
  using folder = new TemporaryFolder();
  mkdirSync(join(folder.path, 'bin', 'mien'), { recursive: true });
  mkdirSync(join(folder.path, 'other'));
  writeFileSync(join(folder.path, 'other', 'mien'), '');
  const path = `${join(folder.path, 'bin')}:${join(folder.path, 'other')}`;
  assert.is(findMien({ userDir: folder.path, path }).kind, 'missing');
});

test('the line to install one can be pasted', () => {
  const found = findMien({ userDir: "/home/o'neill/my flows", path: '' });
  assert.is(found.kind === 'missing' && found.installLine, "cd '/home/o'\\''neill/my flows' && npm install @mien/core");
});

test('words of a command', () => {
  assert.equal(wordsOf(''), []);
  assert.equal(wordsOf('  npx  mien '), ['npx', 'mien']);
  assert.equal(wordsOf(`"/a b/mien" --x='y z'`), ['/a b/mien', '--x=y z']);
});

test.run();
