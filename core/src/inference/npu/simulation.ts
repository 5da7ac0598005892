/** What the simulated NPU is told of a release, so that it gives the known answers. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NpuConfig } from '../../config.ts';
import { MienError } from '../../errors.ts';
import type { TensorData } from '../backend.ts';
import { type Release, readRelease } from '../manifest-file.ts';
import type { ModelFile, NetworkManifest } from '../model-manifest.ts';
import { allocateInput, elementsPerImage, expectedOutputs, writeImage } from '../tensor-shape.ts';

/** Parts of the simulated runtime's settings (native/sim/README.md) that callers set. */
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
  return { runUs: 100, ...options, models: simulatedModels(release) };
}

/** The settings with the known answers of these releases (paths), where a simulated NPU is asked for that is told of no models. Errors: those of reading them. */
export async function withKnownAnswers(npu: NpuConfig, releases: readonly string[]): Promise<NpuConfig> {
  if (npu.simulate === undefined || Object.hasOwn(npu.simulate, 'models')) return npu;
  const read = await Promise.all([...new Set(releases)].map(readRelease));
  return { ...npu, simulate: { ...npu.simulate, models: read.flatMap(simulatedModels) } };
}

function simulatedModels(release: Release) {
  const files = release.manifest.networks.flatMap((network) => network.files.filter(({ backend }) => backend === 'rknn').map((file) => ({ network, file })));
  return files.map(({ network, file }) => simulatedModel(release.directory, network, file));
}

function simulatedModel(folder: string, network: NetworkManifest, file: ModelFile) {
  const input = file.input ?? network.input;
  const outputs = expectedOutputs(network).map(({ name, elements }) => {
    const quantised = file.outputs?.[name];
    if (!quantised) throw new MienError('MANIFEST_INVALID', `${file.path}: the manifest does not say how "${name}" is quantised, so it cannot be simulated.`);
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
