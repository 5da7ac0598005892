// The definition of the kernels in plain TypeScript: the tests hold the addon to it, and benchmarks take it as their yardstick.
// One pass over typed arrays without allocation; where a plane is box-averaged, the cells go to a scratch that the caller keeps.
import type { Affine, Border, PixelView, TensorData, TensorSpec } from './types.ts';

/** Reduced planes of the last call; grows to the size of the largest source region seen. */
export interface ReferenceScratch {
  first: Uint8Array;
  second: Uint8Array;
  third: Uint8Array;
}

export function createReferenceScratch(): ReferenceScratch {
  return { first: new Uint8Array(0), second: new Uint8Array(0), third: new Uint8Array(0) };
}

/** One channel of samples on a grid; after reduction, of cells. Objects are made once and refilled. */
class Channel {
  data: Uint8Array = new Uint8Array(0);
  offset = 0;
  step = 1;
  stride = 0;
  width = 0;
  height = 0;
  fill = 0;
  // Output pixel centres to sample (cell) centres.
  ax = 0;
  ay = 0;
  a0 = 0;
  bx = 0;
  by = 0;
  b0 = 0;

  set(data: Uint8Array, offset: number, step: number, stride: number, width: number, height: number, fill: number): void {
    this.data = data;
    this.offset = offset;
    this.step = step;
    this.stride = stride;
    this.width = width;
    this.height = height;
    this.fill = fill;
  }
}

const channels = [new Channel(), new Channel(), new Channel()] as const;

/** Points the channels at the planes of a source and answers how many differ (1 for gray). */
function openSource(source: PixelView, level: number): number {
  const { data, width: w, height: h, format } = source;
  const [first, second, third] = channels;
  const cw = (w + 1) >> 1;
  const ch = (h + 1) >> 1;
  const luma = source.range === 'full' ? level : 16 + (level * 219) / 255;
  if (format === 'rgb' || format === 'rgba') {
    const step = format === 'rgb' ? 3 : 4;
    const fill = Math.floor(level + 0.5);
    first.set(data, 0, step, w * step, w, h, fill);
    second.set(data, 1, step, w * step, w, h, fill);
    third.set(data, 2, step, w * step, w, h, fill);
    return 3;
  }
  if (format === 'gray') {
    first.set(data, 0, 1, w, w, h, Math.floor(level + 0.5));
    return 1;
  }
  const fill = Math.floor(luma + 0.5);
  if (format === 'yuyv') {
    first.set(data, 0, 2, cw * 4, w, h, fill);
    second.set(data, 1, 4, cw * 4, cw, h, 128);
    third.set(data, 3, 4, cw * 4, cw, h, 128);
    return 3;
  }
  const area = w * h;
  first.set(data, 0, 1, w, w, h, fill);
  if (format === 'nv12') {
    second.set(data, area, 2, cw * 2, cw, ch, 128);
    third.set(data, area + 1, 2, cw * 2, cw, ch, 128);
  } else {
    second.set(data, area, 1, cw, cw, ch, 128);
    third.set(data, area + cw * ch, 1, cw, cw, ch, 128);
  }
  return 3;
}

