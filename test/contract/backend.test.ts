import { join } from 'node:path';
import { createFakeBackend } from '../../core/src/inference/fake-backend.ts';
import { bundledRelease, findNetwork, readRelease, selectFile, verifyFile } from '../../core/src/inference/manifest-file.ts';
import type { ModelInput } from '../../core/src/inference/model-manifest.ts';
import { createOnnxBackend } from '../../core/src/inference/onnx-backend.ts';
import { backendContract } from './backend.ts';

const release = await readRelease(bundledRelease());

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
