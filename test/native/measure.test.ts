import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { measure, warp } from '../../native/src/index.ts';
import type { PixelView, TensorSpec } from '../../native/src/types.ts';
import { noise, rawSpec, seeded, tensorFor } from '../support/pictures.ts';

const test = suite('measure');
const SIDE = 112;

/** The definition, written out on rgb pixels. */
function expected(pixels: Uint8Array, width: number, height: number) {
  const luma = Float64Array.from(
    { length: width * height },
    (_, i) => (0.299 * (pixels[3 * i] as number) + 0.587 * (pixels[3 * i + 1] as number) + 0.114 * (pixels[3 * i + 2] as number)) / 255,
  );
  const moments = (values: Float64Array | number[]) => {
    let mean = 0;
    for (const value of values) mean += value / values.length;
    let variance = 0;
    for (const value of values) variance += (value - mean) ** 2 / values.length;
    return { mean, variance };
  };
  const edges: number[] = [];
  const at = (x: number, y: number) => luma[y * width + x] as number;
  for (let y = 1; y < height - 1; y++) for (let x = 1; x < width - 1; x++) edges.push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y));
  const { mean, variance } = moments(luma);
  return { light: mean, contrast: Math.sqrt(variance), sharpness: edges.length === 0 ? 0 : moments(edges).variance / (variance + 1e-4) };
}

function close(got: number, wanted: number, what: string) {
  assert.ok(Math.abs(got - wanted) <= 1e-4 * Math.max(1, Math.abs(wanted)), `${what}: ${got}, wanted ${wanted}`);
}

const SPECS: TensorSpec[] = [];
for (const layout of ['nchw', 'nhwc'] as const) {
  for (const colorOrder of ['rgb', 'bgr'] as const) {
    SPECS.push(rawSpec(SIDE, SIDE, { layout, colorOrder }));
    SPECS.push(rawSpec(SIDE, SIDE, { layout, colorOrder, dtype: 'i8' }));
    SPECS.push(rawSpec(SIDE, SIDE, { layout, colorOrder, dtype: 'f32', mean: [123.7, 116.3, 103.5], scale: [58.4, 57.1, 57.4] }));
    SPECS.push(
      rawSpec(SIDE, SIDE, { layout, colorOrder, dtype: 'i8', mean: [10, 20, 30], scale: [255, 255, 255], quant: { scale: 1 / 255, zeroPoint: -100 } }),
    );
  }
}

for (const spec of SPECS) {
  test(`${spec.layout} ${spec.dtype} ${spec.colorOrder}${spec.quant ? ' quantised' : ''} follows the definition`, () => {
    const source = noise(seeded(2), 'rgb', SIDE, SIDE);
    // Kept away from the ends, so that no dtype saturates.
    for (let i = 0; i < source.data.length; i++) source.data[i] = 60 + (source.data[i] as number) / 2;
    const tensor = tensorFor(spec);
    warp(source, [1, 0, 0, 0, 1, 0], 'reflect101', spec, tensor);
    const got = measure(tensor, spec);
    const wanted = expected(source.data, SIDE, SIDE);
    for (const key of ['light', 'contrast', 'sharpness'] as const) close(got[key], wanted[key], key);
  });
}

test('any size, also those too small for a Laplacian', () => {
  const random = seeded(6);
  for (const [width, height] of [
    [1, 1],
    [2, 9],
    [9, 2],
    [3, 3],
    [17, 5],
    [113, 31],
  ] as const) {
    const source = noise(random, 'rgb', width, height);
    const got = measure(source.data, rawSpec(width, height));
    const wanted = expected(source.data, width, height);
    for (const key of ['light', 'contrast', 'sharpness'] as const) close(got[key], wanted[key], `${width}x${height} ${key}`);
  }
});

test('flat pictures: their level, no contrast, no sharpness', () => {
  for (const level of [0, 51, 255]) {
    const { light, contrast, sharpness } = measure(new Uint8Array(SIDE * SIDE * 3).fill(level), rawSpec(SIDE, SIDE));
    close(light, level / 255, 'light');
    assert.is(contrast < 1e-6, true);
    assert.is(sharpness < 1e-6, true);
  }
});

test('sharpness falls with blur, and hardly moves with exposure', () => {
  const width = 448;
  const data = new Uint8Array(width * width);
  for (let y = 0; y < width; y++) for (let x = 0; x < width; x++) data[y * width + x] = 128 + 50 * Math.sin(x / 9) * Math.cos(y / 7) + (x % 64 < 32 ? 40 : 0);
  const sharp: PixelView = { data, width, height: width, format: 'gray' };
  const dim: PixelView = { ...sharp, data: data.map((v) => v * 0.5) };
  const spec = rawSpec(SIDE, SIDE, { dtype: 'f32' });
  const sharpnessOf = (source: PixelView, blur: number) => {
    // Blur by way of a small picture in between.
    const small = Math.round(SIDE / blur);
    const between = new Uint8Array(small * small * 3);
    const down = width / small;
    warp(source, [down, 0, down / 2 - 0.5, 0, down, down / 2 - 0.5], 'reflect101', rawSpec(small, small), between);
    const tensor = tensorFor(spec);
    const up = small / SIDE;
    warp({ data: between, width: small, height: small, format: 'rgb' }, [up, 0, up / 2 - 0.5, 0, up, up / 2 - 0.5], 'reflect101', spec, tensor);
    return measure(tensor, spec).sharpness;
  };
  const [clear, soft, softer] = [sharpnessOf(sharp, 1), sharpnessOf(sharp, 2), sharpnessOf(sharp, 4)] as const;
  assert.ok(clear > 1.5 * soft && soft > 1.5 * softer, `${clear} ${soft} ${softer}`);
  const dimmed = sharpnessOf(dim, 1);
  assert.ok(Math.abs(dimmed / clear - 1) < 0.1, `${dimmed} against ${clear}`);
});

test('a tensor that does not fit its spec is refused', () => {
  assert.throws(
    () => measure(new Uint8Array(11), rawSpec(2, 2)),
    (error: Error) => error instanceof RangeError && /must hold 12 values/.test(error.message),
  );
  assert.throws(
    () => measure(new Float32Array(12), rawSpec(2, 2)),
    (error: Error) => error instanceof TypeError && /Uint8Array for dtype u8/.test(error.message),
  );
});

test('a tensor with a value that is no number is refused', () => {
  const spec = rawSpec(SIDE, SIDE, { dtype: 'f32' });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const tensor = new Float32Array(SIDE * SIDE * 3).fill(0.5);
    tensor[20001] = value;
    assert.throws(
      () => measure(tensor, spec),
      (error: Error) => error instanceof RangeError && /not finite/.test(error.message),
    );
  }
});

test.run();
