/** How the NPU does where there is one: clock, temperature, load. */
import { absent, type Check, ok, type Row, type Subject, warn } from './check.ts';
import type { NpuReading } from './npu-reading.ts';
import { createNpuTelemetry, npuZone, scalingFolder } from './npu-telemetry.ts';

/** Where the device tree names no trip point. */
const WARM_C = 75;
/** Warned so far before the kernel slows the NPU. */
const MARGIN_C = 5;

export const checkNpuHealth: Check = async (subject) => {
  const { board, config, machine } = subject;
  const isThere = board.chip !== undefined || (await scalingFolder(machine.files)) !== undefined;
  if (!isThere) return [];
  const reading = await createNpuTelemetry({ files: machine.files, library: config.npu.library }).read();
  return [await governor(subject, reading), await thermal(subject, reading), load(reading)];
};

/** The vendor's rknpu_ondemand does not scale by itself: it leaves the clock where it was set last. */
async function governor({ machine }: Subject, { governor: name, frequencyHz, maxFrequencyHz, absent: missing }: NpuReading): Promise<Row> {
  const check = 'npu.governor';
  const folder = await scalingFolder(machine.files);
  if (folder === undefined || name === undefined) return absent(check, missing.find(({ source }) => source === 'governor')?.reason ?? 'not known');
  const clock = frequencyHz === undefined ? 'at an unknown clock' : `at ${mhz(frequencyHz)}`;
  const isSlow = name !== 'performance' && frequencyHz !== undefined && maxFrequencyHz !== undefined && frequencyHz < maxFrequencyHz;
  if (!isSlow) return ok(check, `${name}, ${clock}`);
  return warn(check, `${name} keeps the NPU ${clock} of ${mhz(maxFrequencyHz)}: it stays slow under load`, `echo performance | sudo tee ${folder}/governor`);
}

async function thermal({ machine: { files } }: Subject, { temperatureC, absent: missing }: NpuReading): Promise<Row> {
  const check = 'npu.temperature';
  const zone = await npuZone(files);
  if (zone === undefined || temperatureC === undefined) {
    return absent(check, missing.find(({ source }) => source === 'temperature')?.reason ?? 'not known');
  }
  let slowedC = WARM_C + MARGIN_C;
  for (const name of await files.names(zone)) {
    const point = /^trip_point_(\d+)_type$/.exec(name)?.[1];
    if (point === undefined) continue;
    const type = await files.text(`${zone}/${name}`);
    const temp = await files.text(`${zone}/trip_point_${point}_temp`);
    if ('value' in type && type.value === 'passive' && 'value' in temp && Number(temp.value) > 0) slowedC = Number(temp.value) / 1000;
  }
  if (temperatureC < slowedC - MARGIN_C) return ok(check, `${temperatureC.toFixed(1)} °C`);
  return warn(check, `${temperatureC.toFixed(1)} °C; from about ${slowedC.toFixed(0)} °C on the NPU is slowed`, 'give the board a heat sink or a fan, and air');
}

/** For root only on most kernels: no reason to run Mien as root. */
function load({ loadPercent, absent: missing }: NpuReading): Row {
  if (loadPercent) return ok('npu.load', loadPercent.map((percent, core) => `core ${core}: ${percent} %`).join(', '));
  return absent('npu.load', missing.find(({ source }) => source === 'load')?.reason ?? 'not known');
}

function mhz(hertz: number): string {
  return `${Math.round(hertz / 1e6)} MHz`;
}
