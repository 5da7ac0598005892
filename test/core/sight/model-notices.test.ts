import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelNotices } from '../../../core/src/sight/model-notices.ts';
import type { ModelState, ModelStatus, SightNotice } from '../../../core/src/sight/sight.ts';

const status = (state: ModelState, change: Partial<ModelStatus> = {}): ModelStatus => ({
  name: 'faces',
  role: 'recognizer',
  state,
  release: 'r',
  version: '1',
  precision: 'int8',
  backend: 'onnx',
  device: 'cpu',
  npuCores: [],
  simulated: false,
  degraded: false,
  licence: { use: 'any', name: 'n', statement: 's' },
  heads: [],
  ...change,
});
const selftest = (atWallMs: number, passed = true) => ({ selftest: { passed, atWallMs, ms: 1, detail: '' } });

function told(states: readonly ModelStatus[]): string[] {
  const notices: SightNotice[] = [];
  const listener = modelNotices((notice) => notices.push(notice));
  for (const state of states) listener(state);
  return notices.map(({ type }) => type);
}

const test = suite('model notices');

test('a self-test is told once, whatever states follow it; the next one again', () => {
  const first = selftest(1);
  assert.equal(told([status('loading'), status('testing'), status('ready', first), status('ready', first), status('ready', selftest(2))]), [
    'model.selftest',
    'model.selftest',
  ]);
});

test('a failed self-test is told as well', () => {
  assert.equal(told([status('testing'), status('failed', selftest(1, false))]), ['model.selftest']);
});

test('a fallback is told when it is in use, and its end; a healthy start is not news', () => {
  const degraded = { degraded: true, degradedReason: 'no NPU' };
  assert.equal(told([status('ready')]), []);
  assert.equal(told([status('loading', degraded), status('ready', degraded), status('ready', degraded), status('ready')]), [
    'backend.degraded',
    'backend.recovered',
  ]);
});

test('another reason is news, since each is another step', () => {
  const reasons = ['core 1 is set aside', 'core 1 is set aside', 'cores 1 and 2 are set aside'].map((degradedReason) =>
    status('ready', { degraded: true, degradedReason }),
  );
  assert.equal(told([status('ready'), ...reasons, status('ready')]), ['backend.degraded', 'backend.degraded', 'backend.recovered']);
});

test.run();
