/** In processes of their own, through the plugin host: nothing is lost by a restart or kill -9, and what comes twice has the same id. */

import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHost, patienceMs, TemporaryFolder, untilStatus } from '../../../support/plugin-host.ts';
import { isRunning, until } from '../../../support/processes.ts';
import { isSoak, times } from '../../../support/soak.ts';
import { idOf, openWebhookReceiver } from '../../../support/webhook-receiver.ts';

const test = suite('webhook: killed');
const from = fileURLToPath(new URL('../../../../plugins/webhook/index.ts', import.meta.url));

function inOrder(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

for (const isolation of ['own', 'shared'] as const) {
  test(`kill -9 of its process (${isolation}), in the middle of sending: all arrive, in order`, async () => {
    using folder = new TemporaryFolder();
    // Every third is answered only after a while, so that kills find one under way.
    using server = await openWebhookReceiver((request, nth, response) => {
      if (nth % 3 !== 0) return undefined;
      setTimeout(() => {
        request.status = 204;
        response.writeHead(204).end();
      }, 30);
      return 'answered';
    });
    const options = { url: server.url };
    await using test = await openHost({
      stateFolder: folder.path,
      plugins: { webhook: { from, isolation, grant: ['person.presence', 'person.age'], options } },
    });
    await test.host.start();
    let killed = 0;
    for (let round = 0; round < (isSoak ? times(1) / 20 : 2); round += 1) {
      const { pid = 0 } = await untilStatus(test.host, 'webhook', (status) => status.state === 'running' && status.pid !== killed);
      const before = server.all.length;
      for (let i = 0; i < 40; i += 1) test.people.appear(`p-${String(round * 40 + i).padStart(5, '0')}`);
      // What is in the outbox is safe; what was not taken yet is sent to the plugin again.
      await until('some arrive', patienceMs, () => server.all.length > before + 5);
      process.kill(pid, 'SIGKILL');
      killed = pid;
      await until('it is dead', patienceMs, () => !isRunning(pid));
    }
    const ids = test.events.filter(({ type }) => type === 'mien.person.appeared.v1').map(({ id }) => id);
    await until('all arrive', patienceMs, () => new Set(server.taken.map(idOf)).size >= ids.length);
    assert.equal(inOrder(server.all.map(idOf)), ids);
  });
}

test('a restart by command loses nothing', async () => {
  using folder = new TemporaryFolder();
  using server = await openWebhookReceiver(() => 503);
  const plugins = {
    webhook: { from, grant: ['person.presence' as const], options: { url: server.url, failuresToOpen: 1000, headers: { authorization: 'Bearer abc' } } },
  };
  await using test = await openHost({ stateFolder: folder.path, plugins });
  await test.host.start();
  for (let i = 0; i < 20; i += 1) test.people.appear(`p-0000${i.toString(36)}`);
  await untilStatus(test.host, 'webhook', ({ outbox }) => outbox?.held === 20);
  const shown = test.host.status('webhook').options as { headers: object; url: string };
  assert.equal([shown.headers, shown.url], [{ authorization: '********' }, server.url], 'secrets are masked where options are shown');
  await test.host.restart('webhook');
  await untilStatus(test.host, 'webhook', ({ state }) => state === 'running');
  server.behaviour = () => undefined;
  const ids = test.events.filter(({ type }) => type === 'mien.person.appeared.v1').map(({ id }) => id);
  await until('all arrive', patienceMs, () => server.taken.length >= 20);
  assert.equal(inOrder(server.all.map(idOf)), ids);
});

test.run();
