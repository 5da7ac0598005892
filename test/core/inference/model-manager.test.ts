import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FakeNetwork } from '../../../core/src/inference/fake-backend.ts';
import { createFakeBackend } from '../../../core/src/inference/fake-backend.ts';
import { createModelManager, type ModelManager } from '../../../core/src/inference/model-manager.ts';
import { allocateInput } from '../../../core/src/inference/tensor-shape.ts';
import type { ModelStatus } from '../../../core/src/sight/sight.ts';
import { rejectsWith } from '../../support/errors.ts';
import { writeFakeRelease } from '../../support/fake-release.ts';
import { times } from '../../support/soak.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const suiteOf = suite('model manager');

interface Setting extends AsyncDisposable {
  readonly manager: ModelManager;
  readonly told: ModelStatus[];
  readonly folder: string;
}

async function setting(script: Readonly<Record<string, FakeNetwork>> = {}, degradedReason?: string): Promise<Setting> {
  const temporary = new TemporaryFolder();
  const folder = await writeFakeRelease(join(temporary.path, 'one'));
  const told: ModelStatus[] = [];
  const backend = { backend: createFakeBackend(script), degraded: degradedReason !== undefined, ...(degradedReason ? { degradedReason } : {}) };
  const manager = createModelManager({ release: folder, precision: 'int8', detector: 'detector-full' }, backend, (status) => told.push(status));
  return {
    manager,
    told,
    folder: temporary.path,
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      temporary[Symbol.dispose]();
    },
  };
}

const states = (told: readonly ModelStatus[]) => told.map(({ name, state }) => `${name} ${state}`);
const find = async (manager: ModelManager, name: string) => (await manager.list()).find((status) => status.name === name) as ModelStatus;

suiteOf('brings both roles through every state, and shows them', async () => {
  await using it = await setting();
  await it.manager.start();
  const path = ['checking', 'loading', 'warming', 'testing', 'ready'];
  assert.equal(states(it.told), [...path.map((state) => `detector-full ${state}`), ...path.map((state) => `faces ${state}`)]);
  const list = await it.manager.list();
  assert.equal(
    list.map(({ name, state }) => `${name} ${state}`),
    ['detector-full ready', 'detector-short unloaded', 'faces ready'],
  );
  const faces = list[2] as ModelStatus;
  assert.equal(faces.heads, ['age', 'gender', 'expression']);
  assert.is(faces.precision, 'int8');
  assert.is(faces.simulated, true);
  assert.is(faces.licence.use, 'any');
  assert.is(faces.selftest?.passed, true);
  assert.match(faces.selftest?.detail ?? '', '3 known answers');
});

suiteOf('leases carry network, file and origin; a fallback is in the origin', async () => {
  await using it = await setting({}, 'no NPU here');
  await it.manager.start();
  using lease = it.manager.lease('recognizer');
  assert.equal(lease.origin, { model: 'faces@1.0.0/int8', backend: 'fake', npuCores: [], degraded: true, degradedReason: 'no NPU here', simulated: true });
  assert.is(lease.file.path, 'faces-int8.onnx');
  assert.is(lease.network.role, 'recognizer');
  using again = it.manager.lease('recognizer');
  assert.is(again.origin, lease.origin, 'one object for the life of the session');
});

suiteOf('refuses leases before the start, after an unload and after the end', async () => {
  await using it = await setting();
  await rejectsWith('MODEL_STATE', () => it.manager.lease('detector'));
  await it.manager.start();
  assert.is((await it.manager.unload('faces')).state, 'unloaded');
  await rejectsWith('MODEL_STATE', () => it.manager.lease('recognizer'));
  assert.is((await it.manager.load('faces')).state, 'ready');
  it.manager.lease('recognizer')[Symbol.dispose]();
  await it.manager[Symbol.asyncDispose]();
  await rejectsWith('MODEL_STATE', () => it.manager.lease('recognizer'));
});

const swaps = times(20);

suiteOf(`loses no inference during ${swaps} swaps`, async () => {
  let opened = 0;
  let closed = 0;
  await using it = await setting({ faces: { latencyMs: 1, load: () => void opened++, closed: () => void closed++ } });
  await it.manager.start();
  const second = await writeFakeRelease(join(it.folder, 'two'), { version: '2.0.0' });
  const first = join(it.folder, 'one');
  let swapping = true;
  let answered = 0;
  const seen = new Set<string>();
  const infer = async () => {
    while (swapping) {
      using lease = it.manager.lease('recognizer');
      const input = allocateInput(lease.file.input ?? lease.network.input).fill(answered % 200);
      const outputs = await lease.session.run(input);
      assert.ok(Number.isFinite(outputs.age?.[0]));
      seen.add(lease.origin.model);
      answered += 1;
    }
  };
  const streams = [infer(), infer(), infer()];
  for (let i = 0; i < swaps; i += 1) {
    const status = await it.manager.swap('faces', { release: i % 2 ? first : second, precision: i % 3 ? 'fp32' : 'int8' });
    assert.is(status.state, 'ready');
    assert.is(status.version, i % 2 ? '1.0.0' : '2.0.0');
  }
  swapping = false;
  await Promise.all(streams);
  assert.ok(answered > 60, `${answered} inferences while swapping`);
  assert.ok(seen.size >= 3, `answers came from ${[...seen].join(', ')}`);
  await sleep(20);
  assert.is(opened, swaps + 1);
  assert.is(closed, swaps, 'every replaced session is closed, the last is open');
});

