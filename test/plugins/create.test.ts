/** What `mien plugin create` makes compiles, passes its own test, behaves, and runs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mien, startMien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const create = suite('mien plugin create');
const folder = new TemporaryFolder();
create.after(() => folder[Symbol.dispose]());

const modules = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const place = join(folder.path, 'wave-back');

/** As `npm install` would have brought them. */
function link(name: string): void {
  const path = join(place, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(modules, name), path);
}

create.before(async () => {
  const { code, stdout, stderr } = await mien(['plugin', 'create', 'wave-back'], { cwd: folder.path });
  assert.is(code, 0, stderr);
  assert.match(stdout, /mien plugin dev \.\/wave-back .*\n +mien plugin test \.\/wave-back/);
});

create('makes the files that it promises, and links this Mien', () => {
  assert.equal(readdirSync(place).sort(), [
    '.gitignore',
    'README.md',
    'mien.yaml',
    'node_modules',
    'package.json',
    'tsconfig.json',
    'wave-back.test.ts',
    'wave-back.ts',
  ]);
  assert.match(readlinkSync(join(place, 'node_modules', '@mien', 'core')), /core$/);
  const { name, keywords, engines, peerDependencies } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  assert.equal([name, keywords, engines.node], ['mien-plugin-wave-back', ['mien-plugin'], '>=22.18']);
  assert.match(peerDependencies['@mien/core'], /^\^\d+\.\d+\.\d+$/);
});

create('compiles under strict, and a field that was not granted does not', () => {
  link('typescript');
  link('@types/node');
  const tsc = () => spawnSync(process.execPath, [join(modules, 'typescript', 'bin', 'tsc')], { cwd: place, encoding: 'utf8' });
  const good = tsc();
  assert.is(good.status, 0, good.stdout);
  const path = join(place, 'ungranted.ts');
  writeFileSync(path, readFileSync(join(place, 'wave-back.ts'), 'utf8').replace('known(person.age)', 'known(person.gender)'));
  const bad = tsc();
  writeFileSync(path, '');
  assert.is.not(bad.status, 0);
  assert.match(bad.stdout, /ungranted\.ts.*Property 'gender' does not exist/s);
});

create('passes its own tests', () => {
  const { status, stdout } = spawnSync(process.execPath, ['--test', 'wave-back.test.ts'], { cwd: place, encoding: 'utf8' });
  assert.is(status, 0, stdout);
  assert.match(stdout, /pass 2/);
});

create('its test fails when it greets wrongly', () => {
  const file = join(place, 'wave-back.ts');
  const code = readFileSync(file, 'utf8');
  writeFileSync(file, code.replace("'dear guest'", "'you'"));
  const { status } = spawnSync(process.execPath, ['--test', 'wave-back.test.ts'], { cwd: place, encoding: 'utf8' });
  writeFileSync(file, code);
  assert.is(status, 1);
});

create('passes mien plugin test without a word to improve', async () => {
  const { code, stdout } = await mien(['plugin', 'test', './wave-back'], { cwd: folder.path });
  assert.is(code, 0, stdout);
  assert.match(stdout, /\n\d+ ok, 0 to improve, 0 failed\n$/);
});

create('runs with the mien.yaml that came with it, and greets', async () => {
  const running = startMien(['simulate', '--config', join(place, 'mien.yaml'), '--port', '0'], { cwd: folder.path });
  try {
    await running.until(/Hello, welcome!/);
  } finally {
    running.process.kill('SIGINT');
  }
  assert.is((await running.done).code, 0);
});

create('builds into what can be published, and that is a plugin too', async () => {
  const { scripts } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const [, ...args] = (scripts['build'] ?? '').split(' ');
  const built = spawnSync(process.execPath, [join(modules, 'typescript', 'bin', 'tsc'), ...args], { cwd: place, encoding: 'utf8' });
  assert.is(built.status, 0, built.stdout);
  const { code, stdout } = await mien(['plugin', 'info', './wave-back/dist/wave-back.js'], { cwd: folder.path });
  assert.is(code, 0);
  assert.match(stdout, /wave-back.*: Greets people by their apparent age/);
});

create('writes over nothing, and takes no name that a plugin cannot have', async () => {
  const again = await mien(['plugin', 'create', 'wave-back'], { cwd: folder.path });
  assert.is(again.code, 1);
  assert.match(again.stderr, /is there already and is not empty/);
  writeFileSync(join(folder.path, 'a-file'), 'kept');
  assert.is((await mien(['plugin', 'create', 'x', '--dir', 'a-file'], { cwd: folder.path })).code, 1);
  assert.is(readFileSync(join(folder.path, 'a-file'), 'utf8'), 'kept');
  for (const name of ['Wave', '9', '../up', 'a'.repeat(41)]) {
    const { code, stderr } = await mien(['plugin', 'create', name], { cwd: folder.path });
    assert.is(code, 2);
    assert.match(stderr, /expected a name of lower case letters/);
  }
});

create.run();
