import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundledRelease, findNetwork, readRelease, selectFile, verifyFile } from '../../../core/src/inference/manifest-file.ts';
import type { ModelManifest } from '../../../core/src/inference/model-manifest.ts';
import { rejectsWith } from '../../support/errors.ts';
import { writeFakeRelease } from '../../support/fake-release.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const manifest = suite('manifest file');

// biome-ignore lint/suspicious/noExplicitAny: manifests are broken here in every way, types would only stand in it
type Json = any;

/** A release whose manifest was edited as parsed JSON. */
async function edited(folder: string, edit: (json: Json) => void): Promise<string> {
  await writeFakeRelease(folder);
  const path = join(folder, 'model.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  edit(json);
  writeFileSync(path, JSON.stringify(json));
  return folder;
}

manifest('reads the bundled release, by folder and by file, and its files are as they say', async () => {
  const release = await readRelease(bundledRelease());
  assert.equal(await readRelease(join(bundledRelease(), 'model.json')), release);
  for (const network of release.manifest.networks) {
    for (const file of network.files) assert.ok((await verifyFile(release, file)).endsWith(file.path));
    const { inputs: path, sha256 } = network.knownAnswers;
    await verifyFile(release, { path, sha256 });
  }
  assert.ok(['research', 'any'].includes(release.manifest.licence.use));
});

manifest('says what is not there', async () => {
  using folder = new TemporaryFolder();
  const error = await rejectsWith('MODEL_NOT_FOUND', () => readRelease(folder.path));
  assert.match(error.message, folder.path);
  writeFileSync(join(folder.path, 'model.json'), '{ "name": ');
  await rejectsWith('MANIFEST_INVALID', () => readRelease(folder.path));
  const release = await readRelease(await writeFakeRelease(folder.path));
  assert.match((await rejectsWith('MODEL_NOT_FOUND', () => findNetwork(release, 'face'))).message, 'faces, detector-full, detector-short');
});

manifest('refuses a wrong key with the nearest name, and every other fault with its path', async () => {
  using folder = new TemporaryFolder();
  await edited(folder.path, (json) => {
    json.networks[0].input.colourOrder = json.networks[0].input.colorOrder;
    delete json.networks[0].input.colorOrder;
    json.networks[1].scoreThreshold = 'high';
    json.licence.use = 'reserach';
  });
  const { message } = await rejectsWith('MANIFEST_INVALID', () => readRelease(folder.path));
  assert.match(message, 'networks[0].input.colourOrder: unknown key. Did you mean "colorOrder"?');
  assert.match(message, /networks\[1\]\.scoreThreshold: .*got a string/);
  assert.match(message, 'licence.use: expected one of "research", "any", got "reserach". Did you mean "research"?');
});

function quantised(one: number[], three: number[]): Record<string, object> {
  const output = (dims: number[]) => ({ dims, type: 'i8', zeroPoint: -128, scale: 0.4 });
  return { age: output(one), gender: output(one), expression: output(three) };
}

const contradictions: ReadonlyArray<[string, (json: Json) => void, string]> = [
  ['a name twice', (json) => (json.networks[2].name = json.networks[1].name), 'networks[2].name'],
  ['valences that do not fit the labels', (json) => json.networks[0].heads.expression.valence.pop(), 'networks[0].heads.expression.valence'],
  ['a division by zero', (json) => (json.networks[0].input.scale[1] = 0), 'networks[0].input.scale'],
  ['an sd table that does not ascend', (json) => json.networks[0].heads.age.sd.reverse(), 'networks[0].heads.age.sd'],
  ['a keypoint that is missing', (json) => (json.networks[1].keypoints[2] = 'chin'), 'networks[1].keypoints: "noseTip"'],
  ['answers that are missing for a precision', (json) => delete json.networks[0].knownAnswers.expected.int8, 'knownAnswers.expected.int8.age'],
  [
    'a row that is too short',
    (json) => json.networks[0].knownAnswers.expected.fp32.expression[1].pop(),
    'knownAnswers.expected.fp32.expression: expected 3 rows of 3',
  ],
  ['a tolerance that is missing', (json) => delete json.networks[1].knownAnswers.tolerance.fp32.boxes, 'networks[1].knownAnswers.tolerance.fp32.boxes'],
  ["answers that are missing for a file's own key", (json) => (json.networks[0].files[1].answers = 'rk3588'), 'knownAnswers.expected.rk3588.age: missing'],
  [
    'a quantised output of another size',
    (json) => (json.networks[0].files[1].outputs = quantised([1, 1], [1, 2])),
    'files["faces-int8.onnx"].outputs.expression.dims: expected 3 elements',
  ],
  [
    'a quantised output that is missing',
    (json) => (json.networks[0].files[1].outputs = { age: quantised([1, 1], [1, 3]).age }),
    'files["faces-int8.onnx"].outputs: "gender" is missing',
  ],
  ['an input that is not square', (json) => (json.networks[0].input.width = 9), 'networks[0].input: a recogniser takes a square'],
];
for (const [what, edit, path] of contradictions) {
  manifest(`refuses ${what}`, async () => {
    using folder = new TemporaryFolder();
    await edited(folder.path, edit);
    assert.match((await rejectsWith('MANIFEST_INVALID', () => readRelease(folder.path))).message, path);
  });
}

manifest('picks the file for backend, chip and precision', async () => {
  using folder = new TemporaryFolder();
  const { manifest } = await readRelease(await writeFakeRelease(folder.path));
  const [faces, detector] = manifest.networks as ModelManifest['networks'];
  assert.ok(faces && detector);
  assert.is(selectFile(faces, 'onnx', 'cpu', 'int8').path, 'faces-int8.onnx');
  assert.is(selectFile(faces, 'onnx', 'cpu', 'fp32').path, 'faces-fp32.onnx');
  assert.is(selectFile(detector, 'onnx', 'cpu', 'int8').precision, 'fp32', 'a detector in one precision is taken as it is');
  const error = await rejectsWith('MODEL_NOT_FOUND', () => selectFile(faces, 'rknn', 'rk3588', 'int8'));
  assert.match(error.message, 'onnx/cpu/fp32, onnx/cpu/int8');
});

manifest('checks size and hash of files', async () => {
  using folder = new TemporaryFolder();
  const release = await readRelease(await writeFakeRelease(folder.path));
  const file = release.manifest.networks[0]?.files[0];
  assert.ok(file);
  const path = join(folder.path, file.path);
  const content = readFileSync(path);
  content[0] = (content[0] ?? 0) ^ 1;
  writeFileSync(path, content);
  const { message } = await rejectsWith('MODEL_CORRUPT', () => verifyFile(release, file));
  assert.match(message, file.sha256);
  assert.is(message.match(/[0-9a-f]{64}/g)?.length, 2, 'both hashes');
  writeFileSync(path, 'short');
  assert.match((await rejectsWith('MODEL_CORRUPT', () => verifyFile(release, file))).message, 'has 5 bytes');
  await rejectsWith('MODEL_NOT_FOUND', () => verifyFile(release, { ...file, path: 'gone.onnx' }));
});

manifest('reads nothing outside its directory', async () => {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, 'release');
  const release = await readRelease(await writeFakeRelease(directory));
  writeFileSync(join(folder.path, 'secret'), 'x');
  mkdirSync(join(folder.path, 'release-of-others'));
  writeFileSync(join(folder.path, 'release-of-others', 'x'), 'x');
  symlinkSync(join(folder.path, 'secret'), join(directory, 'link'));
  for (const path of ['../secret', join(folder.path, 'secret'), 'link', '../release-of-others/x', '.', 'a/../../secret']) {
    await rejectsWith('MANIFEST_INVALID', () => verifyFile(release, { path, sha256: '0'.repeat(64) }));
  }
});

manifest.run();
