import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMachineFiles } from '../../../../core/src/device/machine-files.ts';
import type { Session, TensorData, TensorOutputs } from '../../../../core/src/inference/backend.ts';
import { createCoreScheduler } from '../../../../core/src/inference/core-scheduler.ts';
import { readRelease } from '../../../../core/src/inference/manifest-file.ts';
import type { ModelFile, ModelInput, NetworkManifest } from '../../../../core/src/inference/model-manifest.ts';
import { createRknnBackend } from '../../../../core/src/inference/npu/rknn-backend.ts';
import { checkConfig } from '../../../../core/src/load-config.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { type FakeNpu, type FakeNpuRun, fakeNpu, npuFault, tensor } from '../../../support/fake-npu.ts';
import { writeFakeRelease } from '../../../support/fake-release.ts';
import { rknnFile } from '../../../support/rknn-file.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const rknn = suite('RKNN backend');

const folder = new TemporaryFolder();
rknn.after(() => folder[Symbol.dispose]());
const { manifest } = await readRelease(await writeFakeRelease(join(folder.path, 'release')));
const network = manifest.networks.find(({ role }) => role === 'recognizer') as NetworkManifest;

const inputs = [tensor('input', [1, 8, 8, 3])];
const outputs = [tensor('age', [1, 1]), tensor('gender', [1, 1]), tensor('expression', [1, 3])];

/** Answers with the sum of the input and the core. */
const answer = ({ input, outputs: [age, gender], coreMask }: FakeNpuRun): void => {
  age?.fill(input.reduce((sum, value) => sum + value, 0));
  gender?.fill(coreMask);
};

function file(bytes: Uint8Array = rknnFile(), more: Partial<ModelFile> = {}): { file: ModelFile; path: string } {
  const name = `${Math.random().toString(36).slice(2)}.rknn`;
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  return { path, file: { path: name, backend: 'rknn', chip: 'rk3588', precision: 'int8', bytes: bytes.length, sha256: '', ...more } };
}

async function stage(script: FakeNpu = {}, npu: Record<string, unknown> = {}) {
  const fake = fakeNpu({ inputs, outputs, run: answer, ...script });
  const config = checkConfig({ npu: { deadlineMs: 900, ...npu } }).npu;
  const backend = await createRknnBackend({ npu: config, scheduler: createCoreScheduler(), open: () => fake.runtime });
  const load = async (bytes?: Uint8Array, options = {}) => {
    const { file: entry, path } = file(bytes);
    return backend.load(network, entry, path, options);
  };
  return { fake, backend, load };
}

const picture = (value: number): Uint8Array => new Uint8Array(8 * 8 * 3).fill(value);
const ageOf = (answered: TensorOutputs) => answered['age']?.[0];

rknn('says what it is and what it loaded', async () => {
  const { fake, backend, load } = await stage();
  assert.equal(backend.takes, { backend: 'rknn', chip: 'rk3588' });
  await using session = await load();
  const { device, npuCores, parallel, simulated, runtime, precision } = session.info;
  assert.equal(
    { device, npuCores, parallel, simulated, runtime, precision },
    { device: 'rk3588 npu', npuCores: [0, 1, 2], parallel: 6, simulated: true, runtime: 'librknnrt 1.5.2 (made up), driver 0.9.8', precision: 'int8' },
  );
  assert.equal(session.memory?.(), { weightBytes: 1000, contextBytes: 60 });
  assert.equal(
    fake.contexts.map(({ coreMask }) => coreMask),
    [1, 1, 2, 2, 4, 4],
  );
  assert.equal(fake.priorities, ['high']);
  assert.is(ageOf(await session.run(picture(1))), 192);
});

rknn('counts the weights as often as the runtime cannot share them', async () => {
  const { load } = await stage({ dupContext: false });
  await using session = await load();
  assert.equal(session.memory?.(), { weightBytes: 3000, contextBytes: 30 });
});

rknn('lays a network out as the settings say', async () => {
  for (const [layout, masks, cores, parallel, priority] of [
    [{ affinity: { pinned: [2] }, priority: 'analytics' }, [4, 4], [2], 2, 'low'],
    [{ affinity: { fused: [0, 1, 2] } }, [7, 7], [0, 1, 2], 2, 'high'],
    [{ affinity: 'spread' }, [1, 1, 2, 2, 4, 4], [0, 1, 2], 6, 'high'],
  ] as const) {
    const { fake, load } = await stage({}, { layouts: { [network.name]: layout } });
    await using session = await load();
    assert.equal(
      fake.contexts.map(({ coreMask }) => coreMask),
      masks,
    );
    assert.equal(session.info.npuCores, cores);
    assert.is(session.info.parallel, parallel);
    assert.equal(fake.priorities, [priority]);
  }
  const { fake, load } = await stage();
  await using session = await load(undefined, { npuCores: [1] });
  assert.equal(session.info.npuCores, [1]);
  assert.equal(
    fake.contexts.map(({ coreMask }) => coreMask),
    [2, 2],
  );
});

