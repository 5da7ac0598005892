import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configName, locatePlugin, satisfies } from '../../../../core/src/host/plugins/discovery.ts';
import { packageEntry } from '../../../../core/src/host/plugins/package-entry.ts';
import { codeFingerprint, pluginReads } from '../../../../core/src/host/plugins/plugin-files.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const discovery = suite('discovery of plugins');

function put(folder: string, files: Record<string, string | object>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

discovery('ranges of versions as npm reads them', () => {
  const holds: [version: string, range: string, expected: boolean][] = [
    ['24.2.1', '>=22', true],
    ['24.2.1', '>=22 <24', false],
    ['24.2.1', '>= 22.18 < 25', true],
    ['22.17.9', '>=22.18', false],
    ['24.2.1', '^22 || ^24', true],
    ['24.2.1', '22.x || 23', false],
    ['24.2.1', '24.x', true],
    ['24.2.1', '>24', false],
    ['24.2.1', '<=24', true],
    ['24.2.1', '20 - 24', true],
    ['0.1.5', '^0.1.0', true],
    ['0.2.0', '^0.1.0', false],
    ['0.0.4', '^0.0.3', false],
    ['1.9.0', '^1.2.0', true],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '1.2.3', false],
    ['1.2.4', '*', true],
    ['1.2.4', '', true],
    ['1.2.4', 'workspace:*', true],
  ];
  for (const [version, range, expected] of holds) assert.is(satisfies(version, range), expected, `${version} in ${range}`);
});

discovery('names for the configuration', () => {
  const names = ['@acme/mien-plugin-wave', 'mien-plugin-wave', '/x/Wave.ts', './wave.mjs', 'mien-wave', '2-wave', 'Über Wave'];
  assert.equal(names.map(configName), ['wave', 'wave', 'wave', 'wave', 'wave', 'wave', 'ber-wave']);
});

discovery('the file of a package: exports with conditions and patterns, main, what is usual', async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  put(path, { 'a.js': '', 'lib/b.js': '', 'index.mts': '', '../outside.js': '' });
  const entry = (json: object | undefined, subpath?: string): string => packageEntry(path, json, subpath).slice(path.length + 1);
  assert.is(entry({ exports: './a.js' }), 'a.js');
  assert.is(entry({ exports: { require: './x.cjs', import: './a.js' } }), 'a.js');
  assert.is(entry({ exports: { '.': { types: './a.d.ts', node: { import: './lib/b.js' }, default: './a.js' } } }), 'lib/b.js');
  assert.is(entry({ exports: { '.': './a.js', './*': './lib/*.js' } }, './b'), 'lib/b.js');
  assert.is(entry({ exports: { '.': [{ browser: './x.js' }, './a.js'] } }), 'a.js');
  assert.is(entry({ main: 'lib/b.js' }), 'lib/b.js');
  assert.is(entry({}), 'index.mts');
  assert.is(entry(undefined), 'index.mts');
  for (const json of [{ exports: { './other': './a.js' } }, { main: 'no.js' }, { main: '../outside.js' }, { exports: './lib' }]) {
    await rejectsWith('PLUGIN_INVALID', () => entry(json));
  }
});

discovery('what cannot be used is said', async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  put(path, { 'notes.txt': '', 'empty/readme': '', 'broken/package.json': '{' });
  const message = async (from: string): Promise<string> => (await rejectsWith('PLUGIN_INVALID', () => locatePlugin(from, path))).message;
  assert.match(await message('./notes.txt'), 'expected a file ending in .ts');
  assert.match(await message('./missing.ts'), 'there is no file or folder');
  assert.match(await message('./empty'), 'expected main or exports in package.json, or index.ts');
  assert.match(await message('./broken'), 'package.json is not a JSON object');
  assert.match(await message('@none/such'), 'there is no package "@none/such"');
});

discovery('what a plugin reads: its package, dependencies of dependencies hoisted or not, links and what they lead to, once each', () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const at = (name: string): string => join(path, name);
  put(path, {
    'node_modules/hoisted/package.json': { dependencies: { deep: '1', hoisted: '1' } },
    'node_modules/deep/package.json': { dependencies: { hoisted: '1' } },
    'node_modules/unused/package.json': {},
    'node_modules/@mien/core/package.json': {},
    'workspace/linked/package.json': {},
    'plugin/package.json': { main: 'index.ts', dependencies: { hoisted: '1', own: '1', missing: '1' }, peerDependencies: { '@mien/core': '*', linked: '1' } },
    'plugin/index.ts': '',
    'plugin/node_modules/own/package.json': {},
  });
  symlinkSync(at('workspace/linked'), at('node_modules/linked'));
  const expected = ['plugin', 'node_modules/hoisted', 'node_modules/deep', 'plugin/node_modules/own', 'node_modules/linked', 'workspace/linked'];
  assert.equal(pluginReads(locatePlugin('./plugin', path)).sort(), expected.map(at).sort());
});

discovery('a fingerprint tells changed code, not what is installed', () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  put(path, { 'package.json': { main: 'index.ts' }, 'index.ts': '1', 'lib/part.ts': '1', 'node_modules/x/index.js': '1', 'data.json': '{}' });
  const print = (): string => codeFingerprint(locatePlugin(path, path));
  const first = print();
  put(path, { 'node_modules/x/index.js': '22', 'data.json': '{ }' });
  assert.is(print(), first);
  put(path, { 'lib/part.ts': '22' });
  assert.is.not(print(), first);
});

discovery.run();
