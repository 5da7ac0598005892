import { setImmediate as macrotask } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../../core/src/errors.ts';
import type { Observation } from '../../../core/src/observation.ts';
import type { Detection } from '../../../core/src/sight/detector.ts';
import { Pipeline } from '../../../core/src/sight/pipeline.ts';
import { faceAt } from '../../support/detections.ts';
import { fakeHeads, fakeOrigin, ScriptedDetector, ScriptedRecognizer, ScriptedSource } from '../../support/stages.ts';

/** A pipeline over scripted stages, with what it told. */
function scripted(script: (call: number) => Detection[] | Promise<Detection[]>, budgetMs = 1000) {
  const detector = new ScriptedDetector(script);
  const recognizer = new ScriptedRecognizer();
  const observations: Observation[] = [];
  const faults: MienError[] = [];
  const pipeline = new Pipeline(
    { camera: 'main', run: 'r1', budgetMs },
    { detector, recognizer },
    { observation: (observation) => observations.push(observation), fault: (fault) => faults.push(fault) },
  );
  return { pipeline, detector, recognizer, observations, faults };
}

const test = suite('pipeline');

test('a frame becomes an observation that says all the contract promises', async () => {
  const { pipeline, observations } = scripted(() => [faceAt(640, 360, 128)]);
  const source = new ScriptedSource(2);
  await pipeline.run(source);
  const [first] = observations;
  assert.is(observations.length, 2);
  assert.equal(
    { ...first, ms: undefined, faces: undefined },
    {
      camera: 'main',
      run: 'r1',
      frame: 0,
      capturedMonoMs: 1000,
      capturedWallMs: 2_000_000,
      width: 1280,
      height: 720,
      faces: undefined,
      ended: [],
      heads: fakeHeads,
      origin: fakeOrigin,
      ms: undefined,
      dropped: 4,
      recognitionHz: 0.5,
    },
  );
  const face = first?.faces[0];
  assert.is(face?.track, 1);
  assert.equal(face?.box, [0.45, 296 / 720, 0.1, 128 / 720]);
  assert.is(face?.score, 0.9);
  assert.equal(face?.sample, { age: { years: 30, sd: 5 }, expression: [0.1, 0.2, 0.7] });
  assert.is(face?.quality.facePx, 128);
  assert.is(face?.quality.light, 0.5);
  assert.is(first?.ms.decodeMs, 1.5);
  assert.is(first?.ms.alignMs, 0.25);
  assert.is(first?.ms.recogniseMs, 2);
  assert.ok((first?.ms.totalMs ?? -1) >= (first?.ms.detectMs ?? 0) + (first?.ms.trackMs ?? 0));
  assert.equal(pipeline.size, { width: 1280, height: 720 });
  assert.is(pipeline.processed, 2);
  assert.is(pipeline.busyMs, 0);
});

test('every frame is released once, whatever happened to it', async () => {
  const { pipeline, faults, observations } = scripted((call) => {
    if (call % 3 === 1) throw new MienError('INFERENCE_FAILED', 'scripted');
    return [faceAt(640, 360, 128)];
  });
  const source = new ScriptedSource(12);
  await pipeline.run(source);
  assert.equal(source.releases, new Array(12).fill(1));
  assert.is(faults.length, 4);
  assert.is(observations.length, 8);
});

test('a frame is still borrowed while a listener looks at it, and given back afterwards', async () => {
  const source = new ScriptedSource(1);
  let releasedDuring: number | undefined;
  const pipeline = new Pipeline(
    { camera: 'main', run: 'r1', budgetMs: 100 },
    { detector: new ScriptedDetector(() => []), recognizer: new ScriptedRecognizer() },
    { observation() {}, fault() {}, frame: () => (releasedDuring = source.releases[0]) },
  );
  await pipeline.run(source);
  assert.is(releasedDuring, 0);
  assert.equal(source.releases, [1]);
});

test('when frame after frame fails it gives up with the reason', async () => {
  const { pipeline, faults } = scripted(() => {
    throw new MienError('INFERENCE_FAILED', 'the network is broken');
  });
  const source = new ScriptedSource(1000);
  await pipeline.run(source).then(
    () => assert.unreachable(),
    (fault) => assert.match(fault.message, 'the network is broken'),
  );
  assert.is(faults.length, 30);
  assert.equal(source.releases, new Array(30).fill(1));
});

