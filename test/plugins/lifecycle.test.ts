/** From the configuration to running plugins and back: what starts when, what is refused and why, what a change touches. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canDieWithParent } from '../../core/src/dies-with-parent.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { personUpdated } from '../../core/src/testing/sample-events.ts';
import { rejectsWith } from '../support/errors.ts';
import { fixture, openHost, patienceMs, quickLimits, reasonOf, TemporaryFolder, type TestHost, untilStatus, writePlugin } from '../support/plugin-host.ts';
import { isRunning, until } from '../support/processes.ts';

const lifecycle = suite('plugin lifecycle');

const settings = (plugins: object) => checkConfig({ plugins }).plugins;
const pids = (test: TestHost) => Object.fromEntries(test.host.list().map(({ name, pid }) => [name, pid]));
const nothing = 'setup() {}';

lifecycle('a missing grant blocks, and the reason says what to write; granting it starts the plugin', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({ stateFolder: folder.path, plugins: { witness: { from: fixture('witness.ts') } } });
  await test.host.start();
  const { state, pid } = test.host.status('witness');
  assert.is(state, 'blocked');
  assert.match(reasonOf(test.host, 'witness'), 'needs person.presence');
  assert.match(reasonOf(test.host, 'witness'), 'plugins: { witness: { grant: [person.presence] } }');
  assert.is(pid, undefined);
  await rejectsWith('CONFIG_INVALID', () => test.host.configure('witness', { grant: ['person.presense'] }));
  assert.is((await test.host.configure('witness', { grant: ['person.presence'] })).state, 'running');
});

lifecycle('what it wants beside never blocks: it comes as far as it is granted, and nothing else does', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(
    folder.path,
    'wishful',
    `needs: ['person.presence'], wants: ['person.age', 'person.attention'], setup(context) {
      context.log.info({}, 'holds ' + context.grants.join(' '));
      context.on('attention.started', () => {});
      context.on('person.updated', ({ person }) => context.log.info({}, 'sees ' + Object.keys(person).join(' ')));
    }`,
  );
  const grant = ['person.presence', 'person.age', 'person.gender'] as const;
  await using test = await openHost({ stateFolder: folder.path, plugins: { wishful: { from, grant: [...grant] } } });
  const says = (words: string) => test.log.some(({ message }) => message === words);
  await test.host.start();
  const { state, needs, wants } = test.host.status('wishful');
  assert.equal([state, needs, wants], ['running', ['person.presence'], ['person.age', 'person.attention']]);
  assert.ok(says('holds person.presence person.age'));
  test.host.publish(personUpdated({ age: 30 }));
  await until('an event has come', patienceMs, () => test.log.some(({ message }) => message.startsWith('sees ')));
  assert.ok(says('sees id camera state sinceMs returned age'), test.log.map(({ message }) => message).join('\n'));
  assert.not.ok(test.log.some(({ message }) => /may not use|GRANT/.test(message)));
  await test.host.configure('wishful', { grant: [...grant, 'person.attention'] });
  assert.ok(says('holds person.presence person.age person.attention'));
});

lifecycle('users start after those whose services they use, and stop before them', async () => {
  using folder = new TemporaryFolder();
  const provider = (name: string, uses: string, provides: string) =>
    writePlugin(
      folder.path,
      name,
      `uses: ${uses} as never, provides: ['${provides}' as never], async setup(context) {
        for (const used of ${uses}) await (context.service as any)(used).hello();
        (context.provide as any)('${provides}', { hello: () => 'hello' });
        context.defer(async () => { for (const used of ${uses}) await (context.service as any)(used).hello(); context.log.info({}, '${name} stops'); });
      }`,
    );
  const plugins = {
    last: { from: provider('last', `['two', 'one']`, 'three') },
    middle: { from: provider('middle', `['one']`, 'two') },
    first: { from: provider('first', '[]', 'one') },
  };
  const test = await openHost({ stateFolder: folder.path, plugins });
  await test.host.start();
  assert.equal(
    test.host.list().map(({ state }) => state),
    ['running', 'running', 'running'],
  );
  await test.host[Symbol.asyncDispose]();
  assert.equal(
    test.log.filter(({ message }) => message.endsWith(' stops')).map(({ message }) => message),
    ['last stops', 'middle stops', 'first stops'],
  );
});

lifecycle('a missing provider and a circle are named; the plugin starts when the provider comes', async () => {
  using folder = new TemporaryFolder();
  const user = writePlugin(folder.path, 'user', `uses: ['speech' as never], ${nothing}`);
  const speaker = writePlugin(folder.path, 'speaker', `provides: ['speech' as never], ${nothing}`);
  const egg = writePlugin(folder.path, 'egg', `uses: ['hen' as never], provides: ['egg' as never], ${nothing}`);
  const hen = writePlugin(folder.path, 'hen', `uses: ['egg' as never], provides: ['hen' as never], ${nothing}`);
  const plugins = { user: { from: user }, egg: { from: egg }, hen: { from: hen } };
  await using test = await openHost({ stateFolder: folder.path, plugins });
  await test.host.start();
  assert.is(test.host.status('user').state, 'blocked');
  assert.match(reasonOf(test.host, 'user'), 'uses the service "speech", which no plugin here provides');
  assert.match(reasonOf(test.host, 'egg'), 'uses in a circle: egg uses hen of hen, hen uses egg of egg');
  assert.match(reasonOf(test.host, 'hen'), 'uses in a circle');
  await test.host.apply(settings({ ...plugins, speaker: { from: speaker, enabled: false } }));
  assert.is(test.host.status('user').state, 'blocked');
  await test.host.apply(settings({ ...plugins, speaker: { from: speaker } }));
  await untilStatus(test.host, 'user', ({ state }) => state === 'running');
});

lifecycle('new settings touch only the plugins that differ', async () => {
  using folder = new TemporaryFolder();
  const grant = ['person.presence'];
  const witness = { from: fixture('witness.ts'), grant };
  await using test = await openHost({ stateFolder: folder.path, plugins: { one: witness, two: witness, gone: witness } });
  await test.host.start();
  const before = pids(test);
  const fork = { from: fixture('witness.ts'), grant, heapMb: 64 };
  await test.host.apply(settings({ one: witness, two: fork, fresh: witness }));
  const after = pids(test);
  assert.equal(Object.keys(after).sort(), ['fresh', 'one', 'two']);
  assert.is(after['one'], before['one']);
  assert.is.not(after['two'], before['two']);
  for (const pid of [before['two'], before['gone']]) assert.not(isRunning(pid as number));
  assert.is((await test.host.configure('one', { enabled: false })).state, 'disabled');
  assert.not(isRunning(before['one'] as number));
  assert.is((await test.host.configure('one', { enabled: true })).state, 'running');
  assert.match((await rejectsWith('PLUGIN_NOT_FOUND', () => test.host.status('on'))).message, 'Did you mean "one"?');
});

const touchy = `options: Type.Object({ level: Type.Integer({ maximum: 9, default: 1 }) }), setup(context, { level }) {
  if (level > 5) throw new Error('level ' + level + ' is too much');
  context.command(context.name + '.level', Type.Object({}), () => level);
}`;

lifecycle('faulty options are refused while the present ones run; those that fail at start give way to the last good ones', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'touchy', touchy);
  await using test = await openHost({ stateFolder: folder.path, plugins: { touchy: { from, options: { level: 3 } } } });
  await test.host.start();
  const { pid } = test.host.status('touchy');
  const refused = await rejectsWith('CONFIG_INVALID', () => test.host.configure('touchy', { options: { level: 12 } }));
  assert.match(refused.message, /plugins\.touchy\.options\.level/);
  assert.is(test.host.status('touchy').pid, pid);
  // A clean stop after level 3 makes it the last good one.
  await test.host.configure('touchy', { options: { level: 7 } });
  const fallen = await untilStatus(test.host, 'touchy', ({ state }) => state === 'running');
  assert.is(fallen.lastGood, true);
  assert.match(fallen.reason ?? '', /last good options, since .*level 7 is too much/);
  assert.is(await test.host.run('touchy.level', {}), 3);
  await test.host.apply(settings({ touchy: { from, options: { level: 'high' } } }));
  assert.match(reasonOf(test.host, 'touchy'), /last good options, since its options have 1 fault/);
  assert.is(await test.host.run('touchy.level', {}), 3);
  await test.host.apply(settings({ touchy: { from, options: { level: 4 } } }));
  assert.is(test.host.status('touchy').lastGood, false);
  assert.is(await test.host.run('touchy.level', {}), 4);
});

lifecycle('a quarantine survives a restart of Mien, and ends with other options, other code, or a restart of the plugin', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'touchy', touchy);
  const open = (level: number) => openHost({ stateFolder: folder.path, plugins: { touchy: { from, options: { level } } } });
  const isQuarantined = ({ state }: { state: string }) => state === 'quarantined';
  {
    await using test = await open(9);
    await test.host.start();
    await untilStatus(test.host, 'touchy', isQuarantined);
  }
  {
    await using test = await open(9);
    await test.host.start();
    assert.is(test.host.status('touchy').state, 'quarantined');
    assert.match(reasonOf(test.host, 'touchy'), /level 9 is too much.*left alone until/);
    assert.is(test.events.length, 0);
    assert.is.not((await test.host.restart('touchy')).state, 'quarantined');
    await untilStatus(test.host, 'touchy', isQuarantined);
    writePlugin(folder.path, 'touchy', touchy.replace('> 5', '> 20'));
    assert.is((await test.host.restart('touchy')).state, 'running');
    writePlugin(folder.path, 'touchy', touchy);
    await test.host.restart('touchy');
    await untilStatus(test.host, 'touchy', isQuarantined);
  }
  {
    await using test = await open(2);
    await test.host.start();
    assert.is(test.host.status('touchy').state, 'running');
  }
});

lifecycle('a folder of plugins: what comes starts, what changes starts anew alone, what goes stops', async () => {
  using folder = new TemporaryFolder();
  const plugins = join(folder.path, 'plugins');
  mkdirSync(plugins);
  const says = (word: string) => `needs: ['person.presence'], setup(context) { context.command(context.name + '.word', Type.Object({}), () => '${word}'); }`;
  writePlugin(plugins, 'steady', says('steady'));
  writePlugin(plugins, 'changing', says('old'));
  writeFileSync(join(plugins, 'notes.txt'), 'not a plugin');
  writeFileSync(join(plugins, 'changing.test.ts'), 'not a plugin');
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), pluginFolder: plugins });
  await test.host.start();
  assert.equal(
    test.host.list().map(({ name, state, grant }) => ({ name, state, grant })),
    ['changing', 'steady'].map((name) => ({ name, state: 'running', grant: ['person.presence'] })),
  );
  const { pid } = test.host.status('steady');
  const word = async (name: string): Promise<unknown> => test.host.run(`${name}.word`, {}).catch(() => undefined);
  const untilWord = async (name: string, wanted: string): Promise<void> => {
    const started = performance.now();
    while ((await word(name)) !== wanted) {
      if (performance.now() - started > patienceMs) throw new Error(`${name} does not say ${wanted}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  writePlugin(plugins, 'changing', says('written'));
  await untilWord('changing', 'written');
  // As editors save: beside it, then over it; twice, since the watched file is another one then.
  for (const text of ['renamed', 'renamed again']) {
    renameSync(writePlugin(folder.path, 'changing', says(text)), join(plugins, 'changing.ts'));
    await untilWord('changing', text);
  }
  const box = join(plugins, 'boxed');
  mkdirSync(box);
  writePlugin(box, 'index', says('boxed'));
  writeFileSync(join(box, 'package.json'), '{ "type": "module", "main": "index.ts" }');
  await untilWord('boxed', 'boxed');
  writePlugin(box, 'index', says('boxed anew'));
  await untilWord('boxed', 'boxed anew');
  rmSync(join(plugins, 'changing.ts'));
  await until('the removed one is gone', patienceMs, () => !test.host.list().some(({ name }) => name === 'changing'));
  assert.is(test.host.status('steady').pid, pid);
});

lifecycle('packages: found from the folder of the configuration, offered by their keyword, refused for other versions', async () => {
  using folder = new TemporaryFolder();
  const install = (name: string, json: object): void => {
    const path = join(folder.path, 'node_modules', name);
    mkdirSync(join(path, 'lib'), { recursive: true });
    writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version: '1.2.3', type: 'module', keywords: ['mien-plugin'], ...json }));
    // Node strips no types within node_modules.
    const file = join(path, 'lib', 'main.js');
    writeFileSync(file, `import { definePlugin } from '@mien/core/plugin';\nexport default definePlugin({ name: 'packed', apiVersion: 1, setup() {} });\n`);
  };
  install('@acme/mien-plugin-wave', { description: 'Waves.', exports: { '.': { types: './lib/main.d.ts', import: './lib/main.js' } } });
  install('mien-plugin-old', { main: 'lib/main.js', engines: { node: '<20' } });
  install('mien-plugin-new', { main: 'lib/main.js', peerDependencies: { '@mien/core': '^7.0.0' } });
  install('mien-plugin-lost', { main: 'lib/missing.js' });
  install('unrelated', { keywords: ['other'] });
  const plugins = {
    wave: { from: '@acme/mien-plugin-wave' },
    old: { from: 'mien-plugin-old' },
    new: { from: 'mien-plugin-new' },
    lost: { from: 'mien-plugin-lost' },
    typo: { from: '@acme/mien-plugin-wawe' },
    absent: { from: 'no-such-thing-at-all' },
    file: { from: join(folder.path, 'no-such-file.ts') },
  };
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), baseFolder: folder.path, plugins: { wave: plugins.wave } });
  await test.host.start();
  const { state, version, description, isolation } = test.host.status('wave');
  assert.equal(
    { state, version, description, isolation },
    { state: 'running', version: '1.2.3', description: 'Waves.', isolation: 'own' },
    test.host.status('wave').reason,
  );
  const offered = test.host.list().filter((one) => one.state === 'available');
  assert.equal(
    offered.map(({ name, from }) => ({ name, from })).sort((a, b) => a.name.localeCompare(b.name)),
    [
      { name: 'lost', from: 'mien-plugin-lost' },
      { name: 'new', from: 'mien-plugin-new' },
      { name: 'old', from: 'mien-plugin-old' },
    ],
  );
  await test.host.apply(settings(plugins));
  const reason = (name: string): string => {
    assert.is(test.host.status(name).state, 'blocked', name);
    return test.host.status(name).reason ?? '';
  };
  assert.match(reason('old'), /needs Node <20, this is/);
  assert.match(reason('new'), /needs @mien\/core \^7\.0\.0, this is/);
  assert.match(reason('lost'), /expected lib\/missing\.js; there is no such file/);
  assert.match(reason('typo'), /Did you mean "@acme\/mien-plugin-wave"\?/);
  assert.match(reason('absent'), /npm install no-such-thing-at-all/);
  assert.match(reason('file'), /there is no file or folder/);
});

lifecycle('code that cannot be loaded is told with its line, and tried again when time has passed', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'broken', 'setup() { const = 1 }');
  const other = writePlugin(folder.path, 'other', `${nothing} }); ({ name: 'x'`);
  writeFileSync(other, 'export default 7;');
  await using test = await openHost({
    stateFolder: folder.path,
    limits: { ...quickLimits, loadAgainMs: 50 },
    plugins: { broken: { from }, other: { from: other } },
  });
  await test.host.start();
  const blocked = async (name: string) => (await untilStatus(test.host, name, ({ state }) => state === 'blocked')).reason ?? '';
  assert.match(await blocked('broken'), 'broken.ts');
  assert.match(await blocked('other'), 'definePlugin');
  writePlugin(folder.path, 'broken', nothing);
  await untilStatus(test.host, 'broken', ({ state }) => state === 'running');
});

lifecycle('a file that is just being written is loaded soon after, and meanwhile its plugin stays blocked, with the reason', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'written', nothing);
  writeFileSync(from, '');
  // The longest pause is as long as in life.
  await using test = await openHost({ stateFolder: folder.path, plugins: { written: { from } } });
  await test.host.start();
  const startedMs = performance.now();
  const seen = new Set<string>();
  let isWritten = false;
  await untilStatus(test.host, 'written', ({ state, reason = '' }) => {
    if (state === 'running') return true;
    if (!isWritten) {
      seen.add(`${state}: ${reason}`);
      // After some tries.
      if (performance.now() - startedMs > 2000) {
        isWritten = true;
        writePlugin(folder.path, 'written', nothing);
      }
    }
    return false;
  });
  assert.is(seen.size, 1, [...seen].join());
  assert.match([...seen].join(), /^blocked: .*definePlugin/);
});

lifecycle('state that makes no sense is moved aside; a folder that cannot be written is told once and stops nothing', async () => {
  using folder = new TemporaryFolder();
  writeFileSync(join(folder.path, 'plugins.json'), '{ "version": 1, "quarantines": 7');
  const from = writePlugin(folder.path, 'touchy', touchy);
  const plugins = { touchy: { from } };
  {
    await using test = await openHost({ stateFolder: folder.path, plugins });
    await test.host.start();
    assert.is(test.host.status('touchy').state, 'running');
  }
  assert.ok(readdirSync(folder.path).some((name) => name.startsWith('plugins.json.corrupt-')));
  assert.equal(JSON.parse(readFileSync(join(folder.path, 'plugins.json'), 'utf8')).lastGood.touchy.options, {});
  const file = join(folder.path, 'a-file');
  writeFileSync(file, '');
  await using test = await openHost({ stateFolder: join(file, 'state'), plugins: { ...plugins, more: { from } } });
  await test.host.start();
  assert.is(test.host.status('touchy').state, 'running', test.host.status('touchy').reason);
  await test.host.restart('more');
  assert.is(test.log.filter(({ message }) => message.startsWith('the state folder cannot be written')).length, 1);
});

async function killHostWith(plugin: string, folder: string, isDue: () => boolean): Promise<void> {
  const from = writePlugin(folder, 'victim', plugin);
  const script = fileURLToPath(new URL('../support/plugin-host-process.ts', import.meta.url));
  const host = spawn(process.execPath, [script, folder, from], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  try {
    assert.ok(isRunning(pid), `the host told this pid of its plugin: ${pid}`);
    await until('the moment has come', patienceMs, isDue);
    host.kill('SIGKILL');
    await until('the plugin has gone too', patienceMs, () => !isRunning(pid));
  } finally {
    host.kill('SIGKILL');
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  }
}

lifecycle('a host that is killed leaves no plugin behind', async () => {
  using folder = new TemporaryFolder();
  await killHostWith(nothing, folder.path, () => true);
});

lifecycle('nor one that spins for ever', async () => {
  if (!canDieWithParent()) return console.log('SKIPPED: no setpriv that knows --pdeathsig');
  using folder = new TemporaryFolder();
  // Into its store: the sandbox allows no other place.
  const spinning = `async setup() { const { writeFileSync } = await import('node:fs'); setTimeout(() => { writeFileSync('spins', ''); for (;;); }, 100); }`;
  await killHostWith(spinning, folder.path, () => readdirSync(folder.path, { recursive: true }).some((path) => String(path).endsWith('spins')));
});

lifecycle.run();
