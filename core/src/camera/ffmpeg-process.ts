/** Host side of an ffmpeg camera: runs ffmpeg, runs it again with back-off, and never leaves one behind. No pixel passes here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Backoff, type BackoffOptions } from '../backoff.ts';
import type { CameraConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type CameraSource, describeSource, parseSource, redactSource } from './camera-source.ts';
import { ffmpegCommand } from './ffmpeg-arguments.ts';
import { diagnoseExit, diagnoseSpawn } from './ffmpeg-diagnosis.ts';

/** `lost`: ffmpeg ended and will be run again. `exited`: the last word; without an error the source has ended as it should. */
export type FfmpegEvent = { readonly kind: 'lost'; readonly error: MienError } | { readonly kind: 'exited'; readonly error?: MienError };

export interface FfmpegProcessOptions {
  /** Program name or path. */
  readonly ffmpeg: string;
  readonly camera: CameraConfig;
  /** Where sight listens; removed with its folder, if that is empty, when this is disposed. */
  readonly socketPath: string;
  readonly once: boolean;
  readonly logger: Logger;
  onEvent(event: FfmpegEvent): void;
  /** Milliseconds; for tests. */
  readonly timing?: FfmpegTiming;
}

export interface FfmpegTiming extends BackoffOptions {
  /** Frames must have flowed this long before a loss counts as the first one again. */
  readonly healthyMs?: number;
  /** A live camera that delivers nothing for so long is given up and opened anew. */
  readonly stallMs?: number;
  /** Between asking ffmpeg to end and killing it. */
  readonly graceMs?: number;
}

/** What ffmpeg itself does; whether frames arrive is sight's to say. */
export type FfmpegState = 'running' | 'waiting' | 'ended';

const KEPT_LINES = 20;

/** Starts at once; faults arrive by `onEvent`, never synchronously. Errors: CAMERA_NOT_FOUND for a source it cannot read. */
export function createFfmpegProcess(options: FfmpegProcessOptions): FfmpegProcess {
  const process = new FfmpegProcess(options, parseSource(options.camera.source));
  process.run();
  return process;
}

export class FfmpegProcess implements AsyncDisposable {
  readonly #options: FfmpegProcessOptions;
  readonly #source: CameraSource;
  readonly #backoff: Backoff;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #state: FfmpegState = 'waiting';
  #closing: Promise<void> | undefined;

  constructor(options: FfmpegProcessOptions, source: CameraSource) {
    this.#options = options;
    this.#source = source;
    this.#backoff = new Backoff(options.timing);
  }

  get state(): FfmpegState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Once, by `createFfmpegProcess`. */
  run(): void {
    const { ffmpeg, camera, timing } = this.#options;
    const command = ffmpegCommand(this.#source, camera, this.#options);
    // A group of its own: a Ctrl-C in the terminal is for the host, which ends ffmpeg in its own order.
    const child = spawn(ffmpeg, command.args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    this.#state = 'running';
    const lines: string[] = [];
    let stalled = false;
    const watch = new FrameWatch(this.#isLive() ? (timing?.stallMs ?? 15_000) : undefined, () => {
      stalled = true;
      child.kill('SIGKILL');
    });
    child.stdin.on('error', () => {}); // It may end before it has read its playlist; the exit tells why.
    child.stdin.end(command.stdin ?? '');
    createInterface({ input: child.stdout }).on('line', (line) => watch.progress(line));
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      this.#options.logger.trace({ camera: camera.name, ffmpeg: redactSource(line, this.#source) }, 'ffmpeg says');
    });
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid !== undefined) return; // A signal that could not be sent; the exit will come.
        watch.stop();
        resolve();
        this.#finish(diagnoseSpawn(error, ffmpeg));
      });
      child.once('close', (code, signal) => {
        watch.stop();
        resolve();
        if (child.pid === undefined) return;
        const { socketPath } = this.#options;
        const error = stalled ? this.#stallError() : diagnoseExit({ code, signal, lines, socketPath }, this.#source);
        this.#ended(error, code, watch.flowedMs);
      });
    });
  }

  /** Ends ffmpeg, by force after the grace. Idempotent; no event comes afterwards. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #ended(error: MienError | undefined, code: number | null, flowedMs: number): void {
    if (this.#closing) return;
    const { once, camera, timing } = this.#options;
    if (flowedMs >= (timing?.healthyMs ?? 10_000)) this.#backoff.reset();
    const isFile = this.#source.kind === 'file';
    const isPlayed = isFile && code === 0 && !camera.loop;
    const isHopeless = (isFile && code !== null && code !== 0 && flowedMs === 0) || error?.code === 'FFMPEG_MISSING';
    if (once || isPlayed || isHopeless) this.#finish(error);
    else this.#lose(error ?? new MienError('CAMERA_LOST', `Camera ${describeSource(this.#source)} ended its stream.`));
  }

  #lose(error: MienError): void {
    const { camera, logger } = this.#options;
    const inMs = Math.round(this.#backoff.next());
    logger.warn({ camera: camera.name, code: error.code, inMs }, `${error.message} Trying again in ${(inMs / 1000).toFixed(1)} s.`);
    this.#state = 'waiting';
    this.#retry = setTimeout(() => this.run(), inMs);
    this.#options.onEvent({ kind: 'lost', error });
  }

  #finish(error: MienError | undefined): void {
    this.#state = 'ended';
    if (this.#closing) return;
    this.#options.onEvent(error ? { kind: 'exited', error } : { kind: 'exited' });
  }

  #isLive(): boolean {
    return this.#source.kind === 'v4l2' || this.#source.kind === 'rtsp';
  }

  #stallError(): MienError {
    return new MienError('CAMERA_LOST', `Camera ${describeSource(this.#source)} stopped sending frames.`);
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retry);
    const child = this.#child;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), this.#options.timing?.graceMs ?? 500);
      await this.#exited;
      clearTimeout(force);
    }
    this.#state = 'ended';
    // Sight does this itself unless it was killed.
    await unlink(this.#options.socketPath).catch(() => {});
    await rmdir(dirname(this.#options.socketPath)).catch(() => {});
  }
}

/** Follows ffmpeg's progress lines: since when frames flow, and whether they stopped. */
class FrameWatch {
  readonly #stallMs: number | undefined;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;
  #frames = 0;
  #firstAt: number | undefined;
  #lastAt = 0;

  constructor(stallMs: number | undefined, onStall: () => void) {
    this.#stallMs = stallMs;
    this.#onStall = onStall;
    this.#arm();
  }

  /** Milliseconds from the first to the last news of a frame; at least 1 once there was a frame. */
  get flowedMs(): number {
    return this.#firstAt === undefined ? 0 : Math.max(1, this.#lastAt - this.#firstAt);
  }

  progress(line: string): void {
    const frames = Number(/^frame=\s*(\d+)/.exec(line)?.[1] ?? 0);
    if (frames <= this.#frames) return;
    this.#frames = frames;
    this.#lastAt = performance.now();
    this.#firstAt ??= this.#lastAt;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#stallMs !== undefined) this.#timer = setTimeout(this.#onStall, this.#stallMs);
  }
}
