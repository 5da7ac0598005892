// Random calls, sound and broken: each must return or throw TypeError or RangeError; a crash ends this process and fails the test.
// Buffers are exactly as long as needed, so that a sanitized build (see native/README.md) catches one byte too far.
// MIEN_SOAK=1 runs a hundred times as long.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWarp, measure, warp } from '../../native/src/index.ts';
import type { Affine, Border, PixelView, TensorData, TensorSpec } from '../../native/src/types.ts';
import { anyMatrix, byteLength, FORMATS, pick, rawSpec, seeded, tensorFor, wholeFrom } from '../support/pictures.ts';
import { times } from '../support/soak.ts';

const test = suite('fuzz');
const rounds = times(6000);

const ODD_NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  2,
  3,
  63,
  64,
  65,
  255,
  256,
  16384,
  1e3,
  -1e6,
  1e9,
  2 ** 30,
  -(2 ** 30),
  2 ** 31,
  2 ** 53,
  1e-9,
  1e-300,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const ODD_VALUES = [...ODD_NUMBERS, undefined, null, 'rgb', '', {}, [], true, 10n, Symbol('x'), new Uint8Array(3), new Float32Array(12), new ArrayBuffer(8)];

function soundCall(random: () => number) {
  const format = pick(random, FORMATS);
  const width = wholeFrom(random, 1, 90);
  const height = wholeFrom(random, 1, 70);
  const source: PixelView = { data: new Uint8Array(byteLength(format, width, height)).fill(random() * 256), width, height, format };
  const dtype = pick(random, ['f32', 'u8', 'i8'] as const);
  const spec: TensorSpec = rawSpec(wholeFrom(random, 1, 140), wholeFrom(random, 1, 70), {
    dtype,
    layout: pick(random, ['nchw', 'nhwc'] as const),
    colorOrder: pick(random, ['rgb', 'bgr'] as const),
  });
  const matrix: Affine =
    random() < 0.8 ? anyMatrix(random, source, spec) : ([0, 1, 2, 3, 4, 5].map(() => (random() - 0.5) * 10 ** (random() * 12 - 3)) as unknown as Affine);
  const border: Border = random() < 0.5 ? 'reflect101' : { constant: random() * 255 };
  return { source, matrix, border, spec, out: tensorFor(spec) as TensorData };
}

/** Breaks one thing, somewhere. */
function broken(random: () => number, call: ReturnType<typeof soundCall>): void {
  const value = pick(random, ODD_VALUES);
  const target = pick(random, [call, call.source, call.spec, call.matrix, call.spec?.mean, call.spec?.scale, call.border]) as unknown as Record<
    string,
    unknown
  >;
  if (typeof target !== 'object' || target === null || ArrayBuffer.isView(target)) return;
  const key = pick(random, Object.keys(target));
  if (key === undefined) return;
  target[key] = value;
}

test(`${rounds} random calls leave the process alive`, () => {
  const random = seeded(Number(process.env.MIEN_SEED ?? 1));
  let returned = 0;
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const call = soundCall(random);
    const breaks = random() < 0.5 ? wholeFrom(random, 1, 2) : 0;
    for (let i = 0; i < breaks; i++) broken(random, call);
    const { source, matrix, border, spec, out } = call;
    try {
      if (random() < 0.5) warp(source, matrix, border, spec, out);
      else createWarp(spec, border)(source, matrix, out);
      if (random() < 0.3) measure(out, spec);
      returned++;
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      if (breaks === 0 && !/reaches more than/.test(error.message)) throw error;
      refused++;
    }
  }
  assert.ok(returned > rounds / 3, `${returned} returned`);
  assert.ok(refused > rounds / 8, `${refused} were refused`);
});

test.run();
