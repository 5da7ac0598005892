import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NpuError } from '@mien/native/npu';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Machine } from '../../../core/src/device/machine.ts';
import { openMachineFiles } from '../../../core/src/device/machine-files.ts';
import { type Visit, visit } from '../../support/doctors.ts';
import { hot, laptop, mainlineRocket, orangePi5, symlinked, wrongGovernor } from '../../support/machine-trees.ts';

const test = suite('doctor');

const rknn = { model: { backend: 'rknn' } };
const noLibrary = async (): Promise<never> => {
  throw new NpuError({ code: 'library-missing', message: 'there is no librknnrt.so' });
};

/** Mode bits mean nothing to root, who may run this test. */
const closed =
  (...paths: string[]) =>
  (root: string): Partial<Machine> => {
    const files = openMachineFiles(root);
    const mayUse = async (path: string): Promise<boolean> => !paths.includes(path) && files.mayUse(path);
    return { files: { path: files.path.bind(files), text: files.text.bind(files), names: files.names.bind(files), exists: files.exists.bind(files), mayUse } };
  };

const laptopMachine = (): Partial<Machine> => ({ arch: 'x64', user: { name: 'ada' }, runtime: noLibrary, addon: async () => 'linux-x64, avx2' });

const machines: Readonly<Record<string, Visit & { readonly isOk: boolean }>> = {
  'orange-pi-5': { isOk: true, tree: orangePi5, settings: rknn },
  'no-permission': {
    isOk: false,
    tree: { ...orangePi5, '/etc/group': `root:x:99999:\nvideo:x:${process.getgid?.()}:pi\n` },
    settings: rknn,
    machine: closed('/dev/dri/card1', '/dev/video0'),
    before: (folder) => chmodSync(join(folder, '/dev/dri/card1'), 0o660),
  },
  'mainline-rocket': { isOk: false, tree: mainlineRocket, settings: rknn, machine: () => ({ runtime: noLibrary }) },
  'symlink-auto': { isOk: true, tree: symlinked, settings: { model: { backend: 'auto' } } },
  'wrong-governor': { isOk: true, tree: wrongGovernor, settings: rknn },
  hot: { isOk: true, tree: hot, settings: rknn },
  laptop: { isOk: true, tree: laptop, settings: { cameras: [{ source: 'clip' }] }, machine: laptopMachine, npuFiles: false },
  'laptop-asked-for-npu': { isOk: false, tree: laptop, settings: { ...rknn, cameras: [{ source: 'clip' }] }, machine: laptopMachine, npuFiles: false },
};

for (const [name, { isOk, ...given }] of Object.entries(machines)) {
  test(`${name}: says what is in golden/${name}.txt (MIEN_GOLDEN=write writes it)`, async () => {
    const { table, diagnosis } = await visit(given);
    const golden = fileURLToPath(new URL(`golden/${name}.txt`, import.meta.url));
    if (process.env['MIEN_GOLDEN'] === 'write') writeFileSync(golden, table);
    assert.ok(existsSync(golden));
    assert.fixture(table, readFileSync(golden, 'utf8'));
    assert.is(diagnosis.ok, isOk);
    const checks = diagnosis.rows.map(({ check }) => check);
    assert.equal(checks, [...new Set(checks)], 'a script finds a row by its check');
  });
}

