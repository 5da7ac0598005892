/** The simulated runtime by its own interface: answers, time, faults, and what it notices. How the addon uses it is tested with the addon. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rknnFile, smallNetwork } from '../support/rknn-file.ts';
import { buildDriver, Driver } from './simulation/driver.ts';

const test = suite('npu: simulated runtime');
const folder = mkdtempSync(join(tmpdir(), 'mien-simulation-'));
const program = buildDriver(folder);
const open: Driver[] = [];
test.after(async () => {
  await Promise.all(open.map((driver) => driver.end()));
  rmSync(folder, { recursive: true, force: true });
});

const bytes = rknnFile({ description: smallNetwork, mainBytes: 1000 });
const INPUT_BYTES = 24;
const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const filled = (value: number) => hashOf(new Uint8Array(INPUT_BYTES).fill(value));
const MAP = [1, 2, 3, 4, 5, 6];
const model = {
  match: hashOf(bytes),
  name: 'small',
  weightBytes: 5000,
  internalBytes: 700,
  outputs: [
    { scale: 0.5, zp: 3, layout: 'nc1hwc2' },
    { type: 'f32', base: -8 },
  ],
  answers: [{ inputHash: filled(9), outputs: [MAP, [0.125, -7]] }],
};
function file(name: string, content: Uint8Array = bytes): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const small = file('small.rknn');

async function drive(settings: Record<string, unknown> = {}, env: Record<string, string> = {}): Promise<Driver> {
  const driver = new Driver(program, env);
  open.push(driver);
  assert.is(await driver.configure({ runUs: 0, models: [model], ...settings }), '0');
  return driver;
}
async function loaded(settings: Record<string, unknown> = {}): Promise<Driver> {
  const driver = await drive(settings);
  assert.is(await driver.call(`init ${small}`), '0 handle');
  return driver;
}
/** Waits until so many runs are with the cores. */
async function booked(driver: Driver, runs: number): Promise<void> {
  const until = performance.now() + 60_000;
  const count = async () => (await driver.report()).cores.reduce((sum, core) => sum + core.runs, 0);
  while ((await count()) < runs) assert.ok(performance.now() < until, `${runs} runs were begun`);
}
const numbers = (line: string | undefined) => (line ?? '').split(' ').map(Number);

test('tensors come from the container, what the settings say goes over it', async () => {
  const driver = await loaded();
  // Name, type (2 i8, 0 f32), zero point, scale, bytes, dims; query 1 is inputs, 2 outputs, 9 native outputs.
  assert.match((await driver.call('describe 0 1')) ?? '', /^input 2 0 0\.0078\d+ 24 1 2 4 3$/);
  assert.is(await driver.call('describe 0 2'), 'map 2 3 0.5 6 1 3 1 2');
  assert.is(await driver.call('describe 0 18'), 'pair 0 0 1 8 1 2');
  assert.is(await driver.call('describe 0 9'), 'map 2 3 0.5 32 1 1 1 2 16');
});

test('a known input gives the scripted outputs, another small numbers around the base that depend on it', async () => {
  const driver = await loaded();
  const answer = async (value: number) => {
    assert.is(await driver.call(`set 0 ${INPUT_BYTES} ${value}`), '0');
    assert.is(await driver.call('run 0'), '0');
    return { map: numbers(await driver.call('get 0 0 6')).slice(1), pair: numbers(await driver.call('get 0 1 0')).slice(1) };
  };
  assert.equal(await answer(9), { map: MAP, pair: [0.125, -7] });
  const [one, two] = [await answer(10), await answer(11)];
  assert.equal(await answer(10), one);
  assert.not.equal(one.pair, two.pair);
  for (const value of [...one.pair, ...two.pair]) assert.ok(Math.abs(value + 8) <= 0.11, String(value));
});

