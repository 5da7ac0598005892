/** On loopback the API asks nobody for a token, and Node's sandbox leaves the network open: plugins are refused by who they are. */
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../core/src/load-config.ts';
import { createMien } from '../../core/src/mien.ts';
import { createFakeSight } from '../support/fake-sight.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('plugins and the API');
const from = fileURLToPath(new URL('./fixtures/nosy.ts', import.meta.url));

async function open(api: object = {}, allow: object = {}) {
  const folder = new TemporaryFolder();
  const config = checkConfig({ api: { port: 0, ...api }, stateFolder: folder.path, plugins: { nosy: { from, allow } } });
  const mien = await createMien(config, { sight: createFakeSight() });
  const url = mien.url ?? '';
  return {
    url,
    ask: (command: string, path: string, base = url) => mien.plugins.run(`nosy.${command}`, { url: base + path }),
    async [Symbol.asyncDispose]() {
      await mien[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('a plugin is refused, others are not', async () => {
  await using mien = await open();
  const { status, body } = (await mien.ask('fetch', '/v1/people')) as { status: number; body: string };
  assert.is(status, 403);
  assert.match(body, 'this comes from a plugin');
  assert.is(((await mien.ask('fetch', '/v1/people', mien.url.replace('127.0.0.1', 'localhost'))) as { status: number }).status, 403);
  assert.is(await mien.ask('socket', '/v1/events', mien.url.replace('http', 'ws')), 'refused');
  assert.is((await fetch(`${mien.url}/v1/people`)).status, 200);
  assert.is(((await mien.ask('fetch', '/healthz')) as { status: number }).status, 200, 'what holds nothing is open to all');
});

test('nor is a program that it may start let in', async () => {
  await using mien = await open({}, { childProcess: true });
  assert.is(await mien.ask('program', '/v1/people'), '403');
});

test('with a token it is the token that counts', async () => {
  const token = 'a-token-of-sixteen-or-more';
  await using mien = await open({ token });
  assert.is(((await mien.ask('fetch', '/v1/people')) as { status: number }).status, 401);
});

test.run();