test('a model that is unloaded for a moment blinds it, and breaks nothing', async () => {
  const { pipeline, recognizer, observations, faults } = scripted((call) => {
    if (call >= 5 && call < 8) throw new MienError('MODEL_STATE', 'the detector is not loaded');
    if (call === 10) recognizer.fault = new MienError('MODEL_STATE', 'the recogniser is not loaded');
    if (call === 13) recognizer.fault = undefined;
    return [faceAt(640, 360, 128)];
  });
  await pipeline.run(new ScriptedSource(20));
  assert.is(faults.length, 0);
  assert.is(observations.length, 20);
  assert.ok(
    observations.every((o) => o.faces.length === 1 && o.faces[0]?.track === 1),
    'the track lives on',
  );
  assert.is(observations[6]?.faces[0]?.score, 0);
  assert.is(observations[11]?.faces[0]?.sample, undefined);
  assert.equal(observations[11]?.origin, fakeOrigin);
  assert.ok(observations[13]?.faces[0]?.sample);
});

test('a crowd is recognised within the budget, in turns that leave nobody out', async () => {
  const { pipeline, recognizer, observations } = scripted(() => Array.from({ length: 10 }, (_, i) => faceAt(80 + 120 * i, 360, 90)), 20);
  recognizer.takesMs = 8;
  await pipeline.run(new ScriptedSource(12));
  for (const { faces } of observations) {
    const read = faces.filter((face) => face.sample).length;
    assert.ok(read >= 1 && read <= 4, `${read} in 20 ms at 8 ms each`);
  }
  const read = new Set(observations.flatMap(({ faces }) => faces.filter((face) => face.sample).map((face) => face.track)));
  assert.is(read.size, 10);
});

const row = (count: number) => Array.from({ length: count }, (_, i) => faceAt(80 + 120 * i, 360, 90));

test('faces of a frame are read at one time where that gains, and one after the other where it does not', async () => {
  for (const together of [1, 4]) {
    const { pipeline, recognizer, observations } = scripted(() => row(6));
    recognizer.together = together;
    recognizer.before = () => macrotask();
    await pipeline.run(new ScriptedSource(1));
    assert.is(recognizer.most, together);
    assert.is(observations[0]?.faces.filter(({ sample }) => sample).length, 6);
  }
});

test('a frame whose face fails is given back only when the other faces are through with it', async () => {
  const { pipeline, recognizer, faults } = scripted(() => row(3));
  const source = new ScriptedSource(1);
  let through = 0;
  recognizer.together = 6;
  recognizer.before = async (index) => {
    if (index === 0) throw new MienError('INFERENCE_FAILED', 'scripted');
    for (let i = 0; i < 5; i += 1) await macrotask();
    assert.is(source.releases[0], 0);
    through += 1;
  };
  await pipeline.run(source);
  assert.is(through, 2);
  assert.is(faults[0]?.message, 'scripted');
  assert.equal(source.releases, [1]);
});

test('it stops at once when cancelled, with the frame given back', async () => {
  const controller = new AbortController();
  const { pipeline, observations } = scripted((call) => {
    if (call === 3) controller.abort(new Error('stop'));
    return [faceAt(640, 360, 128)];
  });
  const source = new ScriptedSource(100);
  await pipeline.run(source, controller.signal).then(
    () => assert.unreachable(),
    (fault) => assert.is(fault.message, 'stop'),
  );
  assert.ok(observations.length <= 4);
  assert.ok(source.releases.every((n) => n === 1));
});

test('a stage that hangs shows in busyMs', async () => {
  const hang = Promise.withResolvers<Detection[]>();
  const { pipeline } = scripted(() => hang.promise);
  const running = pipeline.run(new ScriptedSource(1));
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.ok(pipeline.busyMs >= 30);
  hang.resolve([]);
  await running;
  assert.is(pipeline.busyMs, 0);
});

test('two cameras that share a slow network get the same share of it', async () => {
  const counts = [0, 0];
  let queue = Promise.resolve();
  const detector = {
    detect: () => {
      const done = queue.then(() => new Promise<Detection[]>((resolve) => setTimeout(() => resolve([]), 2)));
      queue = done.then(() => undefined);
      return done;
    },
  };
  const controller = new AbortController();
  const running = [0, 1].map((camera) =>
    new Pipeline(
      { camera: `c${camera}`, run: 'r1', budgetMs: 100 },
      { detector, recognizer: new ScriptedRecognizer() },
      {
        observation() {
          counts[camera] = (counts[camera] ?? 0) + 1;
        },
        fault() {},
      },
    ).run(new ScriptedSource(10_000), controller.signal),
  );
  setTimeout(() => controller.abort(), 300);
  await Promise.allSettled(running);
  assert.ok((counts[0] ?? 0) > 20 && Math.abs((counts[0] ?? 0) - (counts[1] ?? 0)) <= 1, `${counts}`);
});

test.run();
