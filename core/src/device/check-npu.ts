/** The NPU's device and the vendor's library. */
import { lookAtNpu, type NpuDevice, type NpuFindingCode } from '../inference/npu/device.ts';
import { absent, type Check, fail, inConfig, ok, type Row, type Subject, warn } from './check.ts';
import { readDriver } from './npu-telemetry.ts';

export const checkNpu: Check = async (subject) => {
  const { config, machine } = subject;
  const { library, chip } = config.npu;
  const found = await lookAtNpu({ files: machine.files, library, chip });
  return [...(await device(subject, found)), await runtime(subject, found)];
};

const checkOf: Readonly<Partial<Record<NpuFindingCode, string>>> = { 'no-board': 'npu.chip', 'other-chip': 'npu.chip', symlink: 'npu.symlink' };

async function device(subject: Subject, { node, driver, findings }: NpuDevice): Promise<Row[]> {
  const { config, machine } = subject;
  // Everything about the library stands in a row of its own.
  const here = findings.filter(({ code }) => code !== 'no-library');
  if (config.npu.simulate !== undefined) return [absent('npu.device', 'not looked at: npu.simulate puts a simulated one in its place')];
  if (here.length === 0) {
    const version = await readDriver(machine.files);
    return [ok('npu.device', `${node ?? 'the card of rknpu'}, driver ${driver ?? 'rknpu'} ${'value' in version ? version.value : 'of an unknown version'}`)];
  }
  const isBoard = !here.some(({ code }) => code === 'no-board' || code === 'other-chip');
  return here.map(({ code, what, fix }) => {
    const check = checkOf[code] ?? 'npu.device';
    return unmet(subject, isBoard, check, what, fix);
  });
}

/** Loads it, which opens no device yet. */
async function runtime(subject: Subject, { chip, findings }: NpuDevice): Promise<Row> {
  const check = 'npu.runtime';
  const { config, machine } = subject;
  const { library, simulate } = config.npu;
  const missing = simulate === undefined ? findings.find(({ code }) => code === 'no-library') : undefined;
  if (missing) return unmet(subject, chip !== undefined, check, missing.what, missing.fix);
  try {
    const { libraryPath, apiVersion, simulated, has } = await machine.runtime(library, simulate);
    const lacks = Object.entries(has)
      .filter(([, there]) => !there)
      .map(([name]) => name);
    const version = simulated ? 'a SIMULATED runtime: what it answers is scripted' : `librknnrt ${apiVersion ?? 'of an unknown version'}`;
    return ok(check, `${libraryPath}, ${version}${lacks.length > 0 ? `; it lacks ${lacks.join(', ')}, which Mien can do without` : ''}`);
  } catch (fault) {
    const says = fault instanceof Error ? fault.message : String(fault);
    return unmet(
      subject,
      chip !== undefined,
      check,
      says,
      `put a librknnrt.so for linux-${machine.arch} in its place, or name another as npu.library ${inConfig(subject)}`,
    );
  }
}

/** rknn needs it, auto does less without it, and onnx on a board leaves the NPU unused; elsewhere it is merely not there. */
function unmet({ config }: Subject, isBoard: boolean, check: string, what: string, fix: string): Row {
  if (config.model.backend === 'rknn') return fail(check, what, fix);
  return config.model.backend === 'auto' || isBoard ? warn(check, what, fix) : absent(check, what);
}
