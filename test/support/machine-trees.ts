/** Files of machines as doctor and telemetry read them, written below a folder: what a kernel tells, as text. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Tree = Readonly<Record<string, string | { readonly link: string } | undefined>>;

export function writeTree(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    if (content === undefined) continue;
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    if (typeof content === 'string') writeFileSync(place, content);
    else symlinkSync(content.link, place);
  }
}

const cpus = (count: number): string => Array.from({ length: count }, (_, i) => `processor\t: ${i}\nBogoMIPS\t: 48.00\n`).join('\n');
const memory = (totalMb: number, availableMb: number): string =>
  `MemTotal:       ${totalMb * 1024} kB\nMemFree:         ${availableMb * 512} kB\nMemAvailable:   ${availableMb * 1024} kB\n`;

const orangePiHardware: Tree = {
  '/proc/device-tree/model': 'Orange Pi 5\0',
  '/proc/device-tree/compatible': 'rockchip,rk3588s-orangepi-5\0rockchip,rk3588\0',
  '/proc/cpuinfo': cpus(8),
  '/proc/meminfo': memory(7928, 6800),
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
  '/sys/class/video4linux/video0/name': 'HD Pro Webcam C920\n',
  '/sys/class/video4linux/video1/name': 'HD Pro Webcam C920\n',
  '/dev/video0': '',
  '/dev/video1': '',
};

/** With the vendor's kernel and runtime, everything in order. */
export const orangePi5: Tree = {
  ...orangePiHardware,
  '/proc/sys/kernel/osrelease': '6.1.43-rockchip-rk3588\n',
  '/sys/module/rknpu/version': '0.9.8\n',
  '/sys/kernel/debug/rknpu/version': 'RKNPU driver: v0.9.8\n',
  '/sys/kernel/debug/rknpu/load': 'NPU load:  Core0: 45%, Core1:  0%, Core2: 12%,\n',
  '/sys/class/devfreq/fb000000.gpu/governor': 'simple_ondemand\n',
  '/sys/class/devfreq/fdab0000.npu/governor': 'performance\n',
  '/sys/class/devfreq/fdab0000.npu/cur_freq': '1000000000\n',
  '/sys/class/devfreq/fdab0000.npu/max_freq': '1000000000\n',
  '/sys/class/devfreq/fdab0000.npu/load': '100@1000000000Hz\n',
  '/sys/class/thermal/thermal_zone0/type': 'soc-thermal\n',
  '/sys/class/thermal/thermal_zone0/temp': '60000\n',
  '/sys/class/thermal/thermal_zone6/type': 'npu-thermal\n',
  '/sys/class/thermal/thermal_zone6/temp': '44384\n',
  '/sys/class/thermal/thermal_zone6/trip_point_0_type': 'passive\n',
  '/sys/class/thermal/thermal_zone6/trip_point_0_temp': '85000\n',
  '/sys/class/drm/card0/device/uevent': 'DRIVER=rockchip-drm\n',
  '/sys/class/drm/card1/device/uevent': 'DRIVER=RKNPU\nOF_NAME=npu\n',
  '/sys/class/drm/renderD129/device/uevent': 'DRIVER=RKNPU\nOF_NAME=npu\n',
  '/dev/dri/card0': '',
  '/dev/dri/card1': '',
  '/dev/dri/renderD129': '',
  '/usr/lib/librknnrt.so': 'some machine code\0librknnrt version: 2.3.2 (429f97ae6b@2025-04-09T09:09:27)\0and more',
};

export const wrongGovernor: Tree = {
  ...orangePi5,
  '/sys/class/devfreq/fdab0000.npu/governor': 'rknpu_ondemand\n',
  '/sys/class/devfreq/fdab0000.npu/cur_freq': '200000000\n',
};

export const hot: Tree = { ...orangePi5, '/sys/class/thermal/thermal_zone6/temp': '86500\n' };

/** The advice of a forum that breaks the runtime's search for its device. */
export const symlinked: Tree = { ...orangePi5, '/dev/rknpu': { link: 'dri/renderD129' } };

/** A mainline kernel: the NPU is there, but its driver is another. */
export const mainlineRocket: Tree = {
  ...orangePiHardware,
  '/proc/device-tree/model': 'Xunlong Orange Pi 5\0',
  '/proc/device-tree/compatible': 'xunlong,orangepi-5\0rockchip,rk3588s\0',
  '/proc/sys/kernel/osrelease': '6.18.2\n',
  '/sys/class/accel/accel0/device/uevent': 'DRIVER=rocket\n',
  '/dev/accel/accel0': '',
  '/sys/module/rocket/initstate': 'live\n',
};

export const laptop: Tree = {
  '/sys/class/dmi/id/sys_vendor': 'LENOVO\n',
  '/sys/class/dmi/id/product_name': '21CB000000\n',
  '/proc/sys/kernel/osrelease': '6.8.0-45-generic\n',
  '/proc/cpuinfo': cpus(4),
  '/proc/meminfo': memory(15900, 9100),
  '/etc/os-release': 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\n',
};
