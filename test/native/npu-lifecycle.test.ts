// How processes and workers end while the NPU is at work; what many loads leave behind; priorities; the runtime's words.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openNpu } from '../../native/src/npu.ts';
import { buildStub, CLEAN, report } from './support/npu-stub.ts';

const test = suite('npu: lifecycle');
const folder = mkdtempSync(join(tmpdir(), 'mien-npu-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const stub = buildStub(folder);
const child = fileURLToPath(new URL('support/npu-child.ts', import.meta.url));
// The stub's hangs last an hour: whatever waits for one is stopped here and has failed.
const DEADLINE_MS = 60_000;

function run(how: string): Promise<{ status: number | null; signal: string | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, stub, how], { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
    let out = '';
    let err = '';
    process_.stdout.on('data', (chunk) => (out += chunk));
    process_.stderr.on('data', (chunk) => (err += chunk));
    process_.on('error', reject);
    process_.on('close', (status, signal) => resolve({ status, signal, out, err }));
  });
}

for (const [how, status, out] of [
  ['idle', 0, 'idle\n'],
  ['awaited', 0, 'ran\n'],
  ['exit', 7, ''],
  ['exit while one hangs', 7, ''],
  ['throw', 1, ''],
  ['end after one hung', 0, 'hung\n'],
  ['terminate a worker', 0, 'terminated\n'],
  ['terminate a worker that hangs', 0, 'terminated\n'],
] as const) {
  test(`the end: ${how}`, async () => {
    const ended = await run(how);
    assert.is(ended.signal, null, ended.err);
    assert.is(ended.status, status, ended.err);
    assert.is(ended.out, out);
  });
}

test("the runtime's words: written on once while nothing fails, in the error of a call that does", async () => {
  const { status, out, err } = await run('talk');
  assert.is(status, 0, err);
  assert.is(JSON.parse(out), 'E RKNN: [12:00:00.000] failed to submit!\nE RKNN: [12:00:00.001] second line\n');
  assert.is(err.split('] failed to submit!').length - 1, 1, err);
  assert.is(err.split('words of JavaScript').length - 1, 1, err);
  // One load, two duplicates, three io memories each.
  assert.is(err.split('Invalid RKNN format!').length - 1, 1, err);
  assert.is(err.split('dup failed').length - 1, 2, err);
});

test('the thread that loaded a model has the priority that it had before', async () => {
  if (process.getuid?.() !== 0) {
    // The stub lowers where the real runtime raises: taking that back needs a right that taking back a raise does not.
    console.log('SKIPPED: needs root, to raise a priority again');
    return;
  }
  const npu = openNpu({ library: stub, simulate: {} });
  await npu.load(Uint8Array.of(1));
  const own = '/proc/self/task';
  const niceness = readdirSync(own)
    .map((thread) => readFileSync(join(own, thread, 'stat'), 'utf8'))
    .filter((stat) => stat.includes('(mien-npu)'))
    .map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
  const mine = Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[16]);
  assert.equal(niceness, [mine]);
  await npu.close();
});

/** Resident kilobytes that belong to this process alone, after a collection. */
function residentKb(): number {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  return Number(/^Private_Dirty:\s+(\d+)/m.exec(rollup)?.[1]);
}

test('200 loads with three contexts and a run each leave descriptors, threads and memory as they were', async () => {
  const npu = openNpu({ library: stub, simulate: {} });
  const model = new Uint8Array(1 << 20).fill(1);
  const cycle = async () => {
    const loaded = await npu.load(model);
    const contexts = [await loaded.context(1), await loaded.context(2), await loaded.context(4)];
    await Promise.all(contexts.map((context) => context.run(new Uint8Array(18), [new Float32Array(12), new Float32Array(1)])));
    await loaded.close();
  };
  for (let i = 0; i < 30; i++) await cycle();
  const before = { descriptors: readdirSync('/proc/self/fd').length, kb: residentKb() };
  for (let i = 0; i < 200; i++) await cycle();
  const threads = () => readdirSync('/proc/self/task').filter((thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'mien-npu\n').length;
  const until = performance.now() + 20_000;
  while (threads() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(threads(), 0);
  assert.is(readdirSync('/proc/self/fd').length, before.descriptors);
  assert.is(report(stub), CLEAN);
  // 200 MB went through; a model kept, or a context's memories, would show.
  if (process.env.MIEN_SANITIZED) return; // sanitizers keep what was freed, to know it again
  const grownKb = residentKb() - before.kb;
  assert.ok(grownKb < 12_000, `${grownKb} kB more than before`);
});

test.run();
