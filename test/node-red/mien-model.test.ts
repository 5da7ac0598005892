import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../core/src/errors.ts';
import type { ModelStatus } from '../../core/src/sight/sight.ts';
import mienEvents from '../../node-red-nodes/src/nodes/mien-events.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import mienModel from '../../node-red-nodes/src/nodes/mien-model.ts';
import type { Message } from '../../node-red-nodes/src/red.ts';
import { fakeDetector, fakeModel } from '../support/fake-sight.ts';
import { type Flow, openFlow, ownNode } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { mienCommand } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-model');
const WITHIN_MS = 20_000;
const DEGRADES_WITHIN_MS = 90_000;
const nodes = [mienHost, mienModel, mienEvents];

interface Stand extends AsyncDisposable {
  readonly app: Awaited<ReturnType<typeof openConsole>>;
  readonly run: Flow;
  /** The payload that came for one message. */
  ask(msg: Message): Promise<unknown>;
  /** The code that Catch got for one message. */
  refused(msg: Message): Promise<string | undefined>;
}

async function open(more: object = {}): Promise<Stand> {
  const folder = new TemporaryFolder();
  const app = await openConsole();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'model', type: 'mien-model', host: 'host', wires: [['out']], ...more },
  ];
  const run = await openFlow(nodes, flow, { userDir: folder.path });
  await until('connected', WITHIN_MS, () => run.statuses('model').some(({ fill }) => fill === 'green'));
  return {
    app,
    run,
    async ask(msg) {
      const before = run.messages.length;
      run.send('model', msg);
      await until('an answer', WITHIN_MS, () => run.messages.length > before);
      return run.messages.at(-1)?.payload;
    },
    async refused(msg) {
      const before = run.faults.length;
      run.send('model', msg);
      await until('a fault', WITHIN_MS, () => run.faults.length > before);
      return run.faults.at(-1)?.code;
    },
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('lists all with their cores and layout; tells one, the recogniser where none is named', async () => {
  await using stand = await open();
  assert.equal(await stand.ask({ payload: 1_700_000_000_000 }), [fakeModel, fakeDetector]);
  assert.equal(await stand.ask({ payload: 'status' }), fakeModel);
  assert.equal(await stand.ask({ action: 'status', model: 'blazeface-full' }), fakeDetector);
});

test('does what is asked, to the network that is named', async () => {
  await using stand = await open({ action: 'swap', precision: 'fp32' });
  const state = async (msg: Message): Promise<string> => ((await stand.ask(msg)) as ModelStatus).state;
  assert.is(await state({ action: 'unload', model: 'blazeface-full' }), 'unloaded');
  await until('it shows', WITHIN_MS, () => stand.run.statuses('model').at(-1)?.fill === 'grey');
  assert.is(await state({ action: 'load', model: 'blazeface-full' }), 'ready');
  assert.is(((await stand.ask({ payload: 'selftest' })) as ModelStatus).selftest?.ms, 38);
  assert.is(((await stand.ask({})) as ModelStatus).precision, 'fp32');
  await stand.ask({ precision: 'int8', release: '/models/other' });
  assert.equal(stand.app.sight.asked.swap, [{ precision: 'fp32' }, { precision: 'int8', release: '/models/other' }]);
  await until('all done', WITHIN_MS, () => stand.run.done.length === 5);
});

test('refusals go to Catch by their codes, and the next message is worked on', async () => {
  await using stand = await open();
  assert.is(await stand.refused({ action: 'load', model: 'nobody' }), 'MODEL_NOT_FOUND');
  assert.is(await stand.refused({ action: 'status', model: 'nobody' }), 'MODEL_NOT_FOUND');
  assert.is(await stand.refused({ action: 'explode' }), 'INPUT_INVALID');
  assert.is(await stand.refused({ action: 'swap', precision: 'int4' }), 'INPUT_INVALID');
  assert.is(await stand.refused({ action: 'load', model: 7 }), 'INPUT_INVALID');
  stand.app.sight.models.selftest = async () => {
    throw new MienError('SELFTEST_FAILED', 'off by 3 years');
  };
  assert.is(await stand.refused({ action: 'selftest' }), 'SELFTEST_FAILED');
  assert.is((await stand.ask({ payload: 'status' })) as unknown as string, must(stand.run.messages.at(-1)).payload as string);
  stand.app.sight.modelStatuses = [fakeDetector];
  assert.is(await stand.refused({ action: 'selftest' }), 'MODEL_NOT_FOUND');
});

test('one at work, 20 wait in order, more are refused; what is late after a close is dropped', async () => {
  await using stand = await open({ action: 'selftest' });
  const { promise: go, resolve: release } = Promise.withResolvers<void>();
  let calls = 0;
  stand.app.sight.models.selftest = async () => {
    calls += 1;
    await go;
    return fakeModel;
  };
  for (let n = 0; n < 30; n += 1) stand.run.send('model', { payload: n, model: 'mien-attributes', n });
  await until('nine refused', WITHIN_MS, () => stand.run.faults.length === 9 && calls === 1);
  assert.ok(stand.run.faults.every(({ code }) => code === 'BUSY'));
  release();
  await until('21 answers', WITHIN_MS, () => stand.run.messages.length === 21 && stand.run.done.length === 21);
  assert.equal(
    stand.run.messages.map(({ n }) => n),
    Array.from({ length: 21 }, (_, n) => n),
  );
  const { promise: late, resolve: answer } = Promise.withResolvers<void>();
  stand.app.sight.models.selftest = async () => {
    calls += 1;
    await late;
    return fakeModel;
  };
  stand.run.send('model', { model: 'mien-attributes' });
  await until('it is at work', WITHIN_MS, () => calls === 22);
  await stand.run.deploy([]);
  answer();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is(stand.run.messages.length, 21);
  assert.is(stand.run.faults.length, 9);
});

/** Runs are spread over the cores of the simulated NPU, one of which refuses every run once it has done some; the others go on. */
const failing = `
model: { backend: auto }
npu: { simulate: { runUs: 500, faults: [{ kind: submit-fails, core: 1, after: 100 }] }, layouts: { blazeface-full: { affinity: spread } } }
cameras: [{ name: main, pace: every }]`;

test('a flow reacts to backend.degraded: the event leads to the status of the network that has a core less', async () => {
  using folder = new TemporaryFolder();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'here', command: mienCommand, profile: 'kiosk', extra: failing },
    { id: 'events', type: 'mien-events', host: 'host', types: ['backend.degraded'], wires: [['which']] },
    { id: 'which', type: 'change', rules: [{ t: 'set', p: 'model', to: 'payload.model.name', tot: 'msg' }], wires: [['model']] },
    { id: 'model', type: 'mien-model', host: 'host', action: 'status', wires: [['out']] },
  ];
  await using run = await openFlow([...nodes, ownNode('function/15-change')], flow, { userDir: folder.path });
  await until('a status', DEGRADES_WITHIN_MS, () => run.messages.length > 0);
  const { topic, model, payload } = must(run.messages[0]);
  const status = payload as ModelStatus;
  assert.is(topic, 'backend.degraded');
  assert.is(status.name, model);
  assert.ok(status.degraded);
  assert.match(status.degradedReason ?? '', /core 1 of the NPU is set aside/);
  assert.is(status.npu?.cores.find(({ core }) => core === 1)?.state, 'set-aside');
  await until('it shows', WITHIN_MS, () => run.statuses('model').some(({ fill, shape }) => fill === 'yellow' && shape === 'dot'));
});

test.run();
