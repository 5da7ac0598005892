import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeBackend } from '../../../core/src/inference/fake-backend.ts';
import { createModelManager } from '../../../core/src/inference/model-manager.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import type { SightNotice } from '../../../core/src/sight/sight.ts';
import { createSight } from '../../../core/src/sight/sight-core.ts';
import { rejectsWith } from '../../support/errors.ts';
import { writeFakeRelease } from '../../support/fake-release.ts';
import { until } from '../../support/processes.ts';
import { ScriptedDetector, ScriptedRecognizer, ScriptedSource } from '../../support/stages.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('sight core');

/** Sight over fake networks and a camera that gives one frame. `sick` makes the recogniser answer nonsense. */
async function open(degradedReason?: string) {
  const folder = new TemporaryFolder();
  const release = await writeFakeRelease(folder.path);
  const state = { sick: false };
  const backend = createFakeBackend({ faces: { run: (_, { age }) => void (state.sick && age?.fill(Number.NaN)) } });
  const choice = { backend, degraded: degradedReason !== undefined, ...(degradedReason !== undefined && { degradedReason }) };
  const notices: SightNotice[] = [];
  const sight = createSight(checkConfig({}), async (listener) => ({
    models: createModelManager({ release, precision: 'int8', detector: 'detector-full' }, choice, listener),
    stages: { detector: new ScriptedDetector(() => Promise.resolve([])), recognizer: new ScriptedRecognizer() },
    cameras: { open: async () => new ScriptedSource(1), describe: () => 'scripted' },
    analyze: () => Promise.reject(new Error('not asked for here')),
  }));
  await sight.start({ observation() {}, notice: (notice) => void notices.push(notice) });
  return {
    sight,
    state,
    notices,
    async [Symbol.asyncDispose]() {
      await sight[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('nothing is degraded when all is well', async () => {
  await using it = await open();
  assert.equal(it.sight.status().degraded, []);
});

test('a fallback is told once for all networks', async () => {
  await using it = await open('fell back to the CPU: no NPU');
  assert.equal(it.sight.status().degraded, ['fell back to the CPU: no NPU']);
  assert.ok(it.notices.some(({ type }) => type === 'backend.degraded'));
});

test('a self-test that fails later shows until one passes', async () => {
  await using it = await open();
  const { models } = it.sight;
  it.state.sick = true;
  await rejectsWith('SELFTEST_FAILED', () => models.selftest('faces'));
  await until('the failure shows', 500, () => it.sight.status().degraded.length === 1);
  assert.match(it.sight.status().degraded[0] ?? '', /^faces failed its self-test: .*not finite/);
  it.state.sick = false;
  await models.selftest('faces');
  await until('it is over', 500, () => it.sight.status().degraded.length === 0);
});

test('a network that could not be loaded again is named, one that was unloaded is not', async () => {
  await using it = await open();
  const { models } = it.sight;
  await models.unload('faces');
  assert.equal(it.sight.status().degraded, []);
  it.state.sick = true;
  await rejectsWith('SELFTEST_FAILED', () => models.load('faces'));
  await until('the failure shows', 500, () => it.sight.status().degraded.length === 1);
  assert.match(it.sight.status().degraded[0] ?? '', /^faces is not loaded: /);
});

test.run();
