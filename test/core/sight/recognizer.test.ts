import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PixelView } from '../../../core/src/frame.ts';
import { createFakeBackend, type FakeNetwork } from '../../../core/src/inference/fake-backend.ts';
import { createModelManager } from '../../../core/src/inference/model-manager.ts';
import { createAligner } from '../../../core/src/sight/aligner.ts';
import { createRecognizer } from '../../../core/src/sight/recognizer.ts';
import { rejectsWith } from '../../support/errors.ts';
import { writeFakeRelease } from '../../support/fake-release.ts';
import { projectHead } from '../../support/synthetic-head.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const recognising = suite('recogniser');
const folder = new TemporaryFolder();
recognising.after(() => folder[Symbol.dispose]());
const first = await writeFakeRelease(join(folder.path, 'u8'));
/** The same heads behind another kind of input: a tensor of the first would be refused. */
const second = await writeFakeRelease(join(folder.path, 'f32'), {
  version: '2.0.0',
  input: { dtype: 'f32', layout: 'nchw', width: 16, height: 16, mean: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5], normalisedBy: 'host' },
});

async function open(script: FakeNetwork = {}) {
  const models = createModelManager(
    { release: first, precision: 'int8', detector: 'detector-full' },
    { backend: createFakeBackend({ faces: script }), degraded: false },
  );
  await models.start();
  const recognizer = createRecognizer(models, createAligner());
  return { models, recognizer, [Symbol.asyncDispose]: () => models[Symbol.asyncDispose]() };
}

const pixels: PixelView = { data: Uint8Array.from({ length: 320 * 240 }, (_, i) => (i * 31) % 256), width: 320, height: 240, format: 'gray' };
const keypoints = projectHead({ yaw: 5 }, { scale: 30, x: 150, y: 100 });

recognising('reads every head, with times, measures and origin', async () => {
  await using it = await open();
  const { sample, origin, heads, light, sharpness, alignMs, recogniseMs } = await it.recognizer.recognise(pixels, keypoints);
  assert.ok(sample.age && sample.gender && sample.expression?.length === 3);
  assert.is(origin, it.recognizer.origin());
  assert.is(origin.model, 'faces@1.0.0/int8');
  assert.is(heads, it.recognizer.heads());
  assert.equal(heads.expression?.labels, ['negative', 'neutral', 'positive']);
  assert.ok(light > 0 && light < 1 && sharpness > 0 && sharpness < 1 && alignMs >= 0 && recogniseMs >= 0);
});

recognising('loses no face while the input kind is swapped under it', async () => {
  await using it = await open({ latencyMs: 1 });
  let swapping = true;
  const seen = new Set<string>();
  let read = 0;
  const stream = async () => {
    while (swapping) {
      seen.add((await it.recognizer.recognise(pixels, keypoints)).origin.model);
      read += 1;
    }
  };
  const streams = [stream(), stream()];
  for (let i = 0; i < 20; i += 1) await it.models.swap('faces', { release: i % 2 ? first : second });
  swapping = false;
  await Promise.all(streams);
  assert.equal([...seen].sort(), ['faces@1.0.0/int8', 'faces@2.0.0/int8']);
  assert.ok(read > 20, `${read} faces read`);
});

recognising('reads an aligned crop whole, whatever its size', async () => {
  await using it = await open();
  const crop = (side: number): PixelView => ({ data: new Uint8Array(side * side * 3).fill(77), width: side, height: side, format: 'rgb' });
  const [small, large] = [await it.recognizer.recogniseCrop(crop(8)), await it.recognizer.recogniseCrop(crop(256))];
  assert.equal(small.sample, large.sample, 'a plain crop is the same in every size');
});

recognising('refuses numbers that are not finite, keypoints that are no face, and a missing network', async () => {
  let sick = false;
  await using it = await open({ run: (_, { expression }) => void (sick && expression?.fill(Number.NaN, 1)) });
  sick = true;
  const error = await rejectsWith('INFERENCE_FAILED', () => it.recognizer.recognise(pixels, keypoints));
  assert.match(error.message, '"expression"');
  sick = false;
  assert.ok(await it.recognizer.recognise(pixels, keypoints), 'and goes on');
  const eye = keypoints.rightEye;
  await rejectsWith('INFERENCE_FAILED', () => it.recognizer.recognise(pixels, { ...keypoints, leftEye: eye }));
  await it.models.unload('faces');
  await rejectsWith('MODEL_STATE', () => it.recognizer.recognise(pixels, keypoints));
  await rejectsWith('MODEL_STATE', () => it.recognizer.origin());
});

recognising('gives its lease back when cancelled', async () => {
  await using it = await open();
  const reason = new Error('stop');
  assert.is(await it.recognizer.recognise(pixels, keypoints, AbortSignal.abort(reason)).catch((fault) => fault), reason);
});

recognising.run();
