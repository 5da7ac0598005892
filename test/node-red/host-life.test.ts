import { createClient, type Status } from '@mien/core/client';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../support/must.ts';
import { flowWith, type HostView, type NodeRedStand, openNodeRed } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { childrenOf, descendantsOf, isRunning, until } from '../support/processes.ts';
import { isSoak } from '../support/soak.ts';

const test = suite('a Mien run by Node-RED');
const WITHIN_MS = 60_000;
/** In `npm test` a tenth of what the soak run does. */
const redeploys = isSoak ? 100 : 10;

const flow = (name = '', host: object = {}): object[] =>
  flowWith(
    [
      { id: 'events', type: 'mien-events', host: 'host', name, wires: [['tap']] },
      { id: 'ask', type: 'inject', wires: [['people']] },
      { id: 'people', type: 'mien-people', host: 'host', wires: [['here']] },
      { id: 'tap', type: 'tap' },
      { id: 'here', type: 'tap' },
    ],
    host,
  );

const pidOf = ({ process }: NodeRedStand): number => must(process.pid);
/** The Mien itself: beside it under the shell is only what waits at the pipe. */
const mienOf = async (stand: NodeRedStand): Promise<number> => {
  const { url } = await stand.connected();
  const status = await createClient({ url: must(url) }).status();
  const sight = must(status.sight.pid);
  return must(childrenOf(must(childrenOf(pidOf(stand))[0])).find((pid) => descendantsOf(pid).includes(sight)));
};
const statusOf = async (view: HostView): Promise<Status> => await createClient({ url: must(view.url) }).status();
const come = async (view: HostView, id: string): Promise<void> => void (await createClient({ url: must(view.url) }).simulate({ people: [{ id }] }));
const events = ({ taps }: NodeRedStand, topic: string): string[] => taps.filter(({ msg }) => msg.topic === topic).map(({ msg }) => must(msg.event).id);

test('people become messages, and are answered for', async () => {
  await using stand = await openNodeRed({ flow: flow() });
  const view = await stand.connected();
  assert.equal((await statusOf(view)).sight.cameras, []);
  await come(view, 'ada');
  await until('somebody', WITHIN_MS, () => events(stand, 'person.appeared').length === 1);
  await fetch(`${stand.url}/inject/ask`, { method: 'POST' });
  await until('who is here', WITHIN_MS, () => stand.taps.some(({ tap }) => tap === 'here'));
  const { msg } = must(stand.taps.find(({ tap }) => tap === 'here'));
  assert.is((msg.payload as unknown[]).length, 1);
});

test(`${redeploys} full and ${redeploys} partial deploys: one process, one model, no event twice, memory as before`, async () => {
  await using stand = await openNodeRed({ flow: flow() });
  const view = await stand.connected();
  const before = await statusOf(view);
  const tree = descendantsOf(pidOf(stand)).sort();
  const deploy = async (count: number, type: 'full' | 'nodes'): Promise<void> => {
    for (let n = 0; n < count; n += 1) await stand.deploy(flow(`${type} ${n}`), type);
  };
  // As many before: a young process grows by itself, also with no node of ours.
  await deploy(redeploys, 'full');
  await deploy(redeploys, 'nodes');
  const start = await stand.memory();
  await come(view, 'ada');
  await deploy(redeploys, 'full');
  await deploy(redeploys, 'nodes');
  await until('somebody', WITHIN_MS, () => events(stand, 'person.appeared').length === 1);
  const end = await stand.memory();
  const after = await statusOf(await stand.connected());
  assert.is(after.events.bootId, before.events.bootId);
  assert.is(after.sight.pid, before.sight.pid);
  assert.equal(descendantsOf(pidOf(stand)).sort(), tree);
  const ids = stand.taps.flatMap(({ msg }) => (msg.event ? [msg.event.id] : []));
  assert.is(new Set(ids).size, ids.length);
  // One listener for the host, one for mien-events: those of closed nodes are gone.
  await until('listeners', WITHIN_MS, async () => (await statusOf(view)).events.clients === 2);
  const grown = end.rss / start.rss - 1;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  console.log(
    `Node-RED: ${mib(start.rss)} MiB, ${(grown * 100).toFixed(1)} % more after ${redeploys} full and ${redeploys} partial deploys; heap ${mib(start.heapUsed)} to ${mib(end.heapUsed)} MiB`,
  );
  if (isSoak) assert.ok(grown < 0.05, `grown by ${grown}`);
});

