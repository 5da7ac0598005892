import type { PixelView } from '../frame.ts';

/** RGB to NV12 as cameras give it: BT.601, limited range, chroma of the mean of 2x2 pixels. Both sides must be even. */
export function rgbToNv12({ data, width, height }: PixelView): PixelView {
  const out = new Uint8Array((width * height * 3) / 2);
  let chroma = width * height;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (const at of [y * width + x, y * width + x + 1, (y + 1) * width + x, (y + 1) * width + x + 1]) {
        const r = data[3 * at] as number;
        const g = data[3 * at + 1] as number;
        const b = data[3 * at + 2] as number;
        out[at] = Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255);
        red += r;
        green += g;
        blue += b;
      }
      out[chroma] = Math.round(128 + (-37.797 * red - 74.203 * green + 112 * blue) / 1020);
      out[chroma + 1] = Math.round(128 + (112 * red - 93.786 * green - 18.214 * blue) / 1020);
      chroma += 2;
    }
  }
  return { data: out, width, height, format: 'nv12' };
}
