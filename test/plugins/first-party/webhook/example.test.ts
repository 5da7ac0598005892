import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandOf, patienceMs, root, startExample } from '../../../support/example-run.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';
import { openWebhookReceiver } from '../../../support/webhook-receiver.ts';

const test = suite('webhook: its example');
const example = 'plugins/webhook/example.yaml';

test('runs as its command says, and posts what its scenario brings', async () => {
  using folder = new TemporaryFolder();
  using server = await openWebhookReceiver();
  const config = join(folder.path, 'mien.yaml');
  // Another port, as 8099 may be somebody's.
  writeFileSync(config, readFileSync(join(root, example), 'utf8').replace('127.0.0.1:8099', `127.0.0.1:${server.port}`));
  await using run = await startExample(
    commandOf(example).map((word) => (word === example ? config : word)),
    folder.path,
  );
  await until('an event arrives', patienceMs, () => server.taken.length > 0);
  assert.is((await run.plugin('webhook')).state, 'running');
  const event = JSON.parse(server.taken[0]?.body.toString() ?? '');
  assert.equal([event.type, event.data.origin.simulated], ['mien.person.appeared.v1', true]);
  await run.stop();
});

test.run();
