/** What a camera's `source` text means, and how to name it without its credentials. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest, distance } from 'fastest-levenshtein';
import { MienError } from '../errors.ts';
import type { Pace } from './frame-source.ts';

export type CameraSource =
  | { readonly kind: 'clip' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'v4l2'; readonly device: string }
  | { readonly kind: 'rtsp'; readonly url: string };

const EXPECTED = 'expected `clip`, a video file, /dev/videoN or rtsp://user:password@host/path';

/** Reads the text only; `checkSource` looks whether it is there. Errors: CAMERA_NOT_FOUND with the nearest known form. */
export function parseSource(text: string): CameraSource {
  const source = text.trim();
  if (source === 'clip') return { kind: 'clip' };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]?.toLowerCase();
  if (scheme === 'file') {
    try {
      return { kind: 'file', path: fileURLToPath(source) };
    } catch (cause) {
      throw new MienError('CAMERA_NOT_FOUND', `${source} is not the address of a file on this machine; expected file:///path.`, { cause });
    }
  }
  if (scheme === 'rtsp' || scheme === 'rtsps') {
    // The URL travels in a line of its own to ffmpeg; white space has to be percent-encoded in any case.
    if (/\s/.test(source) || !/^[^/?#:]/.test(afterCredentials(source.slice(scheme.length + 3)))) {
      throw new MienError('CAMERA_NOT_FOUND', `The RTSP address has no host or contains white space; ${EXPECTED}.`);
    }
    return { kind: 'rtsp', url: source };
  }
  if (scheme !== undefined) {
    const near = distance(scheme, closest(scheme, ['rtsp', 'rtsps'])) <= 2 ? ' Did you mean rtsp://?' : '';
    throw new MienError('CAMERA_NOT_FOUND', `${scheme}:// is not a kind of camera; ${EXPECTED}.${near}`);
  }
  if (/^\/dev\/(video\d+|v4l\/.+)$/.test(source)) return { kind: 'v4l2', device: source };
  if (source.startsWith('/dev/')) {
    throw new MienError('CAMERA_NOT_FOUND', `${source} is not a video device. Did you mean /dev/video${/\d+$/.exec(source)?.[0] ?? 0}?`);
  }
  if (/^\d{1,3}$/.test(source)) throw new MienError('CAMERA_NOT_FOUND', `A camera is not named by a number alone. Did you mean /dev/video${source}?`);
  if (source === '') throw new MienError('CAMERA_NOT_FOUND', `The camera has no source; ${EXPECTED}.`);
  return { kind: 'file', path: resolve(source) };
}

/** `clip`, `file lobby.mp4`, `v4l2 /dev/video0`, `rtsp host:554/path`: for status, logs and messages. */
export function describeSource(source: CameraSource): string {
  if (source.kind === 'clip') return 'clip';
  if (source.kind === 'file') return `file ${basename(source.path)}`;
  if (source.kind === 'v4l2') return `v4l2 ${source.device}`;
  // Some cameras take user and password in the path or the query.
  const [, scheme, rest] = /^(rtsps?):\/\/(.*)$/i.exec(source.url) as unknown as [string, string, string];
  const address = afterCredentials(rest).replace(/[?#].*$/, '');
  const slash = address.indexOf('/');
  return `${scheme.toLowerCase()} ${address.includes('=') && slash >= 0 ? `${address.slice(0, slash)}/...` : address}`;
}

/** With `once` what is recorded gives each frame exactly once; a live camera cannot be held back. */
export function paceOf(source: CameraSource, once: boolean): Pace {
  return once && (source.kind === 'clip' || source.kind === 'file') ? 'every' : 'live';
}

/** The text without what must not be logged: the credentials of the source, and the folder of a file. */
export function redactSource(text: string, source: CameraSource): string {
  let safe = text;
  if (source.kind === 'file') safe = safe.replaceAll(source.path, basename(source.path));
  if (source.kind === 'rtsp') {
    safe = safe.replaceAll(source.url, describeSource(source));
    const rest = source.url.slice(source.url.indexOf('://') + 3);
    const path = /^[^/]*(\/.*=.*)$/.exec(rest)?.[1];
    if (path) safe = safe.replaceAll(path, '/...');
  }
  return safe.replace(/([a-z][a-z0-9+.-]*:\/\/)\S*@/gi, '$1');
}

/** Looks whether files and devices exist. Errors: CAMERA_NOT_FOUND with the nearest name that does. */
export async function checkSource(source: CameraSource): Promise<void> {
  if (source.kind !== 'file' && source.kind !== 'v4l2') return;
  const path = source.kind === 'file' ? source.path : source.device;
  const found = await stat(path).catch(() => undefined);
  if (source.kind === 'file' ? found?.isFile() || found?.isFIFO() : found?.isCharacterDevice()) return;
  if (found) throw new MienError('CAMERA_NOT_FOUND', `${path} is not a ${source.kind === 'file' ? 'file' : 'video device'}; ${EXPECTED}.`);
  const names = (await readdir(dirname(path)).catch(() => [])).filter((name) => source.kind === 'file' || /^video\d+$/.test(name));
  if (source.kind === 'file') names.push('clip');
  const nearest = names.length > 0 ? closest(basename(path), names) : undefined;
  const isNear = nearest !== undefined && (source.kind === 'v4l2' || distance(basename(path), nearest) <= 3);
  const name = nearest === 'clip' || nearest === undefined ? nearest : join(dirname(path), nearest);
  const hint = isNear ? ` Did you mean ${name}?` : source.kind === 'v4l2' ? ' No video device is connected.' : '';
  throw new MienError('CAMERA_NOT_FOUND', `There is no ${source.kind === 'file' ? 'video file' : 'video device'} ${path}.${hint}`);
}

/** Everything up to the last @ may be a password, also one that was not encoded. */
function afterCredentials(rest: string): string {
  return rest.slice(rest.lastIndexOf('@') + 1);
}
