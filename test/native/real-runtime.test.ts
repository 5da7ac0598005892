/**
 * The vendor's real librknnrt 1.5.2 with the release's .rknn files: the addon by itself, then Mien's backend above it. The device is a stand-in of
 * ours that computes nothing (standin/rknpu-standin.c): this proves the ABI, the order of calls and the error paths, never a value or a speed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelManifest } from '../../core/src/inference/model-manifest.ts';
import type { NpuTensor } from '../../native/src/npu.ts';
import { must } from '../support/must.ts';
import { NoStand, openStand, RUNTIME_VERSION, type Stand } from './standin/stand.ts';

const releaseFolder = fileURLToPath(new URL('../../model/release/', import.meta.url));
const script = (name: string) => fileURLToPath(new URL(`./standin/${name}`, import.meta.url));

interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
  readonly call?: string;
  readonly rc?: number;
  readonly message?: string;
  readonly log?: string;
}
interface Ran {
  readonly inputs: readonly NpuTensor[];
  readonly outputs: readonly NpuTensor[];
  readonly memory: { readonly weightBytes: number; readonly internalBytes: number };
  readonly apiVersion: string;
  readonly driverVersion: string;
  readonly has: Readonly<Record<string, boolean>>;
  readonly contexts: ReadonlyArray<{
    readonly mask: number;
    readonly us: number;
    readonly submits: readonly number[];
    readonly finite: boolean;
    readonly allocated: readonly number[];
  }>;
}
interface AddonTold {
  readonly networks: Readonly<Record<string, { readonly zeroCopy: Ran; readonly copied: Ran }>>;
  readonly refusals: Readonly<Record<string, Outcome>>;
  readonly failingRuns: Readonly<Record<string, Outcome>> & { readonly untouched: boolean };
}
interface Refused {
  readonly code: string;
  readonly message: string;
}
interface BackendTold {
  readonly takes: unknown;
  readonly denied: Refused;
  readonly absent: Refused;
  readonly loaded: Readonly<
    Record<
      string,
      { readonly info: Readonly<Record<string, unknown>>; readonly outputs: Readonly<Record<string, { readonly length: number; readonly finite: boolean }>> }
    >
  >;
  readonly refused: Readonly<Record<'garbage' | 'truncated' | 'wrongChip', Refused | undefined>>;
}

function standOrSkip(): Stand {
  try {
    return openStand();
  } catch (error) {
    if (!(error instanceof NoStand)) throw error;
    console.log(`SKIPPED: the vendor's runtime cannot be run here: ${error.message}`);
    process.exit(process.env.CI ? 1 : 0);
  }
}

const manifest = JSON.parse(readFileSync(join(releaseFolder, 'model.json'), 'utf8')) as ModelManifest;
const files = manifest.networks.flatMap((network) => network.files.filter(({ backend }) => backend === 'rknn').map((file) => ({ network, file })));
const stand = standOrSkip();
const test = suite(`the real runtime ${RUNTIME_VERSION}`);
let addon: AddonTold;
let backend: BackendTold;

/** A root that a preflight takes for a board with the vendor's driver. */
function madeUpBoard(): string {
  const root = join(stand.folder, 'board');
  for (const folder of ['proc/device-tree', 'sys/class/drm/card0/device', 'dev/dri', 'usr/lib']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'proc/device-tree/compatible'), 'mien,rknpu-standin\0rockchip,rk3588\0');
  writeFileSync(join(root, 'sys/class/drm/card0/device/uevent'), 'DRIVER=RKNPU\n');
  writeFileSync(join(root, 'dev/dri/card0'), '');
  writeFileSync(join(root, 'usr/lib/librknnrt.so'), '');
  return root;
}

test.before(async () => {
  const log = join(stand.folder, 'device.log');
  writeFileSync(log, '');
  const paths = Object.fromEntries(files.map(({ network, file }) => [network.name, join(releaseFolder, file.path)]));
  addon = JSON.parse(await stand.run(script('addon-session.ts'), [JSON.stringify({ library: stand.library, files: paths, log })], { MIEN_STANDIN_LOG: log }));
});
test.after(() => stand.close());

test('the release has .rknn files for it', () => {
  assert.ok(files.length >= 3);
  assert.equal(Object.keys(addon.networks).sort(), files.map(({ network }) => network.name).sort());
});

