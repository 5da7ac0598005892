// The addon against its reference, on every pixel. dispatch.test.ts runs this file again for each instruction set.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWarp, warp } from '../../native/src/index.ts';
import { createReferenceScratch, referenceWarp } from '../../native/src/reference.ts';
import type { Affine, Border, PixelView, TensorSpec } from '../../native/src/types.ts';
import { anyMatrix, FORMATS, noise, pick, rawSpec, seeded, tensorFor, wholeFrom } from '../support/pictures.ts';

const test = suite('warp');
const scratch = createReferenceScratch();

/** Largest difference of any value, in levels of a pixel for f32 and in stored units for integers. */
function difference(source: PixelView, matrix: Affine, border: Border, spec: TensorSpec): number {
  const got = tensorFor(spec).fill(7);
  const wanted = tensorFor(spec).fill(99);
  createWarp(spec, border)(source, matrix, got);
  referenceWarp(source, matrix, border, spec, wanted, scratch);
  let worst = 0;
  const area = spec.width * spec.height;
  for (let i = 0; i < got.length; i++) {
    const at = spec.layout === 'nhwc' ? i % 3 : Math.floor(i / area);
    const channel = spec.colorOrder === 'rgb' ? at : 2 - at;
    const unit = spec.dtype === 'f32' ? Math.abs(spec.scale[channel] as number) : 1;
    const apart = Math.abs((got[i] as number) - (wanted[i] as number)) * unit;
    if (!(apart <= worst)) worst = apart;
  }
  return worst;
}

const LIMIT = { f32: 0.05, u8: 1, i8: 1 } as const;

function specOf(random: () => number, layout: TensorSpec['layout'], dtype: TensorSpec['dtype']): TensorSpec {
  const spec: TensorSpec = {
    width: wholeFrom(random, 1, 150),
    height: wholeFrom(random, 1, 80),
    layout,
    dtype,
    colorOrder: pick(random, ['rgb', 'bgr'] as const),
    mean: [0, 0, 0],
    scale: [1, 1, 1],
  };
  if (random() < 0.5) return spec;
  const named = { mean: [123.7, 116.3, 103.5], scale: [58.4, 57.1, 57.4] } as const;
  if (dtype === 'f32') return { ...spec, ...named };
  return { ...spec, ...named, quant: { scale: 0.0187, zeroPoint: dtype === 'i8' ? -11 : 117 } };
}

for (const format of FORMATS) {
  for (const layout of ['nchw', 'nhwc'] as const) {
    for (const dtype of ['f32', 'u8', 'i8'] as const) {
      test(`${format} to ${layout} ${dtype}: any matrix, size and border agree with the reference`, () => {
        const random = seeded(FORMATS.indexOf(format) * 6 + (layout === 'nchw' ? 0 : 3) + ['f32', 'u8', 'i8'].indexOf(dtype));
        for (let round = 0; round < 24; round++) {
          const source = noise(random, format, wholeFrom(random, 1, 260), wholeFrom(random, 1, 200));
          const spec = specOf(random, layout, dtype);
          const matrix = anyMatrix(random, source, spec);
          const border: Border = random() < 0.5 ? 'reflect101' : { constant: random() * 255 };
          const worst = difference(source, matrix, border, spec);
          const situation = JSON.stringify({ round, width: source.width, height: source.height, range: source.range, matrix, border, spec });
          assert.ok(worst <= LIMIT[dtype], `${worst} apart: ${situation}`);
        }
      });
    }
  }
}

test('every small size, odd and even, of every format', () => {
  const random = seeded(77);
  const spec = rawSpec(9, 7, { dtype: 'f32' });
  for (const format of FORMATS) {
    for (let width = 1; width <= 6; width++) {
      for (let height = 1; height <= 6; height++) {
        const source = noise(random, format, width, height);
        for (const border of ['reflect101', { constant: 200 }] as const) {
          for (const scale of [0.3, 1, 2.5]) {
            const worst = difference(source, [scale, 0.1, -1.3, -0.1, scale, -0.7], border, spec);
            assert.ok(worst <= LIMIT.f32, `${format} ${width}x${height} at ${scale}: ${worst}`);
          }
        }
      }
    }
  }
});

