/** What ffmpeg's last words mean, as an error a person can act on. */
import { type ErrorCode, MienError } from '../errors.ts';
import { type CameraSource, describeSource, redactSource } from './camera-source.ts';

export interface FfmpegExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of standard error. */
  readonly lines: readonly string[];
  /** Where the frames were to go. */
  readonly socketPath: string;
}

type Rule = readonly [pattern: RegExp, code: ErrorCode, message: (camera: string) => string];

const RULES: readonly Rule[] = [
  [/Unrecognized option '?fps_mode|Option fps_mode not found/i, 'FFMPEG_MISSING', () => 'This ffmpeg is too old: Mien needs 5.1 or newer (Debian 12 has it).'],
  [/Device or resource busy/i, 'CAMERA_BUSY', (camera) => `${camera} is in use by another program (perhaps a second Mien); end it or choose another camera.`],
  [/401 \(?Unauthorized|403 \(?Forbidden|authorization failed/i, 'CAMERA_DENIED', (camera) => `${camera} refuses the user name or password.`],
  [
    /Permission denied|Operation not permitted/i,
    'CAMERA_DENIED',
    (camera) => `${camera} may not be read by this user; for a device: add the user to the group "video".`,
  ],
  [/404 \(?Not Found|Stream not found/i, 'CAMERA_NOT_FOUND', (camera) => `${camera} has no such stream; check the path of its address.`],
  [/Failed to resolve hostname|Name or service not known/i, 'CAMERA_NOT_FOUND', (camera) => `${camera}: there is no host of that name.`],
  [
    /Connection refused|No route to host|Network is unreachable/i,
    'CAMERA_NOT_FOUND',
    (camera) => `${camera} does not answer; is it switched on and the address right?`,
  ],
  [/No such file or directory/i, 'CAMERA_NOT_FOUND', (camera) => `${camera} is not there.`],
  [/No such device|ioctl\(VIDIOC_DQBUF\)/i, 'CAMERA_LOST', (camera) => `${camera} was unplugged.`],
  [/timed out/i, 'CAMERA_LOST', (camera) => `${camera} did not answer in time.`],
  [
    /Invalid data found|moov atom not found|does not contain any stream|matches no streams/i,
    'FRAME_INVALID',
    (camera) => `${camera} holds no video that ffmpeg can read.`,
  ],
];

/** Undefined when ffmpeg ended as it should. Credentials and folders are gone from the message. */
export function diagnoseExit({ code, signal, lines, socketPath }: FfmpegExit, source: CameraSource): MienError | undefined {
  if (code === 0) return undefined;
  const camera = `Camera ${describeSource(source)}`;
  if (lines.some((line) => line.includes(socketPath) || line.includes('Broken pipe'))) {
    return new MienError('CAMERA_LOST', `${camera}: sight no longer takes its frames.`);
  }
  const text = signal ? '' : lines.join('\n');
  for (const [pattern, errorCode, message] of RULES) {
    if (pattern.test(text)) return new MienError(errorCode, message(camera));
  }
  const last = lines.length > 0 ? `: ${redactSource(lines[lines.length - 1] ?? '', source)}` : '';
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
  return new MienError('CAMERA_LOST', `${camera}: ffmpeg ${how}${last}`);
}

/** ffmpeg could not be started at all. */
export function diagnoseSpawn(error: NodeJS.ErrnoException, ffmpeg: string): MienError {
  const found = error.code === 'EACCES' ? 'may not be executed' : 'was not found';
  return new MienError(
    'FFMPEG_MISSING',
    `The program ${JSON.stringify(ffmpeg)} ${found}. Files, V4L2 and RTSP cameras need ffmpeg: apt install ffmpeg (or set "ffmpeg:" in the config to its path).`,
    { cause: error },
  );
}