for (const { network, file } of files) {
  for (const path of ['zeroCopy', 'copied'] as const) {
    test(`${network.name}, ${path}: tensors as the manifest says, one context pinned to each core`, () => {
      const told = must(addon.networks[network.name])[path];
      const { name, width, height } = file.input ?? network.input;
      assert.equal(
        told.inputs.map((tensor) => [tensor.name, tensor.dims, tensor.format, tensor.elements]),
        [[name, [1, height, width, 3], 'nhwc', 3 * width * height]],
      );
      const said = Object.fromEntries(told.outputs.map(({ name: output, dims, type, zeroPoint, scale }) => [output, { dims, type, zeroPoint, scale }]));
      assert.equal(Object.keys(said).sort(), Object.keys(file.outputs ?? {}).sort());
      for (const [output, expected] of Object.entries(file.outputs ?? {})) {
        const { scale, ...exact } = must(said[output]);
        assert.equal(exact, { dims: expected.dims, type: expected.type, zeroPoint: expected.zeroPoint });
        assert.ok(Math.abs(scale - expected.scale) <= 1e-6 * expected.scale, `${output}: scale ${scale}, the manifest says ${expected.scale}`);
      }
      assert.match(told.apiVersion, new RegExp(`^${RUNTIME_VERSION.replaceAll('.', '\\.')} `));
      assert.is(told.driverVersion, '0.9.8');
      assert.equal(told.has, { dupContext: true, zeroCopy: true, memSync: false, setCoreMask: true });
      // The device saw what each context was pinned to, and nothing else.
      assert.equal(
        told.contexts.map(({ mask, submits, finite }) => ({ mask, submits, finite })),
        [1, 2, 4].map((mask) => ({ mask, submits: [mask], finite: true })),
      );
      assert.ok(told.contexts.every(({ us }) => us > 0));
    });
  }

  test(`${network.name}: the weights are in the device's memory once`, () => {
    const { memory, contexts } = must(addon.networks[network.name]).zeroCopy;
    assert.ok(memory.weightBytes > 0 && memory.internalBytes > 0);
    for (const { allocated } of contexts.slice(1)) {
      assert.ok(allocated.includes(memory.internalBytes), `a duplicate has memory of its own between layers: ${allocated}`);
      assert.ok(
        allocated.every((bytes) => bytes !== memory.weightBytes && bytes < memory.weightBytes + memory.internalBytes),
        `no weights: ${allocated}`,
      );
    }
  });
}

const failed = (outcome: Outcome | undefined, call: string, rc: number, words: RegExp) => {
  assert.equal({ code: outcome?.code, call: outcome?.call, rc: outcome?.rc }, { code: 'call-failed', call, rc });
  assert.match(outcome?.log ?? '', words);
};

test('no device and no permission: -1, with the words of the runtime', () => {
  failed(addon.refusals.absent, 'rknn_init', -1, /failed to open rknpu module/);
  failed(addon.refusals.denied, 'rknn_init', -1, /failed to open rknn device/);
});

test('garbage, a stump, half a file: -6', () => {
  failed(addon.refusals.garbage, 'rknn_init', -6, /invalid RKNN_MAGIC/);
  failed(addon.refusals.short, 'rknn_init', -6, /model is too small/);
  failed(addon.refusals.truncated, 'rknn_init', -6, /exportDataSize large then model size/);
});

test('what is wrong and this runtime takes all the same: another chip in every text of the file, an unknown format', () => {
  // Why readContainer looks first.
  assert.equal(addon.refusals.wrongChip, { value: null });
  assert.equal(addon.refusals.newer, { value: null });
});

test('no memory: -6 for the weights, -4 for the rest, and the next load works', () => {
  failed(addon.refusals.noMemoryForWeights, 'rknn_init', -6, /failed to malloc npu memory/);
  failed(addon.refusals.noMemoryBetween, 'rknn_init', -4, /failed to malloc npu memory/);
  failed(addon.failingRuns.duplicate, 'rknn_dup_context', -4, /failed to malloc npu memory/);
  assert.equal(addon.refusals.afterAll, { value: null });
});

test('a core that refuses: its run fails and leaves the outputs, the other core and the next run work', () => {
  failed(addon.failingRuns.failed, 'rknn_run', -1, /failed to submit!/);
  assert.is(addon.failingRuns.untouched, true);
  for (const run of ['other', 'again', 'survivor']) assert.type(addon.failingRuns[run]?.value, 'number');
});

test('a context that was closed twice is closed, and says so', () => {
  assert.is(addon.failingRuns.closed?.code, 'closed');
});

test('the backend: loads, runs and refuses on the real runtime with errors of Mien', async () => {
  const root = madeUpBoard();
  const args = [JSON.stringify({ library: stand.library, root, releaseFolder })];
  backend = JSON.parse(await stand.run(script('backend-session.ts'), args, { MIEN_STANDIN_ROOT: root }));
  assert.equal(backend.takes, { backend: 'rknn', chip: 'rk3588' });
  for (const { network } of files) {
    const { info, outputs } = must(backend.loaded[network.name]);
    assert.equal([info.backend, info.npuCores, info.simulated], ['rknn', [0, 1, 2], false]);
    assert.match(String(info.runtime), /^librknnrt 1\.5\.2 .*driver 0\.9\.8/);
    for (const output of Object.values(outputs)) assert.ok(output.length > 0 && output.finite);
  }
});

test('the backend names what is wrong before the runtime is asked', () => {
  assert.is(backend.denied.code, 'BACKEND_UNAVAILABLE');
  assert.match(backend.denied.message, /may not open \/dev\/dri\/card0/);
  assert.is(backend.absent.code, 'BACKEND_UNAVAILABLE');
  assert.match(backend.absent.message, /no NPU driver in this kernel/);
  assert.is(backend.refused.garbage?.code, 'MODEL_CORRUPT');
  assert.match(backend.refused.garbage?.message ?? '', /is no \.rknn file/);
  assert.is(backend.refused.truncated?.code, 'MODEL_CORRUPT');
  assert.match(backend.refused.truncated?.message ?? '', /is truncated/);
  assert.is(backend.refused.wrongChip?.code, 'MODEL_MISMATCH');
  assert.match(backend.refused.wrongChip?.message ?? '', /rk3566/);
});

test.run();