suiteOf('closes a replaced session only when its last lease is back', async () => {
  const closed: string[] = [];
  await using it = await setting({ faces: { closed: () => void closed.push('faces') } });
  await it.manager.start();
  const lease = it.manager.lease('recognizer');
  await it.manager.swap('faces', { precision: 'fp32' });
  await sleep(10);
  assert.equal(closed, []);
  assert.ok(await lease.session.run(allocateInput(lease.network.input)), 'the old session still answers');
  lease[Symbol.dispose]();
  lease[Symbol.dispose]();
  await sleep(10);
  assert.equal(closed, ['faces']);
});

suiteOf('keeps the old network when a swap fails, and says why', async () => {
  let sick = false;
  let closed = 0;
  await using it = await setting({ faces: { run: (_, { age }) => void (sick && age?.fill(99)), closed: () => void closed++ } });
  await it.manager.start();
  sick = true;
  const error = await rejectsWith('SELFTEST_FAILED', () => it.manager.swap('faces', { precision: 'fp32' }));
  sick = false;
  assert.match(error.message, 'output "age" is the same (99)');
  assert.is(closed, 1, 'the refused session is closed');
  assert.equal(states(it.told).slice(-2), ['faces testing', 'faces failed']);
  const status = await find(it.manager, 'faces');
  assert.is(status.state, 'ready');
  assert.is(status.precision, 'int8');
  assert.is(status.error?.code, 'SELFTEST_FAILED');
  using lease = it.manager.lease('recognizer');
  assert.is(lease.origin.model, 'faces@1.0.0/int8');
  assert.is((await it.manager.swap('faces', { precision: 'fp32' })).error, undefined, 'the next success clears it');
});

suiteOf('refuses a swap to a release that is missing, broken or not what it says', async () => {
  await using it = await setting();
  await it.manager.start();
  await rejectsWith('MODEL_NOT_FOUND', () => it.manager.swap('faces', { release: join(it.folder, 'nowhere') }));
  await rejectsWith('MODEL_NOT_FOUND', () => it.manager.swap('fces', {}));
  const broken = await writeFakeRelease(join(it.folder, 'broken'));
  writeFileSync(join(broken, 'faces-int8.onnx'), readFileSync(join(broken, 'faces-int8.onnx'), 'utf8').replace('faces', 'fakes'));
  await rejectsWith('MODEL_CORRUPT', () => it.manager.swap('faces', { release: broken }));
  assert.is((await find(it.manager, 'faces')).state, 'ready');
});

suiteOf('follows a recogniser that changed its name', async () => {
  await using it = await setting();
  await it.manager.start();
  const next = await writeFakeRelease(join(it.folder, 'next'), { version: '3.0.0', recognizer: 'faces-better' });
  const status = await it.manager.swap('faces', { release: next });
  assert.is(status.name, 'faces-better');
  assert.equal(
    (await it.manager.list()).map(({ name, state }) => `${name} ${state}`),
    ['detector-full ready', 'detector-short unloaded', 'faces-better ready'],
  );
});

suiteOf('changes over to another detector of the release by loading it', async () => {
  await using it = await setting();
  await it.manager.start();
  assert.is((await it.manager.load('detector-short')).state, 'ready');
  assert.is((await find(it.manager, 'detector-full')).state, 'unloaded');
  using lease = it.manager.lease('detector');
  assert.is(lease.network.name, 'detector-short');
});

suiteOf('tests again on demand, and shows a network that went wrong', async () => {
  let sick = false;
  await using it = await setting({ faces: { run: (_, { age }) => void (sick && age?.fill(Number.NaN)) } });
  await it.manager.start();
  assert.is((await it.manager.selftest('faces')).selftest?.passed, true);
  sick = true;
  await rejectsWith('SELFTEST_FAILED', () => it.manager.selftest('faces'));
  const status = await find(it.manager, 'faces');
  assert.is(status.selftest?.passed, false);
  assert.match(status.selftest?.detail ?? '', 'not finite');
  await rejectsWith('MODEL_STATE', () => it.manager.selftest('detector-short'));
});

suiteOf('fails the start with the reason when the self-test refuses', async () => {
  await using it = await setting({ faces: { run: (_, outputs) => Object.values(outputs).forEach((output) => void output.fill(0.5)) } });
  const error = await rejectsWith('SELFTEST_FAILED', () => it.manager.start());
  assert.match(error.message, 'is the same');
  assert.is((await find(it.manager, 'faces')).state, 'failed');
});

suiteOf('refuses a detector that is not in the release, or is none', async () => {
  await using it = await setting();
  for (const [detector, code] of [
    ['detector-ful', 'MODEL_NOT_FOUND'],
    ['faces', 'MODEL_MISMATCH'],
  ] as const) {
    const manager = createModelManager({ release: join(it.folder, 'one'), precision: 'int8', detector }, { backend: createFakeBackend(), degraded: false });
    await rejectsWith(code, () => manager.start());
    await manager[Symbol.asyncDispose]();
  }
});

suiteOf('stops while loading without leaving a session open', async () => {
  let opened = 0;
  let closed = 0;
  const gate = Promise.withResolvers<void>();
  await using it = await setting({ faces: { load: () => gate.promise, closed: () => void closed++, run: () => void opened++ } });
  const starting = it.manager.start().catch((fault) => fault);
  await sleep(20);
  const stopping = it.manager[Symbol.asyncDispose]();
  gate.resolve();
  await stopping;
  assert.instance(await starting, Error);
  assert.is(closed, opened);
});

suiteOf('waits at the end for leases that are out', async () => {
  await using it = await setting();
  await it.manager.start();
  const lease = it.manager.lease('recognizer');
  let ended = false;
  const ending = it.manager[Symbol.asyncDispose]().then(() => {
    ended = true;
  });
  await sleep(20);
  assert.is(ended, false);
  assert.ok(await lease.session.run(allocateInput(lease.network.input)));
  lease[Symbol.dispose]();
  await ending;
});

suiteOf.run();
