/** Both sides of an ffmpeg camera in one process, as host and sight hold them, with everything they said. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paceOf, parseSource } from '../../core/src/camera/camera-source.ts';
import { type FfmpegCamera, openFfmpegCamera } from '../../core/src/camera/ffmpeg-camera.ts';
import { createFfmpegProcess, type FfmpegEvent, type FfmpegProcess, type FfmpegTiming } from '../../core/src/camera/ffmpeg-process.ts';
import type { CameraConfig } from '../../core/src/config.ts';
import type { Frame } from '../../core/src/frame.ts';
import type { Logger } from '../../core/src/log.ts';

export interface SessionOptions {
  readonly source: string;
  readonly once?: boolean;
  readonly camera?: Partial<CameraConfig>;
  readonly ffmpeg?: string;
  readonly timing?: FfmpegTiming;
}

export interface Session extends AsyncDisposable {
  readonly camera: FfmpegCamera;
  readonly process: FfmpegProcess;
  readonly events: FfmpegEvent[];
  /** Every field and message that was logged. */
  readonly logged: string[];
  /** Fails instead of hanging. The caller releases the frame. */
  next(): Promise<Frame>;
}

export async function openSession({ source, once = false, camera: overrides, ffmpeg = 'ffmpeg', timing }: SessionOptions): Promise<Session> {
  const camera = await openFfmpegCamera({ name: 'main', pace: paceOf(parseSource(source), once) });
  const events: FfmpegEvent[] = [];
  const logged: string[] = [];
  const log = (fields: object, message: string): void => void logged.push(`${JSON.stringify(fields)} ${message}`);
  const logger: Logger = { error: log, warn: log, info: log, debug: log, trace: log };
  const config: CameraConfig = {
    name: 'main',
    source,
    rotate: 0,
    mirror: false,
    fieldOfViewDeg: 70,
    loop: true,
    exitsVisible: true,
    ...overrides,
  };
  const process = createFfmpegProcess({
    ffmpeg,
    camera: config,
    socketPath: camera.socketPath,
    once,
    logger,
    timing: timing ?? { firstMs: 50 },
    onEvent(event) {
      events.push(event);
      camera.tell(event);
    },
  });
  return {
    camera,
    process,
    events,
    logged,
    async next() {
      const frame = await camera.next(AbortSignal.timeout(15_000));
      if (!frame) throw new Error('the camera has ended');
      return frame;
    },
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await camera[Symbol.asyncDispose]();
    },
  };
}

/** A folder for the files of one test, gone with the process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mien-test-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes a video with ffmpeg itself; `args` end with the output file. Throws with ffmpeg's words. */
export function makeVideo(...args: string[]): void {
  const { status, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
