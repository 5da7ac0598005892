/** `mien plugin ...` as processes, on files as a person has them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../core/src/load-config.ts';
import { mien, startMien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const commands = suite('mien plugin');
let folder: TemporaryFolder;
commands.before.each(() => {
  folder = new TemporaryFolder();
});
commands.after.each(() => folder[Symbol.dispose]());

const at = (...names: string[]) => join(folder.path, ...names);
const run = (...args: string[]) => mien(['plugin', ...args], { cwd: folder.path });

/** A plugin in a file, or in a folder with a package.json where one is given. */
function write(file: string, code: string, json?: object): void {
  mkdirSync(join(at(file), '..'), { recursive: true });
  writeFileSync(at(file), code);
  if (json) writeFileSync(join(at(file), '..', 'package.json'), JSON.stringify(json));
}

const define = (body: string): string =>
  `import { definePlugin, Type } from '@mien/core/plugin';\n\nexport default definePlugin({ name: 'waver', apiVersion: 1, ${body} });\n`;
const waver = define(`
  description: 'Waves at people.',
  needs: ['person.presence', 'person.attention'],
  options: Type.Object({
    arm: Type.Union([Type.Literal('left'), Type.Literal('right')], { default: 'left', description: 'which one' }),
    speed: Type.Object({ max: Type.Number({ default: 2, minimum: 0, description: 'waves a second' }) }, { default: {} }),
    port: Type.Optional(Type.String({ description: 'of the arm' })),
  }),
  setup(context) {
    context.on('person.appeared', () => {});
    context.command('waver.wave', Type.Object({}), () => 'waved');
  },`);
const own = '# ours\nversion: 2\ndevice:   foyer   # set apart\n';

commands('add looks at the plugin, says what it needs, and writes it with its comments', async () => {
  write('waver/index.ts', waver, { name: 'waver', version: '1.2.3', type: 'module' });
  writeFileSync(at('mien.yaml'), own);
  const { code, stdout, stderr } = await run('add', './waver', '--yes');
  assert.is(code, 0, stderr);
  assert.match(stdout, /waver 1\.2\.3 \(\.\/waver\): Waves at people\./);
  assert.match(stdout, /person\.attention +whether a person looks at the device/);
  assert.match(stdout, /Not covered: the network/);
  assert.is(
    readFileSync(at('mien.yaml'), 'utf8'),
    `${own}
plugins:
  waver:
    # Waves at people.
    from: ./waver
    grant:
      - person.presence # who is there, since when, whether they were here before (numbers for persons, never names)
      - person.attention # whether a person looks at the device, and for how long
    options:
      arm: left # "left" | "right": which one
      speed:
        max: 2 # number from 0: waves a second
      # port: string: of the arm
`,
  );
  const { plugins } = await loadConfig(at('mien.yaml'));
  assert.is(plugins['waver']?.from, at('waver'));
  assert.equal(plugins['waver']?.options, { arm: 'left', speed: { max: 2 } });
});

