import { join } from 'node:path';
import { setImmediate as macrotask } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BackendChoice } from '../../../../core/src/inference/backends.ts';
import { createCoreScheduler } from '../../../../core/src/inference/core-scheduler.ts';
import { createFakeBackend } from '../../../../core/src/inference/fake-backend.ts';
import { createModelManager, type ModelManager } from '../../../../core/src/inference/model-manager.ts';
import { createRknnBackend } from '../../../../core/src/inference/npu/rknn-backend.ts';
import { checkConfig } from '../../../../core/src/load-config.ts';
import type { ModelStatus, SightNotice } from '../../../../core/src/sight/sight.ts';
import { createSight, type SightCore } from '../../../../core/src/sight/sight-core.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { writeFakeRelease } from '../../../support/fake-release.ts';
import { addRknnFiles, npuSimulation, type SimulationOptions } from '../../../support/npu-simulation.ts';
import { until } from '../../../support/processes.ts';
import { ScriptedDetector, ScriptedRecognizer, ScriptedSource } from '../../../support/stages.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

/** What is done about an NPU that fails, step by step, on the simulated runtime. */
const ladder = suite('ladder of a failing NPU');

const folder = new TemporaryFolder();
ladder.after(() => folder[Symbol.dispose]());
const release = await addRknnFiles(await writeFakeRelease(join(folder.path, 'release')));
/** Conditions are waited for so long on a loaded machine. */
const longMs = 20_000;

/** A camera that gives no frame, and does not end. */
class QuietCamera extends ScriptedSource {
  constructor() {
    super(0);
  }

  override next(signal?: AbortSignal): Promise<null> {
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  }
}

interface Setting extends AsyncDisposable {
  readonly sight: SightCore;
  readonly models: ModelManager;
  readonly notices: SightNotice[];
  /** Changes what the simulated NPU does; there is one in a process. */
  set(faults: SimulationOptions['faults']): Promise<void>;
  readonly start: () => Promise<void>;
}

function backendWith(faults: SimulationOptions['faults'] = []) {
  const { npu } = checkConfig({ npu: { deadlineMs: 500, simulate: npuSimulation(release, { faults: faults ?? [] }) } });
  return createRknnBackend({ npu, scheduler: createCoreScheduler() });
}

/** Sight over a fake release on the simulated NPU; `choice` may add a fallback. */
async function setting(faults: SimulationOptions['faults'] = [], choice: Omit<BackendChoice, 'backend'> = { degraded: false }): Promise<Setting> {
  const backend = await backendWith(faults);
  const notices: SightNotice[] = [];
  let models: ModelManager | undefined;
  const sight = createSight(checkConfig({}), async (listener) => {
    models = createModelManager({ release: release.directory, precision: 'int8', detector: 'detector-full' }, { backend, ...choice }, listener);
    return {
      models,
      stages: { detector: new ScriptedDetector(() => []), recognizer: new ScriptedRecognizer() },
      cameras: { open: async () => new QuietCamera(), describe: () => 'scripted' },
      analyze: () => Promise.reject(new Error('not asked for here')),
    };
  });
  sight.ended().catch(() => {});
  return {
    sight,
    notices,
    get models() {
      if (!models) throw new Error('not started');
      return models;
    },
    set: async (next) => void (await backendWith(next)),
    start: () => sight.start({ observation() {}, notice: (notice) => void notices.push(notice) }),
    async [Symbol.asyncDispose]() {
      await backendWith();
      await sight[Symbol.asyncDispose]();
    },
  };
}

const find = async ({ models }: Setting, name: string) => (await models.list()).find((one) => one.name === name) as ModelStatus;
const coreStates = async (it: Setting) => (await find(it, 'faces')).npu?.cores.map(({ core, state }) => `${core} ${state}`);
const picture = (seed: number) => Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * seed * 7) % 256);

/** Runs of the recogniser, all at one time; their ages. */
async function run({ models }: Setting, count: number): Promise<number[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      using lease = models.lease('recognizer');
      const { age } = await lease.session.run(picture(i + 1));
      return age?.[0] ?? Number.NaN;
    }),
  );
}

const reasons = ({ notices }: Setting, type: SightNotice['type']) =>
  notices.flatMap((notice) => (notice.type === type && 'model' in notice ? [`${notice.model.name}: ${notice.model.degradedReason ?? ''}`] : []));

