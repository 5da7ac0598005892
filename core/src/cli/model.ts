import { MienError } from '../errors.ts';
import { chooseBackend } from '../inference/backends.ts';
import { loadNetwork } from '../inference/loaded-network.ts';
import { bundledRelease, findNetwork, type Release, readRelease } from '../inference/manifest-file.ts';
import type { NetworkManifest } from '../inference/model-manifest.ts';
import { createProgress } from './progress.ts';

export interface ModelCommand {
  release?: string;
  json?: boolean;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const open = (options: ModelCommand): Promise<Release> => readRelease(options.release ?? bundledRelease());

/** `mien model list` */
export async function modelList(options: ModelCommand): Promise<void> {
  const { manifest, directory } = await open(options);
  if (options.json) {
    print(
      JSON.stringify({
        name: manifest.name,
        version: manifest.version,
        licence: manifest.licence,
        networks: manifest.networks.map(({ name, role, files }) => ({ name, role, files })),
      }),
    );
    return;
  }
  print(`${manifest.name} ${manifest.version} in ${directory}`);
  print(`licence: ${manifest.licence.name}. ${manifest.licence.statement}`);
  for (const { name, role, files } of manifest.networks) {
    print(
      `  ${name.padEnd(18)} ${role.padEnd(11)} ${files.map(({ backend, chip, precision, bytes }) => `${precision} for ${backend} on ${chip} (${(bytes / 1e6).toFixed(1)} MB)`).join(', ')}`,
    );
  }
}

/** `mien model info [name]` */
export async function modelInfo(name: string | undefined, options: ModelCommand): Promise<void> {
  const release = await open(options);
  const network = name === undefined ? release.manifest.networks.find(({ role }) => role === 'recognizer') : findNetwork(release, name);
  if (!network) throw new MienError('MODEL_NOT_FOUND', 'this release has no recogniser; name a network, see mien model list');
  if (options.json) {
    print(JSON.stringify(network));
    return;
  }
  for (const line of describe(network)) print(line);
  const licence = network.licence ?? release.manifest.licence;
  print(`licence      ${licence.name}: ${licence.statement}`);
  for (const { name: data, use, terms } of release.manifest.data) print(`data         ${data}: ${use} (${terms})`);
}

function* describe(network: NetworkManifest): Generator<string> {
  const { input } = network;
  yield `${network.name}: ${network.description}`;
  yield `input        ${input.width}x${input.height} ${input.colorOrder} ${input.layout} ${input.dtype}, (p - ${input.mean.join('/')}) / ${input.scale.join('/')} applied by the ${input.normalisedBy}`;
  for (const file of network.files)
    yield `file         ${file.path}  ${file.precision}, ${file.backend} on ${file.chip}, sha256 ${file.sha256.slice(0, 16)}...`;
  if (network.role === 'detector') {
    yield `anchors      ${network.anchors.map(({ size, perCell }) => `${size}x${size}x${perCell}`).join(' + ')}, score from ${network.scoreThreshold}`;
    return;
  }
  const { age, gender, expression } = network.heads;
  if (age) yield `age          years, ${age.range.join(' to ')}`;
  if (gender) yield `gender       ${gender.labels.join(', ')}; calibration error ${gender.expectedCalibrationError}`;
  if (expression) yield `expression   ${expression.labels.join(', ')}; calibration error ${expression.expectedCalibrationError}`;
  if (network.quantisation) yield `int8         ${network.quantisation.scheme}; ${network.quantisation.calibration}`;
  for (const { precision, file, split, n, ageMae, genderAccuracy, expressionAccuracy } of network.measured) {
    const figures = [
      ageMae !== undefined && `age error ${ageMae.toFixed(2)} years`,
      genderAccuracy !== undefined && `gender ${(genderAccuracy * 100).toFixed(1)} %`,
      expressionAccuracy !== undefined && `expression ${(expressionAccuracy * 100).toFixed(1)} %`,
    ];
    yield `measured     ${file ?? precision} on ${split} (${n}): ${figures.filter(Boolean).join(', ')}`;
  }
}

/** `mien model verify`: every file that this machine can run is loaded and must give the known answers. */
export async function modelVerify(options: ModelCommand): Promise<void> {
  const release = await open(options);
  const backend = await chooseBackend('onnx');
  const files = release.manifest.networks.flatMap((network) =>
    network.files.filter((file) => file.backend === 'onnx').map(({ precision }) => ({ network, precision })),
  );
  const progress = createProgress('verify', files.length);
  const results: Array<{ network: string; precision: string; passed: boolean; detail: string }> = [];
  for (const { network, precision } of files) {
    try {
      const loaded = await loadNetwork({ release, network, precision }, backend, () => {}, { threads: 1 });
      results.push({ network: network.name, precision, passed: true, detail: loaded.selftest?.detail ?? 'loaded' });
      await loaded.retire();
    } catch (fault) {
      const { code, message } = MienError.from(fault);
      results.push({ network: network.name, precision, passed: false, detail: `${code}: ${message}` });
    }
    progress.step();
  }
  progress.stop();
  if (options.json) print(JSON.stringify(results));
  else for (const { network, precision, passed, detail } of results) print(`${passed ? 'ok  ' : 'FAIL'} ${network} ${precision}: ${detail}`);
  if (results.some(({ passed }) => !passed)) process.exitCode = 1;
}
