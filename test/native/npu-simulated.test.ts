// The addon over the simulated runtime: known answers on every core and path, contexts beside each other, faults of one core, memory.
import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CoreMask, openNpu, type SimulationSettings } from '../../native/src/npu.ts';
import { rknnFile, smallNetwork } from '../support/rknn-file.ts';
import { faultOf } from './support/npu-stub.ts';

const test = suite('npu: simulated');
const INPUT = 24;
const file = rknnFile({ description: smallNetwork, mainBytes: 1000 });
const inputOf = (value: number) => new Uint8Array(INPUT).fill(value);
const answerOf = (value: number) => [[0, 1, 2, 3, 4, 5].map((i) => i + value), [value, -value]];
const outputs = () => [new Float32Array(6), new Float32Array(2)];
const model = {
  match: 'small',
  inputs: [{ wStride: 16 }],
  outputs: [
    { name: 'map', zp: 3, scale: 0.5, layout: 'nc1hwc2' },
    { name: 'pair', zp: -3, scale: 0.5 },
  ],
  answers: [1, 2, 3].map((value) => ({ inputHash: createHash('sha256').update(inputOf(value)).digest('hex'), outputs: answerOf(value) })),
};

async function open(settings: SimulationSettings, masks: readonly CoreMask[] = [1, 2, 4], zeroCopy = true) {
  const npu = openNpu({ simulate: { runUs: 0, models: [model], ...settings }, zeroCopy });
  const loaded = await npu.load(file);
  return { npu, loaded, contexts: await Promise.all(masks.map((mask) => loaded.context(mask))) };
}

for (const zeroCopy of [true, false]) {
  test(`known answers on every core, alone and fused (${zeroCopy ? 'zero copy' : 'copied'})`, async () => {
    const { npu, contexts } = await open({}, [0, 1, 2, 4, 3, 7], zeroCopy);
    assert.is(npu.simulated, true);
    assert.match(npu.apiVersion ?? '', /simulated/);
    for (const context of contexts) {
      for (const value of [1, 2, 3]) {
        const out = outputs();
        await context.run(inputOf(value), out);
        assert.equal(
          out.map((one) => [...one]),
          answerOf(value),
          `core mask ${context.coreMask}`,
        );
      }
    }
    await npu.close();
  });
}

test('three contexts kept busy, a run waiting behind each, while others are opened and closed', async () => {
  const { npu, loaded, contexts } = await open({ runUs: 200 });
  const keepBusy = contexts.map(async (context) => {
    const lanes = [0, 1].map(async (lane) => {
      const out = outputs();
      for (let i = 0; i < 40; i++) {
        const value = 1 + ((i + lane) % 3);
        await context.run(inputOf(value), out);
        assert.equal([...(out[1] as Float32Array)], [value, -value]);
      }
    });
    await Promise.all(lanes);
  });
  for (let i = 0; i < 10; i++) await (await loaded.context(2)).close();
  await Promise.all(keepBusy);
  await npu.close();
});

for (const [kind, code] of [
  ['submit-fails', 'call-failed'],
  ['silent-failure', 'bad-result'],
] as const) {
  test(`${kind} on core 1: its error there, answers on the others`, async () => {
    const { npu, contexts } = await open({ faults: [{ kind, core: 1 }] });
    for (const context of contexts) {
      const out = outputs();
      if (context.coreMask !== 2) {
        await context.run(inputOf(1), out);
        assert.is(out[1]?.[0], 1);
        continue;
      }
      const fault = await faultOf(() => context.run(inputOf(1), out));
      assert.is(fault.code, code);
      assert.match(fault.log, /failed to submit/);
    }
    await npu.close();
  });
}

test('out of memory: at the load, at a duplicate, at the memory of inputs', async () => {
  for (const call of ['rknn_init', 'rknn_dup_context', 'rknn_create_mem']) {
    const fault = await faultOf(() => open({ faults: [{ kind: 'out-of-memory', call }] }));
    assert.is(fault.call, call);
    assert.is(fault.rc, -4);
  }
});

test('a hang on core 2: the context is lost, the others go on, and all closes', async () => {
  const { npu, contexts } = await open({ faults: [{ kind: 'hang', core: 2, ms: 400 }] });
  const fault = await faultOf(() => contexts[2]?.run(inputOf(1), outputs(), 50));
  assert.is(fault.code, 'hung');
  const out = outputs();
  await contexts[0]?.run(inputOf(3), out);
  assert.is(out[1]?.[0], 3);
  await npu.close();
});

test.run();
