/** YUV4MPEG2, the simplest container for raw video: one header line, then for each frame the line FRAME and its planes. */
import { MienError } from '../errors.ts';
import { frameBytes, type PixelFormat } from '../frame.ts';
import type { FramePool } from './frame-pool.ts';

export interface Y4mHeader {
  readonly width: number;
  readonly height: number;
  readonly format: Extract<PixelFormat, 'i420' | 'gray'>;
  readonly range: 'limited' | 'full';
  /** Frames a second; absent when the stream does not know. */
  readonly framesPerSecond?: number;
}

const MAX_SIDE = 8192;
const MAX_PIXELS = 7680 * 4320;
const MAX_LINE = 256;
const NEWLINE = 0x0a;

/** Reads the header line (without its newline). Errors: FRAME_INVALID. */
export function parseY4mHeader(line: string): Y4mHeader {
  const [magic, ...tags] = line.split(' ');
  if (magic !== 'YUV4MPEG2') throw invalid(`it begins with ${JSON.stringify(line.slice(0, 16))}, not with YUV4MPEG2`);
  const values = new Map(tags.filter((tag) => tag[0] !== 'X').map((tag) => [tag[0], tag.slice(1)]));
  const width = side(values.get('W'), 'width');
  const height = side(values.get('H'), 'height');
  if (width * height > MAX_PIXELS) throw invalid(`${width}x${height} is more than 7680x4320 pixels`);
  const format = pixelFormat(values.get('C') ?? '420');
  if (format === 'i420' && (width % 2 !== 0 || height % 2 !== 0)) throw invalid(`4:2:0 needs even sizes, it is ${width}x${height}`);
  const range = /(?:^| )XCOLORRANGE=(FULL|LIMITED)(?: |$)/.exec(line)?.[1]?.toLowerCase() as 'full' | 'limited' | undefined;
  const rate = /^([0-9]{1,9}):([0-9]{1,9})$/.exec(values.get('F') ?? '');
  const framesPerSecond = rate ? Number(rate[1]) / Number(rate[2]) : 0;
  return {
    width,
    height,
    format,
    range: range ?? (format === 'gray' ? 'full' : 'limited'),
    ...(framesPerSecond > 0 && Number.isFinite(framesPerSecond) ? { framesPerSecond } : {}),
  };
}

/**
 * Incremental parser: bytes in any chunking, whole frames out, written straight into buffers of the pool.
 * After an error the parser is unusable. Call `close` in any case, it gives the unfinished frame back.
 */
export class Y4mParser {
  readonly #pool: FramePool;
  readonly #line = Buffer.allocUnsafe(MAX_LINE);
  #lineLength = 0;
  #frame: Uint8Array | undefined;
  #filled = 0;
  #header: Y4mHeader | undefined;

  constructor(pool: FramePool) {
    this.#pool = pool;
  }

  get header(): Y4mHeader | undefined {
    return this.#header;
  }

  /** True in the middle of a header or a frame: a stream that stops here was cut. */
  get unfinished(): boolean {
    return this.#frame !== undefined || this.#lineLength > 0;
  }

  /**
   * Yields each frame that the chunk completes; the caller owns it and gives it back to the pool. Lazy: the next frame is
   * read only when asked for, so the chunk must stay untouched until the generator is done. Errors: FRAME_INVALID.
   */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        at = this.#readLine(chunk, at);
        continue;
      }
      const taken = Math.min(this.#frame.length - this.#filled, chunk.length - at);
      this.#frame.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < this.#frame.length) continue;
      const whole = this.#frame;
      this.#frame = undefined;
      yield whole;
    }
  }

  close(): void {
    if (this.#frame) this.#pool.give(this.#frame);
    this.#frame = undefined;
  }

  #readLine(chunk: Uint8Array, from: number): number {
    const newline = chunk.indexOf(NEWLINE, from);
    const to = newline < 0 ? chunk.length : newline;
    if (this.#lineLength + to - from > MAX_LINE) throw invalid(`a line is longer than ${MAX_LINE} bytes`);
    this.#line.set(chunk.subarray(from, to), this.#lineLength);
    this.#lineLength += to - from;
    if (newline < 0) return to;
    const line = this.#line.toString('latin1', 0, this.#lineLength);
    this.#lineLength = 0;
    if (this.#header === undefined) this.#header = parseY4mHeader(line);
    else if (line === 'FRAME' || line.startsWith('FRAME ')) this.#begin(this.#header);
    else throw invalid(`FRAME expected, ${JSON.stringify(line.slice(0, 16))} came`);
    return newline + 1;
  }

  #begin({ format, width, height }: Y4mHeader): void {
    this.#frame = this.#pool.acquire(frameBytes(format, width, height));
    this.#filled = 0;
  }
}

function side(text: string | undefined, name: string): number {
  const value = /^[0-9]{1,6}$/.test(text ?? '') ? Number(text) : 0;
  if (value < 1 || value > MAX_SIDE) throw invalid(`its ${name} must be 1 to ${MAX_SIDE}, it is ${text ?? 'absent'}`);
  return value;
}

function pixelFormat(chroma: string): Y4mHeader['format'] {
  if (['420', '420jpeg', '420mpeg2', '420paldv'].includes(chroma)) return 'i420';
  if (chroma === 'mono') return 'gray';
  throw invalid(`its pixel format must be 8-bit 4:2:0 or mono, it is ${chroma}`);
}

function invalid(what: string): MienError {
  return new MienError('FRAME_INVALID', `The raw video stream is not what was expected: ${what}.`);
}