test('inputs and outputs in bound memories: padded rows, native blocks of channels, converted', async () => {
  const driver = await drive({ models: [{ ...model, inputs: [{ wStride: 6 }] }] });
  await driver.call(`init ${small}`);
  // Two rows of six pixels of three bytes; the padding is no part of the input.
  for (const size of [36, 32, 24]) assert.is(await driver.call(`mem 0 ${size}`), 'memory');
  await driver.call('fill 0 9');
  assert.equal([await driver.call('bind 0 0 0 3 0'), await driver.call('bind 0 1 1 2 1')], ['0', '0']);
  assert.is(await driver.call('run 0'), '0');
  const stored = MAP.map((value) => value / 0.5 + 3);
  const lanes = (pixel: number) => [0, 1, 2].map((channel) => stored[2 * channel + pixel]);
  assert.equal(numbers(await driver.call('bytes 1')), [...lanes(0), ...new Array(13).fill(0), ...lanes(1), ...new Array(13).fill(0)]);
  // As floats, in the plain layout.
  assert.is(await driver.call('bind 0 2 1 0 0'), '0');
  assert.is(await driver.call('run 0'), '0');
  assert.equal([...new Float32Array(Uint8Array.from(numbers(await driver.call('bytes 2'))).buffer)], MAP);
});

test("a core's runs follow each other, other cores work meanwhile, and none works faster than it is", async () => {
  const driver = await loaded({ runUs: 20_000 });
  for (let i = 0; i < 3; i += 1) await driver.call('dup 0');
  for (const [context, mask] of [1, 1, 2, 4].entries()) assert.is(await driver.call(`mask ${context} ${mask}`), '0');
  // A window of 400 ms holds twenty runs of a core, and the one that it ends with.
  const together = Number(await driver.call('rate 400 0 1'));
  assert.ok(together > 0 && together <= 21, String(together));
  const apart = Number(await driver.call('rate 400 0 2 3'));
  assert.ok(apart > 0 && apart <= 63, String(apart));
  const { cores } = await driver.report();
  for (const { runs, busyUs } of cores) assert.is(busyUs, runs * 20_000);
  assert.ok(cores.every(({ runs }) => runs > 0));
});

test('a run takes its time per core, fused cores are all taken', async () => {
  const driver = await loaded({ runUs: [1000, 30_000, 1000], fusedSpeedUp: { three: 0.5 } });
  await driver.call('mask 0 2');
  assert.ok(Number(await driver.call('timed 0')) >= 30_000);
  await driver.call('mask 0 7');
  assert.ok(Number(await driver.call('timed 0')) >= 2000);
  const { cores } = await driver.report();
  assert.equal(cores, [
    { runs: 1, busyUs: 2000 },
    { runs: 2, busyUs: 32_000 },
    { runs: 1, busyUs: 2000 },
  ]);
});

test('without a mask a run goes where the queue ends first', async () => {
  const driver = await loaded({ runUs: 400_000 });
  for (let i = 0; i < 2; i += 1) await driver.call('dup 0');
  for (let i = 0; i < 3; i += 1) await driver.call(`start ${i} ${i}`);
  for (let i = 0; i < 3; i += 1) assert.is(await driver.call(`join ${i}`), '0');
  assert.equal(
    (await driver.report()).cores.map(({ runs }) => runs),
    [1, 1, 1],
  );
});

test('masks that a chip of three cores does not have are refused', async () => {
  const driver = await loaded();
  for (const mask of [0, 1, 2, 4, 3, 7, 0xffff]) assert.is(await driver.call(`mask 0 ${mask}`), '0');
  for (const mask of [5, 6, 8]) assert.is(await driver.call(`mask 0 ${mask}`), '-1');
});

test('containers are refused as the real runtime refuses them, and leave a handle', async () => {
  const driver = await drive({ newestFormat: 6 });
  const refused = {
    garbage: [new Uint8Array(4096).fill(7), '-6 handle'],
    short: [bytes.subarray(0, 8), '-6 handle'],
    truncated: [bytes.subarray(0, 600), '-6 handle'],
    chip: [rknnFile({ description: { ...smallNetwork, target_platform: ['rk3566'] } }), '-6 handle'],
    format: [rknnFile({ description: smallNetwork, format: 7 }), '-1 handle'],
  } as const;
  for (const [name, [content, answer]] of Object.entries(refused)) assert.is(await driver.call(`init ${file(name, content)}`), answer, name);
  // The handles stand for nothing, and may be given back.
  assert.equal([await driver.call('run 0'), await driver.call('destroy 0')], ['-7', '0']);
  const { said } = await driver.end();
  for (const words of [/invalid RKNN_MAGIC/, /model is too small/, /exportDataSize large/, /is for RK3566/, /Invalid RKNN model version 7/])
    assert.match(said, words);
});

