import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createFakeBackend, type FakeNetwork } from '../../../core/src/inference/fake-backend.ts';
import { bundledRelease, findNetwork, readRelease, selectFile, verifyFile } from '../../../core/src/inference/manifest-file.ts';
import type { NetworkManifest } from '../../../core/src/inference/model-manifest.ts';
import { createOnnxBackend } from '../../../core/src/inference/onnx-backend.ts';
import { selfTest } from '../../../core/src/inference/self-test.ts';
import { rejectsWith } from '../../support/errors.ts';
import { writeFakeRelease } from '../../support/fake-release.ts';
import { must } from '../../support/must.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('self-test');
const folder = new TemporaryFolder();
test.after(() => folder[Symbol.dispose]());

const release = await readRelease(await writeFakeRelease(folder.path));
const faces = findNetwork(release, 'faces');
const inputs = readFileSync(join(folder.path, faces.knownAnswers.inputs));

/** A fault in one element of an output. */
const add =
  (output: string, index: number, by: number): NonNullable<FakeNetwork['run']> =>
  (_, outputs) => {
    const data = must(outputs[output]);
    data[index] = must(data[index]) + by;
  };

async function tried(script: FakeNetwork, network: NetworkManifest = faces, images: Uint8Array = inputs): Promise<string> {
  const file = selectFile(network, 'onnx', 'cpu', 'fp32');
  await using session = await createFakeBackend({ [network.name]: script }).load(network, file, await verifyFile(release, file));
  return await selfTest(session, network, images);
}

test('passes what answers as it should, and says how near', async () => {
  assert.match(await tried({}), '3 known answers, largest deviation 0 of 0.01');
  assert.match(await tried({ run: add('age', 0, 0.004) }), /largest deviation 0\.004 of 0\.01 allowed \(age, input \d\)/);
});

test('refuses one flipped known answer', async () => {
  const flipped = structuredClone(faces);
  const answer = flipped.knownAnswers.expected.fp32?.gender?.[1];
  assert.ok(answer?.[0]);
  answer[0] = -answer[0];
  const { message } = await rejectsWith('SELFTEST_FAILED', () => tried({}, flipped));
  assert.match(message, /output "gender" of known input 1: expected -?[\d.]+ within 0\.01, got -?[\d.]+/);
});

test('refuses one flipped answer of the bundled release on the real runtime', async () => {
  const bundled = await readRelease(bundledRelease());
  const network = structuredClone(bundled.manifest.networks.find(({ role }) => role === 'recognizer')) as NetworkManifest;
  const file = selectFile(network, 'onnx', 'cpu', 'int8');
  const { inputs: path, sha256 } = network.knownAnswers;
  const images = readFileSync(await verifyFile(bundled, { path, sha256 }));
  await using session = await createOnnxBackend().load(network, file, await verifyFile(bundled, file));
  assert.match(await selfTest(session, network, images), 'known answers');
  const answers = network.knownAnswers.expected.int8?.gender as number[][];
  const surest = answers.reduce((best, row, i) => (Math.abs(row[0] ?? 0) > Math.abs(answers[best]?.[0] ?? 0) ? i : best), 0);
  answers[surest] = [-(answers[surest]?.[0] ?? 0)];
  assert.match((await rejectsWith('SELFTEST_FAILED', () => selfTest(session, network, images))).message, `output "gender" of known input ${surest}`);
});

test("takes a file's own answers and tolerances instead of its precision's", async () => {
  const npu = structuredClone(faces);
  const { expected, tolerance } = npu.knownAnswers;
  const own = structuredClone(must(expected.fp32));
  for (const row of must(own.age)) row[0] = must(row[0]) + 2;
  expected['int8-npu'] = own;
  tolerance['int8-npu'] = { age: 1, gender: 1, expression: 1 };
  const told = async (script: FakeNetwork, answers: string) => {
    const file = selectFile(npu, 'onnx', 'cpu', 'fp32');
    await using session = await createFakeBackend({ [npu.name]: script }).load(npu, file, await verifyFile(release, file));
    return await selfTest(session, npu, inputs, { answers });
  };
  assert.match(await told({ run: add('age', 0, 2.5) }, 'int8-npu'), 'of 1 allowed');
  assert.match((await rejectsWith('SELFTEST_FAILED', () => told({}, 'int8-npu'))).message, 'output "age" of known input 0: expected');
  assert.match((await rejectsWith('SELFTEST_FAILED', () => told({ run: add('age', 0, 2.5) }, 'fp32'))).message, 'within 0.01');
});

test('refuses constant outputs even where they are expected', async () => {
  const lazy = structuredClone(faces);
  must(lazy.knownAnswers.expected.fp32).age = [[30], [30], [30]];
  const { message } = await rejectsWith('SELFTEST_FAILED', () => tried({ run: (_, outputs) => void outputs.age?.fill(30) }, lazy));
  assert.match(message, 'output "age" is the same (30) for 3 different inputs');
});

test('refuses NaN and infinity, whatever the tolerance', async () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const tolerant = structuredClone(faces);
    must(tolerant.knownAnswers.tolerance.fp32).expression = 1e9;
    const script: FakeNetwork = { run: (_, outputs, index) => void (index === 1 && outputs.expression?.fill(bad, 2)) };
    assert.match((await rejectsWith('SELFTEST_FAILED', () => tried(script, tolerant))).message, 'output "expression" is not finite for known input 1');
  }
});

test('compares only the selected elements where a manifest selects', async () => {
  const selective = structuredClone(faces);
  selective.knownAnswers.select = { expression: [2] };
  const rows = must(must(selective.knownAnswers.expected.fp32).expression);
  must(selective.knownAnswers.expected.fp32).expression = rows.map((row) => [must(row[2])]);
  const wrongElsewhere = { run: add('expression', 0, 5) };
  assert.ok(await tried(wrongElsewhere, selective));
  const wrongThere = { run: add('expression', 2, 5) };
  assert.match((await rejectsWith('SELFTEST_FAILED', () => tried(wrongThere, selective))).message, 'expression[2]');
  await rejectsWith('SELFTEST_FAILED', () => tried(wrongElsewhere));
});

test('refuses inputs of another size', async () => {
  await rejectsWith('SELFTEST_FAILED', () => tried({}, faces, inputs.subarray(1)));
});

test.run();
