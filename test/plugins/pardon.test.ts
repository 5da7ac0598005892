/** `mien plugin enable` ends a quarantine: in the Mien that runs, or in what the next one remembers. The log tells what runs and what is blocked. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as listenOn } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../core/src/console/server.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { mien } from '../support/mien-command.ts';
import { openHost, reasonOf, TemporaryFolder, untilStatus, writePlugin } from '../support/plugin-host.ts';

/** Nobody listens there a moment after somebody did. */
async function unusedPort(): Promise<number> {
  const probe = listenOn();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const pardon = suite('mien plugin enable: quarantines');

pardon('in the Mien that runs: the plugin is started anew', async () => {
  using folder = new TemporaryFolder();
  const marker = join(folder.path, 'broken');
  writeFileSync(marker, '');
  writePlugin(
    folder.path,
    'touchy',
    `async setup() { const { existsSync } = await import('node:fs'); if (existsSync(${JSON.stringify(marker)})) throw new Error('no arm'); }`,
  );
  const from = join(folder.path, 'touchy.ts');
  const config = checkConfig({ api: { port: 0 }, plugins: { touchy: { from, isolation: 'host' } } });
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), plugins: config.plugins });
  await test.host.start();
  await untilStatus(test.host, 'touchy', ({ state }) => state === 'quarantined');
  assert.match(reasonOf(test.host, 'touchy'), /left alone until .*`mien plugin enable touchy`/);
  const { sight, people, bus } = test;
  await using server = await createServer({
    config,
    logger: silentLogger,
    sight,
    people,
    bus,
    plugins: test.host,
    npu: { read: async () => ({ absent: [] }) },
  });
  writeFileSync(join(folder.path, 'mien.yaml'), 'version: 2\nstateFolder: ./other\nplugins:\n  touchy: { from: ./touchy.ts, isolation: host }\n');
  rmSync(marker);
  const { code, stdout, stderr } = await mien(['plugin', 'enable', 'touchy', '--url', server.url], { cwd: folder.path });
  assert.is(code, 0, stderr);
  assert.match(stdout, /touchy was enabled already\nIts quarantine is over: the Mien at http:\/\/127\.0\.0\.1:\d+ has started it anew\./);
  assert.is(test.host.status('touchy').state, 'running');
  assert.not.match((await mien(['plugin', 'enable', 'touchy', '--url', server.url], { cwd: folder.path })).stdout, /quarantine/);
});

pardon('without one that runs: in the state file, also of a plugin in the plugin folder', async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'state', 'plugins.json');
  mkdirSync(join(folder.path, 'state'));
  mkdirSync(join(folder.path, 'folder'));
  const one = { fingerprint: 'x', reason: 'crashed', atWallMs: 1 };
  const lastGood = { waver: { options: { arm: 'left' } } };
  writeFileSync(file, JSON.stringify({ version: 1, quarantines: { waver: one, nodder: one, other: one }, lastGood }));
  writePlugin(folder.path, 'waver', 'setup() {}');
  writePlugin(join(folder.path, 'folder'), 'nodder', 'setup() {}');
  const yaml = join(folder.path, 'mien.yaml');
  writeFileSync(
    yaml,
    `version: 2\nstateFolder: ./state\npluginFolder: ./folder\napi: { port: ${await unusedPort()} }\nplugins:\n  waver: { from: ./waver.ts, enabled: false }\n`,
  );
  const enable = (name: string) => mien(['plugin', 'enable', name], { cwd: folder.path });
  assert.match((await enable('waver')).stdout, /waver is enabled in mien\.yaml.*\nIts quarantine is over: the next Mien starts it/);
  const written = readFileSync(yaml, 'utf8');
  assert.not.match(written, /enabled/);
  assert.match((await enable('nodder')).stdout, /nodder was enabled already\nIts quarantine is over/);
  assert.is(readFileSync(yaml, 'utf8'), written);
  const { quarantines, lastGood: kept } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal([Object.keys(quarantines), kept], [['other'], lastGood]);
});

pardon('the log says once that a plugin runs, or why it is blocked', async () => {
  using folder = new TemporaryFolder();
  const plugins = {
    fine: { from: writePlugin(folder.path, 'fine', 'setup() {}'), isolation: 'host' },
    wanting: { from: writePlugin(folder.path, 'wanting', "needs: ['person.age'], setup() {}"), isolation: 'host' },
    absent: { from: join(folder.path, 'none.ts') },
  };
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), plugins, limits: { loadAgainMs: 5 } });
  await test.host.start();
  const told = () =>
    test.log.filter(({ message }) => /^the plugin /.test(message)).map(({ level, fields, message }) => `${level} ${message} ${fields.reason ?? ''}`);
  // Tried again and again meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(
    told().filter((line) => line.includes(' fine ')),
    ['info the plugin fine runs '],
  );
  assert.is(told().filter((line) => line.includes(' absent ')).length, 1);
  const [wanting] = told().filter((line) => line.includes(' wanting '));
  assert.match(wanting ?? '', /^warn the plugin wanting is blocked needs person\.age, which it was not granted/);
  await test.host.configure('wanting', { grant: ['person.age'] });
  assert.is(told().at(-1), 'info the plugin wanting runs ');
  await test.host.restart('fine');
  assert.is(told().filter((line) => line.includes(' fine ')).length, 2, 'a new start is news');
});

pardon.run();