test('faults strike the model, core and turn that they are for', async () => {
  const fails = { kind: 'submit-fails', model: 'small', core: 1, after: 1, times: 2 };
  const driver = await loaded({ faults: [{ kind: 'submit-fails', model: 'other' }, fails] });
  const run = async () => await driver.call('run 0');
  await driver.call('mask 0 1');
  assert.equal([await run(), await run(), await run()], ['0', '0', '0']);
  await driver.call('mask 0 2');
  assert.equal([await run(), await run(), await run(), await run()], ['0', '-1', '-1', '0']);
  assert.match((await driver.end()).said, /failed to submit!/);
});

test('stale and silently failed runs answer 0 with the outputs of before; a flip changes one number on one core', async () => {
  const driver = await loaded();
  const map = async (value: number) => {
    await driver.call(`set 0 ${INPUT_BYTES} ${value}`);
    assert.is(await driver.call('run 0'), '0');
    return numbers(await driver.call('get 0 0 6')).slice(1);
  };
  assert.equal(await map(9), MAP);
  for (const kind of ['stale-output', 'silent-failure']) {
    await driver.configure({ runUs: 0, models: [model], faults: [{ kind }] });
    assert.equal(await map(10), MAP, kind);
  }
  await driver.configure({ runUs: 0, models: [model], faults: [{ kind: 'flip', core: 2 }] });
  await driver.call('mask 0 1');
  assert.equal(await map(9), MAP);
  await driver.call('mask 0 4');
  const [first, ...rest] = await map(9);
  assert.equal(rest, MAP.slice(1));
  assert.is.not(first, MAP[0]);
});

test('a hung run ends after its time, or when the simulation is configured anew; its outputs are none', async () => {
  const driver = await loaded({ faults: [{ kind: 'hang', ms: 30, times: 1 }, { kind: 'hang' }] });
  assert.is(await driver.call('run 0'), '-1');
  await driver.call('start 0 0');
  await booked(driver, 2);
  assert.is(await driver.configure({ runUs: 0 }), '0');
  assert.is(await driver.call('join 0'), '-1');
  assert.is(await driver.call('run 0'), '0');
});

test('wrong dims, wrong return codes, no memory, no device', async () => {
  const driver = await loaded();
  await driver.configure({
    models: [model],
    faults: [
      { kind: 'wrong-dims', output: 1 },
      { kind: 'wrong-rc', call: 'rknn_inputs_set', rc: -8, times: 1 },
      ...['rknn_dup_context', 'rknn_create_mem', 'rknn_init'].map((call) => ({ kind: 'out-of-memory', call, times: 1 })),
      { kind: 'no-device', after: 1 },
    ],
  });
  assert.is(await driver.call('describe 0 18'), 'pair 0 0 1 12 1 3');
  assert.equal([await driver.call('set 0 24 0'), await driver.call('set 0 24 0')], ['-8', '0']);
  assert.equal([await driver.call('mem 0 10'), await driver.call('mem 0 10')], ['none', 'memory']);
  assert.equal([await driver.call('dup 0'), await driver.call('dup 0')], ['-4', '0']);
  assert.equal([await driver.call(`init ${small}`), await driver.call(`init ${small}`)], ['-4 handle', '-1 none']);
  assert.match((await driver.end()).said, /failed to open rknpu module/);
});

test('misuse is answered, counted and told at the end', async () => {
  const driver = await loaded();
  await driver.call('mem 0 4');
  assert.is(await driver.call('set 0 -1 0'), '-5');
  assert.is(await driver.call('set 0 5 0'), '-5');
  assert.is(await driver.call('get 0 0 2'), '0 0 0');
  // An output's memory that is too small is taken, as by the real runtime.
  assert.is(await driver.call('bind 0 0 1 2 0'), '0');
  assert.is(await driver.call('run 0'), '0');
  await driver.call('free 0 0');
  assert.is(await driver.call('run 0'), '-1');
  assert.is(await driver.call('free 0 0'), '-5');
  assert.equal([await driver.call('destroy 0'), await driver.call('destroy 0'), await driver.call('run 0')], ['0', '-7', '-7']);
  assert.equal((await driver.report()).misuse, { doubleDestroy: 1, useAfterDestroy: 1, nullBuffer: 1, shortBuffer: 2, freedMemoryInRun: 1, doubleFree: 1 });
  const { code, said } = await driver.end();
  assert.is(code, 0);
  assert.match(said, /^mien-npu-simulated: 0 contexts, 0 memories not freed; misuse: doubleDestroy 1, useAfterDestroy 1, nullBuffer 1/m);
});