test('far outside, mirrored many times, and box cells larger than the source', () => {
  const random = seeded(5);
  const spec = rawSpec(40, 30, { dtype: 'f32' });
  for (const format of FORMATS) {
    const source = noise(random, format, 37, 23);
    for (const matrix of [
      [1, 0.2, 1e6, -0.2, 1, -1e6],
      [0.7, 0, -1e9, 0, 0.7, 1e9],
      [300, 11, -500, -9, 400, 100],
      [1e6, 0, 5, 0, 1e6, -5],
      [0, 0, 11.25, 0, 0, 3.5],
      [2e7, 1e7, -1e8, 0, 1, 0],
    ] as const) {
      for (const border of ['reflect101', { constant: 0 }] as const) {
        // A coordinate of 1e9 carries 1e-7 of rounding, on noise with slopes of up to 255 levels and chroma gains of 2.
        assert.ok(difference(source, matrix, border, spec) <= 0.1, `${format} ${matrix}`);
      }
    }
  }
});

test('a matrix gone wild costs no more than a few letterboxes: the frame loop must survive a bad box', () => {
  const source = noise(seeded(1), 'nv12', 1280, 720);
  const made = createWarp(rawSpec(192, 192), 'reflect101');
  const out = new Uint8Array(192 * 192 * 3);
  const fastest = (scale: number, far: number) => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      made(source, [scale, 0, far - scale * 96, 0, scale, far - scale * 96], out);
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  const letterbox = fastest(6.67, 640);
  for (const scale of [30, 300, 1e6]) {
    for (const far of [0, 1e7]) {
      const times = fastest(scale, far) / letterbox;
      assert.ok(times < 40, `${times} times a letterbox at ${scale}, ${far} pixels away`);
    }
  }
});

test('more columns than 16-bit sums can add', () => {
  const white: PixelView = { data: new Uint8Array(3000 * 700).fill(255), width: 3000, height: 700, format: 'gray' };
  const spec = rawSpec(3, 1, { dtype: 'f32' });
  const out = tensorFor(spec);
  warp(white, [1000, 0, 499.5, 0, 700, 349.5], 'reflect101', spec, out);
  assert.equal([...out], new Array(9).fill(255));
});

test('the identity returns the pixels themselves', () => {
  const random = seeded(3);
  const source = noise(random, 'rgb', 131, 77);
  const out = new Uint8Array(source.data.length);
  warp(source, [1, 0, 0, 0, 1, 0], 'reflect101', rawSpec(131, 77), out);
  assert.equal(out, source.data);
});

test('half-way between four pixels is their mean', () => {
  const source: PixelView = { data: Uint8Array.of(10, 20, 30, 100), width: 2, height: 2, format: 'gray' };
  const out = new Float32Array(3);
  warp(source, [1, 0, 0.5, 0, 1, 0.5], 'reflect101', rawSpec(1, 1, { dtype: 'f32' }), out);
  assert.equal([...out], [40, 40, 40]);
});

test('shrinking three times averages 3x3, so a fine pattern does not alias', () => {
  const data = new Uint8Array(90 * 90);
  for (let y = 0; y < 90; y++) for (let x = 0; x < 90; x++) data[y * 90 + x] = (x + y) % 3 === 0 ? 255 : 0;
  const out = new Float32Array(30 * 30 * 3);
  warp({ data, width: 90, height: 90, format: 'gray' }, [3, 0, 1, 0, 3, 1], 'reflect101', rawSpec(30, 30, { dtype: 'f32' }), out);
  for (const value of out) assert.is(value, 85);
});

test('reflect101 mirrors without repeating the edge', () => {
  const source: PixelView = { data: Uint8Array.of(0, 50, 100, 150), width: 4, height: 1, format: 'gray' };
  const out = new Uint8Array(14 * 3);
  warp(source, [1, 0, -5, 0, 1, 3], 'reflect101', rawSpec(14, 1, { layout: 'nchw' }), out);
  assert.equal(
    [...out.subarray(0, 14)],
    [50, 100, 150, 100, 50, 0, 50, 100, 150, 100, 50, 0, 50, 100].map((_, i) => [0, 50, 100, 150, 100, 50][(((i - 5) % 6) + 6) % 6]),
  );
});

