import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFakeBackend, type FakeNetwork } from '../../core/src/inference/fake-backend.ts';
import { keypointNames, type ModelInput, type ModelManifest, type NetworkManifest } from '../../core/src/inference/model-manifest.ts';
import { allocateInput, elementsPerImage, expectedOutputs, writeImage } from '../../core/src/inference/tensor-shape.ts';

const side = 8;
const images = 3;

const input = {
  name: 'input',
  width: side,
  height: side,
  layout: 'nhwc',
  dtype: 'u8',
  colorOrder: 'rgb',
  mean: [0, 0, 0],
  scale: [1, 1, 1],
  normalisedBy: 'network',
} as const;

/** A whole release of tiny networks for the fake backend, written to a folder: its manifest holds what the script answers. */
export async function writeFakeRelease(
  folder: string,
  options: {
    readonly version?: string;
    readonly recognizer?: string;
    readonly script?: Readonly<Record<string, FakeNetwork>>;
    /** Where the recogniser's input differs from 8x8 raw u8 RGB. */
    readonly input?: Partial<ModelInput>;
  } = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const names = { recognizer: options.recognizer ?? 'faces', full: 'detector-full', short: 'detector-short' };
  const networks = [recognizer(names.recognizer, options.input ?? {}), detector(names.full), detector(names.short)];
  for (const network of networks) await complete(folder, network, options.script ?? {});
  const manifest: ModelManifest = {
    manifestVersion: 1,
    name: 'fake-release',
    version: options.version ?? '1.0.0',
    networks,
    licence: { use: 'any', name: 'Apache-2.0', file: 'LICENSE', statement: 'Numbers for tests.' },
    data: [],
  };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  return folder;
}

function recognizer(name: string, differing: Partial<ModelInput>): NetworkManifest {
  return {
    role: 'recognizer',
    name,
    description: 'stands in for a recogniser',
    files: [file(`${name}-fp32`, 'fp32'), file(`${name}-int8`, 'int8')],
    input: { ...input, mean: [0, 0, 0], scale: [1, 1, 1], ...differing },
    crop: { eyeMidpoint: [0.5, 0.325], eyeToMouth: 0.37, border: 'reflect101' },
    heads: {
      age: {
        output: 'age',
        unit: 'years',
        range: [0, 100],
        sd: [
          [0, 5],
          [50, 10],
        ],
      },
      gender: { output: 'gender', activation: 'logit', labels: ['female', 'male'], temperature: 1, expectedCalibrationError: 0 },
      expression: {
        output: 'expression',
        activation: 'logits',
        labels: ['negative', 'neutral', 'positive'],
        valence: [-1, 0, 1],
        temperature: 1,
        expectedCalibrationError: 0,
      },
    },
    measured: [],
    knownAnswers: noAnswers(),
  };
}

function detector(name: string): NetworkManifest {
  return {
    role: 'detector',
    name,
    description: 'stands in for a detector',
    files: [file(name, 'fp32')],
    input: { ...input, mean: [0, 0, 0], scale: [1, 1, 1] },
    outputs: { boxes: 'boxes', scores: 'scores' },
    anchors: [{ size: 2, perCell: 1 }],
    keypoints: [...keypointNames],
    coordinateScale: side,
    scoreActivation: 'logit',
    scoreThreshold: 0.5,
    knownAnswers: noAnswers(),
  };
}

function file(name: string, precision: 'fp32' | 'int8') {
  return { path: `${name}.onnx`, backend: 'onnx' as const, chip: 'cpu', precision, bytes: 1, sha256: '' };
}

function noAnswers() {
  return { inputs: '', sha256: '', n: images, expected: {}, tolerance: {} };
}

/** Writes the network's files and known answers, and enters them into its manifest. */
async function complete(folder: string, network: NetworkManifest, script: Readonly<Record<string, FakeNetwork>>): Promise<void> {
  for (const entry of network.files) {
    const content = Buffer.from(`${network.name} ${entry.precision}`);
    writeFileSync(join(folder, entry.path), content);
    entry.bytes = content.length;
    entry.sha256 = sha256(content);
  }
  const size = elementsPerImage(network.input);
  const pictures = Uint8Array.from({ length: images * size }, (_, i) => (i * 37 + Math.floor(i / size) * 91) % 256);
  const answers = network.knownAnswers;
  answers.inputs = `${network.name}.bin`;
  answers.sha256 = sha256(pictures);
  writeFileSync(join(folder, answers.inputs), pictures);
  const backend = createFakeBackend(script);
  for (const entry of network.files) {
    await using session = await backend.load(network, entry, join(folder, entry.path));
    const tensor = allocateInput(network.input);
    const expected: Record<string, number[][]> = {};
    const tolerance: Record<string, number> = {};
    for (let i = 0; i < images; i += 1) {
      writeImage(pictures.subarray(i * size, (i + 1) * size), network.input, tensor);
      const outputs = await session.run(tensor);
      for (const { name } of expectedOutputs(network)) {
        expected[name] = [...(expected[name] ?? []), [...(outputs[name] ?? [])]];
        tolerance[name] = 0.01;
      }
    }
    answers.expected[entry.precision] = expected;
    answers.tolerance[entry.precision] = tolerance;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
