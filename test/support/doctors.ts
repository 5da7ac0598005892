/** Doctor over a tree of files and a machine of a test's making, with a release of tiny networks and a mien.yaml. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { asTable } from '../../core/src/cli/doctor.ts';
import type { Row } from '../../core/src/device/check.ts';
import { type Diagnosis, diagnose } from '../../core/src/device/doctor.ts';
import type { Machine } from '../../core/src/device/machine.ts';
import { openMachineFiles } from '../../core/src/device/machine-files.ts';
import type { ModelManifest } from '../../core/src/inference/model-manifest.ts';
import { writeFakeRelease } from './fake-release.ts';
import { type Tree, writeTree } from './machine-trees.ts';
import { rknnFile } from './rknn-file.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const v4l2 = `ioctl: VIDIOC_ENUM_FMT
	Type: Video Capture

	[0]: 'YUYV' (YUYV 4:2:2)
		Size: Discrete 640x480
			Interval: Discrete 0.033s (30.000 fps)
		Size: Discrete 1280x720
	[1]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 1280x720
		Size: Discrete 1920x1080`;

/** What a healthy board answers; `changed` stands in its place. */
export function boardMachine(root: string, changed: Partial<Machine> = {}): Machine {
  const answers: Readonly<Record<string, string>> = {
    timedatectl: 'yes',
    ffmpeg: 'ffmpeg version 5.1.6-0+deb12u1 Copyright (c) 2000-2024 the FFmpeg developers',
    'v4l2-ctl': v4l2,
  };
  return {
    files: openMachineFiles(root),
    arch: 'arm64',
    node: '24.11.0',
    user: { name: 'orangepi' },
    run: async (program) => (program in answers ? { isGood: true, output: answers[program] ?? '' } : undefined),
    space: async (path) => ({ freeMb: 21_000, mayWrite: true, nearest: path }),
    isFile: async () => false,
    addon: async () => 'linux-arm64, neon',
    runtime: async () => ({
      libraryPath: '/usr/lib/librknnrt.so',
      apiVersion: '2.3.2',
      simulated: false,
      has: { dupContext: true, zeroCopy: true, memSync: true, setCoreMask: true },
    }),
    listen: async () => undefined,
    ...changed,
  };
}

export interface Visit {
  readonly tree?: Tree;
  /** Put over a configuration of one camera and the tiny release. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly machine?: (root: string) => Partial<Machine>;
  /** The release holds files for the NPU as well. */
  readonly npuFiles?: boolean;
  /** Done to the folder, which holds `release/` and becomes the tree's root, before doctor looks. */
  readonly before?: (folder: string) => void;
}

export interface Visited {
  readonly diagnosis: Diagnosis;
  /** As it is printed, folders of the test taken out. */
  readonly table: string;
  row(check: string): Row | undefined;
}

export async function visit({ tree = {}, settings = {}, machine, npuFiles = true, before }: Visit): Promise<Visited> {
  using folder = new TemporaryFolder();
  const at = (name: string) => join(folder.path, name);
  writeTree(folder.path, tree);
  await writeFakeRelease(at('release'));
  if (npuFiles) addNpuFiles(at('release'));
  const { model, ...rest } = settings;
  const config = {
    version: 2,
    stateFolder: '/var/lib/mien',
    cameras: [{ source: '/dev/video0' }],
    ...rest,
    model: { release: at('release'), detector: 'detector-full', ...(model as object | undefined) },
  };
  writeFileSync(at('mien.yaml'), stringify(config));
  before?.(folder.path);
  const diagnosis = await diagnose({ config: at('mien.yaml'), machine: boardMachine(folder.path, machine?.(folder.path)), checkWithinMs: 20_000 });
  return {
    diagnosis,
    table: asTable(diagnosis).replaceAll(folder.path, '<folder>'),
    row: (check) => diagnosis.rows.find((row) => row.check === check),
  };
}

/** A file for the NPU for each network: a container with nothing in it. */
function addNpuFiles(folder: string): void {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as ModelManifest;
  const content = rknnFile();
  writeFileSync(join(folder, 'network.rknn'), content);
  const file = {
    path: 'network.rknn',
    backend: 'rknn',
    chip: 'rk3588',
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  } as const;
  for (const { files } of manifest.networks) files.push({ ...file, precision: files.at(-1)?.precision ?? 'int8' });
  writeFileSync(path, JSON.stringify(manifest));
}
