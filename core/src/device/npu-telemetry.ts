/**
 * How the NPU does, from what the kernel tells about it: read by the host itself, so that sight's hot path has nothing to do with it, and at most
 * once a second however often it is asked. What cannot be read is named with why.
 */
import { createReadStream } from 'node:fs';
import { LIBRARY_PLACES } from '@mien/native/npu';
import { type Found, type MachineFiles, openMachineFiles } from './machine-files.ts';
import { parseNpuLoad } from './npu-load.ts';
import type { NpuReading, NpuSource, NpuTelemetry } from './npu-reading.ts';

export interface NpuTelemetryOptions {
  readonly files?: MachineFiles;
  /** The vendor's library; looked for in the usual places without it. */
  readonly library?: string | undefined;
  readonly monoMs?: () => number;
}

const KEPT_MS = 1000;

export function createNpuTelemetry({ files = openMachineFiles(), library, monoMs = () => performance.now() }: NpuTelemetryOptions = {}): NpuTelemetry {
  let last: { readonly atMs: number; readonly reading: Promise<NpuReading> } | undefined;
  // The library does not change while Mien runs, and is some megabytes long.
  let runtime: Promise<Found<string>> | undefined;
  return {
    read() {
      const now = monoMs();
      if (!last || now - last.atMs >= KEPT_MS) {
        runtime ??= findRuntimeVersion(files, library);
        last = { atMs: now, reading: readNpu(files, runtime) };
      }
      return last.reading;
    },
  };
}

async function readNpu(files: MachineFiles, runtime: Promise<Found<string>>): Promise<NpuReading> {
  const scaling = await scalingFolder(files);
  const ofScaling = async (name: string): Promise<Found<string>> =>
    scaling === undefined ? { absent: 'there is no NPU in /sys/class/devfreq' } : files.text(`${scaling}/${name}`);
  const [load, frequency, maxFrequency, governor, temperature, driver, library] = await Promise.all([
    readLoad(files, scaling !== undefined),
    ofScaling('cur_freq'),
    ofScaling('max_freq'),
    ofScaling('governor'),
    readTemperature(files),
    readDriver(files),
    runtime,
  ]);
  const absent: Array<{ source: NpuSource; reason: string }> = [];
  const part = <K extends keyof NpuReading>(key: K, source: NpuSource | undefined, found: Found<NonNullable<NpuReading[K]>>): Partial<NpuReading> => {
    if ('value' in found) return { [key]: found.value };
    if (source !== undefined) absent.push({ source, reason: found.absent });
    return {};
  };
  return {
    ...part('loadPercent', 'load', load),
    ...part('frequencyHz', 'frequency', asNumber(frequency)),
    ...part('maxFrequencyHz', undefined, asNumber(maxFrequency)),
    ...part('governor', 'governor', governor),
    ...part('temperatureC', 'temperature', temperature),
    ...part('driver', 'driver', driver),
    ...part('runtime', 'runtime', library),
    absent,
  };
}

/** `/sys/class/devfreq/fdab0000.npu` on an RK3588. */
export async function scalingFolder(files: MachineFiles): Promise<string | undefined> {
  const name = (await files.names('/sys/class/devfreq')).find((one) => one.endsWith('npu'));
  return name === undefined ? undefined : `/sys/class/devfreq/${name}`;
}

/** Not from devfreq's `load`, which this driver never fills: it says 100 or 0 whatever the NPU does. */
async function readLoad(files: MachineFiles, isThere: boolean): Promise<Found<number[]>> {
  const found = await firstOf(files, ['/sys/kernel/debug/rknpu/load', '/proc/rknpu/load']);
  if (!('value' in found)) {
    if (!found.absent.endsWith('by this user')) return found;
    return { absent: isThere ? `${found.absent}: the load is for root only` : 'there is no driver rknpu' };
  }
  const loads = parseNpuLoad(found.value);
  return loads ? { value: loads } : { absent: `the driver tells its load as "${found.value.slice(0, 60)}", which Mien does not know` };
}

/** Version of the kernel's driver, as 0.9.8. */
export async function readDriver(files: MachineFiles): Promise<Found<string>> {
  const found = await firstOf(files, ['/sys/module/rknpu/version', '/sys/kernel/debug/rknpu/version', '/proc/rknpu/version']);
  if (!('value' in found)) return found;
  const version = /\d+\.\d+\.\d+/.exec(found.value)?.[0];
  return version ? { value: version } : { absent: `the driver tells its version as "${found.value.slice(0, 60)}"` };
}

async function readTemperature(files: MachineFiles): Promise<Found<number>> {
  const zone = await npuZone(files);
  if (zone === undefined) return { absent: 'there is no thermal zone npu-thermal' };
  const milli = asNumber(await files.text(`${zone}/temp`));
  return 'value' in milli ? { value: Math.round(milli.value / 100) / 10 } : milli;
}

export async function npuZone(files: MachineFiles): Promise<string | undefined> {
  for (const name of await files.names('/sys/class/thermal')) {
    const type = await files.text(`/sys/class/thermal/${name}/type`);
    if ('value' in type && /^npu[-_]?thermal$/.test(type.value)) return `/sys/class/thermal/${name}`;
  }
  return undefined;
}

/** The first that can be read; else why the one that is there cannot, else why the first is not there. */
async function firstOf(files: MachineFiles, paths: readonly string[]): Promise<Found<string>> {
  const found: Found<string>[] = [];
  for (const path of paths) {
    const one = await files.text(path);
    if ('value' in one) return one;
    found.push(one);
  }
  const refused = found.find((one) => 'absent' in one && !one.absent.startsWith('there is no'));
  return refused ?? found[0] ?? { absent: 'nothing was asked' };
}

function asNumber(found: Found<string>): Found<number> {
  if (!('value' in found)) return found;
  const value = found.value === '' ? Number.NaN : Number(found.value);
  return Number.isFinite(value) ? { value } : { absent: `"${found.value.slice(0, 60)}" is not a number` };
}

/** The version that the vendor's library carries in its text, without loading it. */
export async function findRuntimeVersion(files: MachineFiles, library?: string): Promise<Found<string>> {
  // The loader's own search path, a bare name, is for the loader.
  const places = library === undefined ? LIBRARY_PLACES.filter((place) => place.startsWith('/')) : [library];
  for (const place of places) {
    if (!(await files.exists(place))) continue;
    try {
      const version = await versionIn(files.path(place));
      return version ? { value: version } : { absent: `${place} does not say its version` };
    } catch (fault) {
      return { absent: `${place} cannot be read: ${(fault as Error).message}` };
    }
  }
  return { absent: `there is no ${library ?? `librknnrt.so in ${places.map((place) => place.slice(0, place.lastIndexOf('/'))).join(', ')}`}` };
}

async function versionIn(path: string): Promise<string | undefined> {
  let kept = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1' })) {
    kept = kept.slice(-100) + chunk;
    const version = /librknnrt version: (\d+\.\d+\.\d+[\w.-]*)(?=[^\w.-])/.exec(kept)?.[1];
    if (version !== undefined) return version;
  }
  return undefined;
}
