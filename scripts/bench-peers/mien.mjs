// Mien in a process of its own: the frame loop on whole pictures, the recogniser on aligned crops, and both ways for accuracy.
import { readFile } from 'node:fs/promises';
import { checkConfig } from '../../core/dist/load-config.js';
import { silentLogger } from '../../core/dist/log.js';
import { openLocalSight } from '../../core/dist/sight/local-sight.js';
import { Pipeline } from '../../core/dist/sight/pipeline.js';
import { cropAt, decode, job, paddedPng, peakRssMb, report } from './pictures.mjs';
import { mainFace } from './scores.ts';

const { frames, crops, faces } = job();
const config = checkConfig({});
const sight = await openLocalSight(config, silentLogger);
const { stages } = sight;

/** The pictures as a camera's frames, so far apart that every face is read in every one. The first comes some times more, to warm up. */
const warmUp = 5;
const paths = [...Array(warmUp).fill(frames[0]), ...frames];
let index = 0;
const camera = {
  async next() {
    const path = paths[index];
    if (path === undefined) return null;
    const { data, width, height } = await decode(path);
    const at = 250 * index;
    return { index: index++, pixels: { data, width, height, format: 'rgb' }, capturedMonoMs: at, capturedWallMs: at, decodeMs: 0, release() {} };
  },
  stats: () => ({ received: index, dropped: 0 }),
};
const frameMs = [];
let facesSeen = 0;
await new Pipeline({ camera: 'bench', run: 'bench', budgetMs: Number.POSITIVE_INFINITY }, stages, {
  observation(observation) {
    if (observation.frame < warmUp) return;
    frameMs.push(observation.ms.totalMs);
    facesSeen += observation.faces.filter(({ sample }) => sample).length;
  },
  fault(fault) {
    throw fault;
  },
}).run(camera);

const cropMs = [];
for (const [i, { path, box }] of crops.entries()) {
  const pixels = { ...(await cropAt(path, box)), format: 'rgb' };
  if (i === 0) for (let warm = 0; warm < 10; warm += 1) await stages.recognizer.recogniseCrop(pixels);
  const started = performance.now();
  await stages.recognizer.recogniseCrop(pixels);
  cropMs.push(performance.now() - started);
}
const peak = peakRssMb();

function answerOf(face) {
  if (!face) return null;
  const { age, gender, expression } = face;
  const { negative, neutral, positive } = expression.probs;
  return { age: age.years, male: gender.label === 'male' ? gender.p : 1 - gender.p, expression: [negative, neutral, positive] };
}
const answers = [];
const cropAnswers = [];
for (const { path } of faces) {
  answers.push(answerOf(mainFace((await sight.analyze(await paddedPng(path), {})).faces, ({ box }) => box[2] * box[3])));
  cropAnswers.push(answerOf((await sight.analyze(await readFile(path), { crop: true })).faces[0]));
}
const version = stages.recognizer.origin().model;
await sight.models[Symbol.asyncDispose]();
report({ version, backend: 'onnx', frameMs, facesSeen, cropMs, peakRssMb: peak, answers, cropAnswers });
