import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type MachineFiles, openMachineFiles } from '../../../../core/src/device/machine-files.ts';
import { findingsText, lookAtNpu, type NpuFindingCode } from '../../../../core/src/inference/npu/device.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const device = suite('look at the NPU');

/** Files by their path; `-> target` is a symbolic link. */
type Tree = Readonly<Record<string, string>>;

const orangePi: Tree = {
  '/proc/device-tree/compatible': 'rockchip,rk3588s-orangepi-5\0rockchip,rk3588\0',
  '/sys/class/drm/card0/device/driver': '-> ../../../bus/platform/drivers/rockchip-drm',
  '/sys/class/drm/card1/device/driver': '-> ../../../../bus/platform/drivers/RKNPU',
  '/sys/class/drm/renderD129/device/driver': '-> ../../../../bus/platform/drivers/RKNPU',
  '/dev/dri/card0': '',
  '/dev/dri/card1': '',
  '/etc/group': 'root:x:0:\nvideo:x:44:pi\nrender:x:105:\n',
  '/usr/lib/librknnrt.so': 'elf',
};

function without(tree: Tree, ...parts: string[]): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !parts.some((part) => path.startsWith(part))));
}

function plant(folder: string, tree: Tree): MachineFiles {
  for (const [path, content] of Object.entries(tree)) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), full);
    else writeFileSync(full, content);
  }
  return openMachineFiles(folder);
}

async function look(tree: Tree, options: { readonly library?: string; readonly chip?: string } = {}) {
  using folder = new TemporaryFolder();
  return await lookAtNpu({ files: plant(folder.path, tree), ...options });
}

const codes = (found: { findings: ReadonlyArray<{ code: NpuFindingCode }> }) => found.findings.map(({ code }) => code);

device('finds nothing amiss on a board as its maker delivers it', async () => {
  assert.equal(await look(orangePi), { chip: 'rk3588', driver: 'rknpu', node: '/dev/dri/card1', library: '/usr/lib/librknnrt.so', findings: [] });
});

device('knows the driver by its uevent too, and the older node of its own', async () => {
  const byUevent = { ...without(orangePi, '/sys/class/drm/card1'), '/sys/class/drm/card1/device/uevent': 'DRIVER=RKNPU\nOF_NAME=npu\n' };
  assert.is((await look(byUevent)).node, '/dev/dri/card1');
  const own = await look({ ...without(orangePi, '/sys/class/drm', '/dev/dri'), '/dev/rknpu': '' });
  assert.is(own.node, '/dev/rknpu');
  assert.equal(own.findings, []);
});

device('tells a link of /dev/rknpu from the node', async () => {
  const found = await look({ ...orangePi, '/dev/rknpu': '-> /dev/dri/renderD129' });
  assert.equal(codes(found), ['symlink']);
  assert.match(findingsText(found.findings), 'link to /dev/dri/renderD129');
  assert.match(findingsText(found.findings), 'sudo rm /dev/rknpu');
});

device('says that the mainline driver will not do', async () => {
  const found = await look({
    ...without(orangePi, '/sys/class/drm', '/dev/dri'),
    '/sys/class/accel/accel0/device/driver': '-> ../../../../bus/platform/drivers/rocket',
    '/dev/accel/accel0': '',
  });
  assert.is(found.driver, 'rocket');
  assert.equal(codes(found), ['rocket']);
});

device('says that a board has no driver, and what a container was not given', async () => {
  assert.equal(codes(await look(without(orangePi, '/sys/class/drm/card1', '/sys/class/drm/renderD129', '/dev/dri/card1'))), ['no-driver']);
  const container = await look(without(orangePi, '/dev/dri'));
  assert.equal(codes(container), ['no-node']);
  assert.match(findingsText(container.findings), '--device /dev/dri/card1');
});

device('does not judge a card whose driver the kernel does not tell', async () => {
  assert.equal((await look(without(orangePi, '/sys/class/drm'))).findings, []);
});

