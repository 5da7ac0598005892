// Made-up sources, tensors and matrices for the kernel tests, from a seeded generator: a failure repeats.
import type { Affine, PixelFormat, PixelView, TensorData, TensorSpec } from '../../native/src/types.ts';

export const FORMATS: readonly PixelFormat[] = ['rgb', 'rgba', 'gray', 'nv12', 'i420', 'yuyv'];

/** Uniform numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function wholeFrom(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** Bytes that a source needs. */
export function byteLength(format: PixelFormat, width: number, height: number): number {
  const halfWidth = Math.ceil(width / 2);
  switch (format) {
    case 'rgb':
      return width * height * 3;
    case 'rgba':
      return width * height * 4;
    case 'gray':
      return width * height;
    case 'yuyv':
      return 4 * halfWidth * height;
    default:
      return width * height + 2 * halfWidth * Math.ceil(height / 2);
  }
}

/** Noise in every byte: the hardest content for a kernel, whose mistakes it cannot hide. The buffer is exactly as long as needed. */
export function noise(random: () => number, format: PixelFormat, width: number, height: number): PixelView {
  const data = new Uint8Array(byteLength(format, width, height));
  for (let i = 0; i < data.length; i++) data[i] = random() * 256;
  return { data, width, height, format, range: random() < 0.5 ? 'limited' : 'full' };
}

/** A similarity or a general map, anywhere around the source, shrinking up to 12 times and enlarging up to 10. */
export function anyMatrix(random: () => number, source: PixelView, spec: TensorSpec): Affine {
  const scale = 10 ** (random() * 2.1 - 1);
  const angle = random() * 2 * Math.PI;
  const general = random() < 0.3;
  const across = () => (general ? scale * (random() * 2 - 1) : 0);
  const m0 = scale * Math.cos(angle) + across();
  const m1 = -scale * Math.sin(angle) + across();
  const m3 = scale * Math.sin(angle) + across();
  const m4 = scale * Math.cos(angle) + across();
  const spread = random() < 0.2 ? 6 : 1.2;
  const middleX = source.width * (0.5 + spread * (random() - 0.5));
  const middleY = source.height * (0.5 + spread * (random() - 0.5));
  return [m0, m1, middleX - (m0 * spec.width + m1 * spec.height) / 2, m3, m4, middleY - (m3 * spec.width + m4 * spec.height) / 2];
}

export function tensorFor(spec: TensorSpec): TensorData {
  const length = spec.width * spec.height * 3;
  return spec.dtype === 'f32' ? new Float32Array(length) : spec.dtype === 'u8' ? new Uint8Array(length) : new Int8Array(length);
}

/** A tensor of raw rgb pixels. */
export function rawSpec(width: number, height: number, change: Partial<TensorSpec> = {}): TensorSpec {
  return { width, height, layout: 'nhwc', dtype: 'u8', colorOrder: 'rgb', mean: [0, 0, 0], scale: [1, 1, 1], ...change };
}
