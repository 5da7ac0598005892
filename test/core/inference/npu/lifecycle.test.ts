import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createCoreScheduler } from '../../../../core/src/inference/core-scheduler.ts';
import { createModelManager, type ModelManager } from '../../../../core/src/inference/model-manager.ts';
import { createRknnBackend } from '../../../../core/src/inference/npu/rknn-backend.ts';
import { checkConfig } from '../../../../core/src/load-config.ts';
import { writeFakeRelease } from '../../../support/fake-release.ts';
import { addRknnFiles, npuSimulation } from '../../../support/npu-simulation.ts';
import { isSoak, times } from '../../../support/soak.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const lifecycle = suite('lifecycle of networks on the simulated NPU');

const folder = new TemporaryFolder();
lifecycle.after(() => folder[Symbol.dispose]());
/** Two releases with the same networks, which answer differently. */
const first = await addRknnFiles(await writeFakeRelease(join(folder.path, 'one')));
const second = await addRknnFiles(await writeFakeRelease(join(folder.path, 'two'), { version: '2.0.0', recognizer: 'faces-two' }));
const models = [
  { release: first, base: 0 },
  { release: second, base: 0.5 },
].flatMap(({ release, base }) =>
  (npuSimulation(release)['models'] as ReadonlyArray<{ outputs: readonly object[] }>).map((model) => ({
    ...model,
    outputs: model.outputs.map((output) => ({ ...output, base })),
  })),
);

async function started(): Promise<ModelManager> {
  const { npu } = checkConfig({ npu: { simulate: { runUs: 300, models } } });
  const backend = await createRknnBackend({ npu, scheduler: createCoreScheduler() });
  const manager = createModelManager({ release: first.directory, precision: 'int8', detector: 'detector-full' }, { backend, degraded: false });
  await manager.start();
  return manager;
}

const picture = (seed: number) => Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * (seed % 50) * 7 + seed) % 256);
const swaps = times(10);

lifecycle(`loses no inference during ${swaps} swaps, and none is answered by a network that is half loaded`, async () => {
  await using manager = await started();
  /** Of each network and picture: what it answered first. */
  const known = new Map<string, number>();
  let swapping = true;
  let answered = 0;
  const infer = async (stream: number): Promise<void> => {
    for (let i = 0; swapping; i += 1) {
      using lease = manager.lease('recognizer');
      const seed = (i + stream) % 5;
      const { age } = await lease.session.run(picture(seed));
      const key = `${lease.origin.model} ${seed}`;
      const value = age?.[0] ?? Number.NaN;
      assert.is(value, known.get(key) ?? value, key);
      assert.is(value > 0.3, lease.network.name === 'faces-two', `${value} by ${key}`);
      known.set(key, value);
      answered += 1;
    }
  };
  const streams = [0, 1, 2, 3].map(infer);
  for (let i = 0; i < swaps; i += 1) {
    const [release, from] = i % 2 ? [first, 'faces-two'] : [second, 'faces'];
    const status = await manager.swap(from, { release: release.directory });
    assert.equal([status.state, status.version], ['ready', release.manifest.version]);
    assert.is(status.selftest?.passed, true);
  }
  swapping = false;
  await Promise.all(streams);
  assert.ok(answered > swaps, `${answered} inferences while swapping`);
  assert.is(new Set([...known.keys()].map((key) => key.split(' ')[0])).size, 2, 'both networks answered');
});

const cycles = times(2);

lifecycle(`${cycles} loads and unloads leave no descriptor, and no memory, behind`, async () => {
  await using manager = await started();
  const cycle = async (): Promise<void> => {
    await manager.unload('faces');
    await manager.load('faces');
    using lease = manager.lease('recognizer');
    await lease.session.run(picture(1));
  };
  for (let i = 0; i < (isSoak ? 20 : 1); i += 1) await cycle();
  const descriptors = readdirSync('/proc/self/fd').length;
  const threads = readdirSync('/proc/self/task').length;
  const rss = process.memoryUsage.rss();
  for (let i = 0; i < cycles; i += 1) await cycle();
  assert.ok(readdirSync('/proc/self/fd').length <= descriptors, 'descriptors');
  assert.ok(readdirSync('/proc/self/task').length <= threads + 1, `${threads} threads before, ${readdirSync('/proc/self/task').length} after`);
  // Over few cycles the heap's own ups and downs are larger than any leak.
  if (isSoak) assert.ok(process.memoryUsage.rss() < rss * 1.1 + 8e6, `${rss} bytes before, ${process.memoryUsage.rss()} after`);
});

lifecycle('accounts the memory of each network, weights once, and shows where it runs', async () => {
  await using manager = await started();
  await manager.load('detector-short');
  const status = (await manager.list()).find(({ name }) => name === 'faces');
  assert.ok((status?.memory?.weightBytes ?? 0) > 0 && (status?.memory?.contextBytes ?? 0) > 0);
  assert.equal(
    [status?.npu?.affinity, status?.npu?.priority, status?.npu?.cores.map(({ core, state }) => `${core} ${state}`)],
    ['auto', 'interactive', ['0 ok', '1 ok', '2 ok']],
  );
  assert.ok(
    status?.npu?.cores.every(({ runs }) => runs >= 3),
    'every core was tested',
  );
});

lifecycle.run();
