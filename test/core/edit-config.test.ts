import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Document } from 'yaml';
import { stringify } from 'yaml';
import { editConfig } from '../../core/src/edit-config.ts';
import { loadConfig } from '../../core/src/load-config.ts';
import { savePluginChange } from '../../core/src/save-plugin.ts';
import { rejectsWith } from '../support/errors.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const edits = suite('edits of the configuration');
const folder = new TemporaryFolder();
edits.after(() => folder[Symbol.dispose]());
const path = join(folder.path, 'mien.yaml');

const addNew = (document: Document): void => {
  if (!document.hasIn(['plugins'])) document.set('plugins', document.createNode({}));
  document.setIn(['plugins', 'new'], document.createNode({ from: './new' }));
};
const addition = '  new:\n    from: ./new\n';

async function after(text: string, change = addNew): Promise<string> {
  writeFileSync(path, text);
  await editConfig(path, 'plugins', change);
  return readFileSync(path, 'utf8');
}

const own = `# ours
version: 2               # the shape
device:    foyer-1       # set apart

plugins:       # three of them
  # the first
  a:     # named so
    enabled:   true      # yes

  b: { grant: [person.age] }
  # the end of the plugins

# about the log
log:
  level:    info     # loud enough
# the end
`;

edits('an added plugin is all that differs', async () => {
  assert.is(await after(own), own.replace('  # the end of the plugins\n', `  # the end of the plugins\n${addition}`));
});

edits('a removed plugin is all that differs', async () => {
  const without = await after(own, (document) => void document.deleteIn(['plugins', 'b']));
  assert.is(without, own.replace('  b: { grant: [person.age] }\n', ''));
});

edits('a comment above the next plugin stays with it', async () => {
  const text = 'version: 2\nplugins:\n  a:\n    heapMb: 64\n    # inside of a\n  # about b\n  b: {}   # two\n';
  const without = await after(text, (document) => void document.deleteIn(['plugins', 'a']));
  assert.is(without, 'version: 2\nplugins:\n  # about b\n  b: {}   # two\n');
});