ladder('a run that a core refuses is made on another, the core is set aside and announced, and comes back with a new context', async () => {
  await using it = await setting();
  await it.start();
  const expected = await run(it, 12);
  assert.equal(await coreStates(it), ['0 ok', '1 ok', '2 ok']);
  await it.set([{ kind: 'submit-fails', core: 1 }]);
  assert.equal(await run(it, 12), expected, 'no run is lost');
  await until('core 1 is set aside', longMs, async () => (await coreStates(it))?.join() === '0 ok,1 set-aside,2 ok');
  await until('it is announced', longMs, () => reasons(it, 'backend.degraded').some((reason) => reason.startsWith('faces: core 1 of the NPU is set aside:')));
  const told = reasons(it, 'backend.degraded').find((reason) => reason.startsWith('faces')) ?? '';
  assert.match(told, 'failed to submit');
  assert.match(told, 'mien doctor');
  assert.match(it.sight.status().degraded.join(), 'core 1 of the NPU');
  using lease = it.models.lease('recognizer');
  assert.is(lease.origin.degraded, true);
  await it.set([]);
  await until('it is in use again', longMs, async () => (await coreStates(it))?.join() === '0 ok,1 ok,2 ok');
  await until('that is announced', longMs, () => reasons(it, 'backend.recovered').length > 0);
  assert.equal(await run(it, 12), expected);
  await until('nothing is degraded', longMs, () => it.sight.status().degraded.length === 0);
});

ladder('a core that fails once is back at once, by a new context that gave the known answers', async () => {
  await using it = await setting();
  await it.start();
  const expected = await run(it, 6);
  await it.set([{ kind: 'submit-fails', core: 2, times: 1 }]);
  assert.equal(await run(it, 6), expected);
  await until('it is back', longMs, async () => (await coreStates(it))?.join() === '0 ok,1 ok,2 ok');
  await until('both are announced', longMs, () => reasons(it, 'backend.degraded').length > 0 && reasons(it, 'backend.recovered').length > 0);
});

ladder('a core that answers wrongly at the load is not used; the rest goes on', async () => {
  await using it = await setting([{ kind: 'flip', core: 1, output: 0 }]);
  await it.start();
  assert.equal(await coreStates(it), ['0 ok', '1 set-aside', '2 ok']);
  assert.match((await find(it, 'faces')).selftest?.detail ?? '', 'core 1 is set aside: faces failed its self-test');
  assert.ok(reasons(it, 'backend.degraded').some((reason) => /core 1 of the NPU is set aside: .*expected/.test(reason)));
  const before = (await find(it, 'faces')).npu?.cores.find(({ core }) => core === 1)?.runs ?? -1;
  await run(it, 12);
  const after = await find(it, 'faces');
  assert.is(after.state, 'ready');
  assert.ok((after.npu?.cores.find(({ core }) => core === 1)?.runs ?? 99) - before <= 3 * 3, 'only tests of that core');
});

ladder('a core that hangs is set aside for every network, and nothing waits longer than the deadline', async () => {
  await using it = await setting();
  await it.start();
  const expected = await run(it, 12);
  await it.set([{ kind: 'hang', core: 0, model: 'faces' }]);
  assert.equal(await run(it, 12), expected, 'what waited behind the hang is made elsewhere');
  await until('core 0 is set aside', longMs, async () => (await find(it, 'detector-full')).npu?.cores[0]?.state === 'set-aside');
  assert.match(reasons(it, 'backend.degraded').join(), 'did not come back');
});

ladder('when no core is left and new contexts do not help, sight gives up so that its process is started anew', async () => {
  await using it = await setting();
  await it.start();
  await it.set([{ kind: 'submit-fails' }]);
  await rejectsWith('INFERENCE_FAILED', () => run(it, 1));
  const fault = await it.sight.ended().then(
    () => undefined,
    (cause) => cause,
  );
  assert.is(fault?.code, 'INFERENCE_FAILED');
  assert.match(fault.message, 'faces has no core of the NPU left');
  assert.is(it.sight.status().state, 'failed');
});

ladder('attempts to get a core back are few', async () => {
  await using it = await setting([{ kind: 'flip', core: 1 }]);
  await it.start();
  const runs = async () => (await find(it, 'faces')).npu?.cores[1]?.runs ?? 0;
  const first = await runs();
  const untilMs = performance.now() + 1500;
  while (performance.now() < untilMs) {
    await run(it, 3);
    await macrotask();
  }
  // Each attempt tests three images; at most three fit in: at once, after a second at most, and after two more.
  assert.ok((await runs()) - first <= 9, `${(await runs()) - first} runs on the core`);
});

ladder('auto takes the CPU when no core gives the known answers, and says why', async () => {
  const cpu = createFakeBackend();
  const told: string[] = [];
  const fallBack = async (why: string): Promise<BackendChoice> => {
    told.push(why);
    return { backend: cpu, degraded: true, degradedReason: `fell back to the CPU: ${why}` };
  };
  await using it = await setting([{ kind: 'flip', model: 'faces' }], { degraded: false, fallBack });
  await it.start();
  assert.match(told.join(), 'faces failed its self-test');
  for (const name of ['faces', 'detector-full']) {
    const { state, backend, degraded, degradedReason } = await find(it, name);
    assert.equal({ state, backend, degraded }, { state: 'ready', backend: 'fake', degraded: true });
    assert.match(degradedReason ?? '', 'fell back to the CPU: faces failed its self-test');
  }
  assert.ok(reasons(it, 'backend.degraded').length > 0);
});

ladder('without auto a network that fails on every core is refused', async () => {
  await using it = await setting([{ kind: 'flip', model: 'faces' }]);
  await rejectsWith('SELFTEST_FAILED', () => it.start());
});

ladder.run();
