// @vladmandic/human in a process of its own: whole pictures in, its detection, mesh, description and emotion.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { decode, job, padded, peakRssMb, report } from './pictures.mjs';
import { mainFace, threeClasses } from './scores.ts';

const { peers, models, frames, faces } = job();
const require = createRequire(join(peers, 'package.json'));
require('@tensorflow/tfjs-backend-wasm');
// Its package names no entry for WASM, so the file is taken by its path.
const { Human } = require(join(peers, 'node_modules/@vladmandic/human/dist/human.node-wasm.js'));
const off = { enabled: false };
const human = new Human({
  backend: 'wasm',
  debug: false,
  wasmPath: `${models}/wasm/`,
  wasmPlatformFetch: true,
  modelBasePath: `${models}/human/`,
  // Nothing is taken over from the picture before, and nothing is done that the others do not do.
  cacheSensitivity: 0,
  filter: off,
  body: off,
  hand: off,
  object: off,
  gesture: off,
  segmentation: off,
  face: { iris: off, detector: { maxDetected: 5 }, description: { minConfidence: 0 }, emotion: { minConfidence: 0 } },
});
await human.init();
await human.load();

async function detect({ data, width, height }) {
  const tensor = human.tf.tensor3d(data, [height, width, 3], 'int32');
  const { face } = await human.detect(tensor);
  tensor.dispose();
  return face;
}

const frameMs = [];
let facesSeen = 0;
for (const [i, path] of frames.entries()) {
  const picture = await decode(path);
  if (i === 0) for (let warm = 0; warm < 3; warm += 1) await detect(picture);
  const started = performance.now();
  const found = await detect(picture);
  frameMs.push(performance.now() - started);
  facesSeen += found.length;
}
const peak = peakRssMb();

const answers = [];
for (const { path } of faces) {
  const face = mainFace(await detect(await padded(path)), ({ box }) => box[2] * box[3]);
  answers.push(
    face
      ? {
          age: face.age,
          male: face.gender === 'male' ? 1 : 0,
          expression: threeClasses(Object.fromEntries(face.emotion.map(({ emotion, score }) => [emotion, score]))),
        }
      : null,
  );
}
report({ version: human.version, backend: human.tf.getBackend(), frameMs, facesSeen, peakRssMb: peak, answers });
