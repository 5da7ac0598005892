/** The model release: its manifest, its licence, and whether the files that this configuration runs are whole. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import { bundledRelease, findNetwork, type Release, readRelease, selectFile, verifyFile } from '../inference/manifest-file.ts';
import type { ModelFile, NetworkManifest } from '../inference/model-manifest.ts';
import { assertRunsHere, readContainer } from '../inference/npu/container.ts';
import { absent, type Check, fail, inConfig, ok, type Row, type Subject, warn } from './check.ts';
import type { MachineFiles } from './machine-files.ts';
import { findRuntimeVersion } from './npu-telemetry.ts';

export const checkModel: Check = async (subject) => {
  const { model } = subject.config;
  let release: Release;
  let detectors: Release;
  try {
    release = await readRelease(model.release ?? bundledRelease());
    detectors = model.detectorRelease === undefined ? release : await readRelease(model.detectorRelease);
  } catch (fault) {
    const where = model.release ?? model.detectorRelease;
    const fix = where === undefined ? 'npm install @mien/model' : `correct model.release ${inConfig(subject)}; without it the release of @mien/model is taken`;
    return [fail('model', MienError.from(fault).message, fix)];
  }
  const { name, version, licence } = release.manifest;
  const rows: Row[] = [ok('model', `${name} ${version}; licence: ${licence.name}. ${licence.statement}`)];
  const recognizer = release.manifest.networks.find(({ role }) => role === 'recognizer');
  try {
    const networks = [...(recognizer ? [[release, recognizer] as const] : []), [detectors, findNetwork(detectors, model.detector)] as const];
    rows.push(await filesFor('cpu', subject, networks), await filesFor('npu', subject, networks));
  } catch (fault) {
    rows.push(fail('model.detector', MienError.from(fault).message, `correct model.detector ${inConfig(subject)}`));
  }
  return rows;
};

type Networks = ReadonlyArray<readonly [Release, NetworkManifest]>;

/** The files that would run on the processor or on this machine's NPU. */
async function filesFor(where: 'cpu' | 'npu', subject: Subject, networks: Networks): Promise<Row> {
  const { config, board, machine } = subject;
  const { backend, precision } = config.model;
  const check = `model.${where}`;
  const chip = where === 'cpu' ? 'cpu' : (config.npu.chip ?? board.chip ?? (config.npu.simulate && 'rk3588'));
  if (chip === undefined) return absent(check, 'no file is for this machine, which has no NPU that Mien knows');
  const isNeeded = where === 'cpu' ? backend !== 'rknn' : backend === 'rknn';
  const good: string[] = [];
  for (const [release, network] of networks) {
    let file: ModelFile;
    try {
      file = selectFile(network, where === 'cpu' ? 'onnx' : 'rknn', chip, precision);
    } catch (fault) {
      const says = MienError.from(fault).message;
      const fix = `model: { ${where === 'npu' ? 'backend: onnx' : 'precision: int8'} } ${inConfig(subject)}, or a release that has it`;
      if (isNeeded) return fail(check, says, fix);
      return where === 'npu' && backend === 'auto' ? warn(check, says, fix) : absent(check, says);
    }
    try {
      const path = await verifyFile(release, file);
      if (where === 'npu') {
        const container = readContainer(await readFile(path), file.path);
        assertRunsHere(container, { chip, runtime: await runtimeVersion(machine.files, config) }, file.path);
      }
      good.push(`${network.name} ${file.precision}`);
    } catch (fault) {
      const { code, message: says } = MienError.from(fault);
      const fix =
        code === 'MODEL_MISMATCH'
          ? `a newer librknnrt.so, or model: { backend: onnx } ${inConfig(subject)}`
          : `npm install --force @mien/model, or fetch the release in ${release.directory} again`;
      return isNeeded ? fail(check, says, fix) : warn(check, says, fix);
    }
  }
  return ok(check, `${good.join(', ')} for ${chip}: whole`);
}

async function runtimeVersion(files: MachineFiles, { npu }: Config): Promise<string | undefined> {
  const found = await findRuntimeVersion(files, npu.library);
  return 'value' in found ? found.value : undefined;
}
