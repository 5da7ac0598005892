import { createWarp } from '@mien/native';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PixelView } from '../../../core/src/frame.ts';
import { createDetector, type Detection, pyramid, wholeFrame } from '../../../core/src/sight/detector.ts';
import { type Affine, betweenCentres, iou, squareToImage } from '../../../core/src/sight/geometry.ts';
import { rejectsWith } from '../../support/errors.ts';
import { openRecognition, portrait, portraitNames, pupils } from '../../support/recognition.ts';

const detection = suite('detector on portraits');

const full = await openRecognition('int8', 'blazeface-full');
const short = await openRecognition('int8', 'blazeface-short');
detection.after(async () => {
  await full[Symbol.asyncDispose]();
  await short[Symbol.asyncDispose]();
});
const both = [
  ['full range', full.detector],
  ['short range', short.detector],
] as const;

const distance = (a: { x: number; y: number }, b: { x: number; y: number }) => Math.hypot(a.x - b.x, a.y - b.y);

for (const [name, detector] of both) {
  detection(`${name}: one face a portrait, eyes on the eyes, right is the person's right`, async () => {
    for (const who of portraitNames) {
      const { pixels } = await portrait(who);
      const found = await detector.detect(pixels, [wholeFrame(pixels.width, pixels.height)]);
      assert.is(found.length, 1, who);
      const { keypoints, box, score } = found[0] as Detection;
      const [right, left] = pupils[who];
      const apart = distance(right, left);
      assert.ok(distance(keypoints.rightEye, right) < apart * 0.15, `${who} right eye ${JSON.stringify(keypoints.rightEye)}`);
      assert.ok(distance(keypoints.leftEye, left) < apart * 0.15, `${who} left eye ${JSON.stringify(keypoints.leftEye)}`);
      assert.ok(keypoints.noseTip.y > keypoints.leftEye.y && keypoints.mouth.y > keypoints.noseTip.y, 'eyes, nose, mouth from above');
      assert.ok(keypoints.rightEar.x < keypoints.rightEye.x && keypoints.leftEar.x > keypoints.leftEye.x, 'ears outside');
      assert.ok(box.x < keypoints.rightEye.x && box.x + box.width > keypoints.leftEye.x, 'eyes in the box');
      assert.ok(score > 0.7 && score <= 1);
    }
  });

  detection(`${name}: sees the same in every pixel format`, async () => {
    const { pixels } = await portrait('obama');
    const even = { ...pixels, width: 436, height: 480, data: crop(pixels, 436, 480) };
    const regions = [wholeFrame(even.width, even.height)];
    const [rgb] = await detector.detect(even, regions);
    for (const format of ['rgba', 'nv12', 'i420', 'yuyv', 'gray'] as const) {
      const [other] = await detector.detect(convert(even, format), regions);
      assert.ok(rgb && other && iou(rgb.box, other.box) > (format === 'gray' ? 0.8 : 0.95), format);
    }
  });
}

detection('finds nothing in a picture without faces', async () => {
  const width = 320;
  const height = 200;
  const plain = new Uint8Array(width * height * 3).fill(90);
  const noise = plain.map((_, i) => (Math.imul(i + 7, 2654435761) >>> 13) & 255);
  for (const data of [plain, noise]) {
    for (const [, detector] of both) assert.equal(await detector.detect({ data, width, height, format: 'rgb' }, pyramid(width, height, 32)), []);
  }
});

detection('finds a face wherever its region lies, also reaching outside the frame', async () => {
  const { pixels } = await portrait('collins');
  const [reference] = await full.detector.detect(pixels, [wholeFrame(pixels.width, pixels.height)]);
  assert.ok(reference);
  for (const region of [
    { x: -300, y: -200, size: 800 },
    { x: 60, y: -20, size: 300 },
    { x: 100, y: -100, size: 400 },
  ]) {
    const [found] = await full.detector.detect(pixels, [region]);
    assert.ok(found && iou(found.box, reference.box) > 0.75, JSON.stringify({ region, found, reference }));
  }
});

detection('finds 50 faces, each once', async () => {
  const { view, places } = await grid(10, 5, 128);
  const found = await full.detector.detect(view, pyramid(view.width, view.height, 24));
  assert.is(found.length, 50);
  for (const place of places) assert.is(found.filter(({ box }) => centreIn(box, place)).length, 1, JSON.stringify(place));
});

detection('finds a face cut by the border', async () => {
  const { pixels } = await portrait('obama');
  const width = 245;
  const cut: PixelView = { ...pixels, width, data: crop(pixels, width, pixels.height) };
  const [found] = await full.detector.detect(cut, pyramid(width, pixels.height, 32));
  assert.ok(found, 'about two thirds of the face are there');
  assert.ok(found.box.x + found.box.width > width * 0.95);
});

