// Prints as JSON how much faster the kernels are than the TypeScript reference, on the main path's shapes, within this run.
// Run from a checkout: node native/bench.mjs
import { createWarp, kernelInfo, measure } from './src/index.ts';
import { createReferenceScratch, referenceWarp } from './src/reference.ts';

const WIDTH = 1280;
const HEIGHT = 720;

/** A picture with structure at all scales; content does not change the time, but a constant one would hide mistakes. */
function picture(format) {
  const bytes = { nv12: 1.5, i420: 1.5, yuyv: 2, gray: 1, rgb: 3, rgba: 4 }[format] * WIDTH * HEIGHT;
  const data = new Uint8Array(bytes);
  for (let i = 0, state = 1; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = 128 + 60 * Math.sin(i / 37) + (state >>> 27);
  }
  return { data, width: WIDTH, height: HEIGHT, format };
}

/** A face of `size` px, rotated: the crop's side is the face over 0.79 (the geometry that the recogniser was trained with). */
function faceMatrix(size, degrees) {
  const scale = size / 0.79 / 112;
  const c = scale * Math.cos((degrees * Math.PI) / 180);
  const s = scale * Math.sin((degrees * Math.PI) / 180);
  const middle = 55.5;
  return [c, -s, 640.2 - c * middle + s * middle, s, c, 360.7 - s * middle - c * middle];
}

/** The whole frame into a square of `side`, bars above and below. */
function letterbox(side) {
  const scale = WIDTH / side;
  const bar = (side - HEIGHT / scale) / 2;
  return [scale, 0, scale / 2 - 0.5, 0, scale, (0.5 - bar) * scale - 0.5];
}

const shrink = (k) => [k, 0, k / 2 - 0.5, 0, k, k / 2 - 0.5];

/**
 * Fastest milliseconds of each call, warmed up, taken in turns for `forMs` each: the fastest is what other programs on the machine disturb
 * least, which keeps the ratio honest (they interrupt the longer call more often).
 */
function fastest(calls, forMs = 500) {
  const best = calls.map(() => Infinity);
  for (let turn = 0; turn < 10; turn++) {
    calls.forEach((call, i) => {
      const until = performance.now() + forMs / 10;
      for (let now = performance.now(); now < until; ) {
        call();
        const end = performance.now();
        best[i] = Math.min(best[i], end - now);
        now = end;
      }
    });
  }
  return best;
}

const network = { layout: 'nchw', dtype: 'f32', colorOrder: 'rgb', mean: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5] };
const preview = { layout: 'nhwc', dtype: 'u8', colorOrder: 'rgb', mean: [0, 0, 0], scale: [1, 1, 1] };
const face = { ...network, width: 112, height: 112 };
const detector = { ...network, width: 192, height: 192 };
const tile = [3.75, 0, 280 + 1.375, 0, 3.75, 1.375];

const cases = [
  ...['nv12', 'i420', 'yuyv', 'rgb'].flatMap((format) =>
    (format === 'nv12' ? [80, 150, 300] : [150]).map((size) => ({
      name: `face ${size} px, ${format}`,
      format,
      matrix: faceMatrix(size, 10),
      border: 'reflect101',
      spec: face,
    })),
  ),
  ...['nv12', 'rgb'].map((format) => ({ name: `letterbox 192, ${format}`, format, matrix: letterbox(192), border: { constant: 0 }, spec: detector })),
  { name: 'tile 720 to 192, nv12', format: 'nv12', matrix: tile, border: { constant: 0 }, spec: detector },
  { name: 'preview 640x360, nv12', format: 'nv12', matrix: shrink(2), border: 'reflect101', spec: { ...preview, width: 640, height: 360 } },
  { name: 'preview 1280x720, nv12', format: 'nv12', matrix: shrink(1), border: 'reflect101', spec: { ...preview, width: WIDTH, height: HEIGHT } },
  { name: 'preview 640x360, rgb', format: 'rgb', matrix: shrink(2), border: 'reflect101', spec: { ...preview, width: 640, height: 360 } },
];

const results = [];
for (const { name, format, matrix, border, spec } of cases) {
  const source = picture(format);
  const out = spec.dtype === 'f32' ? new Float32Array(spec.width * spec.height * 3) : new Uint8Array(spec.width * spec.height * 3);
  const scratch = createReferenceScratch();
  const warp = createWarp(spec, border);
  const [referenceMs, kernelMs] = fastest([() => referenceWarp(source, matrix, border, spec, out, scratch), () => warp(source, matrix, out)]);
  results.push({ name, kernelMs: +kernelMs.toFixed(4), referenceMs: +referenceMs.toFixed(3), speedup: +(referenceMs / kernelMs).toFixed(1) });
}
const crop = new Float32Array(112 * 112 * 3).fill(0.1);
const [measureMs] = fastest([() => measure(crop, face)]);
const smallest = Math.min(...results.map((result) => result.speedup));
process.stdout.write(`${JSON.stringify({ ...kernelInfo, kernelSpeedup: smallest, measureMs: +measureMs.toFixed(4), cases: results }, null, 2)}\n`);
