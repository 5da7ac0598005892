/** Encoded still images to upright pixels, by sharp. */
import type { Metadata } from 'sharp';
import { MienError } from '../errors.ts';
import type { PixelView } from '../frame.ts';

const STILL_FORMATS = ['JPEG', 'PNG', 'WebP', 'AVIF', 'GIF', 'TIFF'] as const;
const MAX_STILL_PIXELS = 100_000_000;
export const MAX_STILL_SIDE = 16_384;
const MIN_STILL_SIDE = 16;

const SUPPORTED: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'heif', 'gif', 'tiff']);
const EXPECTED = `expected ${STILL_FORMATS.join(', ')}`;

export interface Still {
  /** RGB, or GRAY for a grayscale image; full range. The caller owns the bytes. */
  readonly pixels: PixelView;
  readonly decodeMs: number;
}

/**
 * The first frame or page, turned as EXIF says, 8 bits a channel, transparency laid over white. Limits are checked on the
 * header, before anything is decoded. Errors: IMAGE_EMPTY, IMAGE_UNREADABLE, IMAGE_UNSUPPORTED, IMAGE_TOO_LARGE, IMAGE_TOO_SMALL.
 */
export async function decodeStill(bytes: Uint8Array): Promise<Still> {
  const started = performance.now();
  if (bytes.length === 0) throw new MienError('IMAGE_EMPTY', `The image has 0 bytes; ${EXPECTED}.`);
  const kind = foreignKind(bytes);
  if (kind) throw new MienError('IMAGE_UNSUPPORTED', `${kind} is not read; ${EXPECTED}.`);
  const sharp = await loadSharp();
  // The limits are ours and named; sharp's own would speak of an unreadable image. A truncated image is an error, not half a picture.
  const image = sharp(bytes, { failOn: 'truncated', limitInputPixels: false, autoOrient: true });
  const header = await image.metadata().catch((error: unknown) => {
    throw new MienError('IMAGE_UNREADABLE', `This is not an image that can be read; ${EXPECTED}.`, { cause: error });
  });
  checkHeader(header);
  const isGray = header.space === 'b-w' || header.space === 'grey16';
  try {
    const { data, info } = await image
      .flatten({ background: '#ffffff' })
      .toColourspace(isGray ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const pixels: PixelView = { data, width: info.width, height: info.height, format: info.channels === 1 ? 'gray' : 'rgb' };
    return { pixels, decodeMs: performance.now() - started };
  } catch (error) {
    throw new MienError('IMAGE_UNREADABLE', 'The image is damaged or cut off; its header is readable, its pixels are not.', { cause: error });
  }
}

function checkHeader({ format, width, height }: Metadata): void {
  if (!SUPPORTED.has(format)) throw new MienError('IMAGE_UNSUPPORTED', `${format.toUpperCase()} is not read; ${EXPECTED}.`);
  const size = `${width}x${height}`;
  if (width > MAX_STILL_SIDE || height > MAX_STILL_SIDE || width * height > MAX_STILL_PIXELS) {
    throw new MienError(
      'IMAGE_TOO_LARGE',
      `The image is ${size}; at most ${MAX_STILL_SIDE} pixels a side and ${MAX_STILL_PIXELS / 1e6} megapixels are decoded.`,
    );
  }
  if (width < MIN_STILL_SIDE || height < MIN_STILL_SIDE) {
    throw new MienError('IMAGE_TOO_SMALL', `The image is ${size}; at least ${MIN_STILL_SIDE} pixels a side are needed.`);
  }
}

/** Vector and document formats are told by their first bytes, before a renderer sees them. */
function foreignKind(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString('latin1');
  if (head.startsWith('%PDF')) return 'PDF';
  if (/^(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg|!DOCTYPE svg|!--)/i.test(head)) return 'SVG';
  return undefined;
}

let loading: Promise<typeof import('sharp').default> | undefined;

/** sharp is loaded by the first image: its native library costs memory that a robot without stills need not spend. */
export function loadSharp(): Promise<typeof import('sharp').default> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loading;
}
