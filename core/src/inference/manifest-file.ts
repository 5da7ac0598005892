import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { MienError } from '../errors.ts';
import { didYouMean } from '../nearest-name.ts';
import { schemaFaults } from '../schema-faults.ts';
import { manifestFaults } from './manifest-faults.ts';
import { type ModelFile, ModelManifest, type NetworkManifest, type Precision } from './model-manifest.ts';

/** A release on disk whose manifest was checked; its files are checked when they are used. */
export interface Release {
  /** Absolute, symbolic links resolved. */
  readonly directory: string;
  readonly manifest: ModelManifest;
}

/** The release that comes with Mien. Errors: MODEL_NOT_FOUND. */
export function bundledRelease(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('@mien/model/release/model.json'));
  } catch (cause) {
    throw new MienError(
      'MODEL_NOT_FOUND',
      'The package @mien/model with the model release is not installed. Install it, or set model.release to a directory with a model.json.',
      { cause },
    );
  }
}

/** Reads and checks `model.json`, given by its own path or its directory. Errors: MODEL_NOT_FOUND, MANIFEST_INVALID with every fault. */
export async function readRelease(path: string): Promise<Release> {
  const file = basename(path) === 'model.json' ? path : join(path, 'model.json');
  let text: string;
  let directory: string;
  try {
    text = await readFile(file, 'utf8');
    directory = await realpath(dirname(file));
  } catch (cause) {
    throw new MienError('MODEL_NOT_FOUND', `There is no model release at ${path}: expected a directory with a readable model.json.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MienError('MANIFEST_INVALID', `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const faults = schemaFaults(ModelManifest, value);
  if (faults.length === 0) faults.push(...manifestFaults(value as ModelManifest));
  if (faults.length > 0) throw new MienError('MANIFEST_INVALID', `${file} has ${faults.length} fault(s):\n  ${faults.join('\n  ')}`);
  return { directory, manifest: value as ModelManifest };
}

/** The network of that name. Errors: MODEL_NOT_FOUND, which lists what there is. */
export function findNetwork(release: Release, name: string): NetworkManifest {
  const network = release.manifest.networks.find((candidate) => candidate.name === name);
  if (network) return network;
  const names = release.manifest.networks.map((candidate) => candidate.name);
  const what = `The release ${release.manifest.name}@${release.manifest.version} has no network "${name}". It has ${names.join(', ')}.`;
  throw new MienError('MODEL_NOT_FOUND', `${what}${didYouMean(name, names)}`);
}

/**
 * The file for a backend, chip and precision. A network that comes in one precision only (detectors) is taken as it is.
 * Errors: MODEL_NOT_FOUND, which lists what there is.
 */
export function selectFile(network: NetworkManifest, backend: 'onnx' | 'rknn', chip: string, precision: Precision): ModelFile {
  const fitting = network.files.filter((file) => file.backend === backend && file.chip === chip);
  const file = fitting.find((candidate) => candidate.precision === precision) ?? (network.role === 'detector' && fitting.length === 1 ? fitting[0] : undefined);
  if (file) return file;
  const there = network.files.map((candidate) => `${candidate.backend}/${candidate.chip}/${candidate.precision}`).join(', ');
  throw new MienError('MODEL_NOT_FOUND', `${network.name} has no file for ${backend}/${chip}/${precision}. It has ${there}.`);
}

/** Checks size and hash of a release's file and returns its absolute path. Errors: MODEL_NOT_FOUND, MODEL_CORRUPT with both hashes. */
export async function verifyFile(release: Release, file: { readonly path: string; readonly sha256: string; readonly bytes?: number }): Promise<string> {
  const path = await locate(release, file.path);
  const { size } = await stat(path);
  if (file.bytes !== undefined && size !== file.bytes) {
    throw new MienError('MODEL_CORRUPT', `${file.path} has ${size} bytes, the manifest says ${file.bytes}. Fetch the release again.`);
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found !== file.sha256) {
    throw new MienError('MODEL_CORRUPT', `${file.path} has sha256 ${found}, the manifest says ${file.sha256}. Fetch the release again.`);
  }
  return path;
}

/** A manifest may name files inside its own directory only, symbolic links included. */
async function locate(release: Release, relative: string): Promise<string> {
  const outside = () => new MienError('MANIFEST_INVALID', `The manifest names "${relative}", which is not inside its directory.`);
  if (isAbsolute(relative)) throw outside();
  const joined = join(release.directory, relative);
  if (!joined.startsWith(release.directory + sep)) throw outside();
  let path: string;
  try {
    path = await realpath(joined);
  } catch (cause) {
    throw new MienError('MODEL_NOT_FOUND', `${relative} is missing in ${release.directory}. Fetch the release again.`, { cause });
  }
  if (!path.startsWith(release.directory + sep)) throw outside();
  return path;
}
