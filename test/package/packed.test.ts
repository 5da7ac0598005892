import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchNode } from '../../scripts/lib/node.mjs';
import { frameWith } from '../support/clip.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** The newest of each line that the npm registry had when this was written. */
const NODES = { 20: '20.20.2', 22: '22.23.1', 24: '24.21.0' } as const;
const root = fileURLToPath(new URL('../../', import.meta.url));

const packed = suite('the packed packages');
const folder = new TemporaryFolder();
const place = join(folder.path, 'place');
const bare = join(folder.path, 'bin');
packed.after(() => folder[Symbol.dispose]());

const nodeOf = (version: keyof typeof NODES): string =>
  NODES[version] === process.versions.node ? process.execPath : fetchNode(join(root, '.mien', `node-${version}`), NODES[version]);

/** npm without the npm of a package script around it: its settings and folders must not leak in. */
function npm(args: readonly string[], cwd: string): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_loglevel')));
  const done = spawnSync('npm', [...args, '--loglevel=error'], { cwd, encoding: 'utf8', env });
  assert.is(done.status, 0, done.stderr);
  return done.stdout;
}

async function run(version: keyof typeof NODES, args: readonly string[]) {
  const node = nodeOf(version);
  // No compiler, no ffmpeg, no shell tools: only this Node.
  const child = spawn(node, [join('node_modules', '.bin', 'mien'), ...args], {
    cwd: place,
    env: { PATH: bare, HOME: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { stdout, stderr, code };
}

packed.before(() => {
  mkdirSync(place);
  mkdirSync(bare);
  symlinkSync(process.execPath, join(bare, 'node'));
  for (const workspace of ['native', 'model', 'core', 'plugins', 'node-red-nodes']) npm(['pack', '--pack-destination', folder.path], join(root, workspace));
  writeFileSync(join(place, 'package.json'), '{ "name": "place", "private": true, "type": "module" }');
  const tarballs = readdirSync(folder.path).filter((name) => name.endsWith('.tgz'));
  assert.is(tarballs.length, 5);
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs.map((name) => join(folder.path, name))], place);
  writeFileSync(join(place, 'two.jpg'), frameWith(2));
});

packed('hold JavaScript and types, the binary of this platform, the release and the clip; and no sources of core', () => {
  const core = join(place, 'node_modules', '@mien', 'core');
  assert.ok(readdirSync(join(core, 'dist')).includes('index.d.ts'));
  assert.ok(readdirSync(join(core, 'clip')).includes('clip.mjpeg'));
  assert.not.ok(readdirSync(core).includes('src'));
  assert.ok(readdirSync(join(core, '..', 'native', 'prebuilds', `${process.platform}-${process.arch}`)).includes('mien.node'));
  assert.ok(readdirSync(join(core, '..', 'model', 'release')).includes('model.json'));
  const lock = readFileSync(join(place, 'package-lock.json'), 'utf8');
  assert.not.match(lock, /"node_modules\/(typescript|esbuild|uvu|@biomejs\/biome)"/);
});

for (const version of [22, 24] as const) {
  packed(`analyse a picture on Node ${version} without a compiler`, async () => {
    const { code, stdout, stderr } = await run(version, ['analyze', '--json', 'two.jpg']);
    assert.is(code, 0, stderr);
    const result = JSON.parse(stdout) as { file: string; faces: unknown[] };
    assert.is(result.file, 'two.jpg');
    assert.is(result.faces.length, 2);
  });

  packed(`play the clip on Node ${version}: four people appear and leave`, async () => {
    const { code, stdout, stderr } = await run(version, ['run', '--once', '--json']);
    assert.is(code, 0, stderr);
    const types = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { type: string }).type);
    assert.is(types.filter((type) => type === 'mien.person.appeared.v1').length, 4);
    assert.is(types.filter((type) => type === 'mien.person.left.v1').length, 4);
  });
}

packed('hold the plugins that come along, each loadable, and a Node-RED set without dependencies', async () => {
  for (const name of ['serial-robot', 'mqtt', 'webhook', 'speech', 'dialogue', 'ros-bridge', 'kiosk-screen']) {
    const { code, stdout, stderr } = await run(24, ['plugin', 'info', `@mien/plugins/${name}`]);
    assert.is(code, 0, stderr);
    assert.ok(stdout.includes(name), stdout);
  }
  const set = join(place, 'node_modules', '@mien', 'node-red');
  const json = JSON.parse(readFileSync(join(set, 'package.json'), 'utf8'));
  assert.is(json.dependencies, undefined);
  for (const file of Object.values<string>(json['node-red'].nodes)) assert.ok(readFileSync(join(set, file)).length > 0, file);
});

packed('say on Node 20 which Node is needed', async () => {
  const { code, stderr } = await run(20, ['--version']);
  assert.is(code, 2);
  assert.match(stderr, /needs Node 22\.18 or newer; this is 20\./);
});

packed('give types to a program that uses them', () => {
  writeFileSync(
    join(place, 'use.ts'),
    `import { createMien, loadConfig, type MienEvent } from '@mien/core';
import { createClient } from '@mien/core/client';
const seen: MienEvent[] = [];
await using mien = await createMien(await loadConfig(), { once: true, api: false, onBus: (bus) => bus.subscribe({}, (event) => void seen.push(event)) });
await mien.ended();
const url: string | undefined = mien.url;
for await (const event of createClient({ url: url ?? '' }).events({ types: ['person.appeared'] })) console.log(event.data.clock.bootId);
`,
  );
  cpSync(join(root, 'node_modules', '@types', 'node'), join(place, 'node_modules', '@types', 'node'), { recursive: true });
  cpSync(join(root, 'node_modules', 'undici-types'), join(place, 'node_modules', 'undici-types'), { recursive: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(
    process.execPath,
    [tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--lib', 'esnext,dom', '--types', 'node', 'use.ts'],
    { cwd: place, encoding: 'utf8' },
  );
  assert.is(done.status, 0, done.stdout);
});

packed('the launcher of a checkout works from a shell whose Node is 20, speaking on stderr only', () => {
  const { status, stdout } = spawnSync(nodeOf(20), [join(root, 'core', 'bin', 'mien.mjs'), '--version'], { encoding: 'utf8' });
  assert.is(status, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

packed.run();
