/** Whether the vendor's runtime can reach an NPU here, looked at before it is called: it says -1 after 100 ms to everything that is wrong. */
import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LIBRARY_PLACES } from '@mien/native/npu';
import { chipOf } from '../../device/board.ts';
import { type MachineFiles, openMachineFiles } from '../../device/machine-files.ts';

/**
 * - `no-board`: no board with a Rockchip chip. `other-chip`: one that Mien has no place for.
 * - `no-driver`: the vendor's driver rknpu is not in this kernel. `rocket`: the mainline driver is, which the runtime cannot use.
 * - `no-node`: the driver is there, its file in /dev is not (a container that was not given it). `no-permission`: this process may not open it.
 * - `symlink`: /dev/rknpu is a link; the runtime takes it for the NPU and crashes.
 * - `no-library`: no librknnrt.so.
 */
export type NpuFindingCode = 'no-board' | 'other-chip' | 'no-driver' | 'rocket' | 'no-node' | 'no-permission' | 'symlink' | 'no-library';

export interface NpuFinding {
  readonly code: NpuFindingCode;
  readonly what: string;
  /** The exact command or line. */
  readonly fix: string;
}

export interface NpuDevice {
  /** By the device tree, as rk3588. */
  readonly chip: string | undefined;
  readonly driver: 'rknpu' | 'rocket' | undefined;
  /** What the runtime opens, as /dev/dri/card1; undefined where there is none. */
  readonly node: string | undefined;
  /** The runtime's library; undefined where there is none in the usual places. */
  readonly library: string | undefined;
  /** What stands in the way, worst first. Empty where a network can be loaded as far as can be seen from outside. */
  readonly findings: readonly NpuFinding[];
}

export interface DeviceLook {
  readonly files?: MachineFiles;
  /** Path of the library, where it is configured. */
  readonly library?: string | undefined;
  /** Other than that of the device tree, where it is configured. */
  readonly chip?: string | undefined;
}

/** Chips whose NPUs librknnrt drives. The scheduler knows the three cores of the RK3588 only. */
const CHIPS: readonly string[] = ['rk3588'];

/** Never throws. */
export async function lookAtNpu({ files = openMachineFiles(), library, chip: configured }: DeviceLook = {}): Promise<NpuDevice> {
  const tree = await files.text('/proc/device-tree/compatible');
  const chip = configured ?? ('value' in tree ? chipOf(tree.value.split('\n')) : undefined);
  const found = await findDriver(files);
  const path = await findLibrary(files, library);
  const findings = [...(await nodeFindings(files, found, chip)), ...chipFindings(chip, found)];
  // On what is no board the library is not missed.
  const mayBeBoard = chip !== undefined || found.driver !== undefined || found.unknownCards;
  if (path === undefined && mayBeBoard) findings.push(noLibrary(library));
  return { chip, driver: found.driver, node: found.node, library: path, findings };
}

/** One line for an error: every finding with its fix. */
export function findingsText(findings: readonly NpuFinding[]): string {
  return findings.map(({ what, fix }) => `${what} ${fix}`).join(' ');
}

interface FoundDriver {
  readonly driver: NpuDevice['driver'];
  readonly node: string | undefined;
  /** What the link /dev/rknpu points to. */
  readonly link: string | undefined;
  /** Cards are there of which the kernel does not tell whose they are. */
  readonly unknownCards: boolean;
}

async function findDriver(files: MachineFiles): Promise<FoundDriver> {
  const link = await readlink(files.path('/dev/rknpu')).catch(() => undefined);
  const isOwnNode = await lstat(files.path('/dev/rknpu')).then(
    (entry) => !entry.isSymbolicLink(),
    () => false,
  );
  if (isOwnNode) return { driver: 'rknpu', node: '/dev/rknpu', link, unknownCards: false };
  const cards = (await files.names('/sys/class/drm')).filter((name) => /^card\d+$/.test(name));
  for (const card of cards) {
    if ((await driverOf(files, `/sys/class/drm/${card}`)) === 'rknpu') return { driver: 'rknpu', node: `/dev/dri/${card}`, link, unknownCards: false };
  }
  for (const accel of await files.names('/sys/class/accel')) {
    if ((await driverOf(files, `/sys/class/accel/${accel}`)) === 'rocket') return { driver: 'rocket', node: undefined, link, unknownCards: false };
  }
  const isCard = (name: string) => /^card\d+$/.test(name);
  const unknownCards = cards.length === 0 && (await files.names('/dev/dri')).some(isCard);
  return { driver: undefined, node: undefined, link, unknownCards };
}

/** Name of the driver in lower case, by the link or by the uevent of the device. */
async function driverOf(files: MachineFiles, device: string): Promise<string | undefined> {
  const link = await readlink(files.path(`${device}/device/driver`)).catch(() => undefined);
  if (link !== undefined) return basename(link).toLowerCase();
  const uevent = await files.text(`${device}/device/uevent`);
  return 'value' in uevent ? /^DRIVER=(.+)$/m.exec(uevent.value)?.[1]?.toLowerCase() : undefined;
}

