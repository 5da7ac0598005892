import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameSource } from '../../../core/src/camera/frame-source.ts';
import { MienError } from '../../../core/src/errors.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { CameraRunner } from '../../../core/src/sight/camera-runner.ts';
import { Pipeline } from '../../../core/src/sight/pipeline.ts';
import type { SightNotice } from '../../../core/src/sight/sight.ts';
import { until } from '../../support/processes.ts';
import { ScriptedDetector, ScriptedRecognizer, ScriptedSource } from '../../support/stages.ts';

/** A runner whose camera is opened by the script, with what it told. */
function scripted(open: (attempt: number) => Promise<FrameSource>, once = false, detect = () => Promise.resolve([])) {
  const notices: SightNotice[] = [];
  const [camera] = checkConfig({}).cameras;
  if (!camera) throw new Error('the default configuration has a camera');
  const pipeline = new Pipeline(
    { camera: 'main', run: 'r', budgetMs: 100 },
    { detector: new ScriptedDetector(detect), recognizer: new ScriptedRecognizer() },
    { observation() {}, fault() {} },
  );
  let attempts = 0;
  const runner = new CameraRunner(camera, () => open(attempts++), pipeline, { source: 'scripted', once, notice: (notice) => notices.push(notice) });
  return { runner, notices, types: () => notices.map(({ type }) => type), attempts: () => attempts };
}

/** A source without frames, until it is told how it is. */
class StillSource extends ScriptedSource {
  constructor() {
    super(0);
  }

  override next(signal?: AbortSignal): Promise<null> {
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  }
}

const test = suite('camera runner');

test('a camera that cannot be opened is tried again, told once, and restored when it comes', async () => {
  const source = new StillSource();
  const { runner, types, attempts } = scripted(async (attempt) => {
    if (attempt < 2) throw new MienError('CAMERA_BUSY', '/dev/video0 is in use');
    return source;
  });
  const stop = new AbortController();
  const running = runner.run(stop.signal);
  await until('the first failure', 500, () => types().length === 1);
  assert.equal(types(), ['camera.lost']);
  assert.is(runner.status().state, 'lost');
  assert.is(runner.status().error?.code, 'CAMERA_BUSY');
  await until('the third attempt', 5000, () => attempts() === 3);
  runner.check();
  assert.equal(types(), ['camera.lost', 'camera.restored']);
  assert.is(runner.status().state, 'live');
  assert.is(runner.status().error, undefined);
  stop.abort();
  await running;
  assert.is(runner.status().state, 'ended');
});

test('a source that loses its camera and finds it again is noticed, each turn once', async () => {
  const source = new StillSource();
  const { runner, types } = scripted(async () => source);
  const stop = new AbortController();
  const running = runner.run(stop.signal);
  await Promise.resolve();
  for (const state of ['opening', 'live', 'live', 'lost', 'lost', 'live', 'live'] as const) {
    source.state = state;
    runner.check();
  }
  assert.equal(types(), ['camera.lost', 'camera.restored'], 'the first frames are no restoration');
  stop.abort();
  await running;
});

test('when the source is over the camera has ended; counters stay', async () => {
  const { runner, types } = scripted(async () => new ScriptedSource(5));
  await runner.run(new AbortController().signal);
  runner.check();
  assert.equal(types(), ['camera.ended']);
  const { state, received, processed, dropped, width, source } = runner.status();
  assert.equal(
    { state, received, processed, dropped, width, source },
    { state: 'ended', received: 5, processed: 5, dropped: 4, width: 1280, source: 'scripted' },
  );
});

test('with once a camera that cannot be opened has ended, with the reason', async () => {
  const { runner, types, attempts } = scripted(() => Promise.reject(new MienError('CAMERA_NOT_FOUND', 'no such file')), true);
  await runner.run(new AbortController().signal);
  assert.equal(types(), ['camera.ended']);
  assert.is(runner.status().error?.code, 'CAMERA_NOT_FOUND');
  assert.is(attempts(), 1);
});

test('networks that fail on frame after frame are not the camera: sight itself is ill', async () => {
  const { runner } = scripted(
    async () => new ScriptedSource(100),
    false,
    () => Promise.reject(new MienError('INFERENCE_FAILED', 'broken')),
  );
  await runner.run(new AbortController().signal).then(
    () => assert.unreachable(),
    (fault) => assert.is(fault.code, 'INFERENCE_FAILED'),
  );
});

test('the rate is of frames processed over the last seconds', async () => {
  const { runner } = scripted(async () => new ScriptedSource(40));
  runner.check();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await runner.run(new AbortController().signal);
  const rate = runner.status().framesPerSecond;
  assert.ok(rate > 100 && rate < 400, `${rate}: 40 frames in a little over 100 ms`);
});

test.run();