/** Maps the matrix to a channel's grid and replaces the channel by its cells where an output step covers 2 samples or more. */
function reduce(channel: Channel, matrix: Affine, subX: number, subY: number, spec: TensorSpec, scratch: Uint8Array, border: Border): Uint8Array {
  const reachX = Math.sqrt(matrix[0] * matrix[0] + matrix[1] * matrix[1]) / subX;
  const reachY = Math.sqrt(matrix[3] * matrix[3] + matrix[4] * matrix[4]) / subY;
  const boxX = reachX < 2 ? 1 : Math.floor(reachX);
  const boxY = reachY < 2 ? 1 : Math.floor(reachY);
  channel.ax = matrix[0] / (subX * boxX);
  channel.ay = matrix[1] / (subX * boxX);
  channel.a0 = (matrix[2] + 0.5) / (subX * boxX) - 0.5;
  channel.bx = matrix[3] / (subY * boxY);
  channel.by = matrix[4] / (subY * boxY);
  channel.b0 = (matrix[5] + 0.5) / (subY * boxY) - 0.5;
  if (boxX === 1 && boxY === 1) return scratch;
  const columns = Math.ceil(channel.width / boxX);
  const rows = Math.ceil(channel.height / boxY);
  // Only the cells the region needs, unless it leaves the plane and may reflect anywhere into it.
  const w = spec.width - 1;
  const h = spec.height - 1;
  let left = Math.floor(channel.a0 + Math.min(0, channel.ax * w) + Math.min(0, channel.ay * h));
  let right = Math.floor(channel.a0 + Math.max(0, channel.ax * w) + Math.max(0, channel.ay * h)) + 2;
  let top = Math.floor(channel.b0 + Math.min(0, channel.bx * w) + Math.min(0, channel.by * h));
  let bottom = Math.floor(channel.b0 + Math.max(0, channel.bx * w) + Math.max(0, channel.by * h)) + 2;
  const mirrors = border === 'reflect101';
  if (mirrors && (left < 0 || right > columns)) [left, right] = [0, columns];
  if (mirrors && (top < 0 || bottom > rows)) [top, bottom] = [0, rows];
  left = Math.max(0, left);
  top = Math.max(0, top);
  right = Math.min(columns, right);
  bottom = Math.min(rows, bottom);
  const cells = scratch.length >= columns * rows ? scratch : new Uint8Array(columns * rows);
  const { data, offset, step, stride } = channel;
  for (let r = top; r < bottom; r++) {
    const y0 = r * boxY;
    const y1 = Math.min(y0 + boxY, channel.height);
    for (let c = left; c < right; c++) {
      const x0 = c * boxX;
      const x1 = Math.min(x0 + boxX, channel.width);
      let sum = 0;
      for (let y = y0; y < y1; y++) {
        const end = offset + y * stride + x1 * step;
        for (let i = offset + y * stride + x0 * step; i < end; i += step) sum += data[i] as number;
      }
      // Halves up; the quarter keeps the floor's argument clear of its steps, so no rounding in the last place matters.
      const n = (y1 - y0) * (x1 - x0);
      cells[r * columns + c] = (sum + 0.25) / n + 0.5;
    }
  }
  channel.set(cells, 0, 1, columns, columns, rows, channel.fill);
  return cells;
}

function reflect(i: number, n: number): number {
  if (i >= 0 && i < n) return i;
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const folded = ((i % period) + period) % period;
  return folded < n ? folded : period - folded;
}

/** One tap, which may lie outside. */
function tap(channel: Channel, x: number, y: number, mirrors: boolean): number {
  const { width, height } = channel;
  if (!mirrors && (x < 0 || y < 0 || x >= width || y >= height)) return channel.fill;
  return channel.data[channel.offset + reflect(y, height) * channel.stride + reflect(x, width) * channel.step] as number;
}

function sample(channel: Channel, x: number, y: number, mirrors: boolean): number {
  const px = channel.ax * x + channel.ay * y + channel.a0;
  const py = channel.bx * x + channel.by * y + channel.b0;
  const ix = Math.floor(px);
  const iy = Math.floor(py);
  const wx = px - ix;
  const wy = py - iy;
  let p00: number;
  let p01: number;
  let p10: number;
  let p11: number;
  if (ix >= 0 && iy >= 0 && ix + 1 < channel.width && iy + 1 < channel.height) {
    const data = channel.data;
    const i = channel.offset + iy * channel.stride + ix * channel.step;
    const j = i + channel.stride;
    p00 = data[i] as number;
    p01 = data[i + channel.step] as number;
    p10 = data[j] as number;
    p11 = data[j + channel.step] as number;
  } else {
    p00 = tap(channel, ix, iy, mirrors);
    p01 = tap(channel, ix + 1, iy, mirrors);
    p10 = tap(channel, ix, iy + 1, mirrors);
    p11 = tap(channel, ix + 1, iy + 1, mirrors);
  }
  const upper = p00 + wx * (p01 - p00);
  const lower = p10 + wx * (p11 - p10);
  return upper + wy * (lower - upper);
}

