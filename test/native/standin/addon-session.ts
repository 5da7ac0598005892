/** Run by arm64 Node above the stand-in: the addon on the real runtime. Takes {library, files: {name: path}} as JSON, prints what came of each step. */
import { readFileSync } from 'node:fs';
import { type CoreMask, NpuError, type NpuModel, openNpu } from '../../../native/src/npu.ts';

const { library, files, log } = JSON.parse(process.argv[2] ?? '') as { library: string; files: Record<string, string>; log: string };

/** The stand-in looks at these anew at every call. */
function withDevice(faults: string, memoryBytes: number | '' = ''): void {
  process.env.MIEN_STANDIN_FAULT = faults;
  process.env.MIEN_STANDIN_MEMORY = String(memoryBytes);
}

async function outcome(step: () => unknown): Promise<unknown> {
  try {
    return { value: (await step()) ?? null };
  } catch (error) {
    if (!(error instanceof NpuError)) throw error;
    const { code, call, rc, message, log: said } = error;
    return { code, call, rc, message, log: said };
  }
}

const lines = (word: string) =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(word));
/** Core masks of the submits so far. */
const submits = () => lines('submit').map((line) => Number(/core_mask=(\d+)/.exec(line)?.[1]));
/** Bytes of the device's memories so far, in order. */
const allocations = () => lines('memory').map((line) => Number(line.split(' ')[2]));
function liveBytes(): number {
  const live = new Map<string, number>();
  for (const [word, handle = '', bytes] of readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))) {
    if (word === 'memory') live.set(handle, Number(bytes));
    if (word === 'free') live.delete(handle);
  }
  return [...live.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function networkRun(path: string, zeroCopy: boolean) {
  const npu = openNpu({ library, zeroCopy });
  const model = await npu.load(readFileSync(path));
  const outputs = model.outputs.map(({ elements }) => new Float32Array(elements).fill(Number.NaN));
  const input = new Uint8Array(model.inputs[0]?.elements ?? 0).fill(128);
  const contexts = [];
  for (const mask of [1, 2, 4] as const satisfies readonly CoreMask[]) {
    const before = allocations().length;
    const context = await model.context(mask);
    const allocated = allocations().slice(before);
    const seen = submits().length;
    const us = await context.run(input, outputs);
    contexts.push({
      mask,
      us,
      submits: [...new Set(submits().slice(seen))],
      finite: outputs.every((data) => data.every(Number.isFinite)),
      memory: context.memory(),
      allocated,
    });
  }
  const told = { inputs: model.inputs, outputs: model.outputs, memory: model.memory(), apiVersion: npu.apiVersion, driverVersion: npu.driverVersion };
  await npu.close();
  return { ...told, has: npu.has, contexts };
}

async function loaded<T>(path: string, step: (model: NpuModel) => Promise<T>): Promise<T> {
  const npu = openNpu({ library });
  try {
    return await step(await npu.load(readFileSync(path)));
  } finally {
    await npu.close();
  }
}
const load = (bytes: Uint8Array) => async () => {
  const npu = openNpu({ library });
  try {
    await npu.load(bytes);
  } finally {
    await npu.close();
  }
};

async function refusals(path: string) {
  const whole = readFileSync(path);
  // The chip stands in the main section and in the description.
  const wrongChip = Buffer.from(whole);
  for (let at = wrongChip.indexOf('rk3588'); at >= 0; at = wrongChip.indexOf('rk3588', at)) wrongChip.write('rk3566', at);
  const newer = Buffer.from(whole);
  newer.writeBigUInt64LE(99n, 8);
  const out: Record<string, unknown> = {};
  // First, since the runtime keeps a device that it found once.
  withDevice('absent');
  out.absent = await outcome(load(whole));
  withDevice('denied');
  out.denied = await outcome(load(whole));
  withDevice('');
  out.garbage = await outcome(load(Buffer.alloc(4096, 7)));
  out.short = await outcome(load(whole.subarray(0, 8)));
  out.truncated = await outcome(load(whole.subarray(0, whole.length >> 1)));
  out.wrongChip = await outcome(load(wrongChip));
  out.newer = await outcome(load(newer));
  // A load takes memory for the network's commands, its weights and what lies between layers, in this order.
  const before = allocations().length;
  await load(whole)();
  const [commands = 0, weights = 0] = allocations().slice(before);
  withDevice('', liveBytes() + commands + weights - 1);
  out.noMemoryForWeights = await outcome(load(whole));
  withDevice('', liveBytes() + commands + weights);
  out.noMemoryBetween = await outcome(load(whole));
  withDevice('');
  out.afterAll = await outcome(load(whole));
  return out;
}

async function failingRuns(path: string) {
  return await loaded(path, async (model) => {
    const outputs = model.outputs.map(({ elements }) => new Float32Array(elements).fill(42));
    const input = new Uint8Array(model.inputs[0]?.elements ?? 0);
    const one = await model.context(1);
    const before = allocations().length;
    const two = await model.context(2);
    const lastDuplicate = allocations().slice(before);
    withDevice('submit-core-1');
    const failed = await outcome(() => two.run(input, outputs));
    const untouched = outputs.every((data) => data.every((value) => value === 42));
    const other = await outcome(() => one.run(input, outputs));
    withDevice('');
    const again = await outcome(() => two.run(input, outputs));
    // What a duplicate takes first and its commands, and no more: without those runtime 1.5.2 crashes.
    withDevice('', liveBytes() + (lastDuplicate[0] ?? 0) + (lastDuplicate[1] ?? 0));
    const duplicate = await outcome(() => model.context(4));
    withDevice('');
    await two.close();
    await two.close();
    const closed = await outcome(() => two.run(input, outputs));
    const survivor = await outcome(() => one.run(input, outputs));
    return { failed, untouched, other, again, duplicate, closed, survivor };
  });
}

const first = Object.values(files)[0] ?? '';
const refused = await refusals(first);
const networks: Record<string, unknown> = {};
for (const [name, path] of Object.entries(files)) networks[name] = { zeroCopy: await networkRun(path, true), copied: await networkRun(path, false) };
process.stdout.write(JSON.stringify({ networks, refusals: refused, failingRuns: await failingRuns(first) }));
