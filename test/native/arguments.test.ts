// Whatever is wrong with the arguments: a TypeError or RangeError that names it, and nothing written.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWarp, measure, warp } from '../../native/src/index.ts';
import type { Affine, Border, PixelFormat, PixelView, TensorSpec } from '../../native/src/types.ts';
import { byteLength, FORMATS, rawSpec } from '../support/pictures.ts';

const test = suite('arguments');
const IDENTITY: Affine = [1, 0, 0, 0, 1, 0];
const spec = rawSpec(4, 4);

function sourceOf(format: PixelFormat = 'rgb', width = 8, height = 6): PixelView {
  return { data: new Uint8Array(byteLength(format, width, height)), width, height, format };
}

interface Call {
  source?: unknown;
  matrix?: unknown;
  border?: unknown;
  spec?: unknown;
  out?: unknown;
}

/** Asserts that a call with these arguments changed is refused with that class and words. */
function refused(change: Call, kind: typeof TypeError | typeof RangeError, words: RegExp) {
  const out = new Uint8Array(48).fill(9);
  const call = { source: sourceOf(), matrix: IDENTITY, border: 'reflect101', spec, out, ...change } as {
    source: PixelView;
    matrix: Affine;
    border: Border;
    spec: TensorSpec;
    out: Uint8Array;
  };
  for (const attempt of [
    () => warp(call.source, call.matrix, call.border, call.spec, call.out),
    () => createWarp(call.spec, call.border)(call.source, call.matrix, call.out),
  ]) {
    assert.throws(attempt, (error: Error) => {
      assert.instance(error, kind, `${error.name}: ${error.message}`);
      assert.match(error.message, words);
      return true;
    });
  }
  assert.ok(
    out.every((value) => value === 9),
    'something was written',
  );
}

test('one byte too few, in every format, odd and even sizes; exactly enough is taken', () => {
  for (const format of FORMATS) {
    for (const [width, height] of [
      [8, 6],
      [7, 5],
      [1, 1],
      [7, 6],
      [8, 5],
    ] as const) {
      const enough = sourceOf(format, width, height);
      warp(enough, IDENTITY, 'reflect101', spec, new Uint8Array(48));
      const short = { ...enough, data: enough.data.subarray(0, -1) };
      refused({ source: short }, RangeError, new RegExp(`${width} x ${height} .* needs ${enough.data.length} bytes, not ${short.data.length}`));
    }
  }
});

test('sizes that are no sizes', () => {
  for (const side of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 16385, 2 ** 32, undefined]) {
    refused({ source: { ...sourceOf(), width: side } }, RangeError, /source's width/);
    refused({ source: { ...sourceOf(), height: side } }, RangeError, /source's height/);
    refused({ spec: { ...spec, width: side } }, RangeError, /tensor's width/);
    refused({ spec: { ...spec, height: side } }, RangeError, /tensor's height/);
  }
});

test('matrices that lead nowhere', () => {
  for (let i = 0; i < 6; i++) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, undefined]) {
      refused({ matrix: IDENTITY.map((m, at) => (at === i ? value : m)) }, RangeError, new RegExp(`number ${i} of the matrix`));
    }
  }
  refused({ matrix: [] }, RangeError, /number 0 of the matrix/);
  refused({ matrix: [2 ** 29, 0, 2 ** 30, 0, 1, 0] }, RangeError, /reaches more than/);
  refused({ matrix: undefined }, TypeError, /./);
  refused({ matrix: [1n, 0, 0, 0, 1, 0] }, TypeError, /BigInt/);
});

test('words that are not known', () => {
  refused({ source: { ...sourceOf(), format: 'nv21' } }, TypeError, /format must be one of rgb, rgba, .* not nv21/);
  refused({ source: { ...sourceOf(), range: 'tv' } }, TypeError, /range must be one of/);
  refused({ spec: { ...spec, layout: 'nhcw' } }, TypeError, /layout must be one of/);
  refused({ spec: { ...spec, dtype: 'f16' } }, TypeError, /dtype must be one of/);
  refused({ spec: { ...spec, colorOrder: 'grb' } }, TypeError, /colorOrder must be one of/);
  refused({ border: 'mirror' }, TypeError, /border must be 'reflect101'/);
  refused({ border: null }, TypeError, /border must be/);
});

