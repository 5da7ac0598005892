import { loadAddon } from './addon.ts';
import { createPlan, writeBorder, writeSource, writeSpec } from './plan.ts';
import type { Affine, Border, PixelView, TensorData, TensorSpec } from './types.ts';

export { AddonLoadError } from './addon.ts';
export type { Affine, Border, PixelFormat, PixelView, TensorData, TensorSpec } from './types.ts';

const addon = loadAddon(process.env.MIEN_NATIVE_PATH);

/** Which kernels run: chosen by the processor, or named in MIEN_NATIVE_DISPATCH (which must be one it can run). */
export const kernelInfo = Object.freeze({
  platform: `${process.platform}-${process.arch}`,
  dispatch: addon.dispatch(process.env.MIEN_NATIVE_DISPATCH || undefined) as 'avx2' | 'neon' | 'baseline',
});

/** Samples a source through an affine matrix into a tensor. Nothing is kept of source or out. */
export type Warp = (source: PixelView, matrix: Affine, out: TensorData) => void;

/**
 * The pass from a camera's pixels to a network's input, for one tensor and border: sample, colour, normalise, lay out. The spec is copied.
 *
 * Where one output step covers 2 or more samples of a plane along x or y, the plane is first averaged in whole cells of floor(reach)
 * samples, on the plane's own grid (the last cell of a row or column may be partial), rounded to 8 bits; the cells are then sampled
 * bilinearly, and the border rule applies to cells. Reach along x is hypot(m0, m1), along y hypot(m3, m4), halved on halved chroma.
 * YUV becomes RGB after sampling; pixels are clamped to 0..255 before normalisation.
 *
 * Throws TypeError for a wrong word or array type, RangeError for sizes, lengths and numbers out of range; `out` is then untouched.
 */
export function createWarp(spec: TensorSpec, border: Border): Warp {
  const plan = createPlan();
  writeSpec(plan, spec);
  writeBorder(plan, border);
  return (source, matrix, out) => {
    writeSource(plan, source, matrix);
    addon.warp(source.data, out, plan);
  };
}

const scratchPlan = createPlan();

/** `createWarp(spec, border)(source, matrix, out)` for a single use; about a microsecond slower a call. */
export function warp(source: PixelView, matrix: Affine, border: Border, spec: TensorSpec, out: TensorData): void {
  writeSpec(scratchPlan, spec);
  writeBorder(scratchPlan, border);
  writeSource(scratchPlan, source, matrix);
  addon.warp(source.data, out, scratchPlan);
}

/** See {@link measure}. */
export interface Measures {
  /** Mean luma, 0 (black) to 1 (white). */
  light: number;
  /** Standard deviation of luma, 0 to 0.5. */
  contrast: number;
  /**
   * Variance of the 4-neighbour Laplacian of luma over (variance of luma + 1e-4), edge pixels left out: how much of the contrast is fine
   * detail. 0 for a flat or very blurred picture, 20 for white noise, at most about 64; independent of exposure.
   * Seen on 112x112 crops of 240 faces: median 0.04 as they are, 0.02, 0.006 and 0.0025 after a Gaussian blur of 1, 2 and 3 pixels
   * (of 128), 0.01 when enlarged from 32 pixels.
   */
  sharpness: number;
}

const measured = new Float64Array(3);

/** Light, contrast and sharpness of an aligned crop already in tensor form. Throws like {@link createWarp}, also where a value is not finite. */
export function measure(tensor: TensorData, spec: TensorSpec): Measures {
  writeSpec(scratchPlan, spec);
  addon.measure(tensor, scratchPlan, measured);
  return { light: measured[0] as number, contrast: measured[1] as number, sharpness: measured[2] as number };
}

/**
 * Tells systemd (sd_notify): one datagram such as 'READY=1' to $NOTIFY_SOCKET. False when that is not set.
 * Throws when it is set and the datagram cannot be delivered within 100 ms.
 */
export function notify(message: string): boolean {
  const address = process.env.NOTIFY_SOCKET;
  if (!address) return false;
  addon.notify(address, message);
  return true;
}
