/** How a pixel buffer is laid out. YUV is 4:2:0 (nv12, i420) or 4:2:2 (yuyv); chroma sits centred between its luma pixels. */
export type PixelFormat = 'rgb' | 'rgba' | 'gray' | 'nv12' | 'i420' | 'yuyv';

/**
 * Borrowed pixels, tightly packed, upright, 1..16384 pixels a side. `data` may be longer than needed.
 * Odd sizes of YUV round the chroma up: nv12 and i420 hold ceil(w/2) x ceil(h/2) chroma samples, a yuyv row 4 x ceil(w/2) bytes.
 * YUV is BT.601; `range` is 'limited' (16..235) unless said otherwise. Alpha is ignored.
 */
export interface PixelView {
  data: Uint8Array;
  width: number;
  height: number;
  format: PixelFormat;
  range?: 'limited' | 'full';
}

/**
 * A 3-channel tensor of one image. A pixel p (0..255) is stored as (p - mean) / scale per channel; mean and scale are given for r, g, b
 * whatever the colour order. Integers are rounded (halves up) and saturated.
 */
export interface TensorSpec {
  width: number;
  height: number;
  layout: 'nchw' | 'nhwc';
  dtype: 'f32' | 'u8' | 'i8';
  colorOrder: 'rgb' | 'bgr';
  mean: readonly [number, number, number];
  scale: readonly [number, number, number];
  /**
   * Of a quantised u8 or i8 tensor: q = round((p - mean) / scale / quant.scale + zeroPoint). Without it the integers are raw pixels:
   * u8 = (p - mean) / scale, i8 = (p - mean) / scale - 128.
   */
  quant?: { scale: number; zeroPoint: number };
}

/** Row-major 2x3 map from output pixel centres to source pixel centres: sx = m0*x + m1*y + m2; sy = m3*x + m4*y + m5. */
export type Affine = readonly [number, number, number, number, number, number];

/**
 * What lies outside the source: its mirror image without the edge repeated, or one level 0..255 for all channels, before normalisation.
 * A YUV source holds the level as the nearest luma code, so it may read up to 0.6 levels off.
 */
export type Border = 'reflect101' | { constant: number };

/** Where a tensor's values live. Its length must be width x height x 3; its type must fit the dtype. */
export type TensorData = Float32Array | Uint8Array | Int8Array;
