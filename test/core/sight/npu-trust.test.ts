import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backoff } from '../../../core/src/backoff.ts';
import { MienError } from '../../../core/src/errors.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { composeSight } from '../../../core/src/sight/compose-sight.ts';
import { NpuTrust } from '../../../core/src/sight/npu-trust.ts';
import { createSightClient } from '../../../core/src/sight/sight-client.ts';
import { until } from '../../support/processes.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('trust in the NPU');

const failed = new MienError('INFERENCE_FAILED', 'no core left.');

test('two runs in a row that inference ended, and the NPU is left alone', () => {
  const trust = new NpuTrust();
  trust.ended(failed, false);
  assert.is(trust.withoutNpu, undefined);
  trust.ended(failed, false);
  assert.is(trust.withoutNpu, 'sight was started anew and failed again: no core left. Start Mien anew to try the NPU again.');
});

test('a run that lasted, or that something else ended, is not part of a row', () => {
  const trust = new NpuTrust();
  trust.ended(failed, false);
  trust.ended(failed, true);
  assert.is(trust.withoutNpu, undefined, 'the second had lasted');
  trust.ended(undefined, false);
  trust.ended(failed, false);
  trust.ended(new MienError('CAMERA_LOST', 'gone'), false);
  trust.ended(failed, false);
  assert.is(trust.withoutNpu, undefined);
});

test('sight is started anew, and the third time without the NPU', async () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/starts`;
  process.env['MIEN_TEST_STARTS'] = file;
  const entry = fileURLToPath(new URL('../../support/failing-inference-sight.mjs', import.meta.url));
  const told: string[] = [];
  const sight = createSightClient(checkConfig({ model: { backend: 'auto' } }), silentLogger, { entry, backoff: new Backoff({ firstMs: 20 }) });
  await sight.start({ observation() {}, notice: ({ type }) => void told.push(type) });
  await until('the third start', 60_000, () => sight.status().restarts === 2 && sight.status().state === 'running');
  const starts = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(starts.slice(0, 2), ['', '']);
  assert.match(starts[2] ?? '', 'failed again: faces has no core of the NPU left.');
  assert.equal(told, ['sight.lost', 'sight.restored', 'sight.lost', 'sight.restored']);
  await sight[Symbol.asyncDispose]();
  delete process.env['MIEN_TEST_STARTS'];
});

test('a run that leaves the NPU alone has its networks on the CPU, and says why', async () => {
  const config = checkConfig({ model: { backend: 'auto' }, npu: { simulate: {} } });
  const feeds = {
    open: () => {
      throw new Error('no camera is opened here');
    },
  };
  const parts = await composeSight(config, feeds, silentLogger, 'it failed twice.')(() => {});
  await parts.models.start();
  for (const { state, backend, degradedReason } of await parts.models.list()) {
    if (state === 'ready') assert.equal([backend, degradedReason], ['onnx', 'fell back to the CPU: it failed twice.']);
  }
  await parts.models[Symbol.asyncDispose]();
});

test.run();
