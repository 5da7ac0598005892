/** The command line that makes ffmpeg turn any camera into upright raw frames on a Unix socket. Needs ffmpeg 5.1 or newer. */
import type { CameraConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import type { CameraSource } from './camera-source.ts';

export interface FfmpegCommand {
  readonly args: readonly string[];
  /** To be written to standard input, which is then closed. Carries what must not stand in the process list. */
  readonly stdin?: string;
}

type Picture = Pick<CameraConfig, 'rotate' | 'mirror'>;
export type FfmpegCamera = Picture & Pick<CameraConfig, 'width' | 'height' | 'framesPerSecond' | 'loop' | 'pace'>;

export interface FfmpegTarget {
  readonly socketPath: string;
  /** Play a file once, as fast as it is read; else in its own time, and again and again if the camera says `loop`. */
  readonly once: boolean;
}

const RTSP_TIMEOUT_US = 5_000_000;
/** Live sources: no read-ahead, and no decoder threads that each hold a frame back. */
const LOW_LATENCY = ['-fflags', 'nobuffer', '-flags', 'low_delay'];

/** Errors: INTERNAL for the clip, which needs no ffmpeg. */
export function ffmpegCommand(source: CameraSource, camera: FfmpegCamera, { socketPath, once }: FfmpegTarget): FfmpegCommand {
  const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-progress', 'pipe:1', '-stats_period', '1'];
  const output = [
    '-map',
    '0:v:0',
    '-vf',
    pictureFilter(camera),
    // A file keeps its rate, so that media time is frame index over rate; a live camera's frames come as they are.
    '-fps_mode',
    source.kind === 'file' ? 'cfr' : 'passthrough',
    '-f',
    'yuv4mpegpipe',
    '-flush_packets',
    '1',
    `unix:${socketPath}`,
  ];
  switch (source.kind) {
    case 'file': {
      const pace = [...(once || camera.pace === 'every' ? [] : ['-re']), ...(!once && camera.loop ? ['-stream_loop', '-1'] : [])];
      // The prefix keeps names with a colon from being read as an address; the list keeps playlists from fetching one.
      return { args: [...quiet, '-nostdin', ...pace, '-protocol_whitelist', 'file', '-i', `file:${source.path}`, ...output] };
    }
    case 'v4l2': {
      const rate = camera.framesPerSecond === undefined ? [] : ['-framerate', String(camera.framesPerSecond)];
      const size = camera.width && camera.height ? ['-video_size', `${camera.width}x${camera.height}`] : [];
      return { args: [...quiet, '-nostdin', ...LOW_LATENCY, '-f', 'v4l2', ...rate, ...size, '-i', source.device, ...output] };
    }
    case 'rtsp': {
      const protocols = 'pipe,fd,tcp,tls,udp,rtp,rtsp,rtsps,crypto';
      const input = ['-f', 'concat', '-safe', '0', '-protocol_whitelist', protocols, '-i', 'pipe:0'];
      return { args: [...quiet, ...LOW_LATENCY, ...input, ...output], stdin: rtspScript(source.url) };
    }
    default:
      throw new MienError('INTERNAL', 'The bundled clip is played without ffmpeg.');
  }
}

/** A one-entry playlist: ffmpeg has no other way to take an address with its password out of everybody's sight. */
function rtspScript(url: string): string {
  const quoted = url.replaceAll("'", "'\\''");
  const options = { rtsp_transport: 'tcp', timeout: RTSP_TIMEOUT_US, fflags: 'nobuffer', allowed_media_types: 'video' };
  const lines = Object.entries(options).map(([name, value]) => `option ${name} ${value}`);
  return ['ffconcat version 1.0', `file '${quoted}'`, ...lines, ''].join('\n');
}

/** Square pixels, even sides, BT.601 limited 4:2:0; then turned clockwise, then mirrored. */
function pictureFilter({ rotate, mirror }: Picture): string {
  const turn = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] }[rotate];
  return [
    "scale=w='2*trunc(iw*sar/2)':h='2*trunc(ih/2)':out_color_matrix=bt601:out_range=limited",
    'setsar=1',
    'format=yuv420p',
    ...turn,
    ...(mirror ? ['hflip'] : []),
  ].join(',');
}