rknn('gives each run the deadline of its layout, else that of all', async () => {
  const seen: number[] = [];
  const run = ({ deadlineMs }: FakeNpuRun) => void seen.push(deadlineMs);
  for (const layouts of [{}, { [network.name]: { affinity: 'auto', deadlineMs: 55 } }]) {
    const { load } = await stage({ run }, { layouts });
    await using session = await load();
    await session.run(picture(1));
  }
  assert.equal(seen, [900, 55]);
});

rknn('runs on all cores at a time, and every answer is its own', async () => {
  const open: Array<() => void> = [];
  const { load } = await stage({
    run: async (at) => {
      await new Promise<void>((resolve) => open.push(resolve));
      answer(at);
    },
  });
  await using session = await load();
  const answers = Array.from({ length: 9 }, (_, i) => session.run(picture(i)).then((answered) => [ageOf(answered), answered['gender']?.[0]]));
  while (open.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  // All three answer in one go.
  for (let opened = 0; opened < 9; ) {
    const ready = open.splice(0);
    opened += ready.length;
    for (const go of ready) go();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const got = await Promise.all(answers);
  assert.equal(
    got.map(([age]) => age),
    Array.from({ length: 9 }, (_, i) => i * 192),
  );
  assert.equal(new Set(got.slice(0, 3).map(([, core]) => core)), new Set([1, 2, 4]));
});

rknn('makes a run again elsewhere when a core fails, and puts a new context in the place of a lost one', async () => {
  const seen: number[] = [];
  const { fake, load } = await stage({
    run: (at) => {
      seen.push(at.coreMask);
      if (at.coreMask === 1 && seen.length === 1) throw npuFault({ code: 'hung', message: 'rknn_run passed its deadline' });
      return answer(at);
    },
  });
  await using session = await load();
  assert.is(ageOf(await session.run(picture(1))), 192);
  assert.is(seen[0], 1);
  assert.is.not(seen[1], 1);
  for (let i = 0; i < 2000 && fake.contexts.filter(({ coreMask }) => coreMask === 1).length < 4; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const [lost, beside, ...fresh] = fake.contexts.filter(({ coreMask }) => coreMask === 1);
  assert.ok(lost?.lost && lost.closed && beside?.closed);
  assert.not.ok(fresh.some((context) => context.lost || context.closed));
});

rknn('hands a run to a busy core by a second context, and does with one where there is no memory for two', async () => {
  for (const enough of [true, false]) {
    const inside = new Map<number, number>();
    let most = 0;
    let made = 0;
    const { fake, load } = await stage(
      {
        context: () => {
          made += 1;
          if (!enough && made > 1) throw npuFault({ message: 'rknn_dup_context answered -4', rc: -4 });
        },
        run: async (at) => {
          inside.set(at.coreMask, (inside.get(at.coreMask) ?? 0) + 1);
          most = Math.max(most, inside.get(at.coreMask) ?? 0);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside.set(at.coreMask, (inside.get(at.coreMask) ?? 0) - 1);
          answer(at);
        },
      },
      { layouts: { [network.name]: { affinity: { pinned: [0] } } } },
    );
    await using session = await load();
    const ages = await Promise.all([1, 2, 3, 4, 5].map(async (value) => ageOf(await session.run(picture(value)))));
    assert.equal(ages, [192, 384, 576, 768, 960]);
    assert.is(most, enough ? 2 : 1);
    assert.is(fake.contexts.length, enough ? 2 : 1);
    assert.equal(session.cores?.health().reasons, []);
  }
});

rknn('says which core and what the runtime wrote when a run fails everywhere, and goes on', async () => {
  let broken = true;
  const { load } = await stage({
    run: (at) => {
      if (broken) throw npuFault({ message: 'rknn_run answered -1', call: 'rknn_run', rc: -1, log: 'E RKNN: [12:00:00.123] failed to submit!, op id: 3\n' });
      return answer(at);
    },
  });
  await using session = await load();
  const { message } = await rejectsWith('INFERENCE_FAILED', () => session.run(picture(1)));
  assert.match(message, /on core \d of the NPU failed: rknn_run answered -1\. The runtime says: E RKNN: failed to submit!, op id: 3/);
  broken = false;
  const deadline = Date.now() + 20_000;
  let answered: TensorOutputs | undefined;
  while (!answered && Date.now() < deadline) answered = await session.run(picture(1)).catch(() => new Promise<undefined>((go) => setTimeout(go, 20)));
  assert.is(answered && ageOf(answered), 192);
});

rknn('does not blame a core for an input that was refused', async () => {
  const { fake, load } = await stage({
    run: () => {
      throw npuFault({ code: 'invalid-argument', message: 'the input has 3 bytes' });
    },
  });
  await using session = await load();
  await rejectsWith('INFERENCE_FAILED', () => session.run(picture(1)));
  assert.is(fake.contexts.length, 6);
  assert.equal(session.cores?.health().reasons, []);
});

rknn('does with the cores that it gets, and says so where it gets none', async () => {
  const none = await stage({
    context: () => {
      throw npuFault({ code: 'call-failed', message: 'rknn_dup_context answered -4', rc: -4 });
    },
  });
  const { message } = await rejectsWith('BACKEND_UNAVAILABLE', () => none.load());
  assert.match(message, 'rknn_dup_context answered -4');
  assert.is(none.fake.modelsOpen, 0);
  const two = await stage({
    context: (mask) => {
      if (mask === 2) throw npuFault({ message: 'no' });
    },
  });
  await using session = await two.load();
  assert.is(ageOf(await session.run(picture(2))), 384);
  assert.match(session.cores?.health().reasons.join() ?? '', 'core 1');
});

rknn('judges the container before the runtime sees it', async () => {
  const { fake, load } = await stage({ apiVersion: '1.4.0 (made up)' });
  await rejectsWith('MODEL_CORRUPT', () => load(rknnFile().subarray(0, 100)));
  assert.match((await rejectsWith('MODEL_MISMATCH', () => load(rknnFile({ targets: ['rk3566'] })))).message, 'compiled for rk3566');
  assert.match((await rejectsWith('MODEL_MISMATCH', () => load(rknnFile({ format: 6 })))).message, 'newer than this runtime');
  assert.is(fake.priorities.length, 0);
});

rknn('refuses an input that is not raw bytes, and outputs that are not those of the manifest', async () => {
  const { backend, fake } = await stage();
  for (const [input, why] of [
    [{ normalisedBy: 'host' }, 'normalised by the host'],
    [{ dtype: 'f32' }, 'f32 in nhwc'],
    [{ layout: 'nchw' }, 'u8 in nchw'],
  ] as const) {
    const entry = file(undefined, { input: { ...network.input, ...input } as ModelInput });
    const { message } = await rejectsWith('MODEL_MISMATCH', () => backend.load(network, entry.file, entry.path));
    assert.match(message, why);
  }
  const other = await stage({ outputs: [tensor('age', [1, 2]), tensor('expression', [1, 3])] });
  const { message } = await rejectsWith('MODEL_MISMATCH', () => other.load());
  assert.match(message, 'output "age" is [1, 2], expected 1 value(s)');
  assert.match(message, 'output "gender" is not there');
  assert.is(other.fake.modelsOpen + fake.modelsOpen, 0);
});

rknn('reads native layouts by their elements, and an input told as NCHW', async () => {
  const { load } = await stage({
    inputs: [tensor('input', [1, 3, 8, 8], { format: 'nchw' })],
    outputs: [tensor('age', [1, 1, 1, 1, 16], { format: 'nc1hwc2', elements: 1 }), tensor('gender', [1, 1]), tensor('expression', [1, 3])],
  });
  await using session = await load();
  assert.equal((await session.run(picture(1)))['age']?.length, 1);
});

rknn('maps what rknn_init says, with what may lie behind it', async () => {
  for (const [fault, code, what] of [
    [{ call: 'rknn_init', rc: -6, log: 'E RKNN: parseRKNN: bad' }, 'MODEL_CORRUPT', 'parseRKNN: bad'],
    [{ call: 'rknn_init', rc: -13 }, 'MODEL_MISMATCH', ''],
    [{ code: 'unsupported', message: 'two inputs' }, 'MODEL_MISMATCH', 'two inputs'],
    [{ call: 'rknn_init', rc: -4 }, 'BACKEND_UNAVAILABLE', 'no memory left'],
    [{ call: 'rknn_init', rc: -6, log: 'E RKNN: failed to malloc npu memory!, size: 4355648, flags: 0x2' }, 'BACKEND_UNAVAILABLE', 'no memory left'],
    [{ call: 'rknn_init', rc: -1 }, 'BACKEND_UNAVAILABLE', 'rknn-toolkit2 2.5.0, which is newer than this runtime (1.5.2 (made up))'],
    [{ code: 'hung', message: 'rknn_init did not come back' }, 'BACKEND_UNAVAILABLE', 'did not come back'],
  ] as const) {
    const { load } = await stage({
      load: () => {
        throw npuFault(fault);
      },
    });
    const { message } = await rejectsWith(code, () => load());
    assert.match(message, what);
    assert.match(message, '.rknn cannot be loaded on the NPU');
  }
});

rknn('keeps the order of the session: refused, cancelled, unloaded', async () => {
  const { fake, load } = await stage();
  const session: Session = await load();
  await rejectsWith('INFERENCE_FAILED', () => session.run(picture(1).subarray(1)));
  await rejectsWith('INFERENCE_FAILED', () => session.run(new Float32Array(192) as TensorData));
  const reason = new Error('enough');
  assert.is(await session.run(picture(1), { signal: AbortSignal.abort(reason) }).catch((fault) => fault), reason);
  const runs = Promise.all([1, 2, 3, 4].map((value) => session.run(picture(value)).then(ageOf)));
  await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
  assert.is(fake.modelsOpen, 0);
  assert.equal(await runs, [192, 384, 576, 768]);
  await rejectsWith('MODEL_STATE', () => session.run(picture(1)));
});

rknn('gives everything back when a load is cancelled', async () => {
  const reason = new Error('stopping');
  for (const when of ['load', 'context'] as const) {
    const abort = new AbortController();
    const { fake, load } = await stage({ [when]: () => abort.abort(reason) });
    assert.is(await load(undefined, { signal: abort.signal }).catch((fault: unknown) => fault), reason);
    assert.is(fake.modelsOpen, 0);
  }
});

/** A machine, as files; the runtime on it is a real one. */
async function onMachine(tree: Readonly<Record<string, string>>, script: FakeNpu | Error, npu: Record<string, unknown> = {}) {
  const root = join(folder.path, `machine-${Math.random().toString(36).slice(2)}`);
  mkdirSync(root);
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  const open = () => {
    if (script instanceof Error) throw script;
    return fakeNpu({ inputs, outputs, run: answer, simulated: false, ...script }).runtime;
  };
  const { npu: config } = checkConfig({ npu });
  return Object.assign(await createRknnBackend({ npu: config, scheduler: createCoreScheduler(), files: openMachineFiles(root), open }), { root });
}

const board = {
  '/proc/device-tree/compatible': 'rockchip,rk3588s-orangepi-5\0rockchip,rk3588\0',
  '/sys/class/drm/card1/device/driver': '-> ../../../../bus/platform/drivers/RKNPU',
  '/dev/dri/card1': '',
};

rknn('opens on a board, and takes the files of its chip', async () => {
  const backend = await onMachine(board, {});
  assert.equal(backend.takes, { backend: 'rknn', chip: 'rk3588' });
  const { file: entry, path } = file();
  await using session = await backend.load(network, entry, path);
  assert.is(session.info.simulated, false);
});

rknn('says what is in the way before anything is loaded', async () => {
  const missing = npuFault({ code: 'library-missing', message: 'no librknnrt.so was found' });
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => onMachine(board, missing))).message, 'There is no librknnrt.so');
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => onMachine({}, missing))).message, 'This is no board with a Rockchip NPU');
  const { '/dev/dri/card1': _, ...container } = board;
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => onMachine(container, {}))).message, '--device /dev/dri/card1');
  const unusable = npuFault({ code: 'library-unusable', message: '/usr/lib/librknnrt.so lacks rknn_query' });
  const { message } = await rejectsWith('BACKEND_UNAVAILABLE', () => onMachine({ ...board, '/usr/lib/librknnrt.so': '' }, unusable));
  assert.match(message, 'The runtime of the NPU cannot be used: /usr/lib/librknnrt.so lacks rknn_query.');
  const simulation = npuFault({ code: 'library-missing', message: 'no simulated runtime' });
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => onMachine({}, simulation, { simulate: {} }))).message, 'no simulated runtime');
});

rknn('looks at the device again when the runtime does not reach it', async () => {
  const script: FakeNpu = {
    load: () => {
      throw npuFault({ call: 'rknn_init', rc: -1, log: 'E RKNN: failed to open rknn device!' });
    },
  };
  const backend = await onMachine({ ...board, '/usr/lib/librknnrt.so': '' }, script);
  const { file: entry, path } = file();
  const load = () => rejectsWith('BACKEND_UNAVAILABLE', () => backend.load(network, entry, path));
  const before = (await load()).message;
  assert.match(before, 'failed to open rknn device!');
  assert.not.match(before, '--device');
  rmSync(join(backend.root, '/dev/dri/card1'));
  assert.match((await load()).message, '--device /dev/dri/card1');
});

rknn.run();
