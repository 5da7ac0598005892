import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorData } from '../../core/src/inference/backend.ts';
import { type Release, readRelease } from '../../core/src/inference/manifest-file.ts';
import type { ModelFile, ModelManifest, NetworkManifest } from '../../core/src/inference/model-manifest.ts';
import { allocateInput, elementsPerImage, expectedOutputs, writeImage } from '../../core/src/inference/tensor-shape.ts';
import { rknnFile } from './rknn-file.ts';

/** Parts of the simulated runtime's settings (native/sim/README.md) that tests set. */
export interface SimulationOptions {
  readonly version?: string;
  readonly newestFormat?: number;
  readonly runUs?: number | readonly number[];
  readonly faults?: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

/**
 * Settings with which the simulated runtime gives the known answers of a release's .rknn files: tensors by the manifest, answers scripted by the
 * hash of each known input. Faults name models as the networks are named.
 */
export function npuSimulation(release: Release, options: SimulationOptions = {}): Record<string, unknown> {
  const files = release.manifest.networks.flatMap((network) => network.files.filter(({ backend }) => backend === 'rknn').map((file) => ({ network, file })));
  return { runUs: 100, ...options, models: files.map(({ network, file }) => simulatedModel(release.directory, network, file)) };
}

function simulatedModel(folder: string, network: NetworkManifest, file: ModelFile) {
  const input = file.input ?? network.input;
  const outputs = expectedOutputs(network).map(({ name, elements }) => {
    const quantised = file.outputs?.[name];
    if (!quantised) throw new Error(`${file.path}: the manifest does not say how "${name}" is quantised`);
    const { dims, type, zeroPoint: zp, scale } = quantised;
    return { name, elements, tensor: { name, dims, type, zp, scale } };
  });
  const { n, inputs, expected, select } = network.knownAnswers;
  const images = readFileSync(join(folder, inputs));
  const rows = expected[file.answers ?? file.precision] ?? {};
  const size = elementsPerImage(input);
  return {
    match: sha256(readFileSync(join(folder, file.path))),
    name: network.name,
    inputs: [{ name: input.name, dims: [1, input.height, input.width, 3] }],
    outputs: outputs.map(({ tensor }) => tensor),
    answers: Array.from({ length: n }, (_, i) => {
      const fed = allocateInput(input);
      writeImage(images.subarray(i * size, (i + 1) * size), input, fed);
      return { inputHash: sha256(fed), outputs: outputs.map(({ name, elements }) => whole(rows[name]?.[i] ?? [], select?.[name], elements)) };
    }),
  };
}

/** All elements of an output of which the manifest knows some. */
function whole(row: readonly number[], select: readonly number[] | undefined, elements: number): number[] {
  if (!select) return [...row];
  const all: number[] = new Array(elements).fill(0);
  for (const [i, index] of select.entries()) all[index] = row[i] ?? 0;
  return all;
}

function sha256(bytes: TensorData): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Gives every network of a fake release (fake-release.ts) a .rknn file: a container with nothing to run in it, for the simulated runtime. Their
 * outputs are within -1 and 1, to a hundredth.
 */
export async function addRknnFiles(folder: string): Promise<Release> {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as ModelManifest;
  for (const network of manifest.networks) {
    // Different in length, so that no two have the same hash.
    const bytes = rknnFile({ mainBytes: 256 + network.name.length });
    const of = network.files.find(({ precision }) => precision === 'int8') ?? network.files[0];
    const name = `${network.name}.rknn`;
    writeFileSync(join(folder, name), bytes);
    network.files.push({
      path: name,
      backend: 'rknn',
      chip: 'rk3588',
      precision: 'int8',
      bytes: bytes.length,
      sha256: sha256(bytes),
      answers: of?.precision ?? 'int8',
      outputs: Object.fromEntries(
        expectedOutputs(network).map((output) => [output.name, { dims: [1, output.elements], type: 'i8', zeroPoint: 0, scale: 0.01 }]),
      ),
    });
  }
  writeFileSync(path, JSON.stringify(manifest));
  return readRelease(folder);
}
