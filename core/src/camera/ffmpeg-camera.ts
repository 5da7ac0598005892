/** Sight side of an ffmpeg camera: a Unix socket on which ffmpeg's raw frames arrive. The host runs ffmpeg (ffmpeg-process.ts). */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MienError } from '../errors.ts';
import { type Frame, monotonicMs, type PixelView } from '../frame.ts';
import { Latest } from '../sight/latest.ts';
import { FramePool } from './frame-pool.ts';
import type { FrameSource, FrameSourceStats, Pace } from './frame-source.ts';
import { type Y4mHeader, Y4mParser } from './y4m.ts';

export interface FfmpegCameraOptions {
  readonly name: string;
  /** `every`: each frame once, on media time, ffmpeg held back by the socket. `live`: the newest frame, others dropped. */
  readonly pace: Pace;
  /** Longest time between the end of ffmpeg and the arrival of a connection it made before, milliseconds. */
  readonly settleMs?: number;
}

/** News of ffmpeg from the host: `lost` will be tried again, `exited` is the last word. */
export type FfmpegNews = { readonly kind: 'lost' | 'exited'; readonly error?: Pick<MienError, 'code' | 'message'> };

/** Listens in a private folder. The caller then has the host run ffmpeg towards `socketPath` and passes its news to `tell`. */
export async function openFfmpegCamera(options: FfmpegCameraOptions): Promise<FfmpegCamera> {
  const folder = await makeFolder();
  const camera = new FfmpegCamera(options, folder);
  try {
    await camera.listen();
  } catch (error) {
    await camera[Symbol.asyncDispose]();
    throw error;
  }
  return camera;
}

/** Of a Unix socket's path, with its closing zero, on Linux. */
const MAX_SOCKET_PATH_BYTES = 108;

/** A folder of mode 0700 for the socket; in /tmp where the temporary folder's own path is too long for one. */
async function makeFolder(): Promise<string> {
  const stem = join(tmpdir(), 'mien-camera-');
  const isTooLong = Buffer.byteLength(`${stem}XXXXXX/frames`) >= MAX_SOCKET_PATH_BYTES;
  try {
    return await mkdtemp(isTooLong ? '/tmp/mien-camera-' : stem);
  } catch (cause) {
    throw new MienError(
      'CAMERA_LOST',
      `No socket for the camera's frames could be made in the temporary folder: ${(cause as Error).message}. Set TMPDIR to a folder that can be written.`,
      { cause },
    );
  }
}

export class FfmpegCamera implements FrameSource {
  readonly name: string;
  readonly socketPath: string;
  readonly #pace: Pace;
  readonly #settleMs: number;
  readonly #folder: string;
  readonly #latest = new Latest<Frame>();
  readonly #pool = new FramePool();
  readonly #server: Server;
  #socket: Socket | undefined;
  #state: FrameSource['state'] = 'opening';
  #error: MienError | undefined;
  #isLost = false;
  #isFinal = false;
  #received = 0;
  #epoch: { readonly monoMs: number; readonly wallMs: number } | undefined;
  #onRoom: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor({ name, pace, settleMs = 100 }: FfmpegCameraOptions, folder: string) {
    this.name = name;
    this.#pace = pace;
    this.#settleMs = settleMs;
    this.#folder = folder;
    this.socketPath = join(folder, 'frames');
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get state(): FrameSource['state'] {
    return this.#state;
  }

  /** Why there are no frames at present, or why there were none at all. */
  get error(): MienError | undefined {
    return this.#error;
  }

  /** Once, by `openFfmpegCamera`. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.socketPath, resolve);
    });
  }

  async next(signal?: AbortSignal): Promise<Frame | null> {
    const frame = await this.#latest.take(signal);
    this.#onRoom?.();
    // An end with an error is told once, after the frames that came before it.
    if (frame === null && this.#error && !this.#closing) throw this.#error;
    return frame;
  }

  stats(): FrameSourceStats {
    return { received: this.#received, dropped: this.#latest.replaced };
  }

  tell({ kind, error }: FfmpegNews): void {
    // A stream that was not what it said is the cause; that ffmpeg ended is what followed.
    if (error && this.#error?.code !== 'FRAME_INVALID') this.#error = new MienError(error.code, error.message);
    if (kind === 'lost') {
      this.#isLost = true;
      if (!this.#socket) this.#afterStream();
      return;
    }
    this.#isFinal = true;
    // What ffmpeg wrote before it ended may still be on its way, even a connection not yet accepted.
    setTimeout(() => {
      if (!this.#socket) this.#afterStream();
    }, this.#settleMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #accept(socket: Socket): void {
    if (this.#socket || this.#closing) {
      socket.destroy(); // One ffmpeg at a time.
      return;
    }
    this.#socket = socket;
    this.#isLost = false;
    this.#read(socket)
      .catch((error) => {
        if (error instanceof MienError) this.#error = error;
      })
      .finally(() => {
        socket.destroy();
        this.#socket = undefined;
        this.#afterStream();
      });
  }

  async #read(socket: Socket): Promise<void> {
    const parser = new Y4mParser(this.#pool);
    let isFirst = true;
    try {
      for await (const chunk of socket as AsyncIterable<Uint8Array>) {
        for (const data of parser.push(chunk)) {
          const frame = this.#frame(data, parser.header as Y4mHeader);
          if (this.#pace === 'every') await this.#room();
          // What the last attempt died of is over now; what this one died of may be known before its frames are read.
          if (isFirst && !this.#isFinal) this.#error = undefined;
          isFirst = false;
          this.#state = 'live';
          this.#latest.put(frame);
        }
        freeNow(chunk);
      }
    } finally {
      parser.close();
    }
  }

  #frame(data: Uint8Array, { width, height, format, range, framesPerSecond }: Y4mHeader): Frame {
    const index = this.#received++;
    const monoMs = monotonicMs();
    const wallMs = Date.now();
    this.#epoch ??= { monoMs, wallMs };
    const mediaMs = this.#pace === 'every' ? (index * 1000) / (framesPerSecond ?? 25) : undefined;
    const pixels: PixelView = { data, width, height, format, range };
    let isBorrowed = true;
    return {
      index,
      pixels,
      capturedMonoMs: mediaMs === undefined ? monoMs : this.#epoch.monoMs + mediaMs,
      capturedWallMs: mediaMs === undefined ? wallMs : this.#epoch.wallMs + mediaMs,
      decodeMs: 0,
      release: () => {
        if (isBorrowed) this.#pool.give(data);
        isBorrowed = false;
      },
    };
  }

  /** Waits until the last frame was taken: the socket is not read meanwhile, and ffmpeg waits. */
  async #room(): Promise<void> {
    while (this.#latest.full && !this.#closing) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  /** No stream at present. Whether it has ended or is lost only the host knows; its news may come before or after. */
  #afterStream(): void {
    if (this.#isFinal || this.#closing) {
      this.#state = 'ended';
      this.#latest.end(this.#closing !== undefined);
    } else if (this.#isLost) {
      this.#state = 'lost';
    }
  }

  async #close(): Promise<void> {
    this.#latest.end(true);
    this.#state = 'ended';
    this.#onRoom?.();
    this.#socket?.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Tens of megabytes a second of chunks are not left to the garbage collector: detaching their memory frees it at once. */
function freeNow({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
