import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeRedFiles } from '../../scripts/build-node-red.mjs';
import { must } from '../support/must.ts';

const test = suite('the package @mien/node-red');
const home = fileURLToPath(new URL('../../node-red-nodes/', import.meta.url));
const set = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly license?: string;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly scripts?: object;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly peerDependencies: object;
  readonly files: readonly string[];
  readonly 'node-red': { readonly version: string; readonly nodes: Readonly<Record<string, string>>; readonly plugins: Readonly<Record<string, string>> };
};
const types = Object.entries(set['node-red'].nodes);
const TYPES = ['host', 'camera', 'analyze', 'events', 'people', 'audience', 'filter', 'draw', 'simulate', 'model'].map((name) => `mien-${name}`);
const BUDGET_BYTES = 300_000;
let files: Readonly<Record<string, string>>;

test.before(async () => {
  files = await nodeRedFiles();
});

test('the ten nodes, each with its two halves, and the sidebar', () => {
  assert.equal(types.map(([type]) => type).sort(), TYPES.toSorted());
  for (const [type, file] of [...types, ...Object.entries(set['node-red'].plugins)]) {
    const name = file.replace(/^dist\//, '');
    if (type in set['node-red'].nodes) assert.ok(files[name], `${file} is not built`);
    assert.ok(files[name.replace(/\.js$/, '.html')], `${type} has no editor half`);
  }
  const bundles = Object.keys(files).filter((name) => name.endsWith('.js'));
  assert.equal(bundles.sort(), types.map(([, file]) => file.replace(/^dist\//, '')).sort());
});

test('nothing is installed beside it, nothing runs at its install, Mien is an optional peer', () => {
  assert.equal([set.dependencies, set.optionalDependencies, set.scripts], [undefined, undefined, undefined]);
  for (const name of Object.keys(set.peerDependencies)) assert.is(set.peerDependenciesMeta[name]?.optional, true);
  for (const [name, code] of Object.entries(files)) {
    if (!name.endsWith('.js')) continue;
    const asked = [...code.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, module]) => must(module));
    assert.equal(
      asked.filter((module) => !isBuiltin(module)),
      [],
      name,
    );
    assert.not.match(code, /\.node["']/);
  }
});

test('what the palette and the flow library read', () => {
  assert.match(set.name, /^@[a-z]+\//);
  assert.ok(set.license && set.keywords.includes('node-red'));
  assert.is(set.engines.node, '>=22.9');
  assert.is(set['node-red'].version, '>=4.1.0');
  for (const file of ['dist', 'LICENSE', 'examples', 'README.md']) assert.ok(set.files.includes(file), file);
});

test('node-red-dev finds each definition: literals in the call, nothing spread', () => {
  for (const type of TYPES) {
    const source = readFileSync(join(home, 'editor', `${type}.ts`), 'utf8');
    const definition = source.slice(source.indexOf(`RED.nodes.registerType('${type}', {`));
    assert.match(definition, `RED.nodes.registerType('${type}', {`);
    assert.not.match(definition.slice(0, definition.indexOf('\n});')), /^ {2,4}\.\.\./m);
    assert.match(definition, type === 'mien-host' ? "  category: 'config'," : /^ {2}category: 'mien',$/m);
  }
});

test('each icon of our own is there, small, and draws with white alone', () => {
  for (const type of TYPES) {
    const [, icon] = /^ {2}icon: '([^']+)',$/m.exec(readFileSync(join(home, 'editor', `${type}.ts`), 'utf8')) ?? [];
    if (type !== 'mien-host') assert.ok(icon, `${type} has no icon`);
    if (!icon || icon.startsWith('font-awesome/')) continue;
    const svg = readFileSync(join(home, 'icons', icon), 'utf8');
    assert.match(svg, 'viewBox="0 0 40 60"');
    assert.equal(
      [...new Set([...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, color]) => color))].filter((color) => color !== 'none'),
      ['#fff'],
    );
  }
});

test(`packed it stays under ${BUDGET_BYTES / 1000} kB`, () => {
  const examples = join(home, 'examples');
  const more = existsSync(examples) ? readdirSync(examples).map((name) => readFileSync(join(examples, name))) : [];
  const bytes = [...Object.values(files).map((text) => Buffer.from(text)), ...more].reduce((sum, file) => sum + gzipSync(file).length, 0);
  assert.ok(bytes < BUDGET_BYTES, `${bytes} bytes`);
});

test.run();
