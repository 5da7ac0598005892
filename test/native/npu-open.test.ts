// Finding the runtime's library, what a model says of itself, and what is refused before the runtime is asked.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CoreMask, LIBRARY_PLACES, openNpu } from '../../native/src/npu.ts';
import { buildStub, CLEAN, faultOf, report, tell } from './support/npu-stub.ts';

const test = suite('npu: open');
const folder = mkdtempSync(join(tmpdir(), 'mien-npu-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const stub = buildStub(folder);
const bytes = Uint8Array.of(1, 2, 3);
test.before.each(() => tell(stub, {}));

test('a library that is there: its path, its symbols, and that it is simulated', () => {
  const npu = openNpu({ library: stub, simulate: {} });
  assert.is(npu.libraryPath, stub);
  assert.is(npu.simulated, true);
  assert.equal(npu.has, { dupContext: true, zeroCopy: true, memSync: false, setCoreMask: true });
  const bare = openNpu({ library: buildStub(folder, 'bare') });
  assert.equal(bare.has, { dupContext: false, zeroCopy: false, memSync: false, setCoreMask: false });
});

test('no library: the error lists the places', async () => {
  const nowhere = join(folder, 'none.so');
  const fault = await faultOf(() => openNpu({ library: nowhere }));
  assert.is(fault.code, 'library-missing');
  assert.ok(fault.message.includes(nowhere));
  assert.ok(LIBRARY_PLACES.includes('/usr/lib/librknnrt.so'));
});

test('a file that is no library, and a library without the functions: what is wrong is named', async () => {
  const text = join(folder, 'text.so');
  writeFileSync(text, 'not a library');
  const fault = await faultOf(() => openNpu({ library: text }));
  assert.is(fault.code, 'library-unusable');
  assert.match(fault.message, /text\.so.*(ELF|too short)/);
  const other = await faultOf(() => openNpu({ library: process.platform === 'linux' ? 'libm.so.6' : '' }));
  assert.is(other.code, 'library-unusable');
  for (const symbol of ['rknn_init', 'rknn_destroy', 'rknn_query', 'rknn_inputs_set', 'rknn_run', 'rknn_outputs_get', 'rknn_outputs_release'])
    assert.ok(other.message.includes(symbol), symbol);
});

test('settings for a real runtime are refused, and so are settings that a simulated one does not take', async () => {
  const real = buildStub(folder, 'real');
  assert.is(openNpu({ library: real }).simulated, false);
  assert.is((await faultOf(() => openNpu({ library: real, simulate: {} }))).code, 'not-simulated');
  const refused = await faultOf(() => openNpu({ library: stub, simulate: { refuse: 1 } }));
  assert.is(refused.code, 'invalid-argument');
  assert.is(refused.log, 'no such knob\n');
});

test('options that cannot be', async () => {
  for (const library of ['', 'a\0b', 7]) assert.is((await faultOf(() => openNpu({ library: library as string }))).code, 'invalid-argument');
  assert.is((await faultOf(() => openNpu({ library: stub, controlDeadlineMs: 0 }))).code, 'invalid-argument');
});

test('a model says what it is, and the runtime which version it has', async () => {
  const npu = openNpu({ library: stub });
  assert.is(npu.apiVersion, undefined);
  const model = await npu.load(bytes);
  assert.is(npu.apiVersion, '0.0.1 stub');
  assert.is(npu.driverVersion, '0.9.8');
  assert.equal(model.inputs, [
    { name: 'input', dims: [1, 2, 3, 3], format: 'nhwc', type: 'i8', zeroPoint: 0, scale: 1, elements: 18, size: 18, sizeWithStride: 48, wStride: 8 },
  ]);
  assert.equal(model.outputs, [
    { name: 'map', dims: [1, 3, 2, 2], format: 'nchw', type: 'i8', zeroPoint: -128, scale: 0.5, elements: 12, size: 12, sizeWithStride: 12, wStride: 0 },
    { name: 'one', dims: [1, 1], format: 'undefined', type: 'i8', zeroPoint: -128, scale: 0.5, elements: 1, size: 1, sizeWithStride: 1, wStride: 0 },
  ]);
  assert.equal(model.memory(), { weightBytes: 4471, internalBytes: 735, dmaBytes: 2 ** 32 + 5 });
  const context = await model.context(4);
  assert.is(context.coreMask, 4);
  assert.equal(context.memory(), model.memory());
  await npu.close();
  assert.is(report(stub), CLEAN);
});

test('a model must be bytes: none would be taken for a path', async () => {
  const npu = openNpu({ library: stub });
  for (const model of [new Uint8Array(0), 'model.rknn', undefined, new Uint16Array(4)]) {
    assert.is((await faultOf(() => npu.load(model as Uint8Array))).code, 'invalid-argument');
  }
  assert.is((await faultOf(() => npu.load(bytes, { priority: 'urgent' as 'high' }))).code, 'invalid-argument');
});

test('a refused model: code, words and log; the number that init leaves behind is no context', async () => {
  tell(stub, { rcOfInit: -6 });
  const npu = openNpu({ library: stub });
  const fault = await faultOf(() => npu.load(bytes));
  assert.is(fault.code, 'call-failed');
  assert.is(fault.call, 'rknn_init');
  assert.is(fault.rc, -6);
  assert.is(fault.message, 'rknn_init answered -6 (the model is invalid): Invalid RKNN format!');
  assert.is(fault.log, 'I stub: flags 0\nE RKNN: [12:00:00.000] Invalid RKNN format!\nE RKNN: [12:00:00.001] second line\n');
  // The stub ends the process where something is destroyed that it did not make.
  assert.is(report(stub), CLEAN);
});

for (const [knobs, code, words] of [
  [{ inputs: 2 }, 'unsupported', /2 inputs/],
  [{ outputs: 0 }, 'bad-result', /0 outputs/],
  [{ outputs: 65 }, 'bad-result', /65 outputs/],
  [{ wrongCount: 1 }, 'bad-result', /13 elements, its dimensions say 12/],
  [{ manyDims: 1 }, 'bad-result', /17 dimensions/],
  [{ endlessName: 1 }, 'bad-result', /name has no end/],
  [{ scale: 0 }, 'bad-result', /scale of 'map'/],
] as const) {
  test(`a model that says ${JSON.stringify(knobs)} of itself is not believed`, async () => {
    tell(stub, knobs);
    const fault = await faultOf(() => openNpu({ library: stub }).load(bytes));
    assert.is(fault.code, code);
    assert.match(fault.message, words);
    assert.is(report(stub), CLEAN);
  });
}

test('masks that no core has are refused here; one that the runtime refuses says so, and the context can be asked for again', async () => {
  const model = await openNpu({ library: stub }).load(bytes);
  for (const mask of [5, 6, 8, 0xffff, -1, 1.5, Number.NaN]) assert.is((await faultOf(() => model.context(mask as CoreMask))).code, 'invalid-argument');
  tell(stub, { badMask: 2 });
  const fault = await faultOf(() => model.context(2));
  assert.is(fault.call, 'rknn_set_core_mask');
  assert.match(fault.log, /Not support core mask: 2/);
  await model.context(1);
  await model.close();
  assert.is(report(stub), CLEAN);
});

test('a runtime without masks runs where the driver chooses, and only there', async () => {
  const model = await openNpu({ library: buildStub(folder, 'bare') }).load(bytes);
  assert.is((await faultOf(() => model.context(1))).code, 'unsupported');
  await model.context(0);
  await model.close();
});

for (const [knobs, code, call] of [
  [{ noMemory: 1 }, 'call-failed', 'rknn_create_mem'],
  [{ shortMemory: 1 }, 'bad-result', 'rknn_create_mem'],
  [{ rcOfSetIoMem: -1 }, 'call-failed', 'rknn_set_io_mem'],
] as const) {
  test(`memory: ${JSON.stringify(knobs)} gives an error, leaves nothing behind, and the model usable`, async () => {
    const model = await openNpu({ library: stub }).load(bytes);
    tell(stub, knobs);
    const fault = await faultOf(() => model.context(1));
    assert.is(fault.code, code);
    assert.is(fault.call, call);
    assert.is(report(stub), CLEAN.replace('0 contexts', '1 contexts'));
    tell(stub, {});
    await model.context(1);
    await model.close();
    assert.is(report(stub), CLEAN);
  });
}

test('duplication that fails, or gives the same context back, is an error of the new context alone', async () => {
  const model = await openNpu({ library: stub }).load(bytes);
  const first = await model.context(1);
  tell(stub, { rcOfDup: -4 });
  const fault = await faultOf(() => model.context(2));
  assert.is(fault.call, 'rknn_dup_context');
  assert.is(fault.rc, -4);
  tell(stub, { dupGivesSame: 1 });
  assert.is((await faultOf(() => model.context(2))).code, 'bad-result');
  await first.run(new Uint8Array(18), [new Float32Array(12), new Float32Array(1)]);
  await model.close();
  assert.is(report(stub), CLEAN);
});

test('without rknn_dup_context further contexts are initialised anew, from the bytes as they were', async () => {
  const library = buildStub(folder, 'no-dup');
  const model = await openNpu({ library }).load(bytes.slice());
  await model.context(1);
  await model.context(2);
  assert.is(report(library), '2 contexts, 6 memories, 0 misused, 0 read after a failure');
  await model.close();
  assert.is(report(library), CLEAN);
});

test.run();
