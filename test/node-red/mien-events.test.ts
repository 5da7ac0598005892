import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventData } from '../../core/src/events.ts';
import mienEvents from '../../node-red-nodes/src/nodes/mien-events.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import { type Flow, openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-events');
const WITHIN_MS = 20_000;
const nodes = [mienHost, mienEvents];

const flow = (url: string, more: object = {}): object[] => [
  { id: 'host', type: 'mien-host', mode: 'connect', url },
  { id: 'events', type: 'mien-events', host: 'host', wires: [['out']], ...more },
];

interface Stand extends AsyncDisposable {
  readonly app: Awaited<ReturnType<typeof openConsole>>;
  readonly run: Flow;
  /** Until the host has this many listeners: one watches it, each node has one. */
  listening(clients?: number): Promise<void>;
  topics(): unknown[];
}

async function open(more: object = {}): Promise<Stand> {
  const folder = new TemporaryFolder();
  const app = await openConsole({ cameras: [{ name: 'main' }, { name: 'door' }] });
  const run = await openFlow(nodes, flow(app.url, more), { userDir: folder.path });
  const clients = async (): Promise<number> => ((await (await app.get('/v1/status')).json()) as { events: { clients: number } }).events.clients;
  const stand: Stand = {
    app,
    run,
    listening: async (wanted = 2) => void (await until(`${wanted} listeners`, WITHIN_MS, async () => (await clients()) === wanted)),
    topics: () => run.messages.map(({ topic }) => topic),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
  await stand.listening();
  return stand;
}

test('an event is a message: short name, data, envelope', async () => {
  await using stand = await open();
  const event = stand.app.people.appear('p-aaaaa');
  await until('a message', WITHIN_MS, () => stand.run.messages.length === 1);
  const { topic, payload, event: envelope } = must(stand.run.messages[0]);
  const { data, ...rest } = event;
  assert.is(topic, 'person.appeared');
  assert.equal(payload, data);
  assert.equal(envelope, rest);
});

test('filters by type, camera and condition, at the host', async () => {
  await using stand = await open({
    types: ['person.appeared'],
    cameras: 'door, gate',
    conditions: [
      { path: 'zone', values: 'near, mid' },
      { path: 'distance.m', max: '2' },
    ],
  });
  const at = (id: string, camera: string, zone: string, m: number) => stand.app.people.appear(id, { camera, zone, distance: { m, sd: 0.1, calibrated: true } });
  at('p-aaaaa', 'main', 'near', 1);
  at('p-bbbbb', 'door', 'far', 1);
  at('p-ccccc', 'door', 'near', 3);
  at('p-ddddd', 'door', 'mid', 1.5);
  stand.app.people.leave('p-ddddd');
  at('p-eeeee', 'door', 'near', 1);
  await until('two messages', WITHIN_MS, () => stand.run.messages.length >= 2);
  assert.equal(
    stand.run.messages.map(({ payload }) => (payload as EventData<'person.appeared'>).person.id),
    ['p-ddddd', 'p-eeeee'],
  );
});

test('one output for each type, and one for gaps', async () => {
  const folder = new TemporaryFolder();
  await using app = await openConsole();
  const split = { types: ['person.left', 'person.appeared'], split: 'each', wires: [[], ['out'], []] };
  await using run = await openFlow(nodes, flow(app.url, split), { userDir: folder.path });
  await until('a listener', WITHIN_MS, async () => ((await (await app.get('/v1/status')).json()) as { events: { clients: number } }).events.clients === 2);
  app.people.appear('p-aaaaa');
  app.people.leave('p-aaaaa');
  app.people.appear('p-bbbbb');
  await until('both', WITHIN_MS, () => run.messages.length === 2);
  assert.equal(
    run.messages.map(({ topic }) => topic),
    ['person.appeared', 'person.appeared'],
  );
  folder[Symbol.dispose]();
});

test('above the limit updates are left out and counted; comings and goings are not', async () => {
  await using stand = await open({ mostPerSecond: 2 });
  stand.app.people.appear('p-aaaaa');
  for (let n = 0; n < 40; n += 1) stand.app.people.update('p-aaaaa', { bearingDeg: n });
  stand.app.people.leave('p-aaaaa');
  await until('the last', WITHIN_MS, () => stand.topics().includes('person.left'));
  const updates = stand.topics().filter((topic) => topic === 'person.updated').length;
  assert.ok(updates >= 2 && updates < 20, `${updates} updates`);
  assert.is(stand.topics()[0], 'person.appeared');
  await until('the count', WITHIN_MS, () => stand.run.statuses('events').some(({ fill, text }) => fill === 'yellow' && text?.startsWith('mien-events.status')));
});

test('a redeploy loses nothing and repeats nothing', async () => {
  await using stand = await open();
  stand.app.people.appear('p-aaaaa');
  await until('the first', WITHIN_MS, () => stand.run.messages.length === 1);
  for (const type of ['full', 'flows', 'nodes'] as const) {
    const deploying = stand.run.deploy(flow(stand.app.url, { name: type }), type);
    stand.app.people.update('p-aaaaa', { zone: type });
    await deploying;
    stand.app.people.update('p-aaaaa', { zone: `${type}-after` });
    await until(`what came during and after "${type}"`, WITHIN_MS, () =>
      stand.run.messages.some(({ payload }) => JSON.stringify(payload).includes(`${type}-after`)),
    );
  }
  const zones = stand.run.messages.slice(1).map(({ payload }) => (payload as EventData<'person.updated'>).person.zone);
  assert.equal(zones, ['full', 'full-after', 'flows', 'flows-after', 'nodes', 'nodes-after']);
});

test('with another filter a redeploy begins anew: what came before is no news', async () => {
  await using stand = await open({ types: ['person.left'] });
  stand.app.people.appear('p-aaaaa');
  await stand.run.deploy(flow(stand.app.url, { types: ['person.appeared'] }));
  // The listener of before may still be counted: people come until the new one hears them.
  let n = 0;
  await until('a message', WITHIN_MS, () => {
    stand.app.people.appear(`p-b${String(n++).padStart(4, '0')}`);
    return stand.run.messages.length >= 1;
  });
  const heard = stand.run.messages.map(({ payload }) => (payload as EventData<'person.appeared'>).person.id);
  assert.not.ok(heard.includes('p-aaaaa'), heard.join());
});

test('a host that is another after a break: everything it holds, once, and a gap is told', async () => {
  await using stand = await open();
  stand.app.people.appear('p-aaaaa');
  await until('the first', WITHIN_MS, () => stand.run.messages.length === 1);
  const { port } = new URL(stand.app.url);
  await stand.app[Symbol.asyncDispose]();
  await using next = await openConsole({ api: { port: Number(port) } });
  next.people.appear('p-bbbbb');
  next.people.leave('p-bbbbb');
  await until('what the new one holds', WITHIN_MS, () => stand.run.messages.length >= 4);
  assert.equal(stand.topics(), ['person.appeared', 'gap', 'person.appeared', 'person.left']);
  assert.is((must(stand.run.messages[1]).payload as { reason: string }).reason, 'restarted');
});

test('what the dialog cannot mean is told at once, with what is right', async () => {
  const folder = new TemporaryFolder();
  await using app = await openConsole();
  const wrong = { conditions: [{ path: 'age.years', min: 'old' }] };
  await using run = await openFlow(nodes, flow(app.url, wrong), { userDir: folder.path });
  await until('a fault', WITHIN_MS, () => run.faults.length >= 1);
  assert.is(must(run.faults[0]).code, 'INPUT_INVALID');
  assert.match(must(run.faults[0]).message, /the least age\.years is a number, not "old"/);
  folder[Symbol.dispose]();
});

test('what the host refuses goes to Catch by its code', async () => {
  const folder = new TemporaryFolder();
  await using app = await openConsole();
  await using run = await openFlow(nodes, flow(app.url, { types: ['person.appear'] }), { userDir: folder.path });
  await until('a fault', WITHIN_MS, () => run.faults.length >= 1);
  assert.is(must(run.faults[0]).code, 'OPTION_UNKNOWN');
  assert.match(must(run.faults[0]).message, /did you mean "person\.appeared"/);
  folder[Symbol.dispose]();
});

test.run();