test('outputs after a failed run, two threads in one context', async () => {
  const driver = await loaded({ faults: [{ kind: 'submit-fails', times: 1 }, { kind: 'hang' }] });
  await driver.call('run 0');
  // What was there before: nothing, which reads as -3 x 0.5.
  assert.match((await driver.call('get 0 0 6')) ?? '', /^0( -1\.5){6}$/);
  await driver.call('start 0 0');
  await booked(driver, 1);
  assert.is(await driver.call('set 0 24 0'), '-1');
  assert.equal((await driver.report()).misuse, { outputsAfterFailedRun: 1, concurrentUse: 1 });
  await driver.configure({});
  assert.is(await driver.call('join 0'), '-1');
});

test('strict: what kills in the real runtime kills here', async () => {
  for (const calls of [['set 0 -1 0'], ['destroy 0', 'destroy 0']]) {
    const driver = await loaded({ strict: true });
    for (const call of calls) await driver.call(call);
    assert.is((await driver.end()).signal, 'SIGSEGV');
  }
});

test('weights are there once, what is left is told; without anything left there is no word', async () => {
  const driver = await loaded();
  for (let i = 0; i < 2; i += 1) assert.is(await driver.call('dup 0'), '0');
  await driver.call('mem 0 100');
  const { weightBytes, internalBytes, contexts, memories, memoryBytes } = await driver.report();
  assert.equal(
    { weightBytes, internalBytes, contexts, memories, memoryBytes },
    { weightBytes: 5000, internalBytes: 2100, contexts: 3, memories: 1, memoryBytes: 100 },
  );
  // A duplicate outlives what it was made of.
  assert.equal([await driver.call('destroy 0'), await driver.call('run 1')], ['0', '0']);
  assert.match((await driver.end()).said, /^mien-npu-simulated: 2 contexts, 1 memories not freed$/m);
  const clean = await loaded();
  await clean.call('destroy 0');
  assert.is((await clean.end()).said, '');
});

test('settings that are wrong are refused by key, and those of before stay', async () => {
  const driver = await loaded();
  for (const wrong of [{ runus: 1 }, { runUs: [1, 2] }, { faults: [{ kind: 'flop' }] }, { models: [{ answers: [{ inputHash: 'a', outputs: [] }] }] }, []]) {
    assert.is(await driver.configure(wrong), '-1', JSON.stringify(wrong));
  }
  assert.is(await driver.call('configure {"runUs":'), '-1');
  assert.is(await driver.call('run 0'), '0');
  const { said } = await driver.end();
  assert.match(said, /simulation has no key "runus"; there are chip, faults/);
  assert.match(said, /simulation\.runUs must be a number, or a list of one per core/);
  assert.match(said, /simulation\.faults\[0\]\.kind must be one of/);
  assert.match(said, /inputHash must be a SHA-256/);
  assert.match(said, /not JSON: expected a value at offset 9/);
});

test('settings by the environment, as text and as a file; an unreadable one refuses the load', async () => {
  const settings = JSON.stringify({ runUs: 0, models: [{ ...model, answers: [] }] });
  writeFileSync(join(folder, 'settings.json'), settings);
  for (const told of [settings, `@${join(folder, 'settings.json')}`]) {
    const driver = new Driver(program, { MIEN_NPU_SIMULATION: told });
    open.push(driver);
    assert.is(await driver.call(`init ${small}`), '0 handle');
    assert.is(await driver.call('describe 0 18'), 'pair 0 0 1 8 1 2');
  }
  const driver = new Driver(program, { MIEN_NPU_SIMULATION: '@/nowhere' });
  open.push(driver);
  assert.is(await driver.call(`init ${small}`), '-1 none');
  assert.match((await driver.end()).said, /MIEN_NPU_SIMULATION names \/nowhere, which cannot be read/);
});

test('settings that do not fit the model refuse its load', async () => {
  const driver = await drive({ models: [{ outputs: [{}] }] });
  assert.is(await driver.call(`init ${small}`), '-6 handle');
  assert.is(await driver.configure({ models: [{ answers: [{ inputHash: filled(1), outputs: [[1], [2, 3]] }] }] }), '0');
  assert.is(await driver.call(`init ${small}`), '-6 handle');
  const { said } = await driver.end();
  assert.match(said, /describes 1 outputs, the model has 2/);
  assert.match(said, /has not the outputs of the model/);
});

test.run();
