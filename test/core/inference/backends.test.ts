import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseBackend } from '../../../core/src/inference/backends.ts';
import { bundledRelease } from '../../../core/src/inference/manifest-file.ts';
import { createModelManager } from '../../../core/src/inference/model-manager.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { rejectsWith } from '../../support/errors.ts';

const backends = suite('choice of backend');

backends('takes what was named', async () => {
  const choice = await chooseBackend('onnx');
  assert.is(choice.backend.name, 'onnx');
  assert.is(choice.degraded, false);
});

/** Never there, so that these tests say the same on a board. */
const npu = checkConfig({ npu: { library: '/nowhere/librknnrt.so' } }).npu;

backends('never falls back from rknn', async () => {
  const error = await rejectsWith('BACKEND_UNAVAILABLE', () => chooseBackend('rknn', { npu }));
  assert.match(error.message, /^model\.backend is rknn, which cannot be used here\. .*\. With auto instead, the CPU is taken/);
  await rejectsWith('BACKEND_UNAVAILABLE', () => chooseBackend('rknn', { npu: checkConfig({ npu: { library: '/nowhere.so', simulate: {} } }).npu }));
});

backends('falls back from auto, and says why', async () => {
  const choice = await chooseBackend('auto', { npu });
  assert.is(choice.backend.name, 'onnx');
  assert.is(choice.degraded, true);
  assert.match(choice.degradedReason ?? '', /^fell back to the CPU: .{20,}\.$/);
});

backends('leaves an NPU alone that failed at run time, if it is auto, and can fall back to the CPU later', async () => {
  const simulated = checkConfig({ npu: { simulate: {} } }).npu;
  const left = await chooseBackend('auto', { npu: simulated, withoutNpu: 'it failed twice.' });
  assert.is(left.backend.name, 'onnx');
  assert.is(left.degradedReason, 'fell back to the CPU: it failed twice.');
  const there = await chooseBackend('auto', { npu: simulated });
  assert.is(there.backend.name, 'rknn');
  assert.is((await there.fallBack?.('wrong answers.'))?.degradedReason, 'fell back to the CPU: wrong answers.');
  assert.is((await chooseBackend('rknn', { npu: simulated })).fallBack, undefined);
});

backends('gives a simulated NPU the known answers of the release, unless it is told of models', async () => {
  const loadWith = async (simulate: Record<string, unknown>) => {
    const choice = await chooseBackend('rknn', { npu: checkConfig({ npu: { simulate: { runUs: 50, ...simulate } } }).npu, releases: [bundledRelease()] });
    const options = { release: bundledRelease(), precision: 'int8', detector: 'blazeface-short' } as const;
    await using models = createModelManager(options, choice);
    await models.start();
    return (await models.list()).filter(({ state }) => state === 'ready').map(({ simulated, selftest }) => [simulated, selftest?.passed]);
  };
  assert.equal(await loadWith({}), [
    [true, true],
    [true, true],
  ]);
  await rejectsWith('SELFTEST_FAILED', () => loadWith({ models: [] }));
});

backends('lists the known names for an unknown one', async () => {
  const { message } = await rejectsWith('BACKEND_UNKNOWN', () => chooseBackend('onxx'));
  assert.match(message, 'onnx, rknn, auto');
  assert.match(message, 'Did you mean "onnx"?');
  await rejectsWith('BACKEND_UNKNOWN', () => chooseBackend('constructor'));
});

backends('loads no runtime before a network is loaded', async () => {
  await chooseBackend('onnx');
  const { createRequire } = await import('node:module');
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('onnxruntime'));
  assert.equal(loaded, []);
  const { readFileSync } = await import('node:fs');
  if (process.platform === 'linux') assert.not.match(readFileSync('/proc/self/maps', 'utf8'), 'onnxruntime');
});

backends.run();