const failing: ReadonlyArray<readonly [what: string, check: string, visit: Visit, found: RegExp, fix: RegExp]> = [
  ['an old Node', 'node', { machine: () => ({ node: '20.11.1' }) }, /20\.11\.1.*22\.18/, /Node 24/],
  [
    'no addon',
    'addon',
    {
      machine: () => ({
        addon: async () => {
          throw new Error('cannot be loaded on linux-arm64');
        },
      }),
    },
    /cannot be loaded on linux-arm64/,
    /build-native\.mjs/,
  ],
  ['a faulty configuration', 'config', { settings: { api: { prot: 7430 } } }, /api.*port/s, /correct it in .*mien\.yaml/],
  [
    'a camera that is not there',
    'camera.main',
    { settings: { cameras: [{ source: '/dev/video9' }] } },
    /no \/dev\/video9; connected: \/dev\/video0 \(HD Pro/,
    /source: \/dev\/video0 in/,
  ],
  ['a camera that may not be used', 'camera.main', { machine: closed('/dev/video0') }, /orangepi may not use \/dev\/video0/, /usermod -aG video orangepi/],
  ['a source that is none', 'camera.main', { settings: { cameras: [{ source: 'http://x' }] } }, /not a kind of camera/, /correct its source/],
  ['a file that is not there', 'camera.main', { settings: { cameras: [{ source: '/gone.mp4' }] } }, /no file \/gone\.mp4/, /correct its source/],
  ['no ffmpeg for a camera', 'ffmpeg', { machine: () => ({ run: async () => undefined }) }, /ffmpeg does not run/, /apt-get install ffmpeg/],
  [
    'an ffmpeg that is too old',
    'ffmpeg',
    { machine: () => ({ run: async () => ({ isGood: true, output: 'ffmpeg version 4.4.2-0ubuntu0.22.04.1' }) }) },
    /4\.4\.2.* too old/,
    /ffmpeg/,
  ],
  [
    'a port in use',
    'port',
    { machine: () => ({ listen: async () => ({ code: 'EADDRINUSE', isMien: false }) }) },
    /taken by another program/,
    /api: \{ port: 7431 \} in .*mien\.yaml/,
  ],
  [
    'a port for root',
    'port',
    { settings: { api: { port: 80 } }, machine: () => ({ listen: async () => ({ code: 'EACCES', isMien: false }) }) },
    /may not use port 80/,
    /port: 7430/,
  ],
  ['an address open to all without a token', 'port', { settings: { api: { host: '0.0.0.0' } } }, /no token/, /MIEN_TOKEN/],
  ['no release', 'model', { settings: { model: { release: '/gone' } } }, /no model release at \/gone/, /model\.release/],
  ['a detector that is not in it', 'model.detector', { settings: { model: { detector: 'detector-ful' } } }, /Did you mean "detector-full"/, /model\.detector/],
  [
    'a model file that was changed',
    'model.cpu',
    { before: (folder) => writeFileSync(join(folder, 'release/faces-int8.onnx'), 'faces inT8') },
    /sha256/,
    /fetch the release/,
  ],
  ['no file for this chip', 'model.npu', { settings: rknn, npuFiles: false }, /no file for rknn\/rk3588\/int8/, /backend: onnx/],
  [
    'a runtime that is too old for the files',
    'model.npu',
    { tree: { ...orangePi5, '/usr/lib/librknnrt.so': 'librknnrt version: 1.4.0 (a10f100eb)' }, settings: rknn },
    /network\.rknn.*1\.4\.0/,
    /a newer librknnrt\.so/,
  ],
  [
    'a library that does not load',
    'npu.runtime',
    { settings: rknn, machine: () => ({ runtime: async () => Promise.reject(new Error('wrong ELF class')) }) },
    /wrong ELF class/,
    /linux-arm64/,
  ],
  [
    'a plugin that is not there',
    'plugin.greeter',
    { settings: { plugins: { greeter: { from: './greeter.ts' } } } },
    /no file or folder/,
    /plugin disable greeter/,
  ],
  ['a folder of plugins that is not there', 'plugins', { settings: { pluginFolder: './mine' } }, /no folder .*mine/, /mkdir -p/],
];
for (const [what, check, given, found, fix] of failing) {
  test(`${what} fails with its fix`, async () => {
    const { diagnosis, row } = await visit({ tree: orangePi5, ...given });
    const one = row(check);
    assert.is(one?.state, 'fail', JSON.stringify(one));
    assert.match(one?.found ?? '', found);
    assert.match(one && 'fix' in one ? one.fix : '', fix);
    assert.is(diagnosis.ok, false);
  });
}

const worse: ReadonlyArray<readonly [what: string, check: string, visit: Visit, found: RegExp, fix: RegExp]> = [
  ['little memory', 'memory', { tree: { ...orangePi5, '/proc/meminfo': 'MemTotal: 1024000 kB\nMemAvailable: 102400 kB\n' } }, /100 MB of 1000 MB/, /ps aux/],
  ['a full disk', 'disk', { machine: () => ({ space: async (path) => ({ freeMb: 12, mayWrite: true, nearest: path }) }) }, /only 12 MB/, /apt-get clean/],
  [
    'a state folder of somebody else',
    'state',
    { machine: () => ({ space: async () => ({ freeMb: 5000, mayWrite: false, nearest: '/var/lib' }) }) },
    /\/var\/lib\/mien cannot be written by orangepi/,
    /sudo install -d -o orangepi \/var\/lib\/mien/,
  ],
  [
    'a clock that nobody sets',
    'time',
    { machine: () => ({ run: async (program) => ({ isGood: true, output: program === 'timedatectl' ? 'no' : 'ffmpeg version 7.1' }) }) },
    /not set from the network/,
    /set-ntp true/,
  ],
  ['an unused NPU that may not be opened', 'npu.device', { machine: closed('/dev/dri/card1') }, /may not open \/dev\/dri\/card1/, /usermod|udev/],
];
for (const [what, check, given, found, fix] of worse) {
  test(`${what} is warned of, and fails nothing`, async () => {
    const { diagnosis, row } = await visit({ tree: orangePi5, ...given });
    const one = row(check);
    assert.is(one?.state, 'warn', JSON.stringify(one));
    assert.match(one?.found ?? '', found);
    assert.match(one && 'fix' in one ? one.fix : '', fix);
    assert.is(diagnosis.ok, true);
  });
}

test('a quarantined plugin fails with its reason; a disabled one is not looked at', async () => {
  const state = { version: 1, quarantines: { wave: { fingerprint: 'x', reason: 'crashed 5 times', atWallMs: 1 } }, lastGood: {} };
  const given: Visit = {
    tree: orangePi5,
    settings: { stateFolder: './state', plugins: { wave: { from: './wave.mjs' }, gone: { from: './gone.mjs', enabled: false } } },
    before: (folder) => writeFileSync(join(folder, 'wave.mjs'), ''),
  };
  assert.is((await visit(given)).row('plugin.wave')?.state, 'ok');
  const { row } = await visit({ ...given, tree: { ...orangePi5, '/state/plugins.json': JSON.stringify(state) } });
  const ill = row('plugin.wave');
  assert.is(ill?.state, 'fail');
  assert.match(ill?.found ?? '', 'quarantined: crashed 5 times');
  assert.match(ill && 'fix' in ill ? ill.fix : '', /mien plugin enable wave --config .*mien\.yaml/);
  assert.is(row('plugin.gone'), undefined);
  // What makes no sense stops nothing.
  assert.is((await visit({ ...given, tree: { ...orangePi5, '/state/plugins.json': '{"quarantines":[null]}' } })).row('plugin.wave')?.state, 'ok');
});

test('the formats of a camera by ffmpeg, where there is no v4l2-ctl', async () => {
  const output =
    '[video4linux2,v4l2 @ 0x55] Raw       :     yuyv422 :           YUYV 4:2:2 : 640x480 160x90\n[video4linux2,v4l2 @ 0x55] Compressed:       mjpeg :          Motion-JPEG : 1280x720\n/dev/video0: Immediate exit requested';
  const { row } = await visit({
    tree: orangePi5,
    machine: () => ({ run: async (program) => (program === 'ffmpeg' ? { isGood: true, output: `ffmpeg version 7.1\n${output}` } : undefined) }),
  });
  assert.match(row('camera.main')?.found ?? '', '/dev/video0 (HD Pro Webcam C920): yuyv422 640x480 160x90; mjpeg 1280x720');
});

test('a Mien that runs already is no fault', async () => {
  const { row } = await visit({ tree: orangePi5, machine: () => ({ listen: async () => ({ code: 'EADDRINUSE', isMien: true }) }) });
  assert.equal(row('port'), { check: 'port', state: 'ok', found: 'a Mien runs at 127.0.0.1:7430' });
});

test('a simulated NPU is named so, and no device is asked for', async () => {
  const has = { dupContext: true, zeroCopy: true, memSync: false, setCoreMask: true };
  const { row, diagnosis } = await visit({
    tree: laptop,
    settings: { model: { backend: 'rknn' }, npu: { simulate: {}, chip: 'rk3588' }, cameras: [{ source: 'clip' }] },
    machine: () => ({ runtime: async () => ({ libraryPath: '/x/libmien-npu-simulated.so', apiVersion: '2.3.2', simulated: true, has }) }),
  });
  assert.match(row('npu.runtime')?.found ?? '', /SIMULATED.*lacks memSync/);
  assert.is(row('npu.device')?.state, 'absent');
  assert.is(diagnosis.ok, true);
});

test('a check that breaks is a row of its own, and the others go on', async () => {
  const { diagnosis, row } = await visit({
    tree: orangePi5,
    machine: () => ({
      listen: async () => {
        throw new Error('no network at all');
      },
    }),
  });
  assert.match(row('program')?.found ?? '', 'could not be looked at: no network at all');
  assert.is(row('camera.main')?.state, 'ok');
  assert.is(diagnosis.ok, false);
});

test.run();