function clamp(v: number, low: number, high: number): number {
  return v < low ? low : v > high ? high : v;
}

/** The same result as `warp` of the package, within one level, for arguments that are valid; it checks nothing. */
export function referenceWarp(source: PixelView, matrix: Affine, border: Border, spec: TensorSpec, out: TensorData, scratch: ReferenceScratch): void {
  const mirrors = border === 'reflect101';
  const count = openSource(source, border === 'reflect101' ? 0 : border.constant);
  const yuv = source.format === 'nv12' || source.format === 'i420' || source.format === 'yuyv';
  const chromaX = yuv ? 2 : 1;
  const chromaY = yuv && source.format !== 'yuyv' ? 2 : 1;
  const [first, second, third] = channels;
  scratch.first = reduce(first, matrix, 1, 1, spec, scratch.first, border);
  if (count === 3) {
    scratch.second = reduce(second, matrix, chromaX, chromaY, spec, scratch.second, border);
    scratch.third = reduce(third, matrix, chromaX, chromaY, spec, scratch.third, border);
  }
  const full = source.range === 'full';
  const lumaGain = full ? 1 : 255 / 219;
  const black = full ? 0 : 16;
  const chromaGain = full ? 1 : 255 / 224;
  const redV = 1.402 * chromaGain;
  const greenU = 0.344136 * chromaGain;
  const greenV = 0.714136 * chromaGain;
  const blueU = 1.772 * chromaGain;

  const { width, height } = spec;
  const step = spec.layout === 'nhwc' ? 3 : 1;
  const plane = spec.layout === 'nhwc' ? 1 : width * height;
  const redAt = spec.colorOrder === 'rgb' ? 0 : 2 * plane;
  const blueAt = spec.colorOrder === 'rgb' ? 2 * plane : 0;
  const quantScale = spec.quant === undefined ? 1 : spec.quant.scale;
  const zeroPoint = spec.quant === undefined ? (spec.dtype === 'i8' ? -128 : 0) : spec.quant.zeroPoint;
  const gainR = 1 / (spec.scale[0] * quantScale);
  const gainG = 1 / (spec.scale[1] * quantScale);
  const gainB = 1 / (spec.scale[2] * quantScale);
  const [meanR, meanG, meanB] = spec.mean;
  const whole = spec.dtype !== 'f32';
  const low = spec.dtype === 'i8' ? -128 : 0;
  const high = low + 255;

  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += step) {
      let r = sample(first, x, y, mirrors);
      let g = r;
      let b = r;
      if (count === 3) {
        g = sample(second, x, y, mirrors);
        b = sample(third, x, y, mirrors);
      }
      if (yuv) {
        const luma = (r - black) * lumaGain;
        const u = g - 128;
        const v = b - 128;
        r = clamp(luma + redV * v, 0, 255);
        g = clamp(luma - greenU * u - greenV * v, 0, 255);
        b = clamp(luma + blueU * u, 0, 255);
      }
      r = (r - meanR) * gainR + zeroPoint;
      g = (g - meanG) * gainG + zeroPoint;
      b = (b - meanB) * gainB + zeroPoint;
      if (whole) {
        r = clamp(Math.floor(r + 0.5), low, high);
        g = clamp(Math.floor(g + 0.5), low, high);
        b = clamp(Math.floor(b + 0.5), low, high);
      }
      out[at + redAt] = r;
      out[at + plane] = g;
      out[at + blueAt] = b;
    }
  }
}
