import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Release, readRelease } from '../../core/src/inference/manifest-file.ts';
import type { ModelManifest } from '../../core/src/inference/model-manifest.ts';
import { expectedOutputs } from '../../core/src/inference/tensor-shape.ts';
import { rknnFile } from './rknn-file.ts';

export { npuSimulation, type SimulationOptions } from '../../core/src/inference/npu/simulation.ts';

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
      sha256: createHash('sha256').update(bytes).digest('hex'),
      answers: of?.precision ?? 'int8',
      outputs: Object.fromEntries(
        expectedOutputs(network).map((output) => [output.name, { dims: [1, output.elements], type: 'i8', zeroPoint: 0, scale: 0.01 }]),
      ),
    });
  }
  writeFileSync(path, JSON.stringify(manifest));
  return readRelease(folder);
}
