// The pictures that every peer gets, as packed RGB. Decoding is not timed, and one picture is held at a time.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const core = new URL('../../core/', import.meta.url);
const sharp = createRequire(new URL('package.json', core))('sharp');
sharp.cache(false);
sharp.concurrency(1);

/** Half the side on each side. */
const padShare = 0.5;
/** The face box takes this share of an aligned crop. */
const faceOfCrop = 0.79;
const cropSide = 128;

async function rgb(image) {
  const { data, info } = await image.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

export const decode = (path) => rgb(sharp(path));

/** A crop in the middle of a picture twice its size, edges repeated, for peers that look for the face themselves. */
export async function padded(path) {
  return rgb(sharp(await paddedPng(path)));
}

export async function paddedPng(path) {
  const { width, height } = await sharp(path).metadata();
  const [x, y] = [Math.round(width * padShare), Math.round(height * padShare)];
  return sharp(path).toColourspace('srgb').extend({ left: x, right: x, top: y, bottom: y, extendWith: 'copy' }).png({ compressionLevel: 1 }).toBuffer();
}

/** The square around a face of the clip, as large as an aligned crop is. `box` in pixels. */
export function cropAt(path, [x, y, width, height]) {
  const side = Math.round(Math.max(width, height) / faceOfCrop);
  const left = Math.max(0, Math.min(1280 - side, Math.round(x + width / 2 - side / 2)));
  const top = Math.max(0, Math.min(720 - side, Math.round(y + height / 2 - side / 2)));
  return rgb(sharp(path).extract({ left, top, width: side, height: side }).resize(cropSide, cropSide));
}

/** What the driver wrote for its peers. */
export const job = () => JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Hands the result to the driver: the last line on stdout. */
export function report(result) {
  process.stdout.write(`\n${JSON.stringify(result)}\n`);
}

/** Peak resident memory so far, MB. */
export const peakRssMb = () => (process.resourceUsage().maxRSS * 1024) / 1e6;
