import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeStill, MAX_STILL_SIDE } from '../../../core/src/camera/still.ts';
import { MienError } from '../../../core/src/errors.ts';
import { frameBytes, type PixelView } from '../../../core/src/frame.ts';

const test = suite('still');

/** 64x48: left half red, right half blue. */
const red = { create: { width: 32, height: 48, channels: 3, background: '#ff0000' } } as const;
const picture = (): Sharp => sharp({ create: { width: 64, height: 48, channels: 3, background: '#0000ff' } }).composite([{ input: red, left: 0, top: 0 }]);
const encoded = await picture().png().toBuffer();
const again = (): Sharp => sharp(encoded);

function pixelAt({ data, width, format }: PixelView, x: number, y: number): number[] {
  const channels = format === 'rgb' ? 3 : 1;
  const at = (y * width + x) * channels;
  return [...data.subarray(at, at + channels)];
}

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.is(actual.length, expected.length);
  for (const [at, value] of expected.entries()) assert.ok(Math.abs((actual[at] ?? -999) - value) <= tolerance, `${actual} is not ${expected}`);
}

async function assertRedBlue(bytes: Uint8Array, tolerance = 4): Promise<void> {
  const { pixels, decodeMs } = await decodeStill(bytes);
  assert.equal([pixels.width, pixels.height, pixels.format], [64, 48, 'rgb']);
  assert.is(pixels.data.length, frameBytes('rgb', 64, 48));
  assertNear(pixelAt(pixels, 8, 8), [255, 0, 0], tolerance);
  assertNear(pixelAt(pixels, 56, 40), [0, 0, 255], tolerance);
  assert.ok(decodeMs > 0);
}

async function refusal(bytes: Uint8Array, code: string): Promise<string> {
  try {
    await decodeStill(bytes);
  } catch (error) {
    assert.instance(error, MienError);
    assert.is((error as MienError).code, code);
    return (error as MienError).message;
  }
  throw new Error(`${code} was expected, the image was decoded`);
}

for (const [name, encode] of Object.entries<() => Promise<Buffer>>({
  JPEG: () => again().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
  'progressive JPEG': () => again().jpeg({ quality: 95, progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  PNG: () => again().png().toBuffer(),
  'palette PNG': () => again().png({ palette: true }).toBuffer(),
  'interlaced PNG': () => again().png({ progressive: true }).toBuffer(),
  '16-bit PNG': () => again().toColourspace('rgb16').png().toBuffer(),
  WebP: () => again().webp({ lossless: true }).toBuffer(),
  AVIF: () => again().avif({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
  GIF: () => again().gif().toBuffer(),
  TIFF: () => again().tiff({ compression: 'lzw' }).toBuffer(),
})) {
  test(name, async () => assertRedBlue(await encode(), 12));
}

test('16 bits really were 16 bits', async () => {
  const bytes = await again().toColourspace('rgb16').png().toBuffer();
  assert.is((await sharp(bytes).metadata()).depth, 'ushort');
});

test('EXIF rotation is honoured: all eight orientations come out the same', async () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    // The stored pixels are turned so that the viewer's turn undoes it.
    const undo: Record<number, (image: Sharp) => Sharp> = {
      1: (image) => image,
      2: (image) => image.flop(),
      3: (image) => image.rotate(180),
      4: (image) => image.flip(),
      5: (image) => image.flop().rotate(270),
      6: (image) => image.rotate(270),
      7: (image) => image.flop().rotate(90),
      8: (image) => image.rotate(90),
    };
    const stored = await (undo[orientation] as (image: Sharp) => Sharp)(again()).png().toBuffer();
    const bytes = await sharp(stored).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).withMetadata({ orientation }).toBuffer();
    assert.is((await sharp(bytes).metadata()).orientation, orientation);
    await assertRedBlue(bytes, 12);
  }
});

test('CMYK becomes RGB', async () => {
  const bytes = await again().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
  assert.is((await sharp(bytes).metadata()).space, 'cmyk');
  const { pixels } = await decodeStill(bytes);
  assert.is(pixels.format, 'rgb');
  const [r = 0, , b = 0] = pixelAt(pixels, 8, 8);
  const [r2 = 0, , b2 = 0] = pixelAt(pixels, 56, 40);
  assert.ok(r > b + 120 && b2 > r2 + 60, `red is ${pixelAt(pixels, 8, 8)}, blue is ${pixelAt(pixels, 56, 40)}`);
});

test('transparency is laid over white', async () => {
  const bytes = await sharp({ create: { width: 32, height: 32, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } } })
    .png()
    .toBuffer();
  const { pixels } = await decodeStill(bytes);
  assert.is(pixels.format, 'rgb');
  assertNear(pixelAt(pixels, 16, 16), [255, 127, 127], 2);
});

