import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { flowWith, openNodeRed } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';

const test = suite('what dialogs ask of Node-RED');
const parts = ['status', 'people', 'models', 'commands', 'cameras'] as const;

test('cameras, models, commands, people and the status of a deployed host', async () => {
  await using app = await openConsole();
  app.people.appear('p-aaaaa');
  await using stand = await openNodeRed({ flow: flowWith([], { mode: 'connect', url: app.url, name: 'foyer' }) });
  await stand.connected();
  const { hosts } = (await (await stand.get('/mien/hosts')).json()) as { hosts: { id: string; name: string; kind: string }[] };
  assert.equal(
    hosts.map(({ id, name, kind }) => [id, name, kind]),
    [['host', 'foyer', 'connected']],
  );
  for (const part of parts) {
    const answer = await stand.get(`/mien/hosts/host/${part}`);
    assert.is(answer.status, 200, part);
    await answer.json();
  }
  const people = (await (await stand.get('/mien/hosts/host/people')).json()) as { id: string }[];
  assert.is(people[0]?.id, 'p-aaaaa');
});

test('a host that is not deployed, and one that does not answer', async () => {
  await using stand = await openNodeRed({ flow: flowWith([], { mode: 'connect', url: 'http://127.0.0.1:9' }) });
  const codeOf = async (path: string): Promise<[number, string]> => {
    const answer = await stand.get(path);
    return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
  };
  assert.equal(await codeOf('/mien/hosts/none/cameras'), [404, 'HOST_MISSING']);
  assert.equal(await codeOf('/mien/hosts/tab/cameras'), [404, 'HOST_MISSING']);
  assert.equal(await codeOf('/mien/hosts/host/cameras'), [503, 'HOST_UNAVAILABLE']);
});

test('where Node-RED wants a login, nothing is told without one', async () => {
  await using app = await openConsole();
  const prepare = (folder: string): void => {
    const users = [{ username: 'admin', password: 'no-hash-no-login', permissions: '*' }];
    writeFileSync(join(folder, 'test-settings.json'), JSON.stringify({ adminAuth: { type: 'credentials', users } }));
  };
  await using stand = await openNodeRed({ flow: flowWith([], { mode: 'connect', url: app.url }), prepare });
  for (const path of ['/mien/hosts', '/mien/find', ...parts.map((part) => `/mien/hosts/host/${part}`)]) {
    assert.is((await stand.get(path)).status, 401, path);
  }
});

test.run();