test(`events during ${redeploys} deploys of each kind: none lost, none twice`, async () => {
  await using app = await openConsole();
  const connect = { mode: 'connect', url: app.url };
  await using stand = await openNodeRed({ flow: flow('', connect) });
  await stand.connected();
  await until('a listener', WITHIN_MS, async () => (await createClient({ url: app.url }).status()).events.clients === 2);
  const published = [app.people.appear('p-aaaaa').id];
  const moving = setInterval(() => void published.push(app.people.update('p-aaaaa', { bearingDeg: published.length }).id), 3);
  for (let n = 0; n < 3 * redeploys; n += 1) await stand.deploy(flow(`${n}`, connect), (['full', 'nodes', 'flows'] as const)[n % 3]);
  clearInterval(moving);
  const heard = (): string[] => stand.taps.flatMap(({ msg }) => (msg.event ? [msg.event.id] : []));
  await until('all', WITHIN_MS, () => heard().at(-1) === published.at(-1));
  assert.equal(heard(), published);
});

test('other settings: the Mien of before has ended when another starts', async () => {
  await using stand = await openNodeRed({ flow: flow() });
  const first = await mienOf(stand);
  await stand.deploy(flow('', { extra: 'device: foyer' }));
  const second = await mienOf(stand);
  assert.not.equal(second, first);
  assert.not.ok(isRunning(first));
  assert.is((await statusOf(await stand.connected())).device, 'foyer');
  assert.is(childrenOf(pidOf(stand)).length, 1);
});

test('a host that is deleted ends with all it runs', async () => {
  await using stand = await openNodeRed({ flow: flow() });
  await stand.connected();
  await stand.deploy([{ id: 'tab', type: 'tab', label: 'empty' }]);
  await until('nothing runs', WITHIN_MS, () => descendantsOf(pidOf(stand)).length === 0);
});

test('kill -9 of Mien: nodes show it, it comes again at the same address, events go on, none twice, the gap is told', async () => {
  await using stand = await openNodeRed({ flow: flow() });
  const view = await stand.connected();
  await come(view, 'ada');
  await until('somebody', WITHIN_MS, () => events(stand, 'person.appeared').length === 1);
  const mien = await mienOf(stand);
  process.kill(mien, 'SIGKILL');
  await until('it is shown', WITHIN_MS, async () => (await stand.host()).kind === 'lost');
  await until('it is back', WITHIN_MS, async () => (await stand.host()).kind === 'connected');
  const back = await stand.connected();
  assert.is(back.restarts, 1);
  assert.is(back.url, view.url);
  assert.not.equal(await mienOf(stand), mien);
  await come(back, 'bob');
  await until('somebody else', WITHIN_MS, () => events(stand, 'person.appeared').length === 2);
  assert.ok(stand.taps.some(({ msg }) => msg.topic === 'gap'));
  const ids = stand.taps.flatMap(({ msg }) => (msg.event ? [msg.event.id] : []));
  assert.is(new Set(ids).size, ids.length);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} of Node-RED leaves nothing behind`, async () => {
    await using stand = await openNodeRed({ flow: flow() });
    const mien = await mienOf(stand);
    const tree = descendantsOf(pidOf(stand));
    assert.ok(tree.includes(mien));
    stand.process.kill(signal);
    await until('everything has ended', WITHIN_MS, () => !tree.some(isRunning));
  });
}

test('where no Mien is, the host and the dialog say how to install one', async () => {
  await using stand = await openNodeRed({ flow: flow('', { command: '' }), env: { PATH: '/nonexistent' } });
  await until('it is told', WITHIN_MS, async () => (await stand.host()).kind === 'failed');
  const { text, installLine } = await stand.host();
  assert.match(text, /no Mien is installed/);
  assert.is(installLine, `cd '${stand.userDir}' && npm install @mien/core`);
  const found = (await (await stand.get('/mien/find?command=')).json()) as { kind: string };
  assert.is(found.kind, 'missing');
});

test('what Mien says of its settings is what the host says', async () => {
  await using stand = await openNodeRed({ flow: flow('', { extra: 'presence: { graceMS: 8000 }' }) });
  await until('it failed', WITHIN_MS, async () => (await stand.host()).kind === 'failed');
  assert.match((await stand.host()).text, /presence\.graceMS: unknown key\. Did you mean "graceMs"/);
});

test.run();
