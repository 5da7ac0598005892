// The build script's sentences. (That it builds is seen by every other file here: they load what it made.)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('build');
const script = fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url));
const build = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [script, ...args], { env: { ...process.env, ...env }, encoding: 'utf8' });

test('a missing compiler is named with the way to install it', () => {
  const own = build([], { CXX: '/nowhere/g++' });
  assert.is(own.status, 1);
  assert.match(own.stderr, /compiler \/nowhere\/g\+\+ is missing\. Install it \(Debian, Ubuntu: apt-get install g\+\+\)/);
  assert.not.match(own.stderr, /at .*build-native/);
});

test('a missing cross compiler likewise', () => {
  const other = process.arch === 'arm64' ? 'x64' : 'arm64';
  const result = build(['--target', `linux-${other}`], { PATH: '/nowhere' });
  assert.is(result.status, 1);
  assert.match(result.stderr, /is missing\. Install it .*apt-get install g\+\+-(aarch64|x86-64)-linux-gnu/);
});

test('unknown targets and options are refused', () => {
  const target = build(['--target', 'plan9-mips']);
  assert.is(target.status, 1);
  assert.match(target.stderr, /no recipe for plan9-mips; known: linux-x64, linux-arm64/);
  const option = build(['--tagret', 'linux-x64']);
  assert.is(option.status, 1);
  assert.match(option.stderr, /--tagret/);
});

test('a sanitizer that is not known, and all targets but one', () => {
  const sanitizer = build(['--sanitize', 'memory']);
  assert.is(sanitizer.status, 1);
  assert.match(sanitizer.stderr, /--sanitize takes address or thread, not 'memory'/);
  const both = build(['--all', '--target', 'linux-x64']);
  assert.is(both.status, 1);
  assert.match(both.stderr, /leave out --target/);
});

test('what was built runs with the C library of Ubuntu 22.04 (2.35), which boards have', () => {
  const prebuilds = fileURLToPath(new URL('../../native/prebuilds/', import.meta.url));
  for (const target of readdirSync(prebuilds)) {
    for (const file of ['mien.node', 'libmien-npu-simulated.so']) {
      const path = join(prebuilds, target, file);
      if (!existsSync(path)) continue;
      const versions = readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)\0/g);
      const newest = Math.max(...[...versions].map((match) => Number(match[1])));
      assert.ok(newest > 0 && newest <= 35, `${target}/${file} wants glibc 2.${newest}`);
    }
  }
});

test.run();
