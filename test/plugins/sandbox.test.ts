/** What a plugin in a process of its own may read, write and start, without and with leave. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture, openHost, reasonOf, TemporaryFolder, type TestHost, writePlugin } from '../support/plugin-host.ts';

const sandbox = suite('plugin sandbox');

const addonPath = fileURLToPath(new URL(`../../native/prebuilds/${process.platform}-${process.arch}/mien.node`, import.meta.url));

type Answer = { got?: unknown; refused?: string };
const attempt = async (test: TestHost, what: string, path = ''): Promise<Answer> => (await test.host.run('attempt', { what, path })) as Answer;

sandbox('nothing beyond its own folder and store', async () => {
  using folder = new TemporaryFolder();
  process.env['MIEN_TEST_SECRET'] = 'not for plugins';
  const outside = join(folder.path, 'outside.txt');
  writeFileSync(outside, 'there');
  await using test = await openHost({
    stateFolder: join(folder.path, 'state'),
    plugins: { sandboxed: { from: fixture('sandboxed.ts'), allow: { read: [addonPath] } } },
  });
  await test.host.start();
  assert.is(test.host.status('sandboxed').state, 'running');
  const denied = { refused: 'ERR_ACCESS_DENIED' };
  assert.equal(await attempt(test, 'read', '/etc/passwd'), denied);
  assert.equal(await attempt(test, 'read', outside), denied);
  assert.equal(await attempt(test, 'read', join(folder.path, 'state', 'plugins.json')), denied);
  assert.equal(await attempt(test, 'write', outside), denied);
  assert.equal(await attempt(test, 'write', fixture('sandboxed.ts')), denied);
  assert.equal(await attempt(test, 'sqlite', join(folder.path, 'outside.db')), { refused: 'ERR_UNKNOWN_BUILTIN_MODULE' });
  assert.equal(await attempt(test, 'fork'), denied);
  assert.equal(await attempt(test, 'worker'), denied);
  assert.equal(await attempt(test, 'addon', addonPath), { refused: 'ERR_DLOPEN_DISABLED' });
  const store = join(folder.path, 'state', 'plugins', 'sandboxed');
  assert.equal(await attempt(test, 'cwd'), { got: store });
  assert.equal(await attempt(test, 'store'), { got: 'mine' });
  const known = new Set(['HOME', 'LANG', 'TMPDIR', 'TZ']);
  assert.ok(((await attempt(test, 'env')).got as string[]).every((name) => known.has(name)));
});

sandbox('code that it imports from beside its folder is named, with what allows it', async () => {
  using folder = new TemporaryFolder();
  const [own, shared] = [join(folder.path, 'own'), join(folder.path, 'shared')];
  for (const path of [own, shared]) mkdirSync(path);
  writeFileSync(join(shared, 'words.ts'), "export const words = 'hello';\n");
  const from = writePlugin(
    own,
    'importer',
    "setup(context) { context.command('say', Type.Object({}), async () => (await import('../shared/words.ts')).words); }",
  );
  writeFileSync(from, `import '../shared/words.ts';\n${readFileSync(from, 'utf8')}`);
  const state = (allow: object) => openHost({ stateFolder: join(folder.path, 'state'), plugins: { importer: { from, allow } } });
  {
    await using test = await state({});
    await test.host.start();
    assert.is(test.host.status('importer').state, 'blocked');
    const wanted = `it imports ${join(shared, 'words.ts')}, which is not in its folder`;
    assert.ok(reasonOf(test.host, 'importer').includes(wanted), reasonOf(test.host, 'importer'));
    assert.ok(reasonOf(test.host, 'importer').endsWith(`plugins.importer.allow.read: [${shared}]`));
  }
  await using test = await state({ read: [shared] });
  await test.host.start();
  assert.is(await test.host.run('say', {}), 'hello');
});

sandbox('what was allowed works, and no more', async () => {
  using folder = new TemporaryFolder();
  process.env['MIEN_TEST_SECRET'] = 'for this plugin';
  const [readable, writable] = [join(folder.path, 'readable'), join(folder.path, 'writable')];
  for (const path of [readable, writable]) mkdirSync(path);
  writeFileSync(join(readable, 'data.txt'), '12345');
  const allow = { addons: true, childProcess: true, workers: true, read: [readable, addonPath], write: [writable], env: ['MIEN_TEST_SECRET'] };
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), plugins: { sandboxed: { from: fixture('sandboxed.ts'), allow } } });
  await test.host.start();
  assert.equal(await attempt(test, 'read', join(readable, 'data.txt')), { got: 5 });
  assert.equal(await attempt(test, 'write', join(writable, 'new.txt')), { got: null });
  assert.equal(await attempt(test, 'write', join(readable, 'new.txt')), { refused: 'ERR_ACCESS_DENIED' });
  assert.equal(await attempt(test, 'read', '/etc/passwd'), { refused: 'ERR_ACCESS_DENIED' });
  assert.equal(await attempt(test, 'fork'), { got: '42' });
  assert.equal(await attempt(test, 'worker'), { got: 'started' });
  assert.ok(((await attempt(test, 'env')).got as string[]).includes('MIEN_TEST_SECRET'));
  assert.is((await attempt(test, 'addon', addonPath)).refused, undefined);
});

sandbox('a single file reads the code beside it, not the configuration that lies there; its dependencies are found through links', async () => {
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, 'mien.yaml'), 'api: { token: a-secret-of-sixteen }');
  writeFileSync(join(folder.path, 'words.ts'), "export const word: string = 'hello';");
  writeFileSync(join(folder.path, 'package.json'), JSON.stringify({ type: 'module', dependencies: { linked: '*' } }));
  const real = join(folder.path, 'elsewhere', 'linked');
  const inner = join(real, 'node_modules', 'inner');
  mkdirSync(inner, { recursive: true });
  mkdirSync(join(folder.path, 'node_modules'));
  execFileSync('ln', ['-s', real, join(folder.path, 'node_modules', 'linked')]);
  writeFileSync(join(real, 'package.json'), JSON.stringify({ name: 'linked', main: 'main.cjs', dependencies: { inner: '1' } }));
  writeFileSync(join(real, 'main.cjs'), "module.exports = { linked: require('inner') };");
  writeFileSync(join(inner, 'package.json'), JSON.stringify({ name: 'inner', exports: './inner.cjs' }));
  writeFileSync(join(inner, 'inner.cjs'), "module.exports = 'inner';");
  const from = writePlugin(
    folder.path,
    'reader',
    `async setup(context) {
      const { word } = await import('./words.ts');
      const { default: linked } = await import('linked');
      const { readFileSync } = await import('node:fs');
      let refused = '';
      try { readFileSync(new URL('./mien.yaml', import.meta.url)); } catch (fault) { refused = fault.code; }
      context.command('look', Type.Object({}), () => ({ word, ...linked, refused }));
    }`,
  );
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), plugins: { reader: { from } } });
  await test.host.start();
  assert.is(test.host.status('reader').state, 'running', test.host.status('reader').reason);
  assert.equal(await test.host.run('look', {}), { word: 'hello', linked: 'inner', refused: 'ERR_ACCESS_DENIED' });
});

sandbox.run();