commands('what is optional is granted only where that is said; info tells what is left', async () => {
  const wishful = waver.replace("needs: ['person.presence', 'person.attention']", "needs: ['person.presence'], wants: ['person.attention', 'person.age']");
  write('waver.ts', wishful);
  const added = await run('add', './waver.ts', '--yes');
  assert.is(added.code, 0, added.stderr);
  assert.match(added.stdout, /person\.age +apparent age \(optional\)/);
  const file = readFileSync(at('mien.yaml'), 'utf8');
  assert.match(file, /- person\.presence #[^\n]*\n +# person\.attention: [^\n]*\(optional\)\n +# person\.age: apparent age \(optional\)\n/);
  assert.equal((await loadConfig(at('mien.yaml'))).plugins['waver']?.grant, ['person.presence']);
  assert.match((await run('info', 'waver')).stdout, /optional, and not granted: person\.attention, person\.age/);
  assert.is((await run('add', './waver.ts', '--yes', '--wants', '--as', 'second')).code, 0);
  assert.equal((await loadConfig(at('mien.yaml'))).plugins['second']?.grant, ['person.presence', 'person.attention', 'person.age']);
  assert.match((await run('test', './waver.ts')).stdout, /ok +starts again without person\.attention, person\.age/);
});

commands('without a terminal nobody agrees by accident', async () => {
  write('waver.ts', waver);
  writeFileSync(at('mien.yaml'), own);
  const { code, stdout, stderr } = await run('add', './waver.ts');
  assert.is(code, 2);
  assert.match(stdout, /person\.presence/);
  assert.match(stderr, /no terminal to ask at: say --yes/);
  assert.is(readFileSync(at('mien.yaml'), 'utf8'), own);
});

commands('add makes a configuration where there is none, and takes a second plugin under another name', async () => {
  write('waver.ts', waver);
  assert.is((await run('add', 'waver.ts', '--yes')).code, 0);
  const again = await run('add', 'waver.ts', '--yes');
  assert.is(again.code, 2);
  assert.match(again.stderr, /has a plugin "waver" already.*--as/);
  assert.is((await run('add', at('waver.ts'), '--yes', '--as', 'second')).code, 0);
  const { plugins } = await loadConfig(at('mien.yaml'));
  assert.equal(Object.keys(plugins), ['waver', 'second']);
  assert.is((await run('add', 'waver.ts', '--yes', '--as', 'Not A Name')).code, 2);
});

commands('add refuses what is no plugin, before anything is written', async () => {
  write('nothing.ts', 'export const a = 1;\n');
  write('throws.ts', "throw new Error('no arms');\n");
  write('hangs.ts', `${define('setup() {}')}\nawait new Promise((resolve) => setTimeout(resolve, 1e9));\n`);
  for (const [file, says] of [
    ['nothing.ts', /nothing\.ts: the file has no default export/],
    ['throws.ts', /throws\.ts: .*no arms/],
    ['hangs.ts', /hangs\.ts: it did not load within 10000 ms/],
    ['absent.ts', /there is no file or folder .*absent\.ts/],
    ['--prefix=/', /unknown option/],
    ['git+ssh://somewhere/x', /expected a package as/],
  ] as const) {
    const { code, stderr } = await run('add', file, '--yes');
    assert.not.equal(code, 0, file);
    assert.match(stderr, says);
  }
  assert.not.ok(existsSync(at('mien.yaml')));
});

commands('a package that is installed is used as it is; one that is not is installed without its scripts', async () => {
  const json = { name: 'mien-plugin-waver', version: '2.0.0', type: 'module', keywords: ['mien-plugin'], main: 'index.mjs' };
  write('node_modules/mien-plugin-waver/index.mjs', waver, json);
  const listed = await run('list', '--json');
  assert.equal(JSON.parse(listed.stdout), [
    { name: 'waver', state: 'available', from: 'mien-plugin-waver', grant: [], reason: 'installed, not in use: mien plugin add mien-plugin-waver' },
  ]);
  assert.match((await run('enable', 'waver', '--config', 'none.yaml')).stderr, /cannot read the configuration/);
  writeFileSync(at('mien.yaml'), own);
  const early = await run('enable', 'waver');
  assert.is(early.code, 1);
  assert.match(early.stderr, /"mien-plugin-waver" is installed: mien plugin add mien-plugin-waver/);
  const added = await run('add', 'mien-plugin-waver', '--yes');
  assert.is(added.code, 0, added.stderr);
  assert.is((await loadConfig(at('mien.yaml'))).plugins['waver']?.from, 'mien-plugin-waver');
  // npm itself is stood in for by a program of that name.
  const bin = at('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho "$@" > ${at('npm-was-asked')}\nexit 1\n`, { mode: 0o755 });
  const absent = await mien(['plugin', 'add', '@acme/nod@1.0.0', '--yes'], { cwd: folder.path, env: { PATH: `${bin}:${process.env['PATH']}` } });
  assert.is(absent.code, 1);
  assert.match(absent.stderr, /npm did not install @acme\/nod@1\.0\.0/);
  assert.match(readFileSync(at('npm-was-asked'), 'utf8'), /^install --ignore-scripts .*--prefix .* @acme\/nod@1\.0\.0$/m);
});

commands('disable, enable and remove change that plugin and nothing else', async () => {
  const file = `${own}plugins:\n  # the first\n  a:   { from: ./a.ts }  # one\n  b:\n    from: ./b.ts   # two\n`;
  writeFileSync(at('mien.yaml'), file);
  const disabled = await run('disable', 'b');
  assert.is(disabled.code, 0, disabled.stderr);
  assert.match(disabled.stdout, /b is disabled in mien\.yaml/);
  assert.is((await loadConfig(at('mien.yaml'))).plugins['b']?.enabled, false);
  assert.match((await run('disable', 'b')).stdout, /was disabled already/);
  assert.is((await run('enable', 'b')).code, 0);
  assert.is((await loadConfig(at('mien.yaml'))).plugins['b']?.enabled, true);
  const removed = await run('remove', 'b');
  assert.match(removed.stdout, /what it kept \(.*plugins\/b\) stay/);
  assert.is(readFileSync(at('mien.yaml'), 'utf8'), `${own}plugins:\n  # the first\n  a:   { from: ./a.ts }  # one\n`);
  const unknown = await run('remove', 'aa');
  assert.is(unknown.code, 1);
  assert.match(unknown.stderr, /mien\.yaml has no plugin "aa"\. Did you mean "a"\?/);
});

commands('list shows what the file has, and says so when no Mien answers', async () => {
  writeFileSync(at('mien.yaml'), 'version: 2\nplugins:\n  a: { from: ./a.ts, grant: [person.age] }\n  bb: { enabled: false }\n');
  const { code, stdout, stderr } = await run('list', '--url', 'http://127.0.0.1:1');
  assert.is(code, 0);
  assert.match(stderr, /no Mien answers at http:\/\/127\.0\.0\.1:1/);
  assert.is(stdout, `a   enabled      ${at('a.ts')}  (granted person.age)\nbb  disabled     bb\n`);
  assert.is((await run('list', '--url', 'nix')).code, 2);
  const none = await run('list', '--config', 'none.yaml');
  assert.is(none.code, 0);
  assert.match(none.stderr, /no plugins in none\.yaml.*mien plugin create/);
});

commands('info explains by name, package or path', async () => {
  write('waver.ts', waver);
  writeFileSync(at('mien.yaml'), 'version: 2\nplugins:\n  arm: { from: ./waver.ts, grant: [person.presence], options: { arm: up } }\n');
  const { code, stdout, stderr } = await run('info', 'arm');
  assert.is(code, 0, stderr);
  for (const part of [
    /waver: Waves at people\./,
    /does not run before it is granted person\.attention/,
    /arm: "left" \| "right", "left" unless said otherwise\. which one/,
    /speed\.max: number from 0, 2 unless/,
    /port: string, may be absent/,
    /to be corrected: arm: expected one of "left", "right", got "up"/,
    /Not covered: the network/,
  ])
    assert.match(stdout, part);
  const json = JSON.parse((await run('info', './waver.ts', '--json')).stdout);
  assert.equal(json.needs, ['person.presence', 'person.attention']);
  assert.match((await run('info', 'arn')).stderr, /no plugin "arn"\. Did you mean "arm"\?/);
});

commands('test passes a good plugin, and its exit code says so', async () => {
  write('waver.ts', waver);
  const { code, stdout } = await run('test', './waver.ts', '--json');
  const { passed, checks } = JSON.parse(stdout) as { passed: boolean; checks: Array<{ name: string; result: string; detail?: string }> };
  assert.ok(passed, stdout);
  assert.is(code, 0);
  assert.equal(
    checks.filter(({ result }) => result !== 'ok'),
    [],
  );
  assert.is(checks.find(({ name }) => name === 'offers commands')?.detail, 'waver.wave');
  assert.ok(checks.some(({ name }) => name === 'starts again'));
});

const faulty: ReadonlyArray<readonly [what: string, body: string, says: RegExp]> = [
  ['a setup that throws', "setup() { throw new Error('no arm'); }", /FAIL starts: no arm/],
  ['an interval that goes on', 'setup() { setInterval(() => {}, 1000); }', /FAIL leaves nothing behind after the stop: a timer or interval/],
  [
    'a server that goes on',
    "async setup() { const { createServer } = await import('node:net'); await new Promise((resolve) => createServer().listen(0, '127.0.0.1', resolve)); }",
    /FAIL leaves nothing behind after the stop: a listening server/,
  ],
  [
    'a stop that never ends',
    'setup(context) { context.defer(() => new Promise(() => {})); }',
    /FAIL stops within its deadline: it did not stop within 2000 ms/,
  ],
  [
    'a stop that throws',
    "setup(context) { context.defer(() => { throw new Error('stuck'); }); }",
    /FAIL stops within its deadline: what it deferred failed: stuck/,
  ],
  ['a service that is not declared', "setup(context) { context.service('speech').say('x'); }", /FAIL starts: .*uses: \['speech'\]/],
  ['a service that is declared and not there', "provides: ['speech'], setup() {}", /FAIL provides what it declares: declares speech/],
  [
    'a handler that throws',
    "needs: ['person.presence'], setup(context) { context.on('person.appeared', () => { throw new Error('dropped it'); }); }",
    /FAIL takes the events of a visit: .*dropped it/,
  ],
  [
    'an exit in a handler',
    "needs: ['person.presence'], setup(context) { context.on('person.left', () => process.exit(3)); }",
    /FAIL takes the events of a visit: its process exited with code 3/,
  ],
  [
    'options that must be given',
    'options: Type.Object({ key: Type.String() }), setup() {}',
    /FAIL has options that work when nothing is said: key: missing.*--options/,
  ],
  ['a second start that fails', "setup() { if (globalThis.started) throw new Error('only once'); globalThis.started = true; }", /FAIL starts again: only once/],
  [
    'a right that it did not ask for, by its own name',
    "setup(context) { context.on('person.left', () => {}); }",
    /FAIL starts: on\('person\.left'\) of "waver" needs person\.presence.*waver\.ts:3\)/,
  ],
  ['a file that does not load', "setup() {} });\nthrow new Error('at once'); ({", /FAIL loads: .*at once/],
];
for (const [what, body, says] of faulty) {
  commands(`test finds ${what}`, async () => {
    write('waver.ts', define(`description: 'x', ${body}`));
    const { code, stdout, stderr } = await run('test', './waver.ts');
    assert.match(stdout, says, stderr);
    assert.is(code, 1);
  });
}

commands('test asks for descriptions without failing, and stands in for declared services', async () => {
  write(
    'waver.ts',
    define(
      "needs: ['person.presence'], uses: ['speech'], options: Type.Object({ arm: Type.String({ default: '' }) }), setup(context) { context.on('person.appeared', () => context.service('speech').say('x')); },",
    ),
  );
  const { code, stdout } = await run('test', './waver.ts');
  assert.is(code, 0, stdout);
  assert.match(stdout, /warn says what it is: add description/);
  assert.match(stdout, /warn says what its options mean: add a description to arm/);
  assert.match(stdout, /ok {3}takes the events of a visit/);
});

commands('test starts it with given options', async () => {
  write('waver.ts', define("options: Type.Object({ key: Type.String() }), setup(_, { key }) { if (key !== 'x') throw new Error(key); }"));
  assert.match((await run('test', './waver.ts', '--options', '{"key":"x"}')).stdout, /ok {3}starts again/);
  assert.is((await run('test', './waver.ts', '--options', '{')).code, 2);
});

commands('dev runs it among virtual people, loads changed code anew, and keeps the former where the new is faulty', async () => {
  const code = (word: string) =>
    define(
      `needs: ['person.presence'], setup(context) { context.log.info({}, 'says ${word}'); context.on('person.appeared', () => context.log.info({}, 'sees somebody')); },`,
    );
  write('waver.ts', code('one'));
  const dev = startMien(['plugin', 'dev', './waver.ts', '--port', '0'], { cwd: folder.path });
  try {
    await dev.until(/says one/);
    await dev.until(/sees somebody/);
    write('waver.ts', code('two'));
    await dev.until(/says two/);
    write('waver.ts', 'export default definePlugin(');
    await dev.until(/not loaded, the former code goes on/);
    write('waver.ts', code('three'));
    await dev.until(/says three/);
  } finally {
    dev.process.kill('SIGINT');
  }
  const { code: exit } = await dev.done;
  assert.is(exit, 0);
  assert.match(dev.shown(), /granted, since this is your own machine: person\.presence/);
});

commands('dev takes options and the other plugins from the mien.yaml beside it', async () => {
  const speech = "provides: ['speech'], setup(context) { context.provide('speech', { say: (text) => void context.log.info({}, 'hears ' + text) }); },";
  write('speech.ts', define(speech).replace('waver', 'speech'));
  write(
    'waver.ts',
    define(
      "uses: ['speech'], options: Type.Object({ word: Type.String({ default: 'nothing' }) }), setup(context, { word }) { context.service('speech').say(word); },",
    ),
  );
  writeFileSync(
    at('mien.yaml'),
    'version: 2\nplugins:\n  speech: { from: ./speech.ts }\n  waver: { enabled: false, options: { word: the-word } }\n  same: { from: ./waver.ts }\n',
  );
  const dev = startMien(['plugin', 'dev', 'waver.ts', '--port', '0'], { cwd: folder.path });
  try {
    await dev.until(/hears the-word/);
    await dev.until(/waver is running/);
  } finally {
    dev.process.kill('SIGINT');
  }
  assert.is((await dev.done).code, 0);
  assert.match(dev.shown(), /options from mien\.yaml/);
});

commands.run();
