// @vladmandic/face-api in a process of its own: its two attribute networks on crops that are aligned already.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cropAt, decode, job, peakRssMb, report } from './pictures.mjs';
import { threeClasses } from './scores.ts';

const { peers, crops, faces } = job();
const require = createRequire(join(peers, 'package.json'));
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm').setWasmPaths(join(peers, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
await tf.setBackend('wasm');
await tf.ready();
const faceapi = require(join(peers, 'node_modules/@vladmandic/face-api/dist/face-api.node-wasm.js'));
const { ageGenderNet, faceExpressionNet } = faceapi.nets;
for (const net of [ageGenderNet, faceExpressionNet]) await net.loadFromDisk(join(peers, 'node_modules/@vladmandic/face-api/model'));

async function read({ data, width, height }) {
  const tensor = tf.tensor3d(data, [height, width, 3], 'int32');
  const { age, gender, genderProbability } = await ageGenderNet.predictAgeAndGender(tensor);
  const emotions = await faceExpressionNet.predictExpressions(tensor);
  tensor.dispose();
  return { age, male: gender === 'male' ? genderProbability : 1 - genderProbability, expression: threeClasses({ ...emotions }) };
}

const cropMs = [];
for (const [i, { path, box }] of crops.entries()) {
  const picture = await cropAt(path, box);
  if (i === 0) for (let warm = 0; warm < 10; warm += 1) await read(picture);
  const started = performance.now();
  await read(picture);
  cropMs.push(performance.now() - started);
}
const peak = peakRssMb();

const cropAnswers = [];
for (const { path } of faces) cropAnswers.push(await read(await decode(path)));
report({ version: faceapi.version.faceapi ?? faceapi.version, backend: tf.getBackend(), cropMs, peakRssMb: peak, cropAnswers });
