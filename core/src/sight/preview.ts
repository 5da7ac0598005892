import { createWarp, type TensorSpec, type Warp } from '@mien/native';
import { loadSharp } from '../camera/still.ts';
import { MienError } from '../errors.ts';
import type { PixelView } from '../frame.ts';
import type { Observation } from '../observation.ts';
import type { JpegFeed } from './jpeg-feed.ts';
import type { PreviewOptions } from './messages.ts';

const defaultWidth = 640;
const widest = 1280;
const defaultFramesPerSecond = 10;
const mostFramesPerSecond = 30;
/** A frame a little early is as good as the next one late. */
const earlyMs = 5;
const seen = [0, 208, 132] as const;
const predicted = [255, 176, 0] as const;
const linePx = 2;

/** Shrinks frames, draws the boxes and encodes them as JPEG for one reader; at most so often, and never two at once. */
export class PreviewRenderer {
  readonly #feed: JpegFeed;
  readonly #width: number;
  readonly #everyMs: number;
  #size = { width: 0, height: 0 };
  #warp: Warp | undefined;
  #rgb = new Uint8Array(0);
  #lastAt = Number.NEGATIVE_INFINITY;
  #isEncoding = false;

  constructor(feed: JpegFeed, { framesPerSecond = defaultFramesPerSecond, width = defaultWidth }: PreviewOptions) {
    this.#feed = feed;
    this.#width = Math.min(Math.max(Math.round(width), 64), widest);
    this.#everyMs = 1000 / Math.min(Math.max(framesPerSecond, 0.1), mostFramesPerSecond);
  }

  /** Takes what it needs of the pixels before it returns; encodes afterwards, on another thread. */
  offer(pixels: PixelView, observation: Observation): void {
    const now = performance.now();
    if (this.#isEncoding || this.#feed.done || now - this.#lastAt < this.#everyMs - earlyMs) return;
    this.#lastAt = now;
    this.#shrink(pixels);
    for (const face of observation.faces) this.#drawBox(face.box, face.score > 0 ? seen : predicted);
    this.#isEncoding = true;
    this.#encode()
      .then(
        (jpeg) => this.#feed.put(jpeg),
        (fault) => this.#feed.end(MienError.from(fault)),
      )
      .finally(() => {
        this.#isEncoding = false;
      });
  }

  end(): void {
    this.#feed.end();
  }

  #shrink(pixels: PixelView): void {
    const width = Math.min(this.#width, pixels.width);
    const height = Math.max(1, Math.round((pixels.height * width) / pixels.width));
    if (!this.#warp || width !== this.#size.width || height !== this.#size.height) {
      const spec: TensorSpec = { width, height, layout: 'nhwc', dtype: 'u8', colorOrder: 'rgb', mean: [0, 0, 0], scale: [1, 1, 1] };
      this.#warp = createWarp(spec, 'reflect101');
      this.#rgb = new Uint8Array(width * height * 3);
      this.#size = { width, height };
    }
    const x = pixels.width / width;
    const y = pixels.height / height;
    this.#warp(pixels, [x, 0, (x - 1) / 2, 0, y, (y - 1) / 2], this.#rgb);
  }

  #drawBox(box: readonly [number, number, number, number], color: readonly [number, number, number]): void {
    const { width, height } = this.#size;
    const left = Math.round(box[0] * width);
    const top = Math.round(box[1] * height);
    const right = Math.round((box[0] + box[2]) * width);
    const bottom = Math.round((box[1] + box[3]) * height);
    this.#fill(left, top, right, top + linePx, color);
    this.#fill(left, bottom - linePx, right, bottom, color);
    this.#fill(left, top, left + linePx, bottom, color);
    this.#fill(right - linePx, top, right, bottom, color);
  }

  #fill(left: number, top: number, right: number, bottom: number, color: readonly [number, number, number]): void {
    const { width, height } = this.#size;
    for (let y = Math.max(top, 0); y < Math.min(bottom, height); y += 1) {
      for (let x = Math.max(left, 0); x < Math.min(right, width); x += 1) this.#rgb.set(color, (y * width + x) * 3);
    }
  }

  async #encode(): Promise<Uint8Array> {
    const sharp = await loadSharp();
    return sharp(this.#rgb, { raw: { ...this.#size, channels: 3 } })
      .jpeg({ quality: 75 })
      .toBuffer();
  }
}
