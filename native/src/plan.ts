import type { Affine, Border, PixelView, TensorSpec } from './types.ts';

/**
 * The numbers of one call, in one array: the addon reads them at once instead of looking up twenty properties.
 * Keep in step with `Slot` in addon/arguments.cc. Checks of numbers are the addon's; words are checked here.
 */
const MATRIX = 4;
const OUT = 10;
const MEAN = 15;
const SCALE = 18;
const QUANT = 21;
const BORDER = 23;
const PLAN_LENGTH = 25;

const FORMATS = ['rgb', 'rgba', 'gray', 'nv12', 'i420', 'yuyv'] as const;
const RANGES = ['limited', 'full'] as const;
const LAYOUTS = ['nchw', 'nhwc'] as const;
const DTYPES = ['f32', 'u8', 'i8'] as const;
const ORDERS = ['rgb', 'bgr'] as const;

function codeOf(words: readonly string[], word: unknown, what: string): number {
  for (let i = 0; i < words.length; i++) if (words[i] === word) return i;
  throw new TypeError(`${what} must be one of ${words.join(', ')}, not ${String(word)}`);
}

/** A fresh plan whose source part and matrix are still empty. */
export function createPlan(): Float64Array {
  return new Float64Array(PLAN_LENGTH);
}

/** Writes the part that belongs to one source and matrix. */
export function writeSource(plan: Float64Array, source: PixelView, matrix: Affine): void {
  plan[0] = source.width;
  plan[1] = source.height;
  plan[2] = codeOf(FORMATS, source.format, 'format');
  plan[3] = source.range === undefined ? 0 : codeOf(RANGES, source.range, 'range');
  for (let i = 0; i < 6; i++) plan[MATRIX + i] = matrix[i] as number;
}

/** Writes the part that belongs to the tensor. */
export function writeSpec(plan: Float64Array, spec: TensorSpec): void {
  plan[OUT] = spec.width;
  plan[OUT + 1] = spec.height;
  plan[OUT + 2] = codeOf(LAYOUTS, spec.layout, 'layout');
  const dtype = codeOf(DTYPES, spec.dtype, 'dtype');
  plan[OUT + 3] = dtype;
  plan[OUT + 4] = codeOf(ORDERS, spec.colorOrder, 'colorOrder');
  for (let c = 0; c < 3; c++) {
    plan[MEAN + c] = spec.mean[c] as number;
    plan[SCALE + c] = spec.scale[c] as number;
  }
  if (spec.quant !== undefined && dtype === 0) throw new TypeError('quant needs dtype u8 or i8: an f32 tensor is not quantised');
  plan[QUANT] = spec.quant === undefined ? 1 : spec.quant.scale;
  plan[QUANT + 1] = spec.quant === undefined ? (dtype === 2 ? -128 : 0) : spec.quant.zeroPoint;
}

/** Writes the border rule. */
export function writeBorder(plan: Float64Array, border: Border): void {
  if (border !== 'reflect101' && (typeof border !== 'object' || border === null)) {
    throw new TypeError(`border must be 'reflect101' or { constant: 0..255 }, not ${String(border)}`);
  }
  plan[BORDER] = border === 'reflect101' ? 0 : 1;
  plan[BORDER + 1] = border === 'reflect101' ? 0 : border.constant;
}
