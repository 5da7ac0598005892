import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchNode } from '../../scripts/lib/node.mjs';
import { fetchPackages, packNodeRedNodes, setsOf, uploadToPalette, withNpm } from '../support/node-red-lines.ts';
import { flowWith, openNodeRed, type StandOptions } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('installation of the packed Node-RED nodes');
const WITHIN_MS = 120_000;
const BUDGET_BYTES = 300_000;
const root = fileURLToPath(new URL('../../', import.meta.url));
const set = JSON.parse(readFileSync(join(root, 'node-red-nodes', 'package.json'), 'utf8')) as { 'node-red': { nodes: Record<string, string> } };
const types = Object.keys(set['node-red'].nodes);
const folder = new TemporaryFolder();
let tarball: Buffer;

test.before(async () => {
  tarball = await packNodeRedNodes(folder.path);
});
test.after(() => folder[Symbol.dispose]());

/** Uploaded into a Node-RED without it, with no network: every node is there, and events become messages. */
async function installs(options: StandOptions): Promise<void> {
  await using app = await openConsole();
  await using stand = await openNodeRed({ ...options, withNodes: false, env: withNpm({ npm_config_offline: 'true', ...options.env }) });
  assert.equal(await setsOf(stand), []);
  const answer = await uploadToPalette(stand, tarball);
  assert.is(answer.status, 200, await answer.text());
  const sets = await setsOf(stand);
  assert.equal(
    sets.filter(({ err, enabled }) => err !== undefined || !enabled),
    [],
  );
  const found = sets.flatMap((one) => one.types).filter((type) => types.includes(type));
  assert.equal(found.sort(), types.toSorted());
  // Nothing is installed beside it.
  assert.equal(existsSync(join(stand.userDir, 'node_modules', '@mien', 'core')), false);
  const nodes = [
    { id: 'events', type: 'mien-events', host: 'host', wires: [['tap']] },
    { id: 'tap', type: 'tap' },
  ];
  await stand.deploy(flowWith(nodes, { mode: 'connect', url: app.url }));
  await stand.connected();
  let n = 0;
  await until('an event', WITHIN_MS, () => {
    app.people.appear(`p-${String(n++).padStart(5, '0')}`);
    return stand.taps.some(({ msg }) => msg.topic === 'person.appeared');
  });
  let examples = '';
  await until('the examples', WITHIN_MS / 4, async () => {
    examples = await (await stand.get('/library/examples/flows/@mien/node-red')).text();
    return examples.includes('1 Try it without hardware');
  }).catch((fault) => {
    throw new Error(`${fault.message}; listed is ${examples.slice(0, 300)}`);
  });
}

test('the tarball is small', () => {
  console.log(`the tarball has ${tarball.length} bytes`);
  assert.ok(tarball.length < BUDGET_BYTES);
});

test('through the upload of the palette, Node-RED 5 on this Node', () => installs({}));

test('Node-RED 4.1', async () => {
  const other = fetchPackages('node-red-4.1.15', ['node-red@4.1.15']);
  if (other) await installs({ env: { MIEN_TEST_NODE_RED: join(other, 'package.json') } });
});

test('Node-RED 5 on Node 22.9, the oldest that it takes', async () => {
  const node = fetchNode(join(root, '.mien', 'node-22.9'), '22.9.0');
  await installs({ node: [node, '--experimental-strip-types', '--no-warnings'] });
});

test.run();
