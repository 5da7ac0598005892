import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandOf, patienceMs, root, startExample } from '../../../support/example-run.ts';
import { until } from '../../../support/processes.ts';
import { openRosbridgeRelay } from '../../../support/rosbridge-relay.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const test = suite('ros-bridge: its example');
const example = 'plugins/ros-bridge/example.yaml';

test('runs as its command says, and tells who its scenario brings', async () => {
  using folder = new TemporaryFolder();
  await using relay = await openRosbridgeRelay();
  const config = join(folder.path, 'mien.yaml');
  // Another port, as 9090 may be somebody's.
  writeFileSync(config, readFileSync(join(root, example), 'utf8').replace('ws://127.0.0.1:9090', relay.url));
  await using run = await startExample(
    commandOf(example).map((word) => (word === example ? config : word)),
    folder.path,
  );
  await until('a face is told of', patienceMs, () => relay.told.some(({ topic }) => topic.endsWith('/roi')));
  assert.is((await run.plugin('ros-bridge')).state, 'running');
  await run.stop();
  await until('its connection is closed', patienceMs, () => relay.clients.size === 0);
  assert.equal(relay.told.findLast(({ topic }) => topic === '/humans/persons/tracked')?.msg['ids'], []);
  assert.equal(relay.faults, []);
});

test.run();