test('a constant border is that level in every channel and format, before normalisation', () => {
  const random = seeded(8);
  for (const format of FORMATS) {
    const source = { ...noise(random, format, 8, 8), range: 'limited' as const };
    for (const level of [0, 114, 255]) {
      const out = new Float32Array(12);
      warp(source, [1, 0, -50, 0, 1, -50], { constant: level }, rawSpec(2, 2, { dtype: 'f32', mean: [100, 100, 100], scale: [2, 2, 2] }), out);
      for (const value of out) assert.ok(Math.abs(value * 2 + 100 - level) <= 0.6, `${format} ${level}: ${value}`);
    }
  }
});

test('BT.601 colours come out right, limited and full', () => {
  // Code values of the colour bars; expected rgb by the standard's own equations.
  const cases = [
    { yuv: [81, 90, 240], range: 'limited', rgb: [254, 0, 0] },
    { yuv: [145, 54, 34], range: 'limited', rgb: [0, 255, 1] },
    { yuv: [41, 240, 110], range: 'limited', rgb: [0, 0, 255] },
    { yuv: [235, 128, 128], range: 'limited', rgb: [255, 255, 255] },
    { yuv: [16, 128, 128], range: 'limited', rgb: [0, 0, 0] },
    { yuv: [76, 85, 255], range: 'full', rgb: [254, 0, 0] },
    { yuv: [150, 44, 21], range: 'full', rgb: [0, 255, 1] },
    { yuv: [128, 128, 128], range: 'full', rgb: [128, 128, 128] },
  ] as const;
  for (const {
    yuv: [y, u, v],
    range,
    rgb,
  } of cases) {
    const sources: PixelView[] = [
      { format: 'nv12', data: Uint8Array.of(y, y, y, y, u, v), width: 2, height: 2, range },
      { format: 'i420', data: Uint8Array.of(y, y, y, y, u, v), width: 2, height: 2, range },
      { format: 'yuyv', data: Uint8Array.of(y, u, y, v, y, u, y, v), width: 2, height: 2, range },
    ];
    for (const source of sources) {
      const out = new Uint8Array(3);
      warp(source, [1, 0, 0.5, 0, 1, 0.5], 'reflect101', rawSpec(1, 1), out);
      for (let c = 0; c < 3; c++) assert.ok(Math.abs((out[c] as number) - (rgb[c] as number)) <= 2, `${source.format} ${range} ${[y, u, v]}: ${out}`);
    }
  }
});

test('layout, colour order and i8 place each value where they say', () => {
  const source: PixelView = { data: Uint8Array.of(10, 20, 30, 40, 50, 60), width: 2, height: 1, format: 'rgb' };
  const of = (change: Partial<TensorSpec>) => {
    const spec = rawSpec(2, 1, change);
    const out = tensorFor(spec);
    warp(source, [1, 0, 0, 0, 1, 0], 'reflect101', spec, out);
    return [...out];
  };
  assert.equal(of({}), [10, 20, 30, 40, 50, 60]);
  assert.equal(of({ colorOrder: 'bgr' }), [30, 20, 10, 60, 50, 40]);
  assert.equal(of({ layout: 'nchw' }), [10, 40, 20, 50, 30, 60]);
  assert.equal(of({ layout: 'nchw', colorOrder: 'bgr', dtype: 'i8' }), [-98, -68, -108, -78, -118, -88]);
  assert.equal(of({ dtype: 'f32', mean: [10, 0, 0], scale: [1, 2, 10] }), [0, 10, 3, 30, 25, 6]);
  assert.equal(of({ dtype: 'i8', mean: [0, 0, 0], scale: [255, 255, 255], quant: { scale: 1 / 255, zeroPoint: -128 } }), [-118, -108, -98, -88, -78, -68]);
  assert.equal(of({ dtype: 'u8', mean: [128, 128, 128], quant: { scale: 0.1, zeroPoint: 128 } }), [0, 0, 0, 0, 0, 0], 'saturates');
});

test('warp and createWarp give the same, and a changed spec does not change a made warp', () => {
  const source = noise(seeded(4), 'nv12', 64, 48);
  const spec = rawSpec(20, 20, { dtype: 'f32' });
  const made = createWarp(spec, 'reflect101');
  const a = new Float32Array(1200);
  const b = new Float32Array(1200);
  const matrix = [2.3, 0.4, 3, -0.4, 2.3, 9] as const;
  warp(source, matrix, 'reflect101', spec, a);
  spec.layout = 'nchw';
  made(source, matrix, b);
  assert.equal(a, b);
});

test.run();
