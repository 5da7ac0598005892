/** What machine this is, from the device tree or the firmware's tables. */
import type { MachineFiles } from './machine-files.ts';

export interface Board {
  /** As it names itself: `Orange Pi 5`, `LENOVO ThinkPad X1`. */
  readonly model: string;
  /** The system on chip, as `rk3588` (also for the rk3588s); undefined on what is no Rockchip board. */
  readonly chip: string | undefined;
  /** From the device tree, most special first; empty on what has none. */
  readonly compatible: readonly string[];
  readonly kernel: string;
  /** The distribution. */
  readonly system: string;
  readonly cores: number;
  /** Undefined where /proc/meminfo does not say. */
  readonly memory: { readonly totalMb: number; readonly availableMb: number } | undefined;
}

export async function readBoard(files: MachineFiles): Promise<Board> {
  const read = async (path: string): Promise<string | undefined> => {
    const found = await files.text(path);
    return 'value' in found && found.value !== '' ? found.value : undefined;
  };
  const compatible = ((await read('/proc/device-tree/compatible')) ?? '').split('\n').filter(Boolean);
  const release = await read('/etc/os-release');
  const cpus = await read('/proc/cpuinfo');
  return {
    model: (await read('/proc/device-tree/model')) ?? (await firmwareName(read)) ?? 'a machine without a name',
    chip: chipOf(compatible),
    compatible,
    kernel: (await read('/proc/sys/kernel/osrelease')) ?? 'unknown',
    system: /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(release ?? '')?.[1] ?? 'unknown',
    cores: [...(cpus ?? '').matchAll(/^processor\s*:/gm)].length,
    memory: memoryOf(await read('/proc/meminfo')),
  };
}

/** `rockchip,rk3588s-orangepi-5`, `rockchip,rk3588`: both are the chip rk3588 to a model file. */
export function chipOf(compatible: readonly string[]): string | undefined {
  for (const one of compatible.toReversed()) {
    const chip = /^rockchip,((?:rk|rv)\d{4})/.exec(one)?.[1];
    if (chip !== undefined) return chip;
  }
  return undefined;
}

async function firmwareName(read: (path: string) => Promise<string | undefined>): Promise<string | undefined> {
  const vendor = await read('/sys/class/dmi/id/sys_vendor');
  const product = await read('/sys/class/dmi/id/product_name');
  const name = [vendor, product].filter(Boolean).join(' ');
  return name === '' ? undefined : name;
}

function memoryOf(text: string | undefined): Board['memory'] {
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text ?? '')?.[1]);
  const [total, available] = [kilobytes('MemTotal'), kilobytes('MemAvailable')];
  return total > 0 && available >= 0 ? { totalMb: Math.round(total / 1024), availableMb: Math.round(available / 1024) } : undefined;
}
