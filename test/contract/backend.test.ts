import { join } from 'node:path';
import { createCoreScheduler } from '../../core/src/inference/core-scheduler.ts';
import { createFakeBackend } from '../../core/src/inference/fake-backend.ts';
import { bundledRelease, findNetwork, readRelease, selectFile, verifyFile } from '../../core/src/inference/manifest-file.ts';
import type { ModelInput } from '../../core/src/inference/model-manifest.ts';
import { createRknnBackend } from '../../core/src/inference/npu/rknn-backend.ts';
import { createOnnxBackend } from '../../core/src/inference/onnx-backend.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { writeFakeRelease } from '../support/fake-release.ts';
import { addRknnFiles, npuSimulation } from '../support/npu-simulation.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { backendContract } from './backend.ts';

// uvu begins as soon as a suite is there and this file waits: everything that is waited for comes first.
const release = await readRelease(bundledRelease());
const folder = new TemporaryFolder();
process.on('exit', () => folder[Symbol.dispose]());
const tiny = await addRknnFiles(await writeFakeRelease(folder.path));

async function bundled(name: string, precision: 'fp32' | 'int8') {
  const network = findNetwork(release, name);
  const file = selectFile(network, 'onnx', 'cpu', precision);
  return { network, file, path: await verifyFile(release, file) };
}

backendContract('ONNX Runtime, f32 input', async () => ({ backend: createOnnxBackend(), ...(await bundled('blazeface-short', 'fp32')) }));
backendContract('ONNX Runtime, the INT8 recogniser', async () => {
  const [recognizer] = release.manifest.networks.filter((network) => network.role === 'recognizer');
  return { backend: createOnnxBackend(), ...(await bundled(recognizer?.name ?? '', 'int8')) };
});
backendContract('fake', async () => {
  const subject = await bundled('blazeface-short', 'fp32');
  // The fake believes a manifest unless it is told what the file holds.
  const input: ModelInput = subject.file.input ?? subject.network.input;
  return { backend: createFakeBackend({ [subject.network.name]: { input } }), ...subject };
});
backendContract('fake that takes its time', async () => {
  const subject = await bundled('blazeface-short', 'fp32');
  return {
    backend: createFakeBackend({ [subject.network.name]: { input: subject.network.input, latencyMs: 3 } }),
    ...subject,
    path: join(release.directory, 'model.json'),
  };
});

async function simulated(from: typeof release, name: string, affinity: unknown) {
  const network = findNetwork(from, name);
  const file = selectFile(network, 'rknn', 'rk3588', 'int8');
  const { npu } = checkConfig({ npu: { simulate: npuSimulation(from), layouts: { [name]: { affinity } } } });
  return { backend: await createRknnBackend({ npu, scheduler: createCoreScheduler() }), network, file, path: await verifyFile(from, file) };
}

backendContract('RKNN on the simulated runtime, any core', () => simulated(tiny, 'faces', 'auto'));
backendContract('RKNN on the simulated runtime, one core', () => simulated(tiny, 'faces', { pinned: [1] }));
backendContract('RKNN on the simulated runtime, fused cores', () => simulated(tiny, 'detector-short', { fused: [0, 1, 2] }));

const compiled = release.manifest.networks.filter(({ files }) => files.some(({ backend }) => backend === 'rknn'));
if (compiled.length === 0) console.log('SKIPPED: the release has no .rknn file yet');
for (const { name } of compiled) backendContract(`RKNN on the simulated runtime, ${name} of the release`, () => simulated(release, name, 'auto'));
