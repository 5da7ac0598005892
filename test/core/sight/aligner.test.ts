import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PixelView } from '../../../core/src/frame.ts';
import type { ModelInput } from '../../../core/src/inference/model-manifest.ts';
import { writeImage } from '../../../core/src/inference/tensor-shape.ts';
import { createAligner } from '../../../core/src/sight/aligner.ts';
import { type Affine, cropToImage } from '../../../core/src/sight/geometry.ts';
import { projectHead } from '../../support/synthetic-head.ts';

const aligner = suite('aligner');

const base: ModelInput = {
  name: 'x',
  width: 16,
  height: 16,
  layout: 'nhwc',
  dtype: 'u8',
  colorOrder: 'rgb',
  mean: [10, 20, 30],
  scale: [2, 4, 8],
  normalisedBy: 'network',
};
const same: Affine = [1, 0, 0, 0, 1, 0];

function picture(): PixelView {
  return { data: Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => (i * 89) % 256), width: 16, height: 16, format: 'rgb' };
}

const inputs: Array<[string, ModelInput]> = [];
for (const layout of ['nchw', 'nhwc'] as const) {
  for (const colorOrder of ['rgb', 'bgr'] as const) {
    for (const dtype of ['f32', 'u8', 'i8'] as const) {
      inputs.push([`${layout} ${colorOrder} ${dtype}, the network normalises`, { ...base, layout, colorOrder, dtype }]);
    }
    inputs.push([`${layout} ${colorOrder} f32, the host normalises`, { ...base, layout, colorOrder, dtype: 'f32', normalisedBy: 'host' }]);
  }
}
for (const [name, input] of inputs) {
  aligner(`writes ${name}, as the self-test does`, () => {
    const pixels = picture();
    using face = createAligner().align(pixels, same, input);
    const ordered = input.colorOrder === 'rgb' ? pixels.data : pixels.data.map((_, i, all) => all[i - (i % 3) + 2 - (i % 3)] as number);
    const expected = face.tensor.slice().fill(0);
    writeImage(ordered, input, expected);
    const worst = Math.max(...Array.from(face.tensor, (value, i) => Math.abs(value - (expected[i] as number))));
    assert.ok(worst < 1e-4, `off by ${worst}`);
    assert.ok(face.tensor.some((value) => value !== 0));
  });
}

aligner('puts the eyes where the geometry says', () => {
  // Two bright dots on black where the pupils are; after alignment the light must lie at the eyes' place in the crop.
  const width = 400;
  const height = 300;
  const keypoints = projectHead({ roll: 25 }, { scale: 60, x: 190, y: 120 });
  const data = new Uint8Array(width * height);
  for (const { x, y } of [keypoints.rightEye, keypoints.leftEye]) {
    for (let j = -3; j <= 3; j += 1) for (let i = -3; i <= 3; i += 1) data[Math.round(y - 0.5 + j) * width + Math.round(x - 0.5 + i)] = 255;
  }
  const input: ModelInput = { ...base, width: 112, height: 112 };
  const matrix = cropToImage(keypoints, { eyeMidpoint: [0.5, 0.325], eyeToMouth: 0.37 }, 112);
  assert.ok(matrix);
  using face = createAligner().align({ data, width, height, format: 'gray' }, matrix, input);
  let sum = 0;
  let sx = 0;
  let sy = 0;
  for (let y = 0; y < 112; y += 1) {
    for (let x = 0; x < 112; x += 1) {
      const light = face.tensor[(y * 112 + x) * 3] as number;
      sum += light;
      sx += light * (x + 0.5);
      sy += light * (y + 0.5);
    }
  }
  assert.ok(Math.abs(sx / sum - 56) < 0.6 && Math.abs(sy / sum - 36.4) < 0.6, `light lies at ${sx / sum}, ${sy / sum}`);
});

aligner('mirrors what lies outside the frame', () => {
  const pixels = picture();
  using face = createAligner().align(pixels, [1, 0, -4, 0, 1, 0], base);
  for (let c = 0; c < 3; c += 1) assert.is(face.tensor[3 * 3 + c], pixels.data[1 * 3 + c], 'column -1 shows column 1');
});

aligner('measures light and sharpness', () => {
  const aligned = createAligner();
  const input: ModelInput = { ...base, width: 64, height: 64 };
  const view = (value: (x: number, y: number) => number): PixelView => ({
    data: Uint8Array.from({ length: 64 * 64 }, (_, i) => value(i % 64, Math.floor(i / 64))),
    width: 64,
    height: 64,
    format: 'gray',
  });
  const measure = (value: (x: number, y: number) => number) => {
    using face = aligned.align(view(value), same, input);
    return { light: face.light, sharpness: face.sharpness };
  };
  assert.ok(measure(() => 20).light < 0.1 && measure(() => 230).light > 0.85);
  const soft = measure((x) => 128 + 100 * Math.sin(x / 12)).sharpness;
  const crisp = measure((x, y) => (((x >> 1) + (y >> 1)) % 2 ? 220 : 30)).sharpness;
  assert.ok(soft < 0.2 && crisp > 0.9, `${soft} ${crisp}`);
});

aligner('lends its tensors again, each to one borrower', () => {
  const one = createAligner();
  const first = one.align(picture(), same, base);
  const second = one.align(picture(), same, base);
  assert.is.not(first.tensor, second.tensor);
  const { tensor } = first;
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using third = one.align(picture(), same, base);
  using fourth = one.align(picture(), same, base);
  assert.is(third.tensor, tensor);
  assert.is.not(fourth.tensor, tensor);
  second[Symbol.dispose]();
});

aligner.run();
