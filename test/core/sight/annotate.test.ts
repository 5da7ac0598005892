import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { annotate, faceLabel } from '../../../core/src/sight/annotate.ts';
import type { AnalyzedFace } from '../../../core/src/sight/sight.ts';
import { openRecognition, portrait } from '../../support/recognition.ts';

const drawing = suite('annotate');

const quality = { score: 1, facePx: 138, yawDeg: 0, pitchDeg: 0, rollDeg: 0, light: 0.5, sharpness: 0.5 };
const face: AnalyzedFace = {
  box: [169, 61, 138, 138],
  score: 0.9,
  quality,
  age: { years: 47.4, sd: 8.6 },
  gender: { label: 'male', p: 0.99 },
  expression: { label: 'positive', probs: { negative: 0, neutral: 0, positive: 1 } },
};

async function raw(jpeg: Uint8Array) {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)] as [number, number, number],
  };
}

const off = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));

drawing('labels say what is known, and a question mark for what is withheld', () => {
  assert.is(faceLabel(face), 'm 47 ±9 positive');
  assert.is(faceLabel({ ...face, gender: { label: 'unknown', abstain: 'policy' }, age: { label: 'unknown', abstain: 'yaw' } }), '? ? positive');
  assert.is(faceLabel({ box: face.box, score: 1, quality }), '');
});

drawing('boxes are drawn around faces, with their label, and the pixels are left alone', async () => {
  const { pixels } = await portrait('obama');
  const before = pixels.data.slice();
  const jpeg = await annotate(pixels, [face], 'boxes');
  assert.equal(pixels.data, before);
  const picture = await raw(jpeg);
  assert.is(picture.width, pixels.width);
  assert.ok(off(picture.at(240, 61), [0, 208, 132]) < 60, 'the upper line');
  assert.ok(off(picture.at(170, 130), [0, 208, 132]) < 60, 'the left line');
  assert.ok(off(picture.at(171, 57), [0, 208, 132]) < 60, 'the label above it');
  const original = [...before.subarray((120 * pixels.width + 238) * 3, (120 * pixels.width + 238) * 3 + 3)];
  assert.ok(off(picture.at(238, 120), original) < 25, 'the face between is as it was');
});

for (const style of ['blur', 'pixelate'] as const) {
  drawing(`${style}: nobody is found or known again, the rest of the picture stays`, async () => {
    await using recognition = await openRecognition();
    const still = await portrait('obama');
    const { faces } = await recognition.analyzer.analyze(still);
    assert.is(faces.length, 1);
    const jpeg = await annotate(still.pixels, faces, style);
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    const hidden = { pixels: { data, width: info.width, height: info.height, format: 'rgb' as const }, decodeMs: 0 };
    assert.equal((await recognition.analyzer.analyze(hidden)).faces, []);
    const picture = await raw(jpeg);
    const { width, data: original } = still.pixels;
    for (const [x, y] of [
      [20, 20],
      [400, 440],
      [200, 400],
    ] as const) {
      assert.ok(off(picture.at(x, y), [...original.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]) < 30, `${x}, ${y}`);
    }
  });
}

drawing('boxes beyond the border, of no size and of no number are survived', async () => {
  const { pixels } = await portrait('collins');
  for (const box of [
    [-50, -50, 900, 900],
    [470, 470, 60, 60],
    [1000, 1000, 50, 50],
    [10, 10, 0, 0],
    [-200, 5, 100, 100],
  ] as const) {
    for (const style of ['boxes', 'blur', 'pixelate'] as const)
      assert.is((await sharp(await annotate(pixels, [{ ...face, box }], style)).metadata()).format, 'jpeg');
  }
  assert.is((await sharp(await annotate(pixels, [], 'boxes')).metadata()).width, 480);
  const gray = { data: new Uint8Array(64 * 48).fill(100), width: 64, height: 48, format: 'gray' as const };
  assert.is((await sharp(await annotate(gray, [{ ...face, box: [8, 20, 30, 20] }], 'boxes')).metadata()).channels, 3);
});

drawing('drawing on a large picture takes its copy and little more', async () => {
  const peakBytes = (): number => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  const [width, height] = [6000, 5000];
  const large = { data: new Uint8Array(width * height * 3).fill(120), width, height, format: 'rgb' as const };
  const before = peakBytes();
  await annotate(large, [face], 'boxes');
  const more = (peakBytes() - before) / large.data.length;
  assert.ok(more < 2, `${more.toFixed(1)} times the picture`);
});

drawing.run();