detection('keeps several callers apart', async () => {
  const pictures = await Promise.all(portraitNames.map(async (who) => (await portrait(who)).pixels));
  const look = (pixels: PixelView) => full.detector.detect(pixels, [wholeFrame(pixels.width, pixels.height)]);
  const alone = [];
  for (const pixels of pictures) alone.push(await look(pixels));
  assert.equal(await Promise.all(pictures.map(look)), alone);
});

detection('can be cancelled, and says when no detector is loaded', async () => {
  const { pixels } = await portrait('biden');
  const reason = new Error('next frame is there');
  assert.is(await full.detector.detect(pixels, [wholeFrame(100, 100)], AbortSignal.abort(reason)).catch((fault) => fault), reason);
  const nothing = createDetector({
    lease: () => {
      throw new Error('none');
    },
  });
  assert.equal(await nothing.detect(pixels, []), [], 'no region, no lease');
  await short.models.unload('blazeface-short');
  await rejectsWith('MODEL_STATE', () => short.detector.detect(pixels, [wholeFrame(100, 100)]));
  await short.models.load('blazeface-short');
});

function crop({ data, width: from }: PixelView, width: number, height: number): Uint8Array {
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) out.set(data.subarray(y * from * 3, (y * from + width) * 3), y * width * 3);
  return out;
}

/** A contact sheet of the four portraits in turn, each in a square of `cell` pixels. */
async function grid(columns: number, rows: number, cell: number) {
  const width = columns * cell;
  const height = rows * cell;
  const data = new Uint8Array(width * height * 3).fill(70);
  const places = [];
  for (let i = 0; i < columns * rows; i += 1) {
    const { pixels } = await portrait(portraitNames[i % portraitNames.length] as (typeof portraitNames)[number]);
    const tile = new Uint8Array(cell * cell * 3);
    const shrink = createWarp(
      { width: cell, height: cell, layout: 'nhwc', dtype: 'u8', colorOrder: 'rgb', mean: [0, 0, 0], scale: [1, 1, 1] },
      { constant: 70 },
    );
    const whole: Affine = squareToImage(cell, wholeFrame(pixels.width, pixels.height));
    shrink(pixels, betweenCentres(whole), tile);
    const left = (i % columns) * cell;
    const top = Math.floor(i / columns) * cell;
    for (let y = 0; y < cell; y += 1) data.set(tile.subarray(y * cell * 3, (y + 1) * cell * 3), ((top + y) * width + left) * 3);
    places.push({ x: left, y: top, width: cell, height: cell });
  }
  return { view: { data, width, height, format: 'rgb' } satisfies PixelView, places };
}

function centreIn(box: { x: number; y: number; width: number; height: number }, place: { x: number; y: number; width: number; height: number }): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  return x >= place.x && x < place.x + place.width && y >= place.y && y < place.y + place.height;
}

/** RGB to another camera format (BT.601, limited range), for even widths and heights. */
function convert({ data, width, height }: PixelView, format: 'rgba' | 'gray' | 'nv12' | 'i420' | 'yuyv'): PixelView {
  const at = (x: number, y: number) => [0, 1, 2].map((c) => data[(y * width + x) * 3 + c] as number) as [number, number, number];
  const luma = ([r, g, b]: [number, number, number]) => 0.299 * r + 0.587 * g + 0.114 * b;
  const y8 = (p: [number, number, number]) => Math.round(16 + (luma(p) * 219) / 255);
  const u8 = (p: [number, number, number]) => Math.round(128 + ((p[2] - luma(p)) / 1.772) * (224 / 255));
  const v8 = (p: [number, number, number]) => Math.round(128 + ((p[0] - luma(p)) / 1.402) * (224 / 255));
  const out: number[] = [];
  const each = (step: number, visit: (x: number, y: number) => void) => {
    for (let y = 0; y < height; y += step) for (let x = 0; x < width; x += step) visit(x, y);
  };
  if (format === 'rgba') each(1, (x, y) => out.push(...at(x, y), 255));
  if (format === 'gray') each(1, (x, y) => out.push(Math.round(luma(at(x, y)))));
  if (format === 'nv12' || format === 'i420') each(1, (x, y) => out.push(y8(at(x, y))));
  if (format === 'nv12') each(2, (x, y) => out.push(u8(at(x, y)), v8(at(x, y))));
  if (format === 'i420') {
    each(2, (x, y) => out.push(u8(at(x, y))));
    each(2, (x, y) => out.push(v8(at(x, y))));
  }
  if (format === 'yuyv') {
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 2) out.push(y8(at(x, y)), u8(at(x, y)), y8(at(x + 1, y)), v8(at(x, y)));
  }
  return { data: Uint8Array.from(out), width, height, format };
}

detection.run();