device('misses the library on a board, where it is configured too, and not on a laptop', async () => {
  const bare = await look(without(orangePi, '/usr/lib'));
  assert.equal(codes(bare), ['no-library']);
  assert.match(findingsText(bare.findings), 'npu.library');
  assert.is((await look(orangePi, { library: '/usr/lib/librknnrt.so' })).library, '/usr/lib/librknnrt.so');
  assert.match(findingsText((await look(orangePi, { library: '/opt/other.so' })).findings), 'There is no /opt/other.so, which npu.library names.');
  assert.equal(codes(await look({ '/proc/cpuinfo': '' })), ['no-board']);
  assert.equal(codes(await look({})), ['no-board']);
});

device('names a chip that it does not know, and takes the configured one', async () => {
  const rk3566 = { ...orangePi, '/proc/device-tree/compatible': 'pine64,quartz64\0rockchip,rk3566\0' };
  const found = await look(rk3566);
  assert.is(found.chip, 'rk3566');
  assert.equal(codes(found), ['other-chip']);
  assert.equal((await look(without(orangePi, '/proc'), { chip: 'rk3588' })).findings, []);
  assert.match(findingsText((await look(without(orangePi, '/proc'))).findings), 'Set npu.chip');
});

/** A node that only its owner and group may use; `group` is its owner by number. */
async function refused(options: { readonly mode: number; readonly group?: number; readonly tree?: Tree }) {
  using folder = new TemporaryFolder();
  const files = plant(folder.path, options.tree ?? orangePi);
  const node = join(folder.path, '/dev/dri/card1');
  chmodSync(node, options.mode);
  // Only root may give a file away; without that the own group stands in the table of groups.
  if (process.getuid?.() === 0) chownSync(node, 0, options.group ?? 44);
  else writeFileSync(join(folder.path, '/etc/group'), `${options.group === 0 ? 'root' : 'video'}:x:${process.getgid?.()}:\n`);
  // Root may open everything, so the answer is given here.
  const asStranger: MachineFiles = { ...bound(files), mayUse: async (path) => path !== '/dev/dri/card1' && files.mayUse(path) };
  return await lookAtNpu({ files: asStranger });
}

const bound = (files: MachineFiles): MachineFiles => ({
  path: (path) => files.path(path),
  text: (path) => files.text(path),
  names: (folder) => files.names(folder),
  exists: (path) => files.exists(path),
  mayUse: (path) => files.mayUse(path),
});

device('names the group to join', async () => {
  const found = await refused({ mode: 0o660 });
  assert.equal(codes(found), ['no-permission']);
  const text = findingsText(found.findings);
  assert.match(text, 'may not open /dev/dri/card1, which belongs to the group video');
  assert.match(text, 'sudo usermod -aG video $USER');
  assert.match(text, 'SupplementaryGroups=video');
});

device('gives a rule where no group may open it', async () => {
  for (const text of [
    findingsText((await refused({ mode: 0o600 })).findings),
    findingsText((await refused({ mode: 0o660, group: 0 })).findings),
    findingsText((await refused({ mode: 0o660, tree: without(orangePi, '/etc/group') })).findings),
  ].slice(0, process.getuid?.() === 0 ? 3 : 2)) {
    assert.match(text, '/etc/udev/rules.d/60-rknpu.rules');
    assert.match(text, 'DRIVERS=="RKNPU"');
  }
});

device('asks the kernel whether this process may open the node', async () => {
  if (process.getuid?.() === 0) {
    console.log('SKIPPED: root may open everything');
    return;
  }
  using folder = new TemporaryFolder();
  const files = plant(folder.path, orangePi);
  chmodSync(join(folder.path, '/dev/dri/card1'), 0);
  assert.equal(codes(await lookAtNpu({ files })), ['no-permission']);
});

device('looks at this machine without a fault', async () => {
  const found = await lookAtNpu();
  assert.ok(Array.isArray(found.findings));
});

device.run();
