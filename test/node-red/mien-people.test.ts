import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../core/src/events.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import mienPeople from '../../node-red-nodes/src/nodes/mien-people.ts';
import { openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-people');
const WITHIN_MS = 20_000;
const nodes = [mienHost, mienPeople];
const flow = (url: string, more: object = {}): object[] => [
  { id: 'host', type: 'mien-host', mode: 'connect', url },
  { id: 'people', type: 'mien-people', host: 'host', wires: [['out']], ...more },
];

test('answers each message with who is here, on the message that came', async () => {
  using folder = new TemporaryFolder();
  await using app = await openConsole();
  app.people.appear('p-aaaaa', { camera: 'main' });
  await using run = await openFlow(nodes, flow(app.url), { userDir: folder.path });
  await until('connected', WITHIN_MS, () => run.statuses('people').some(({ fill }) => fill === 'green'));
  run.send('people', { topic: 'kept', payload: 'gone' });
  await until('an answer', WITHIN_MS, () => run.messages.length === 1 && run.done.length === 1);
  const msg = must(run.messages[0]);
  assert.is(msg.topic, 'kept');
  assert.equal(
    (msg.payload as Person[]).map(({ id }) => id),
    ['p-aaaaa'],
  );
});

test("asks for one camera: the dialog's, or msg.camera before it", async () => {
  using folder = new TemporaryFolder();
  await using app = await openConsole({ cameras: [{ name: 'main' }, { name: 'door' }] });
  app.people.appear('p-aaaaa', { camera: 'main' });
  app.people.appear('p-bbbbb', { camera: 'door' });
  await using run = await openFlow(nodes, flow(app.url, { camera: 'main' }), { userDir: folder.path });
  await until('connected', WITHIN_MS, () => run.statuses('people').some(({ fill }) => fill === 'green'));
  run.send('people', {});
  await until('the first', WITHIN_MS, () => run.messages.length === 1);
  run.send('people', { camera: 'door' });
  await until('the second', WITHIN_MS, () => run.messages.length === 2);
  assert.equal(
    run.messages.map(({ payload }) => (payload as Person[]).map(({ camera }) => camera)),
    [['main'], ['door']],
  );
});

test('what is wrong goes to Catch by its code, and the message is done once', async () => {
  using folder = new TemporaryFolder();
  await using app = await openConsole();
  await using run = await openFlow(nodes, flow(app.url), { userDir: folder.path });
  await until('connected', WITHIN_MS, () => run.statuses('people').some(({ fill }) => fill === 'green'));
  run.send('people', { camera: 'attic' });
  run.send('people', { camera: 7 });
  await until('two faults', WITHIN_MS, () => run.faults.length === 2);
  assert.equal(run.faults.map(({ code }) => code).sort(), ['CAMERA_NOT_FOUND', 'INPUT_INVALID']);
  assert.is(run.messages.length, 0);
  assert.is(run.done.length, 0);
});

test('without a host, and with one that does not answer, it says so', async () => {
  using folder = new TemporaryFolder();
  await using run = await openFlow(nodes, [...flow('http://127.0.0.1:9'), { id: 'lonely', type: 'mien-people', host: '', wires: [[]] }], {
    userDir: folder.path,
  });
  run.send('lonely', {});
  run.send('people', {});
  await until('two faults', WITHIN_MS, () => run.faults.length === 2);
  assert.equal(Object.fromEntries(run.faults.map(({ code, source }) => [source.id, code])), { lonely: 'HOST_MISSING', people: 'HOST_UNAVAILABLE' });
  await until('the status', WITHIN_MS, () => run.statuses('people').at(-1)?.fill === 'red');
});

test.run();
