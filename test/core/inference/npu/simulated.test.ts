import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCoreScheduler } from '../../../../core/src/inference/core-scheduler.ts';
import { bundledRelease, findNetwork, readRelease, selectFile, verifyFile } from '../../../../core/src/inference/manifest-file.ts';
import { createModelManager } from '../../../../core/src/inference/model-manager.ts';
import { createRknnBackend } from '../../../../core/src/inference/npu/rknn-backend.ts';
import { selfTest } from '../../../../core/src/inference/self-test.ts';
import { checkConfig } from '../../../../core/src/load-config.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { writeFakeRelease } from '../../../support/fake-release.ts';
import { addRknnFiles, npuSimulation, type SimulationOptions } from '../../../support/npu-simulation.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const simulated = suite('RKNN backend on the simulated runtime');

const folder = new TemporaryFolder();
simulated.after(() => folder[Symbol.dispose]());
const release = await addRknnFiles(await writeFakeRelease(join(folder.path, 'release')));
const own = await readRelease(bundledRelease());
const network = findNetwork(release, 'faces');
const file = selectFile(network, 'rknn', 'rk3588', 'int8');
const path = await verifyFile(release, file);

/** A call of it replaces the settings of the one before: there is one simulated NPU in a process. */
async function stage(options: SimulationOptions = {}, npu: Record<string, unknown> = {}) {
  const config = checkConfig({ npu: { simulate: npuSimulation(release, options), ...npu } }).npu;
  const backend = await createRknnBackend({ npu: config, scheduler: createCoreScheduler() });
  return { backend, load: (from = path) => backend.load(network, file, from) };
}

const known = () => readFileSync(join(release.directory, network.knownAnswers.inputs));
const picture = (seed: number) => Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * seed * 7) % 256);
const pinned = (core: number) => ({ layouts: { faces: { affinity: { pinned: [core] } } } });

simulated('gives the known answers of the manifest, and says that it is simulated', async () => {
  const { load } = await stage();
  await using session = await load();
  assert.match(await selfTest(session, network, known(), { answers: file.answers }), /^3 known answers/);
  assert.is(session.info.simulated, true);
  assert.match(session.info.runtime, 'simulated');
});

for (const bundled of own.manifest.networks) {
  simulated(`gives the known answers of ${bundled.name} as the release has it`, async () => {
    const { npu } = checkConfig({ npu: { simulate: npuSimulation(own) } });
    const backend = await createRknnBackend({ npu, scheduler: createCoreScheduler() });
    const entry = selectFile(bundled, 'rknn', 'rk3588', 'int8');
    await using session = await backend.load(bundled, entry, await verifyFile(own, entry));
    const images = readFileSync(join(own.directory, bundled.knownAnswers.inputs));
    assert.match(await selfTest(session, bundled, images, { answers: entry.answers }), /known answers/);
  });
}

simulated('shares the weights among the contexts', async () => {
  const { load } = await stage();
  await using three = await load();
  const memory = three.memory?.();
  await using one = await (await stage({}, pinned(0))).load();
  assert.is(memory?.weightBytes, one.memory?.().weightBytes);
  assert.is(memory?.contextBytes, 3 * (one.memory?.().contextBytes ?? 0));
  assert.ok((memory?.weightBytes ?? 0) > 0 && (memory?.contextBytes ?? 0) > 0);
});

simulated('carries a release through the model manager', async () => {
  const { backend } = await stage();
  await using models = createModelManager({ release: release.directory, precision: 'int8', detector: 'detector-full' }, { backend, degraded: false });
  await models.start();
  const status = await models.list();
  for (const name of ['faces', 'detector-full']) {
    const { state, backend: by, device, simulated: made, selftest } = status.find((one) => one.name === name) ?? {};
    assert.equal({ state, by, device, made, passed: selftest?.passed }, { state: 'ready', by: 'rknn', device: 'rk3588 npu', made: true, passed: true });
  }
  await models.swap('faces', {});
  using lease = models.lease('recognizer');
  assert.ok((await lease.session.run(picture(1)))['age']);
});

simulated('fails the self-test where every core answers wrongly', async () => {
  const { load } = await stage({ faults: [{ kind: 'flip', model: 'faces' }] });
  await using session = await load();
  const { message } = await rejectsWith('SELFTEST_FAILED', () => selfTest(session, network, known(), { answers: file.answers }));
  assert.match(message, 'expected');
});

simulated('says what the runtime wrote when a core fails, and which it is', async () => {
  const { load } = await stage({ faults: [{ kind: 'submit-fails', core: 2 }] }, pinned(2));
  await using session = await load();
  const { message } = await rejectsWith('INFERENCE_FAILED', () => session.run(picture(1), { npuCore: 2 }));
  assert.match(message, 'core 2 of the NPU');
  assert.match(message, 'failed to submit');
});

simulated('lets no run hang longer than its deadline, and closes all the same', async () => {
  const { load } = await stage({ faults: [{ kind: 'hang', core: 1 }] }, { ...pinned(1), deadlineMs: 100 });
  const session = await load();
  const { message } = await rejectsWith('INFERENCE_FAILED', () => session.run(picture(1), { npuCore: 1 }));
  assert.match(message, 'core 1 of the NPU did not come back');
  await session[Symbol.asyncDispose]();
  // What hangs inside returns when the settings are replaced.
  await stage();
});

simulated('finds a core that works when another hangs', async () => {
  const { load } = await stage({ faults: [{ kind: 'hang', core: 0, times: 1 }] }, { deadlineMs: 200 });
  await using session = await load();
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => session.run(picture(seed)).then(({ age }) => age?.[0])));
  const again = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => session.run(picture(seed)).then(({ age }) => age?.[0])));
  assert.equal(again, answers);
  await stage();
});

simulated('names what keeps a network from being loaded', async () => {
  const memory = await stage({ faults: [{ kind: 'out-of-memory', call: 'rknn_init' }] });
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => memory.load())).message, 'no memory left');
  const device = await stage({ faults: [{ kind: 'no-device' }] });
  assert.match((await rejectsWith('BACKEND_UNAVAILABLE', () => device.load())).message, 'failed to open rknn device');
  const dims = await stage({ faults: [{ kind: 'wrong-dims' }] });
  await rejectsWith('MODEL_MISMATCH', () => dims.load());
  const good = await stage();
  const bytes = readFileSync(path);
  const text = bytes.toString('latin1');
  writeFileSync(join(folder.path, 'wrong-chip.rknn'), text.replace('rk3588', 'rk3566'), 'latin1');
  assert.match((await rejectsWith('MODEL_MISMATCH', () => good.load(join(folder.path, 'wrong-chip.rknn')))).message, 'compiled for rk3566');
  writeFileSync(join(folder.path, 'short.rknn'), bytes.subarray(0, bytes.length - 5));
  assert.match((await rejectsWith('MODEL_CORRUPT', () => good.load(join(folder.path, 'short.rknn')))).message, `5 of ${bytes.length} bytes are missing`);
  await using session = await good.load();
  assert.ok(await session.run(picture(1)));
});

simulated('knows a runtime that is too old by its words', async () => {
  const { load } = await stage({ newestFormat: 5 });
  const { message } = await rejectsWith('MODEL_MISMATCH', () => load());
  assert.match(message, 'Invalid RKNN model version 6');
  assert.match(message, 'newer than this runtime');
});

simulated.run();
