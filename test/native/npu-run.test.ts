// Running: values by every path, order, what is refused, what a failing, lying or hanging runtime leads to, and closing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type NpuContext, type NpuModel, type NpuRuntime, openNpu } from '../../native/src/npu.ts';
import { buildStub, CLEAN, faultOf, report, tell } from './support/npu-stub.ts';

const test = suite('npu: run');
const folder = mkdtempSync(join(tmpdir(), 'mien-npu-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const stub = buildStub(folder);
const bare = buildStub(folder, 'bare');
const MAP = Float32Array.from({ length: 12 }, (_, i) => i / 2);
/** The stub's second output is half of the input's last byte. */
const inputOf = (last: number) => Uint8Array.from({ length: 18 }, (_, i) => (i === 17 ? last : i));
const outputs = () => [new Float32Array(12), new Float32Array(1)];

interface Stage {
  readonly npu: NpuRuntime;
  readonly model: NpuModel;
  readonly context: NpuContext;
}
async function open(knobs: Record<string, number> = {}, options: { library?: string; zeroCopy?: boolean; controlDeadlineMs?: number } = {}): Promise<Stage> {
  const library = options.library ?? stub;
  const npu = openNpu({ ...options, library, simulate: knobs });
  const model = await npu.load(Uint8Array.of(1));
  return { npu, model, context: await model.context(library === bare ? 0 : 1) };
}

/** Waits for the stub's counters: a thread whose run was late gives its context back on its own. */
async function reports(words: string): Promise<void> {
  const until = performance.now() + 20_000;
  while (report(stub) !== words && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(report(stub), words);
}

for (const [name, knobs, options] of [
  ["in the device's memory, padded rows and blocked channels", {}, {}],
  ["in the device's memory, converted by the runtime", { noNative: 1 }, {}],
  ['copied by the runtime', {}, { zeroCopy: false }],
  ['copied, in a runtime without the optional symbols', {}, { library: bare }],
] as const) {
  test(`values ${name}`, async () => {
    const { npu, context } = await open(knobs, options);
    for (const last of [0, 9, 255]) {
      const out = outputs();
      const us = await context.run(inputOf(last), out);
      assert.ok(us >= 0 && us < 10e6);
      assert.equal(out[0], MAP);
      assert.is(out[1]?.[0], last / 2);
    }
    await npu.close();
    assert.is(report(options.library ?? stub), CLEAN);
  });
}

test('the input is copied before run returns', async () => {
  const { npu, context } = await open();
  const input = inputOf(8);
  const out = outputs();
  const running = context.run(input, out);
  input.fill(200);
  await running;
  assert.is(out[1]?.[0], 4);
  await npu.close();
});

test('one run under way and one waiting; a third is refused; they end in call order, each with its microtasks', async () => {
  const { npu, context } = await open({ runUs: 20_000 });
  const first = outputs();
  const second = outputs();
  const order: string[] = [];
  const a = context
    .run(inputOf(2), first)
    .then(() => order.push('a'))
    .then(() => order.push(`then ${first[1]?.[0]}`));
  const b = context.run(inputOf(4), second).then(() => order.push('b'));
  const fault = await faultOf(() => context.run(inputOf(6), outputs()));
  assert.is(fault.code, 'busy');
  await Promise.all([a, b]);
  assert.equal(order, ['a', 'then 1', 'b']);
  assert.is(second[1]?.[0], 2);
  await context.run(inputOf(6), first);
  assert.is(first[1]?.[0], 3);
  await npu.close();
});

test('contexts run beside each other', async () => {
  const { npu, model, context } = await open({ runUs: 1000 });
  const others = await Promise.all([model.context(2), model.context(4)]);
  await Promise.all(
    [context, ...others].map(async (one, core) => {
      for (let i = 0; i < 50; i++) {
        const out = outputs();
        await one.run(inputOf(core * 60 + i), out);
        assert.is(out[1]?.[0], (core * 60 + i) / 2);
      }
    }),
  );
  await npu.close();
  assert.is(report(stub), CLEAN);
});

test('what does not fit is refused with what was expected and what came', async () => {
  const { npu, context } = await open();
  const detached = inputOf(1);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  for (const [input, words] of [
    [new Uint8Array(17), /Uint8Array of 18 bytes, not one of 17/],
    [new Uint8Array(0), /not one of 0/],
    [detached, /not one of 0/],
    [new Float32Array(18), /Float32Array/],
    [null, /Null/],
    [undefined, /undefined/],
  ] as const) {
    const fault = await faultOf(() => context.run(input as Uint8Array, outputs()));
    assert.is(fault.code, 'invalid-argument');
    assert.match(fault.message, words);
  }
  for (const [out, words] of [
    [[new Float32Array(12)], /2 outputs, not 1/],
    [[new Float32Array(12), new Float32Array(2)], /output 1 must be a Float32Array of 1, not one of 2/],
    [[new Float32Array(12), new Uint8Array(1)], /output 1/],
    [undefined, /2 outputs/],
  ] as const) {
    const fault = await faultOf(() => context.run(inputOf(1), out as unknown as Float32Array[]));
    assert.is(fault.code, 'invalid-argument');
    assert.match(fault.message, words);
  }
  for (const deadlineMs of [0, -1, Number.NaN]) assert.is((await faultOf(() => context.run(inputOf(1), outputs(), deadlineMs))).code, 'invalid-argument');
  await context.run(inputOf(1), outputs(), Number.POSITIVE_INFINITY);
  await npu.close();
});

test('outputs that were detached while the run was under way: an error, and the context goes on', async () => {
  const { npu, context } = await open({ runUs: 20_000 });
  const out = outputs();
  const running = context.run(inputOf(1), out);
  structuredClone(out[0]?.buffer, { transfer: [out[0]?.buffer as ArrayBuffer] });
  const fault = await faultOf(() => running);
  assert.is(fault.code, 'invalid-argument');
  assert.match(fault.message, /can no longer be written/);
  await context.run(inputOf(1), outputs());
  await npu.close();
});

for (const zeroCopy of [true, false]) {
  test(`a run that fails: code, log, untouched outputs, nothing read; the next one is right (${zeroCopy ? 'zero copy' : 'copied'})`, async () => {
    const { npu, context } = await open({ failAt: 2 }, { zeroCopy });
    const out = outputs();
    await context.run(inputOf(10), out);
    const fault = await faultOf(() => context.run(inputOf(20), out));
    assert.is(fault.code, 'call-failed');
    assert.is(fault.call, 'rknn_run');
    assert.is(fault.rc, -1);
    assert.is(fault.message, 'rknn_run answered -1 (it failed): failed to submit!, op id: 1');
    assert.is(fault.log, 'E RKNN: [12:00:00.000] failed to submit!, op id: 1\n');
    assert.is(out[1]?.[0], 5);
    await context.run(inputOf(30), out);
    assert.is(out[1]?.[0], 15);
    await npu.close();
    assert.is(report(stub), CLEAN);
  });
}

for (const [knobs, code, words] of [
  [{ unwritten: 7 }, 'bad-result', /value 7 of 'map' was not written/],
  [{ otherSize: 1 }, 'bad-result', /'map' has 52 bytes instead of 48/],
  [{ notPreallocated: 1 }, 'bad-result', /memory of its own/],
  [{ rcOfOutputsGet: -9 }, 'call-failed', /the output is invalid/],
  [{ rcOfInputsSet: -5 }, 'call-failed', /param input size/],
] as const) {
  test(`0 is not trusted: ${JSON.stringify(knobs)}`, async () => {
    const { npu, context } = await open(knobs, { zeroCopy: false });
    const out = outputs();
    const fault = await faultOf(() => context.run(inputOf(1), out));
    assert.is(fault.code, code);
    assert.match(fault.message, words);
    assert.equal(out, outputs());
    tell(stub, {});
    await context.run(inputOf(1), out);
    assert.equal(out[0], MAP);
    await npu.close();
  });
}

for (const zeroCopy of [true, false]) {
  test(`0 is not trusted where the runtime wrote an error (${zeroCopy ? 'zero copy' : 'copied'})`, async () => {
    const { npu, context } = await open({}, { zeroCopy });
    tell(stub, { quietFailure: 1 });
    const out = outputs();
    const fault = await faultOf(() => context.run(inputOf(1), out));
    assert.is(fault.code, 'bad-result');
    assert.match(fault.message, zeroCopy ? /rknn_run answered 0, but wrote: failed to submit!$/ : /answered 0, but wrote: param input size/);
    assert.match(fault.log, /second line/);
    assert.equal(out, outputs());
    tell(stub, { talk: 1 });
    await context.run(inputOf(1), out);
    assert.equal(out[0], MAP);
    await npu.close();
  });
}

test('a run that hangs: its error at the deadline, the waiting one is lost, others go on, closing does not wait, and nothing is left in the end', async () => {
  const { npu, model, context } = await open();
  const other = await model.context(2);
  tell(stub, { hangAt: 1, hangMs: 1500 });
  const hung = context.run(inputOf(1), outputs(), 50);
  const waiting = context.run(inputOf(2), outputs(), 50);
  const [first, second] = await Promise.all([faultOf(() => hung), faultOf(() => waiting)]);
  assert.is(first.code, 'hung');
  assert.match(first.message, /core mask 1: a run passed its deadline of 50 ms/);
  assert.is(second.code, 'lost');
  assert.is(context.lost, true);
  assert.is((await faultOf(() => context.run(inputOf(1), outputs()))).code, 'lost');
  const out = outputs();
  await other.run(inputOf(40), out);
  assert.is(out[1]?.[0], 20);
  // The load's own context is the lost one: the next is duplicated from one that lives.
  const next = await model.context(1);
  await next.run(inputOf(42), out);
  assert.is(out[1]?.[0], 21);
  await context.close();
  await npu.close();
  assert.is(report(stub), '1 contexts, 3 memories, 0 misused, 0 read after a failure', 'the hung thread still holds its own');
  await reports(CLEAN);
});

test('when every context hangs there is nothing to duplicate: the model says to load it again', async () => {
  const { npu, model, context } = await open();
  tell(stub, { hangAt: 1, hangMs: 300 });
  assert.is((await faultOf(() => context.run(inputOf(1), outputs(), 20))).code, 'hung');
  const fault = await faultOf(() => model.context(2));
  assert.is(fault.code, 'lost');
  assert.match(fault.message, /load the model again/);
  await npu.close();
  await reports(CLEAN);
});

test('a run that ends before its deadline is not taken for hung, however late JavaScript looks', async () => {
  const { npu, context } = await open({ runUs: 100 });
  const running = context.run(inputOf(1), outputs(), 60);
  const until = performance.now() + 200;
  while (performance.now() < until);
  await running;
  assert.is(context.lost, false);
  await npu.close();
});

test('a load that hangs ends at its deadline', async () => {
  const npu = openNpu({ library: stub, simulate: { initMs: 700 }, controlDeadlineMs: 50 });
  const fault = await faultOf(() => npu.load(Uint8Array.of(1)));
  assert.is(fault.code, 'hung');
  assert.match(fault.message, /rknn_init passed its deadline/);
  await npu.close();
  await reports(CLEAN);
});

test('closing waits for runs, is idempotent, and what comes after is refused', async () => {
  const { npu, model, context } = await open({ runUs: 20_000 });
  const out = outputs();
  const runs = [context.run(inputOf(2), out), context.run(inputOf(4), out)];
  let ended = 0;
  for (const run of runs) void run.then(() => ended++);
  const closing = context.close();
  assert.is(context.close(), closing);
  assert.is((await faultOf(() => context.run(inputOf(1), out))).code, 'closed');
  await closing;
  assert.is(ended, 2);
  assert.is(out[1]?.[0], 2);
  await model.close();
  await model.close();
  assert.is((await faultOf(() => model.context(1))).code, 'closed');
  await npu.close();
  await npu.close();
  assert.is((await faultOf(() => npu.load(Uint8Array.of(1)))).code, 'closed');
  assert.is(report(stub), CLEAN);
});

test('closing a runtime while it loads and opens contexts leaves nothing behind', async () => {
  const npu = openNpu({ library: stub, simulate: { initMs: 30 } });
  const loading = npu.load(Uint8Array.of(1));
  await npu.close();
  const model = await loading;
  assert.is((await faultOf(() => model.context(1))).code, 'closed');
  const { npu: second, model: other } = await open();
  const opening = [other.context(2), other.context(4)];
  await second.close();
  for (const context of await Promise.all(opening)) assert.is((await faultOf(() => context.run(inputOf(1), outputs()))).code, 'closed');
  assert.is(report(stub), CLEAN);
});

test('the context of the load is used again after it was closed', async () => {
  const { npu, model, context } = await open();
  await context.close();
  const again = await model.context(4);
  assert.is(report(stub), '1 contexts, 3 memories, 0 misused, 0 read after a failure');
  const out = outputs();
  await again.run(inputOf(12), out);
  assert.is(out[1]?.[0], 6);
  await npu.close();
});

test('a runtime that fails to destroy is told of', async () => {
  const { npu, model } = await open();
  tell(stub, { rcOfDestroy: 1 });
  const fault = await faultOf(() => model.close());
  assert.is(fault.call, 'rknn_destroy');
  await npu.close();
});

test.run();
