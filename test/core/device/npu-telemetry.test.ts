import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openMachineFiles } from '../../../core/src/device/machine-files.ts';
import { parseNpuLoad } from '../../../core/src/device/npu-load.ts';
import { createNpuTelemetry } from '../../../core/src/device/npu-telemetry.ts';
import { laptop, orangePi5, type Tree, writeTree } from '../../support/machine-trees.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const test = suite('telemetry of the NPU');

async function reading(tree: Tree, library?: string) {
  using folder = new TemporaryFolder();
  writeTree(folder.path, tree);
  return await createNpuTelemetry({ files: openMachineFiles(folder.path), library }).read();
}

test('reads everything that an RK3588 tells', async () => {
  assert.equal(await reading(orangePi5), {
    loadPercent: [45, 0, 12],
    frequencyHz: 1_000_000_000,
    maxFrequencyHz: 1_000_000_000,
    governor: 'performance',
    temperatureC: 44.4,
    driver: '0.9.8',
    runtime: '2.3.2',
    absent: [],
  });
});

test('a machine without an NPU: every source is named with why, none is fatal', async () => {
  const { absent, ...rest } = await reading(laptop);
  assert.equal(rest, {});
  assert.equal(
    absent.map(({ source }) => source),
    ['load', 'frequency', 'governor', 'temperature', 'driver', 'runtime'],
  );
  for (const { reason } of absent) assert.match(reason, /^there is no /);
});

test('the kernel that tells less, and in other places', async () => {
  const found = await reading(
    {
      '/proc/rknpu/load': 'NPU load: 37%\n',
      '/proc/rknpu/version': 'RKNPU driver: v0.8.2\n',
      '/sys/class/devfreq/fde40000.npu/cur_freq': 'garbage',
      '/sys/class/thermal/thermal_zone1/type': 'npu_thermal\n',
      '/sys/class/thermal/thermal_zone1/temp': '',
      '/opt/librknnrt.so': `${'x'.repeat(70_000)}librknnrt version: 1.5.2 (c6b7b351a)`,
    },
    '/opt/librknnrt.so',
  );
  assert.equal(found.loadPercent, [37]);
  assert.is(found.driver, '0.8.2');
  assert.is(found.runtime, '1.5.2');
  const why = Object.fromEntries(found.absent.map(({ source, reason }) => [source, reason]));
  assert.equal(Object.keys(why).sort(), ['frequency', 'governor', 'temperature']);
  assert.match(why['frequency'] ?? '', '"garbage" is not a number');
  assert.match(why['temperature'] ?? '', 'not a number');
});

test("devfreq's load is not believed: this driver never fills it", async () => {
  const found = await reading({ ...orangePi5, '/sys/kernel/debug/rknpu/load': undefined });
  assert.is(found.loadPercent, undefined);
  assert.match(found.absent[0]?.reason ?? '', 'there is no /sys/kernel/debug/rknpu/load');
});

test('a library that does not say its version, and one that is not there', async () => {
  const silent = await reading({ '/opt/lib.so': 'librknnrt version: ' }, '/opt/lib.so');
  assert.match(silent.absent.at(-1)?.reason ?? '', '/opt/lib.so does not say its version');
  const gone = await reading({}, '/opt/gone.so');
  assert.match(gone.absent.at(-1)?.reason ?? '', 'there is no /opt/gone.so');
});

test('loads: clamped, in the forms of several kernels, or not at all', () => {
  assert.equal(parseNpuLoad('NPU load:  Core0:  0%, Core1: 68%, Core2: 100%,\n'), [0, 68, 100]);
  assert.equal(parseNpuLoad('NPU load:  Core0: 9%, Core1: 42%,\n'), [9, 42]);
  assert.equal(parseNpuLoad('NPU load: 429496%'), [100]);
  assert.equal(parseNpuLoad('NPU load:  Core0: 429496%, Core1: -3%, Core2: 7.5%,'), [100, 0, 7.5]);
  for (const other of ['', 'NPU load:', 'NPU load: Core0: %', '37@800000000Hz', 'off', 'GPU load: 12%']) assert.is(parseNpuLoad(other), undefined, other);
});

test('whatever a driver says: percents within 0 to 100, or nothing', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(fc.tuple(fc.integer({ min: -5, max: 1e9 }), fc.integer({ min: -1e6, max: 1e9 })), { maxLength: 5 })
      .map((cores) => `NPU load: ${cores.map(([core, load]) => ` Core${core}: ${load}%,`).join('')}`),
  );
  fc.assert(
    fc.property(text, (said) => {
      const loads = parseNpuLoad(said);
      if (!loads) return;
      assert.ok(loads.length > 0 && loads.length <= 8);
      for (const load of loads) assert.ok(load >= 0 && load <= 100, said);
    }),
  );
});

test('is read at most once a second, and together by all who ask', async () => {
  using folder = new TemporaryFolder();
  writeTree(folder.path, orangePi5);
  const load = join(folder.path, '/sys/kernel/debug/rknpu/load');
  let now = 5000;
  const telemetry = createNpuTelemetry({ files: openMachineFiles(folder.path), monoMs: () => now });
  const [first, second] = await Promise.all([telemetry.read(), telemetry.read()]);
  assert.is(first, second);
  writeFileSync(load, 'NPU load:  Core0: 99%, Core1: 98%, Core2: 97%,\n');
  now = 5999;
  assert.equal((await telemetry.read()).loadPercent, [45, 0, 12]);
  now = 6000;
  assert.equal((await telemetry.read()).loadPercent, [99, 98, 97]);
  rmSync(load);
  now = 7000;
  assert.is((await telemetry.read()).loadPercent, undefined);
});

test('a driver that does not answer costs its own value only, and is not asked again before it does', async () => {
  using folder = new TemporaryFolder();
  writeTree(folder.path, { ...orangePi5, '/sys/module/rknpu/version': undefined });
  const pipe = join(folder.path, '/sys/module/rknpu/version');
  spawnSync('mkdir', ['-p', join(folder.path, '/sys/module/rknpu')]);
  assert.is(spawnSync('mkfifo', [pipe]).status, 0);
  let now = 0;
  const files = openMachineFiles(folder.path, 50);
  const telemetry = createNpuTelemetry({ files, monoMs: () => now });
  const stuck = await telemetry.read();
  assert.equal(stuck.loadPercent, [45, 0, 12]);
  assert.is(stuck.driver, '0.9.8', 'the next place has it');
  // Five questions would hold every thread that reads files.
  for (now = 1000; now < 6000; now += 1000) assert.is((await telemetry.read()).governor, 'performance');
  assert.equal(await files.text('/sys/module/rknpu/version'), { absent: '/sys/module/rknpu/version does not answer' });
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  writeFileSync(writer, '0.9.7\n');
  closeSync(writer);
  // The one question that waited is answered by the pipe; a later one would wait anew.
});

test.run();