edits('a changed plugin keeps its comments, and everything else its letters', async () => {
  const text = await after(own, (document) => document.setIn(['plugins', 'a', 'enabled'], false));
  assert.match(text, /# named so\n {4}enabled: false # yes\n/);
  const besides = (whole: string) => whole.split('\n').filter((line) => !/^ {2}a:|named so|enabled/.test(line));
  assert.equal(besides(text), besides(own));
});

edits('the section goes to the end where the file has none, whatever its last line', async () => {
  assert.is(await after('version: 2\ndevice:   x # c\n'), `version: 2\ndevice:   x # c\n\nplugins:\n${addition}`);
  assert.is(await after('version: 2\ndevice:   x # c'), `version: 2\ndevice:   x # c\n\nplugins:\n${addition}`);
  assert.is(await after('# only words\n'), `# only words\n\nplugins:\n${addition}`);
  assert.is(await after(''), `plugins:\n${addition}`);
});

edits('a file that is not there is made, with its folder', async () => {
  const made = join(folder.path, 'deep', 'down', 'mien.yaml');
  const config = await editConfig(made, 'plugins', addNew);
  assert.is(readFileSync(made, 'utf8'), `version: 2\n\nplugins:\n${addition}`);
  assert.is(config.plugins['new']?.from, join(folder.path, 'deep', 'down', 'new'));
});

edits('flow style, line ends of Windows, and aliases across sections come through', async () => {
  assert.match(await after('{ version: 2, plugins: { a: {} } }\n'), /^\{ version: 2, plugins: \{ a: \{\}, new: \{ from: \.\/new \} \} \}\n$/);
  assert.is(
    await after('version: 2\r\nplugins:\r\n  a: {}\r\n# x\r\nlog: {}\r\n'),
    'version: 2\r\nplugins:\r\n  a: {}\r\n  new:\r\n    from: ./new\r\n# x\r\nlog: {}\r\n',
  );
  const text = await after('version: 2\ncameras:\n  - &d { name: door }\nplugins:\n  z: { options: { c: *d } }\n');
  assert.match(text, /c: \*d/);
  assert.equal((await loadConfig(path)).plugins['z']?.options, { c: { name: 'door' } });
});

edits('what the console changes of a plugin is written, whatever the file said of it', async () => {
  for (const [text, said] of [
    ['version: 2\nplugins:\n  # none yet\n', /plugins:\n {2}# none yet\n {2}a:\n/],
    ['version: 2\nplugins:\n  a:\n  b: {}\n', / {2}a:\n {4}enabled: false\n {4}options:\n {6}loud: true\n {2}b: \{\}\n/],
    ['version: 2\nplugins: {}\n', /plugins:\n {2}a:\n/],
    ['version: 2\nplugins:\n  a: { from: ./a.ts, optionsVersion: 1 } # ours\n', /from: \.\/a\.ts/],
  ] as const) {
    writeFileSync(path, text);
    await savePluginChange(path, 'a', { enabled: false, options: { loud: true } });
    assert.match(readFileSync(path, 'utf8'), said);
    const { plugins } = await loadConfig(path);
    assert.equal([plugins['a']?.enabled, plugins['a']?.options, plugins['a']?.optionsVersion], [false, { loud: true }, undefined]);
  }
});

edits('what would not check is refused, and the file stays', async () => {
  writeFileSync(path, own);
  const faulty = (document: Document) => document.setIn(['plugins', 'a', 'heapMb'], 'lots');
  const { message } = await rejectsWith('CONFIG_INVALID', () => editConfig(path, 'plugins', faulty));
  assert.match(message, /mien\.yaml, changed like this, has 1 fault\(s\):\n {2}- plugins\.a\.heapMb: must be integer/);
  assert.is(readFileSync(path, 'utf8'), own);
  writeFileSync(path, 'device: [\n');
  await rejectsWith('CONFIG_INVALID', () => editConfig(path, 'plugins', addNew));
  assert.is(readFileSync(path, 'utf8'), 'device: [\n');
});

edits('mode and link stay, and nothing is left beside the file', async () => {
  const place = join(folder.path, 'linked');
  mkdirSync(place);
  writeFileSync(join(place, 'real.yaml'), own);
  chmodSync(join(place, 'real.yaml'), 0o640);
  symlinkSync('real.yaml', join(place, 'mien.yaml'));
  await editConfig(join(place, 'mien.yaml'), 'plugins', addNew);
  assert.ok(lstatSync(join(place, 'mien.yaml')).isSymbolicLink());
  assert.is(statSync(join(place, 'real.yaml')).mode & 0o777, 0o640);
  assert.match(readFileSync(join(place, 'real.yaml'), 'utf8'), /new:/);
  assert.equal(readdirSync(place).sort(), ['mien.yaml', 'real.yaml']);
});

edits('a path that cannot be written is named', async () => {
  writeFileSync(join(folder.path, 'file'), '');
  await rejectsWith('INPUT_NOT_FOUND', () => editConfig(join(folder.path, 'file', 'mien.yaml'), 'plugins', addNew));
  const { message } = await rejectsWith('OUTPUT_UNWRITABLE', () => editConfig('/proc/self/mien.yaml', 'plugins', addNew));
  assert.match(message, /\/proc\/self\/mien\.yaml cannot be written: /);
});

edits('what another wrote between reading and writing is not lost', async () => {
  writeFileSync(path, 'version: 2\n');
  let first = true;
  await editConfig(path, 'plugins', (document) => {
    if (first) writeFileSync(path, 'version: 2\ndevice: other\n');
    first = false;
    addNew(document);
  });
  const config = await loadConfig(path);
  assert.is(config.device, 'other');
  assert.ok(config.plugins['new']);
});

edits('whatever the file says of plugins, the others stay as they were', async () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const settings = fc.record(
    { enabled: fc.boolean(), heapMb: fc.integer({ min: 16, max: 4096 }), options: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, settings), fc.boolean(), fc.integer({ min: 1, max: 8 }), async (plugins, logFirst, indent) => {
      const log = { log: { level: 'warn' } };
      const text = stringify({ version: 2, ...(logFirst ? { ...log, plugins } : { plugins, ...log }) }, { indent });
      writeFileSync(path, text);
      const before = await loadConfig(path);
      const config = await editConfig(path, 'plugins', addNew);
      assert.equal(await loadConfig(path), config);
      assert.equal({ ...config.plugins, new: undefined }, { ...before.plugins, new: undefined });
      assert.is(config.log.level, 'warn');
      await editConfig(path, 'plugins', (document) => void document.deleteIn(['plugins', 'new']));
      assert.equal(
        Object.keys((await loadConfig(path)).plugins).sort(),
        Object.keys(before.plugins)
          .filter((each) => each !== 'new')
          .sort(),
      );
    }),
    { numRuns: 40 },
  );
});

edits.run();
