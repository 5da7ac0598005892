import { GLYPH_HEIGHT, GLYPH_WIDTH, isInked } from './label-font.ts';

export type Color = readonly [number, number, number];

/** Whole pixels, right and bottom excluded. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Packed RGB pixels to draw on; everything is clipped at the edges. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number, data: Uint8Array) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  fill(area: Area, color: Color): void {
    const { left, top, right, bottom } = this.#clip(area);
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) this.data.set(color, (y * this.width + x) * 3);
    }
  }

  frame({ left, top, right, bottom }: Area, thickness: number, color: Color): void {
    this.fill({ left, top, right, bottom: top + thickness }, color);
    this.fill({ left, top: bottom - thickness, right, bottom }, color);
    this.fill({ left, top, right: left + thickness, bottom }, color);
    this.fill({ left: right - thickness, top, right, bottom }, color);
  }

  /** One line of text from its top left; `dot` is the size of a font dot in pixels. */
  text(line: string, x: number, y: number, dot: number, color: Color): void {
    [...line].forEach((character, i) => {
      for (let row = 0; row < GLYPH_HEIGHT; row += 1) {
        for (let column = 0; column < GLYPH_WIDTH; column += 1) {
          if (!isInked(character, column, row)) continue;
          const left = x + (i * (GLYPH_WIDTH + 1) + column) * dot;
          const top = y + row * dot;
          this.fill({ left, top, right: left + dot, bottom: top + dot }, color);
        }
      }
    });
  }

  /** Replaces each cell of the area by its mean: what was inside a cell is gone for good. */
  pixelate(area: Area, cell: number): void {
    const { left, top, right, bottom } = this.#clip(area);
    for (let y = top; y < bottom; y += cell) {
      for (let x = left; x < right; x += cell) {
        const part = { left: x, top: y, right: Math.min(x + cell, right), bottom: Math.min(y + cell, bottom) };
        this.fill(part, this.#mean(part));
      }
    }
  }

  /** Three passes of a box mean over the area, close to a Gaussian of standard deviation `radius`. */
  blur(area: Area, radius: number): void {
    const clipped = this.#clip(area);
    const width = clipped.right - clipped.left;
    const height = clipped.bottom - clipped.top;
    if (width <= 0 || height <= 0) return;
    const start = (clipped.top * this.width + clipped.left) * 3;
    const line = new Float32Array(Math.max(width, height));
    for (let pass = 0; pass < 3; pass += 1) {
      for (let c = 0; c < 3; c += 1) {
        for (let y = 0; y < height; y += 1) this.#blurLine(start + y * this.width * 3 + c, 3, width, radius, line);
        for (let x = 0; x < width; x += 1) this.#blurLine(start + x * 3 + c, this.width * 3, height, radius, line);
      }
    }
  }

  /** Running mean over 2 x radius + 1 samples, fewer at the ends. */
  #blurLine(start: number, step: number, n: number, radius: number, line: Float32Array): void {
    for (let i = 0; i < n; i += 1) line[i] = this.data[start + i * step] as number;
    let sum = 0;
    let from = 0;
    let to = 0;
    for (let i = 0; i < n; i += 1) {
      while (to < Math.min(n, i + radius + 1)) sum += line[to++] as number;
      while (from < i - radius) sum -= line[from++] as number;
      this.data[start + i * step] = Math.round(sum / (to - from));
    }
  }

  #mean({ left, top, right, bottom }: Area): Color {
    const sum = [0, 0, 0];
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        for (let c = 0; c < 3; c += 1) sum[c] = (sum[c] as number) + (this.data[(y * this.width + x) * 3 + c] as number);
      }
    }
    const n = (right - left) * (bottom - top);
    return [(sum[0] as number) / n, (sum[1] as number) / n, (sum[2] as number) / n];
  }

  #clip(area: Area): Area {
    const within = (value: number, limit: number) => Math.min(limit, Math.max(0, Math.round(value)));
    return {
      left: within(area.left, this.width),
      top: within(area.top, this.height),
      right: within(area.right, this.width),
      bottom: within(area.bottom, this.height),
    };
  }
}
