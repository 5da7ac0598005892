import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../core/src/backoff.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import type { SightNotice } from '../../core/src/sight/sight.ts';
import { createSightClient } from '../../core/src/sight/sight-client.ts';
import { childrenOf, until } from '../support/processes.ts';

const test = suite('failing NPU, real processes');

/** Loads, tests and a few frames go well in every process; then every core refuses every run. */
const failing = { runUs: 500, faults: [{ kind: 'submit-fails', after: 300 }] };

test('core after core is given up, sight is started anew, and at last auto sees on with the CPU', async () => {
  const notices: SightNotice[] = [];
  let observations = 0;
  const config = checkConfig({ model: { backend: 'auto' }, npu: { simulate: failing }, cameras: [{ name: 'main', pace: 'every' }] });
  const sight = createSightClient(config, silentLogger, { backoff: new Backoff({ firstMs: 50 }) });
  try {
    await sight.start({
      observation: () => {
        observations += 1;
      },
      notice: (notice) => void notices.push(notice),
    });
    const first = await sight.models.list();
    assert.ok(first.some(({ state, backend, simulated }) => state === 'ready' && backend === 'rknn' && simulated));
    await until('sight is on the CPU', 90_000, async () => {
      if (sight.status().state !== 'running' || sight.status().restarts < 2) return false;
      return (await sight.models.list().catch(() => [])).some(({ state, backend }) => state === 'ready' && backend === 'onnx');
    });
    const seen = observations;
    await until('frames are seen', 30_000, () => observations > seen + 5);
    const told = notices.map((notice) => ('model' in notice ? `${notice.type}: ${notice.model.degradedReason ?? ''}` : notice.type));
    assert.ok(
      told.some((line) => /^backend\.degraded: core \d of the NPU is set aside: .*failed to submit/.test(line)),
      told.join('\n'),
    );
    assert.is(told.filter((line) => line === 'sight.lost').length, 2);
    assert.match(told.at(-1) ?? told.join(), /sight\.restored|backend\.degraded: fell back to the CPU/);
    assert.ok(
      told.some((line) => line.startsWith('backend.degraded: fell back to the CPU: sight was started anew and failed again:')),
      told.join('\n'),
    );
    assert.match(sight.status().degraded.join(), 'Start Mien anew to try the NPU again.');
  } finally {
    await sight[Symbol.asyncDispose]();
  }
  assert.equal(childrenOf(process.pid), []);
});

test.run();