async function findLibrary(files: MachineFiles, library: string | undefined): Promise<string | undefined> {
  for (const place of library === undefined ? LIBRARY_PLACES : [library]) {
    // A bare name is looked up by the loader: LD_LIBRARY_PATH and its cache.
    if (place.includes('/') && (await files.exists(place))) return place;
    if (!place.includes('/') && (await readFile(files.path('/etc/ld.so.cache')).catch(() => Buffer.alloc(0))).includes(`/${place}`)) return place;
    const folders = place.includes('/') ? [] : (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter(Boolean);
    for (const folder of folders) if (await files.exists(`${folder}/${place}`)) return place;
  }
  return undefined;
}

async function nodeFindings(files: MachineFiles, { driver, node, link, unknownCards }: FoundDriver, chip: string | undefined): Promise<NpuFinding[]> {
  const findings: NpuFinding[] = [];
  if (link !== undefined) {
    findings.push({
      code: 'symlink',
      what: `/dev/rknpu is a link to ${link}, and the runtime would crash on it.`,
      fix: 'Remove it with `sudo rm /dev/rknpu`, and the rule that makes it: `grep -l rknpu /etc/udev/rules.d/*`.',
    });
  }
  if (driver === 'rocket') {
    findings.push({
      code: 'rocket',
      what: "The NPU is driven by the mainline kernel's driver rocket (/dev/accel/accel0), which the vendor's runtime cannot use.",
      fix: "Boot an image with the vendor's kernel (5.10 or 6.1 with rknpu), such as the board maker's; until then set model.backend to onnx.",
    });
  } else if (driver === undefined && chip !== undefined && !unknownCards) {
    findings.push({
      code: 'no-driver',
      what: `There is no NPU driver in this kernel: no card in /sys/class/drm belongs to rknpu, and there is no /dev/rknpu.`,
      fix: "Boot an image with the vendor's kernel (5.10 or 6.1 with rknpu), such as the board maker's, and look at `sudo dmesg | grep -i rknpu`.",
    });
  }
  if (node === undefined) return findings;
  if (!(await files.exists(node))) {
    findings.push({
      code: 'no-node',
      what: `The kernel's driver rknpu is there, but ${node} is not: a container was not given it.`,
      fix: `Start the container with \`--device ${node}\`.`,
    });
  } else if (!(await files.mayUse(node))) findings.push(await noPermission(files, node));
  return findings;
}

/** The group that owns the node opens it, be it video or render. */
async function noPermission(files: MachineFiles, node: string): Promise<NpuFinding> {
  const owner = await stat(files.path(node)).catch(() => undefined);
  const groups = await files.text('/etc/group');
  const lines = 'value' in groups ? groups.value.split('\n') : [];
  const group = lines.map((line) => line.split(':')).find(([, , gid]) => owner !== undefined && Number(gid) === owner.gid)?.[0];
  const mayGroup = owner !== undefined && (owner.mode & 0o060) === 0o060;
  const what = `This process may not open ${node}${group === undefined ? '' : `, which belongs to the group ${group}`}.`;
  if (group !== undefined && group !== 'root' && mayGroup) {
    const fix = `Run \`sudo usermod -aG ${group} $USER\` and log in again; a systemd service takes \`SupplementaryGroups=${group}\`.`;
    return { code: 'no-permission', what, fix };
  }
  const rule = node === '/dev/rknpu' ? 'KERNEL=="rknpu"' : 'SUBSYSTEM=="drm", KERNEL=="card*", DRIVERS=="RKNPU"';
  const fix = `Run \`echo '${rule}, GROUP="video", MODE="0660"' | sudo tee /etc/udev/rules.d/60-rknpu.rules && sudo udevadm control --reload && sudo udevadm trigger && sudo usermod -aG video $USER\` and log in again.`;
  return { code: 'no-permission', what, fix };
}

function chipFindings(chip: string | undefined, { driver, unknownCards }: FoundDriver): NpuFinding[] {
  if (chip === undefined) {
    // A card of rknpu without a device tree: a container that hides /proc/device-tree.
    const fix =
      driver === 'rknpu' || unknownCards ? 'Set npu.chip in mien.yaml (rk3588), if it is one.' : 'Set model.backend to onnx, which runs on every CPU.';
    return [{ code: 'no-board', what: 'This is no board with a Rockchip NPU, by /proc/device-tree/compatible.', fix }];
  }
  if (CHIPS.includes(chip)) return [];
  return [{ code: 'other-chip', what: `The chip is an ${chip}; Mien knows the NPU of the ${CHIPS.join(', ')}.`, fix: 'Set model.backend to onnx.' }];
}

function noLibrary(library: string | undefined): NpuFinding {
  const folders = LIBRARY_PLACES.filter((place) => place.includes('/')).map((place) => place.slice(0, place.lastIndexOf('/')));
  return {
    code: 'no-library',
    what: library === undefined ? `There is no librknnrt.so in ${folders.join(', ')}.` : `There is no ${library}, which npu.library names.`,
    fix: "Take rknpu2/runtime/Linux/librknn_api/aarch64/librknnrt.so out of the vendor's repository rknn-toolkit2 and run `sudo install -m 644 librknnrt.so /usr/lib/`, or name your file in npu.library.",
  };
}
