/** The NPU's device and the vendor's library. */
import { lookAtNpu, type NpuDevice, type NpuFindingCode } from '../inference/npu/device.ts';
import { absent, type Check, fail, inConfig, ok, type Row, type Subject, warn } from './check.ts';
import type { RuntimeFacts } from './machine.ts';
import { readDriver } from './npu-telemetry.ts';

export const checkNpu: Check = async (subject) => {
  const { config, machine } = subject;
  const { library, chip, simulate } = config.npu;
  const found = await lookAtNpu({ files: machine.files, library, chip });
  // Loading it opens no device yet.
  const opened = await machine.runtime(library, simulate).catch((fault: unknown) => (fault instanceof Error ? fault : new Error(String(fault))));
  const isSimulated = simulate !== undefined || (!(opened instanceof Error) && opened.simulated);
  const device = isSimulated ? [absent('npu.device', 'not looked at: a simulated one stands in its place')] : await deviceRows(subject, found);
  return [...device, runtimeRow(subject, found, opened)];
};

const checkOf: Readonly<Partial<Record<NpuFindingCode, string>>> = { 'no-board': 'npu.chip', 'other-chip': 'npu.chip', symlink: 'npu.symlink' };

async function deviceRows(subject: Subject, { node, driver, findings }: NpuDevice): Promise<Row[]> {
  // What is said of the library stands in its own row.
  const here = findings.filter(({ code }) => code !== 'no-library');
  if (here.length === 0) {
    const version = await readDriver(subject.machine.files);
    return [ok('npu.device', `${node ?? 'the card of rknpu'}, driver ${driver ?? 'rknpu'} ${'value' in version ? version.value : 'of an unknown version'}`)];
  }
  const isBoard = !here.some(({ code }) => code === 'no-board' || code === 'other-chip');
  return here.map(({ code, what, fix }) => unmet(subject, isBoard, checkOf[code] ?? 'npu.device', what, fix));
}

function runtimeRow(subject: Subject, { chip, findings }: NpuDevice, opened: RuntimeFacts | Error): Row {
  const check = 'npu.runtime';
  if (opened instanceof Error) {
    const missing = subject.config.npu.simulate === undefined ? findings.find(({ code }) => code === 'no-library') : undefined;
    const what = missing?.what ?? opened.message;
    const fix = missing?.fix ?? `put a librknnrt.so for linux-${subject.machine.arch} in its place, or name another as npu.library ${inConfig(subject)}`;
    return unmet(subject, chip !== undefined, check, what, fix);
  }
  const { libraryPath, apiVersion, simulated, has } = opened;
  const lacks = Object.entries(has)
    .filter(([, there]) => !there)
    .map(([name]) => name);
  const version = simulated ? 'a SIMULATED runtime: what it answers is scripted' : `librknnrt ${apiVersion ?? 'of an unknown version'}`;
  return ok(check, `${libraryPath}, ${version}${lacks.length > 0 ? `; it lacks ${lacks.join(', ')}, which Mien can do without` : ''}`);
}

/** rknn needs it, auto does less without it, and onnx on a board leaves the NPU unused; elsewhere it is merely not there. */
function unmet({ config }: Subject, isBoard: boolean, check: string, what: string, fix: string): Row {
  if (config.model.backend === 'rknn') return fail(check, what, fix);
  return config.model.backend === 'auto' || isBoard ? warn(check, what, fix) : absent(check, what);
}
