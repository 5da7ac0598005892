/**
 * Run by arm64 Node above the stand-in: the RKNN backend on the real runtime and the release's files, below a made-up root that looks like a board.
 * Prints what each step came to: what a session says, or the code and the words of the error.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NpuOptions, openNpu } from '@mien/native/npu';
import { openMachineFiles } from '../../../core/src/device/machine-files.ts';
import { MienError } from '../../../core/src/errors.ts';
import type { InferenceBackend, Session } from '../../../core/src/inference/backend.ts';
import { createCoreScheduler } from '../../../core/src/inference/core-scheduler.ts';
import { readRelease } from '../../../core/src/inference/manifest-file.ts';
import { createRknnBackend } from '../../../core/src/inference/npu/rknn-backend.ts';
import { allocateInput } from '../../../core/src/inference/tensor-shape.ts';

const { library, root, releaseFolder } = JSON.parse(process.argv[2] ?? '') as { library: string; root: string; releaseFolder: string };
// Below the root it has the name that a board knows it by.
const npu = { library: '/usr/lib/librknnrt.so', layouts: {}, deadlineMs: 30_000 };
const openLibrary = (options: NpuOptions) => openNpu({ ...options, library });
const release = await readRelease(releaseFolder);
const networks = release.manifest.networks.flatMap((network) => network.files.filter(({ backend }) => backend === 'rknn').map((file) => ({ network, file })));

async function errorOf(step: () => Promise<unknown>): Promise<{ code: string; message: string } | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof MienError) return { code: error.code, message: error.message };
    throw error;
  }
}

const open = (): Promise<InferenceBackend> => createRknnBackend({ npu, scheduler: createCoreScheduler(), files: openMachineFiles(root), open: openLibrary });

/** Loads a changed copy of the first network's file. */
async function refusal(backend: InferenceBackend, change: (bytes: Buffer) => Uint8Array) {
  const [one] = networks;
  if (!one) throw new Error('the release has no .rknn file');
  const path = join(root, 'changed.rknn');
  writeFileSync(path, change(await readFile(join(releaseFolder, one.file.path))));
  return await errorOf(async () => {
    const session = await backend.load(one.network, one.file, path);
    await session[Symbol.asyncDispose]();
  });
}

async function told(session: Session) {
  const tensor = allocateInput(session.info.input);
  const outputs = await session.run(tensor);
  return {
    info: session.info,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, { length: data.length, finite: data.every(Number.isFinite) }])),
  };
}

process.env.MIEN_STANDIN_FAULT = 'denied';
const denied = await errorOf(open);
process.env.MIEN_STANDIN_FAULT = '';
const backend = await open();
const loaded: Record<string, unknown> = {};
for (const { network, file } of networks) {
  const session = await backend.load(network, file, join(releaseFolder, file.path), { npuCores: [0, 1, 2] });
  loaded[network.name] = await told(session);
  await session[Symbol.asyncDispose]();
}
const refused = {
  garbage: await refusal(backend, () => Buffer.alloc(4096, 7)),
  truncated: await refusal(backend, (bytes) => bytes.subarray(0, bytes.length >> 1)),
  wrongChip: await refusal(backend, (bytes) => {
    bytes.write('rk3566', bytes.lastIndexOf('rk3588'));
    return bytes;
  }),
};
for (const gone of ['sys/class/drm/card0', 'dev/dri/card0']) rmSync(join(root, gone), { recursive: true });
const absent = await errorOf(open);
process.stdout.write(JSON.stringify({ takes: backend.takes, denied, absent, loaded, refused }));
