import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../support/must.ts';
import { PluginChild } from '../support/plugin-child.ts';
import { until } from '../support/processes.ts';

const test = suite('plugin process');

/** A plugin whose setup has this body, and a command `live` that answers. */
const code = (body: string, more = ''): string => `
import { definePlugin, MienError, Type } from '@mien/core/plugin';
${more}
export default definePlugin({
  name: 'probe', apiVersion: 1, options: Type.Object({ text: Type.String({ default: 'filled' }) }),
  async setup(context, options) {
    context.command('live', Type.Object({}), () => 'yes');
    ${body}
  },
});`;

test('a process of its own: TypeScript, the SDK without node_modules, store and outbox in its folder, nothing else can be read', async () => {
  await using child = new PluginChild('own');
  writeFileSync(child.path('secret'), 'secret');
  const entry = child.write(
    'main.ts',
    code(
      `
    const read = (path: string): string => { try { return readFileSync(path, 'utf8'); } catch (fault) { return (fault as NodeJS.ErrnoException).code ?? 'no code'; } };
    await context.store.set('seen', options);
    context.outbox(['person.left'] as never, async () => {});
    context.log.info({ denied: read(${JSON.stringify(child.path('secret'))}), env: Object.keys(process.env) }, 'up');
    context.command('busy', Type.Object({}), () => { throw new MienError('BUSY', 'not now'); });
    context.defer(() => context.log.info({}, 'bye'));`,
      `import { readFileSync } from 'node:fs';`,
    ),
  );
  await child.start('probe', entry);
  assert.equal(must(child.of('probe', 'started')[0]).options, { text: 'filled' });
  assert.equal((await child.next('probe', 'log')).fields, { denied: 'ERR_ACCESS_DENIED', env: [] });
  assert.is(await child.run('probe', 'live'), 'yes');
  assert.match(JSON.stringify(await child.run('probe', 'busy')), /"code":"BUSY"/);
  child.tell('probe', { type: 'event', at: 9, event: { id: 'event-9', type: 'mien.person.left.v1', data: {} } as never });
  assert.is((await child.next('probe', 'taken')).at, 9, 'the outbox may write and sync under the permission model');
  child.channel.send({ type: 'ping', id: 5 });
  await until('pong', 60_000, () => child.said.some(({ type }) => type === 'pong'));
  const pong = must(child.said.find((message) => message.type === 'pong'));
  assert.ok(pong.id === 5 && pong.heapBytes > 1e6 && pong.rssBytes > pong.heapBytes);
  child.tell('probe', { type: 'stop' });
  assert.equal((await child.next('probe', 'stopped')).faults, []);
  assert.is(must(child.of('probe', 'log')[1]).message, 'bye');
  assert.is(child.stderr, '');
});

test('a file that cannot be loaded: what, in which file and line', async () => {
  await using child = new PluginChild('shared');
  const cases: [string, string, RegExp][] = [
    ['syntax.mjs', 'const a = 1;\n\nconst b = ;\n', /SyntaxError: Unexpected token ';' \(.*syntax\.mjs:3\)/],
    ['syntax.ts', 'const a: number = 1;\nconst b = ;\n', /Expression expected \(.*syntax\.ts:2\)/],
    ['enum.ts', 'export default 1;\nenum A { x }\n', /enum is not supported in strip-only mode \(.*enum\.ts:2\): types are removed, not compiled/],
    ['throws.mjs', '\n\nthrow new Error("no arm");\n', /no arm \(.*throws\.mjs:3\)/],
    ['missing.mjs', 'import "no-such-package";\n', /no-such-package.*install it in the folder of the plugin/],
    ['export.mjs', 'import { nothing } from "@mien/core/plugin";\n', /does not provide an export named 'nothing' \(.*export\.mjs:1\)/],
    ['broken-import.mjs', 'import "./syntax.mjs";\n', /SyntaxError.*in a file that .*broken-import\.mjs imports/],
    ['define.mjs', 'import { definePlugin } from "@mien/core/plugin";\nexport default definePlugin({ name: "X" });\n', /name: expected lower case letters/],
  ];
  for (const [name, text] of cases) child.tell(name, { type: 'load', entry: child.write(name, text) });
  child.tell('none.mjs', { type: 'load', entry: child.path('none.mjs') });
  for (const [name, , message] of [...cases, ['none.mjs', '', /none\.mjs cannot be loaded: there is no such file/] as const]) {
    const { error } = await child.next(name, 'failed');
    assert.is(error.code, 'PLUGIN_INVALID', error.message);
    assert.match(error.message, message);
  }
});

test('what the sandbox refuses is told with the line of mien.yaml that allows it; a throw in setup with its own line', async () => {
  const denied: [string, RegExp][] = [
    [`(await import('node:fs')).readFileSync('/etc/passwd')`, /reading \/etc\/passwd is refused .*plugins\.probe\.allow\.read: \[\/etc\/passwd\]/],
    [`await (await import('node:fs/promises')).writeFile('/etc/mien', '')`, /writing \/etc\/mien is refused .*plugins\.probe\.allow\.write: \[\/etc\/mien\]/],
    [`(await import('node:child_process')).execSync('true')`, /starting a program is refused .*plugins\.probe\.allow\.childProcess: true/],
    [`new (await import('node:worker_threads')).Worker('', { eval: true })`, /starting a worker thread is refused .*plugins\.probe\.allow\.workers: true/],
    [`process.dlopen({ exports: {} }, '/none.node')`, /loading a native addon is refused .*plugins\.probe\.allow\.addons: true/],
  ];
  for (const [body, message] of denied) {
    await using child = new PluginChild('own');
    child.begin('probe', child.write('main.mjs', code(body)));
    const { error } = await child.next('probe', 'failed');
    assert.match(error.message, message);
    assert.not.match(error.message, /--allow/);
  }
  await using child = new PluginChild('own');
  const entry = child.write('main.mjs', code(`help();`, `function help() { throw new Error('no arm'); }`));
  child.begin('probe', entry);
  const { error } = await child.next('probe', 'failed');
  assert.is(error.message, `no arm (${entry}:3)`);
  assert.not.match(error.stack ?? '', /\?v=/);
});