test('border levels, normalisation and quantisation out of range', () => {
  for (const constant of [-1, 256, Number.NaN, undefined]) refused({ border: { constant } }, RangeError, /constant border/);
  for (const scale of [0, Number.NaN, Number.POSITIVE_INFINITY, 1e-300]) refused({ spec: { ...spec, scale: [1, scale, 1] } }, RangeError, /normalisation/);
  refused({ spec: { ...spec, mean: [0, 0, Number.NaN] } }, RangeError, /normalisation/);
  refused({ spec: { ...spec, mean: [0] } }, RangeError, /normalisation/);
  for (const scale of [0, -1, Number.NaN]) refused({ spec: { ...spec, quant: { scale, zeroPoint: 0 } } }, RangeError, /quant.scale/);
  for (const zeroPoint of [Number.NaN, 1e9]) refused({ spec: { ...spec, quant: { scale: 1, zeroPoint } } }, RangeError, /quant.zeroPoint/);
  refused({ spec: { ...spec, dtype: 'f32', quant: { scale: 1, zeroPoint: 0 } }, out: new Float32Array(48).fill(9) }, TypeError, /f32 tensor is not quantised/);
});

test('outputs of the wrong type or length', () => {
  refused({ out: new Float32Array(48).fill(9) }, TypeError, /output must be a Uint8Array for dtype u8/);
  refused({ spec: { ...spec, dtype: 'f32' } }, TypeError, /output must be a Float32Array for dtype f32/);
  refused({ spec: { ...spec, dtype: 'i8' } }, TypeError, /output must be a Int8Array for dtype i8/);
  refused({ out: new Uint8Array(47).fill(9) }, RangeError, /must hold 48 values \(4 x 4 x 3\), not 47/);
  refused({ out: new Uint8Array(49).fill(9) }, RangeError, /not 49/);
  for (const out of [undefined, null, 5, {}, [], new ArrayBuffer(48), new DataView(new ArrayBuffer(48))])
    refused({ out }, TypeError, /output must be a typed array/);
});

test('data that is no Uint8Array', () => {
  const length = byteLength('rgb', 8, 6);
  for (const data of [undefined, null, 'x', {}, new ArrayBuffer(length), new Array(length).fill(0)])
    refused({ source: { ...sourceOf(), data } }, TypeError, /must be a typed array/);
  for (const data of [new Uint8ClampedArray(length), new Int8Array(length), new Float32Array(length)])
    refused({ source: { ...sourceOf(), data } }, TypeError, /must be a Uint8Array/);
  refused({ source: undefined }, TypeError, /./);
});

test('buffers that were detached or shrunk', () => {
  const source = sourceOf();
  structuredClone(source.data, { transfer: [source.data.buffer] });
  refused({ source }, RangeError, /needs 144 bytes, not 0/);
  const out = new Uint8Array(48);
  structuredClone(out, { transfer: [out.buffer] });
  refused({ out }, RangeError, /must hold 48 values .* not 0/);
  const buffer = new ArrayBuffer(144, { maxByteLength: 200 });
  const shrinking = { ...sourceOf(), data: new Uint8Array(buffer) };
  warp(shrinking, IDENTITY, 'reflect101', spec, new Uint8Array(48));
  buffer.resize(100);
  refused({ source: shrinking }, RangeError, /needs 144 bytes, not 100/);
});

test('a buffer detached by a getter on the way is seen as it is when the pixels are read', () => {
  const data = new Uint8Array(144);
  const source = { data, width: 8, height: 6, format: 'rgb' as const };
  Object.defineProperty(source, 'height', {
    get: () => {
      if (data.byteLength > 0) structuredClone(data, { transfer: [data.buffer] });
      return 6;
    },
  });
  refused({ source }, RangeError, /not 0/);
});

test('shared memory, Buffers and views into larger memory are taken', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(144)).fill(50);
  const out = new Uint8Array(100);
  warp({ ...sourceOf(), data: shared }, IDENTITY, 'reflect101', spec, out.subarray(30, 78));
  assert.ok(out.every((value, i) => value === (i >= 30 && i < 78 ? 50 : 0)));
  warp({ ...sourceOf(), data: Buffer.alloc(200, 60) }, IDENTITY, 'reflect101', spec, out.subarray(30, 78));
  assert.is(out[30], 60);
});

test('measure checks its tensor the same way', () => {
  const tensor = new Uint8Array(48);
  structuredClone(tensor, { transfer: [tensor.buffer] });
  assert.throws(
    () => measure(tensor, spec),
    (error: Error) => error instanceof RangeError && /not 0/.test(error.message),
  );
  assert.throws(
    () => measure([] as unknown as Uint8Array, spec),
    (error: Error) => error instanceof TypeError && /typed array/.test(error.message),
  );
});

test.run();
