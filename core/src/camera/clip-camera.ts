import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type sharp from 'sharp';
import { MienError } from '../errors.ts';
import { type Frame, monotonicMs } from '../frame.ts';
import { Latest } from '../sight/latest.ts';
import type { FrameSource, FrameSourceStats, Pace } from './frame-source.ts';
import { splitMjpeg } from './mjpeg.ts';
import { loadSharp } from './still.ts';

/** The clip that Mien brings along; the same place seen from src/ and from dist/. */
const bundled = new URL('../../clip/', import.meta.url);

export interface ClipOptions {
  /** Concatenated baseline JPEGs of one size. */
  readonly path: string;
  readonly framesPerSecond: number;
  /** `live`: on the wall clock, dropping what is not taken. `every`: each frame once, on media time, as fast as it is taken. */
  readonly pace: Pace;
  readonly loop: boolean;
  readonly rotate?: 0 | 90 | 180 | 270;
  readonly mirror?: boolean;
}

/** Opens the bundled clip. */
export async function openBundledClip(name: string, options: Omit<ClipOptions, 'path' | 'framesPerSecond'>): Promise<FrameSource> {
  const ledger = JSON.parse(await readFile(new URL('clip.json', bundled), 'utf8')) as { framesPerSecond: number };
  return openClipCamera(name, { ...options, path: fileURLToPath(new URL('clip.mjpeg', bundled)), framesPerSecond: ledger.framesPerSecond });
}

/** Opens a clip as a camera. Errors: CAMERA_NOT_FOUND when it cannot be read, FRAME_INVALID when it is not a run of JPEGs. */
export async function openClipCamera(name: string, options: ClipOptions): Promise<FrameSource> {
  const bytes = await readFile(options.path).catch((cause: unknown) => {
    throw new MienError('CAMERA_NOT_FOUND', `The clip of camera '${name}' could not be read.`, { cause });
  });
  const spans = splitMjpeg(bytes);
  const decoder = await loadSharp();
  const jpegs = spans.map(({ offset, length }) => bytes.subarray(offset, offset + length));
  return new ClipCamera(name, jpegs, decoder, options);
}

/**
 * Plays JPEGs. Decoding runs on libuv's threads, one frame ahead of the consumer, so that it overlaps with inference.
 */
class ClipCamera implements FrameSource {
  readonly name: string;
  readonly #jpegs: readonly Uint8Array[];
  readonly #decoder: typeof sharp;
  readonly #options: ClipOptions;
  readonly #startMonoMs = monotonicMs();
  readonly #startWallMs = Date.now();
  readonly #latest = new Latest<Frame>();
  readonly #closing = new AbortController();
  #state: FrameSource['state'] = 'live';
  #received = 0;
  #skipped = 0;
  #ahead: Promise<Frame> | undefined;
  #index = 0;
  #playing: Promise<void> | undefined;
  #fault: unknown;

  constructor(name: string, jpegs: readonly Uint8Array[], decoder: typeof sharp, options: ClipOptions) {
    this.name = name;
    this.#jpegs = jpegs;
    this.#decoder = decoder;
    this.#options = options;
  }

  get state(): FrameSource['state'] {
    return this.#state;
  }

  stats(): FrameSourceStats {
    return { received: this.#received, dropped: this.#skipped + this.#latest.replaced };
  }

  next(signal?: AbortSignal): Promise<Frame | null> {
    return this.#options.pace === 'every' ? this.#nextOfEvery(signal) : this.#nextOfLive(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#state = 'ended';
    this.#latest.end(true);
    await this.#playing;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    await ahead?.then(
      (frame) => frame.release(),
      () => {},
    );
  }

  async #nextOfEvery(signal?: AbortSignal): Promise<Frame | null> {
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted || this.#isOver(this.#index)) {
      this.#state = 'ended';
      return null;
    }
    const frame = await (this.#ahead ?? this.#decode(this.#index));
    this.#index += 1;
    this.#received += 1;
    this.#ahead = this.#isOver(this.#index) ? undefined : this.#decode(this.#index);
    // A fault ahead is told by the call that asks for that frame.
    this.#ahead?.catch(() => {});
    return frame;
  }

  async #nextOfLive(signal?: AbortSignal): Promise<Frame | null> {
    this.#playing ??= this.#play();
    const frame = await this.#latest.take(signal);
    if (frame === null && this.#fault) throw this.#fault;
    return frame;
  }

  /** Puts each frame into the mailbox when its time has come; frames whose time passed while another was decoded are skipped. */
  async #play(): Promise<void> {
    const intervalMs = 1000 / this.#options.framesPerSecond;
    try {
      for (let index = 0; !this.#isOver(index) && !this.#closing.signal.aborted; ) {
        await until(this.#startMonoMs + index * intervalMs, this.#closing.signal);
        const due = Math.floor((monotonicMs() - this.#startMonoMs) / intervalMs);
        const newest = Math.max(index, this.#options.loop ? due : Math.min(due, this.#jpegs.length - 1));
        this.#skipped += newest - index;
        this.#received += newest - index + 1;
        this.#latest.put(await this.#decode(newest));
        index = newest + 1;
      }
    } catch (fault) {
      if (!this.#closing.signal.aborted) this.#fault = fault;
    }
    this.#latest.end();
    this.#state = 'ended';
  }

  #isOver(index: number): boolean {
    return !this.#options.loop && index >= this.#jpegs.length;
  }

  async #decode(index: number): Promise<Frame> {
    const started = performance.now();
    const position = index % this.#jpegs.length;
    let image = this.#decoder(this.#jpegs[position], { failOn: 'truncated', sequentialRead: true });
    if (this.#options.rotate) image = image.rotate(this.#options.rotate);
    // sharp mirrors before it turns, whatever the order of the calls: mirroring after a quarter turn is flipping before it.
    if (this.#options.mirror) image = (this.#options.rotate ?? 0) % 180 === 0 ? image.flop() : image.flip();
    const { data, info } = await image
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((cause: unknown) => {
        throw new MienError('FRAME_INVALID', `Picture ${position} of the clip is not a readable JPEG.`, { cause });
      });
    const offsetMs = (index * 1000) / this.#options.framesPerSecond;
    return {
      index,
      pixels: { data, width: info.width, height: info.height, format: info.channels === 1 ? 'gray' : 'rgb' },
      capturedMonoMs: this.#startMonoMs + offsetMs,
      capturedWallMs: this.#startWallMs + offsetMs,
      decodeMs: performance.now() - started,
      release: () => freeNow(data),
    };
  }
}

/** Megabytes a frame are not left to the garbage collector: detaching the buffer frees them at once. */
function freeNow(data: Uint8Array): void {
  (data.buffer as ArrayBuffer).transfer(0);
}

function until(atMonoMs: number, signal: AbortSignal): Promise<void> {
  const waitMs = atMonoMs - monotonicMs();
  if (waitMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