test('the host itself is no SDK, and a load that reads too far says how to allow it', async () => {
  await using child = new PluginChild('own');
  child.tell('probe', { type: 'load', entry: child.write('main.mjs', `import { createMien } from '@mien/core';\nexport default createMien;\n`) });
  assert.match((await child.next('probe', 'failed')).error.message, /imports '@mien\/core\/plugin', the SDK; '@mien\/core' is Mien itself/);
  await using other = new PluginChild('own');
  other.tell('probe', { type: 'load', entry: other.write('main.mjs', `import { readFileSync } from 'node:fs';\nreadFileSync('/etc/passwd');\n`) });
  assert.match((await other.next('probe', 'failed')).error.message, /plugins\.probe\.allow\.read: \[\/etc\/passwd\]/);
});

test('own: a fault that nobody caught is told, what was deferred runs, the process ends with 1', async () => {
  for (const wild of [
    `setTimeout(() => { throw new Error('wild') })`,
    `Promise.reject(new Error('wild'))`,
    `queueMicrotask(() => { throw new Error('wild') })`,
  ]) {
    await using child = new PluginChild('own');
    const body = `context.defer(() => context.store.set('deferred', true)); context.on('person.appeared', () => { ${wild}; });`;
    const entry = child.write('main.mjs', code(body));
    await child.start('probe', entry);
    child.tell('probe', { type: 'event', at: 1, event: { type: 'mien.person.appeared.v1', data: {} } as never });
    const { error } = await child.next('probe', 'failed');
    assert.is(error.message, 'wild');
    assert.match(error.stack ?? '', /main\.mjs/);
    assert.is(await child.end(), 1);
  }
});

test('own: process.exit ends it with that code, a closed channel and a broken one end it too', async () => {
  {
    await using child = new PluginChild('own');
    await child.start('probe', child.write('main.mjs', code(`context.command('leave', Type.Object({}), () => process.exit(7));`)));
    child.tell('probe', { type: 'call', id: 1, call: { kind: 'command', name: 'leave', input: {} } });
    assert.is(await child.end(), 7);
  }
  for (const end of [(child: PluginChild) => child.channel.close('over'), (child: PluginChild) => child.channel.sendEncoded('garbage')]) {
    await using child = new PluginChild('own');
    await child.start('probe', child.write('main.mjs', code(`setInterval(() => {}, 1000);`)));
    end(child);
    assert.is(await child.end(), 0);
  }
});

test('shared: one that throws, rejects or exits ends alone; the others go on', async () => {
  await using child = new PluginChild('shared');
  const steady = child.write('steady.mjs', code(''));
  await child.start('steady', steady);
  const wild: [string, RegExp][] = [
    [`setTimeout(() => { throw new Error('from a timer') })`, /from a timer/],
    [`Promise.reject(new Error('from a promise'))`, /from a promise/],
    [`setTimeout(() => process.exit(3))`, /process.exit\(3\) was called/],
  ];
  for (const [index, [body, message]] of wild.entries()) {
    const name = `wild-${index}`;
    const entry = child.write(
      `${name}.mjs`,
      code(`context.defer(() => context.log.info({}, 'undone')); context.command('go', Type.Object({}), () => { ${body}; return 'gone'; });`),
    );
    await child.start(name, entry);
    assert.is(await child.run(name, 'go'), 'gone');
    assert.match((await child.next(name, 'failed')).error.message, message);
    assert.is(await child.run('steady', 'live'), 'yes');
    await child.start(name, entry);
    assert.is(await child.run(name, 'live'), 'yes', 'it may be started again');
  }
  child.tell('early', { type: 'load', entry: child.write('early.mjs', 'process.exit(5);') });
  assert.match((await child.next('early', 'failed')).error.message, /process.exit\(5\) was called/);
  child.tell('steady', { type: 'stop' });
  await child.next('steady', 'stopped');
  assert.is(child.ended, undefined);
  assert.is(child.of('steady', 'failed').length, 0);
});

test('shared: code that has changed is loaded anew; what an earlier life left behind is not blamed on the next', async () => {
  await using child = new PluginChild('shared');
  const left = `context.command('which', Type.Object({}), () => 'first'); setTimeout(() => { throw new Error('left behind') }, 300);`;
  const entry = child.write('main.mjs', code(left));
  await child.start('probe', entry);
  assert.is(await child.run('probe', 'which'), 'first');
  child.tell('probe', { type: 'stop' });
  await child.next('probe', 'stopped');
  child.write('main.mjs', code(`context.command('which', Type.Object({}), () => 'second');`));
  await child.start('probe', entry);
  assert.is(await child.run('probe', 'which'), 'second');
  await until('the timer has fired', 60_000, () => child.stderr.includes('left behind'));
  assert.match(child.stderr, /Nobody caught from an earlier life of probe: Error: left behind/);
  assert.is(await child.run('probe', 'live'), 'yes');
  assert.is(child.of('probe', 'failed').length, 0);
});

test.run();