test('grayscale stays gray, with 8 bits, also with alpha and from 16 bits', async () => {
  const gray = () => again().toColourspace('b-w');
  for (const bytes of [
    await gray().jpeg().toBuffer(),
    await gray().png().toBuffer(),
    await again().toColourspace('grey16').png().toBuffer(),
    await gray().ensureAlpha(1).png().toBuffer(),
  ]) {
    const { pixels } = await decodeStill(bytes);
    assert.equal([pixels.format, pixels.data.length], ['gray', 64 * 48]);
    assertNear(pixelAt(pixels, 8, 8), pixelAt((await decodeStill(await gray().png().toBuffer())).pixels, 8, 8), 3);
  }
});

test('animated: the first frame', async () => {
  const frames = await Promise.all([again().png().toBuffer(), again().negate().png().toBuffer()]);
  for (const format of ['gif', 'webp'] as const) {
    const bytes = await sharp(frames, { join: { animated: true } })
      .toFormat(format, format === 'webp' ? { lossless: true } : {})
      .toBuffer();
    assert.is((await sharp(bytes).metadata()).pages, 2);
    await assertRedBlue(bytes, 12);
  }
});

test('0 bytes', async () => {
  assert.match(await refusal(new Uint8Array(), 'IMAGE_EMPTY'), '0 bytes');
});

test('not an image', async () => {
  assert.match(await refusal(Buffer.from('hello, this is text'), 'IMAGE_UNREADABLE'), 'expected JPEG');
  await refusal(
    Uint8Array.from({ length: 4000 }, (_, at) => (at * 7919) % 251),
    'IMAGE_UNREADABLE',
  );
  await refusal(Buffer.from([0xff, 0xd8, 0xff]), 'IMAGE_UNREADABLE');
});

test('truncated images of each format are refused, not half decoded', async () => {
  const noise = await sharp({ create: { width: 200, height: 200, channels: 3, background: '#888888', noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
    .png()
    .toBuffer();
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const) {
    const whole = await sharp(noise).toFormat(format).toBuffer();
    await decodeStill(whole);
    for (const share of [0.5, 0.9]) await refusal(whole.subarray(0, Math.floor(whole.length * share)), 'IMAGE_UNREADABLE');
  }
});

test('SVG and PDF are not rendered', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>';
  for (const text of [svg, `<?xml version="1.0"?>\n${svg}`, `\ufeff  ${svg}`, `<!-- a -->${svg}`]) {
    assert.match(await refusal(Buffer.from(text), 'IMAGE_UNSUPPORTED'), 'SVG is not read; expected JPEG, PNG, WebP, AVIF, GIF, TIFF');
  }
  await refusal(Buffer.from('%PDF-1.7 ...'), 'IMAGE_UNSUPPORTED');
});

test('20000x20000 is refused by the stated limit before decoding', async () => {
  const bytes = blackPng(20_000, 20_000);
  const before = process.resourceUsage().maxRSS;
  const started = performance.now();
  const message = await refusal(bytes, 'IMAGE_TOO_LARGE');
  assert.match(message, '20000x20000');
  assert.match(message, '16384 pixels a side and 100 megapixels');
  assert.ok(performance.now() - started < 500);
  assert.ok(process.resourceUsage().maxRSS - before < 100_000, 'the 400 MB of pixels were not made');
});

test('limits of side and area, and of smallness', async () => {
  await refusal(blackPng(MAX_STILL_SIDE + 1, 16), 'IMAGE_TOO_LARGE');
  assert.is((await decodeStill(blackPng(MAX_STILL_SIDE, 16))).pixels.width, MAX_STILL_SIDE);
  await refusal(blackPng(10_001, 10_000), 'IMAGE_TOO_LARGE');
  assert.match(await refusal(blackPng(1, 1), 'IMAGE_TOO_SMALL'), '1x1');
  await refusal(blackPng(15, 100), 'IMAGE_TOO_SMALL');
  assert.is((await decodeStill(blackPng(16, 16))).pixels.width, 16);
});

/** A whole PNG of 1-bit black pixels: large in pixels, small in bytes. */
function blackPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, crc]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height), { level: 1 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

test.run();
