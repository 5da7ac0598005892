import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../../../core/src/errors.ts';
import { assertRunsHere, isNewer, newerThanRuntime, readContainer } from '../../../../core/src/inference/npu/container.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { rknnFile } from '../../../support/rknn-file.ts';

const container = suite('container of .rknn files');

const corrupt = (bytes: Uint8Array) => rejectsWith('MODEL_CORRUPT', () => readContainer(bytes, 'faces.rknn'));
const here = { chip: 'rk3588', runtime: '1.5.2 (c6b7b351a@2023-08-23T15:28:22)' };

container('reads format, chips and compiler', () => {
  assert.equal(readContainer(rknnFile({ format: 2, targets: ['RK3566', 'rk3568'], compiler: '1.3.4' }), 'x'), {
    formatVersion: 2,
    targets: ['rk3566', 'rk3568'],
    compiler: '1.3.4',
  });
  assert.equal(readContainer(rknnFile({ description: {} }), 'x'), { formatVersion: 6, targets: [], compiler: undefined });
  assert.equal(readContainer(rknnFile({ description: { target_platform: 'rk3588', version: 2 } }), 'x').targets, ['rk3588']);
});

container('reads the same from the middle of a larger buffer', () => {
  const file = rknnFile();
  const around = new Uint8Array(file.length + 100);
  around.set(file, 37);
  assert.equal(readContainer(around.subarray(37, 37 + file.length), 'x'), readContainer(file, 'x'));
});

container('says how many bytes a truncated file lacks, wherever it ends', async () => {
  const file = rknnFile({ mainBytes: 200 });
  for (let end = 1; end < file.length; end += 1) {
    const { message } = await corrupt(file.subarray(0, end));
    const [, atLeast, missing, needed] = /^faces\.rknn is truncated: (at least )?(\d+) of (\d+) bytes are missing\./.exec(message) ?? [];
    assert.is(Number(needed) - end, Number(missing), message);
    assert.ok(Number(needed) <= file.length);
    if (!atLeast) assert.is(Number(needed), file.length);
  }
  assert.match((await corrupt(file.subarray(0, 280))).message, /truncated: \d+ of/);
});

container('names what is no .rknn', async () => {
  assert.match((await corrupt(new Uint8Array(0))).message, 'is empty');
  assert.match((await corrupt(Buffer.from('\x08\x07onnx and more'))).message, 'begins with "..on", expected "RKNN"');
  assert.match((await corrupt(Buffer.from('RKNX and more of it'))).message, 'RKNPU3');
});

container('names a damaged head or description', async () => {
  for (const [what, edit] of [
    ['format version', (file: DataView) => file.setBigUint64(8, 0n, true)],
    ['format version', (file: DataView) => file.setBigUint64(8, 2n ** 63n, true)],
    ['bytes follow', (file: DataView) => file.setBigUint64(16, 2n ** 64n - 1n, true)],
    ['bytes follow', (file: DataView) => file.setBigUint64(16, 0n, true)],
    ['description is said to have', (file: DataView) => file.setBigUint64(64 + 128, 2n ** 40n, true)],
    ['not JSON', (file: DataView) => file.setUint8(64 + 128 + 8, 0xff)],
  ] as const) {
    const file = rknnFile();
    edit(new DataView(file.buffer));
    assert.match((await corrupt(file)).message, what);
  }
  assert.match((await corrupt(rknnFile({ description: ['rk3588'] }))).message, 'not a JSON object');
});

container('refuses another chip, and says both', async () => {
  const rk3566 = readContainer(rknnFile({ targets: ['rk3566'] }), 'x');
  const { message } = await rejectsWith('MODEL_MISMATCH', () => assertRunsHere(rk3566, here, 'faces.rknn'));
  assert.match(message, 'compiled for rk3566, this is an rk3588');
  assertRunsHere(readContainer(rknnFile({ targets: ['rk3566', 'rk3588'] }), 'x'), here, 'x');
  assertRunsHere(readContainer(rknnFile({ description: {} }), 'x'), here, 'x');
});

container('refuses a format that the runtime is known not to read, and only that', async () => {
  const file = readContainer(rknnFile(), 'x');
  const { message } = await rejectsWith('MODEL_MISMATCH', () => assertRunsHere(file, { chip: 'rk3588', runtime: '1.4.0 (abc)' }, 'faces.rknn'));
  assert.match(message, 'format 6 of rknn-toolkit2 2.5.0');
  assert.match(message, '1.4.0 (abc)');
  assertRunsHere(file, here, 'x');
  assertRunsHere(file, { chip: 'rk3588', runtime: undefined }, 'x');
  assertRunsHere(readContainer(rknnFile({ format: 7 }), 'x'), here, 'x');
});

container('tells when the compiler is newer than the runtime', () => {
  const file = readContainer(rknnFile(), 'x');
  assert.match(newerThanRuntime(file, here.runtime) ?? '', 'update librknnrt to 2.5.0');
  assert.is(newerThanRuntime(file, '2.5.0'), undefined);
  assert.is(newerThanRuntime(file, undefined), undefined);
  assert.ok(isNewer('2.10.0', '2.9.9'));
  assert.not.ok(isNewer('1.9', '2.0'));
});

container('answers any bytes with a result or MODEL_CORRUPT', () => {
  const outcome = (bytes: Uint8Array) => {
    try {
      const read = readContainer(bytes, 'x');
      return Number.isInteger(read.formatVersion) && read.targets.every((chip) => typeof chip === 'string');
    } catch (fault) {
      return fault instanceof MienError && fault.code === 'MODEL_CORRUPT';
    }
  };
  const magic = fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.from([0x52, 0x4b, 0x4e, 0x4e, ...rest]));
  const changed = fc.tuple(fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 12 }), fc.nat(400)).map(([edits, cut]) => {
    const file = rknnFile();
    for (const [at, value] of edits) file[at % file.length] = value;
    return cut < 200 ? file : file.subarray(0, cut);
  });
  const described = fc.json().map((text) => rknnFile({ description: JSON.parse(text) }));
  const deep = fc.nat(2000).map((depth) => {
    const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    return rknnFile({ description: depth === 0 ? {} : { target_platform: JSON.parse(text) } });
  });
  fc.assert(fc.property(fc.oneof(fc.uint8Array(), magic, changed, described, deep), outcome), { numRuns: 3000 });
});

container.run();
