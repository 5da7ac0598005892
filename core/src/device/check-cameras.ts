/** The cameras of the configuration, those that are connected, and ffmpeg, which most of them need. */
import { type CameraSource, describeSource, parseSource } from '../camera/camera-source.ts';
import type { CameraConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import { absent, type Check, fail, inConfig, ok, quoted, type Row, type Subject } from './check.ts';

/** ffmpegCommand uses -fps_mode. */
const FFMPEG = [5, 1] as const;
const SHOWN = 6;

export const checkCameras: Check = async (subject) => {
  const rows: Row[] = [];
  let needed = 0;
  for (const camera of subject.config.cameras) {
    const source = sourceOf(camera);
    if (source instanceof MienError) {
      rows.push(fail(nameOf(camera), source.message, `correct its source ${inConfig(subject)}`));
      continue;
    }
    if (source.kind !== 'clip') needed += 1;
    rows.push(await oneCamera(subject, camera, source));
  }
  return [...rows, await connected(subject), await ffmpeg(subject, needed > 0)];
};

const nameOf = ({ name }: CameraConfig): string => `camera.${name}`;

function sourceOf({ source }: CameraConfig): CameraSource | MienError {
  try {
    return parseSource(source);
  } catch (fault) {
    return MienError.from(fault);
  }
}

async function oneCamera(subject: Subject, camera: CameraConfig, source: CameraSource): Promise<Row> {
  const { machine } = subject;
  const check = nameOf(camera);
  switch (source.kind) {
    case 'clip':
      return ok(check, 'the bundled clip');
    case 'file':
      if (await machine.isFile(source.path)) return ok(check, describeSource(source));
      return fail(check, `there is no file ${source.path}`, `correct its source ${inConfig(subject)}`);
    case 'rtsp':
      return ok(check, `${describeSource(source)}; doctor does not call it, mien run does`);
    case 'v4l2':
      return device(subject, check, source.device);
  }
}

async function device(subject: Subject, check: string, path: string): Promise<Row> {
  const { files, user } = subject.machine;
  if (!(await files.exists(path))) {
    const there = await devices(subject);
    const others = there.length > 0 ? `connected: ${there.map((one) => one.says).join(', ')}` : 'no camera is connected';
    const instead = there[0] ? `source: ${there[0].path} ${inConfig(subject)}` : 'connect it, then: ls /dev/video*; a CSI camera needs its overlay';
    return fail(check, `there is no ${path}; ${others}`, instead);
  }
  if (!(await files.mayUse(path))) return fail(check, `${user.name} may not use ${path}`, `sudo usermod -aG video ${quoted(user.name)}, then log in anew`);
  const name = await cameraName(subject, path);
  return ok(check, [`${path}${name ? ` (${name})` : ''}`, await formats(subject, path)].join(': '));
}

/** What it offers, by v4l2-ctl, else by ffmpeg. */
async function formats({ machine, config }: Subject, path: string): Promise<string> {
  const listed = await machine.run('v4l2-ctl', ['--device', path, '--list-formats-ext']);
  if (listed?.isGood) {
    const found = new Map<string, string[]>();
    let format = '';
    for (const line of listed.output.split('\n')) {
      format = /^\s*\[\d+\]: '(\w+)/.exec(line)?.[1] ?? format;
      const size = /Size: \w+ (\d+x\d+)/.exec(line)?.[1];
      if (format !== '' && size) found.set(format, [...(found.get(format) ?? []), size]);
    }
    if (found.size > 0) return [...found].map(([name, sizes]) => `${name} ${[...new Set(sizes)].slice(0, SHOWN).join(' ')}`).join('; ');
  }
  const asked = await machine.run(config.sight.ffmpeg, ['-hide_banner', '-f', 'v4l2', '-list_formats', 'all', '-i', path]);
  const lines = asked?.output.match(/(?:Raw|Compressed)\s*:.*$/gm) ?? [];
  const named = lines.map((line) => /:\s*(\w+)\s*:.*\s:\s(.+)$/.exec(line)).filter((match) => match !== null);
  if (named.length > 0) return named.map(([, name, sizes]) => `${name} ${(sizes ?? '').split(' ').slice(0, SHOWN).join(' ')}`).join('; ');
  return 'its formats are not known: neither v4l2-ctl (apt install v4l-utils) nor ffmpeg lists them';
}

interface Device {
  readonly path: string;
  readonly says: string;
}

/** One node a camera: its others carry metadata. */
async function devices(subject: Subject): Promise<Device[]> {
  const { files } = subject.machine;
  const found = new Map<string, Device>();
  for (const node of await files.names('/sys/class/video4linux')) {
    if (!/^video\d+$/.test(node)) continue;
    const path = `/dev/${node}`;
    const name = (await cameraName(subject, path)) ?? 'without a name';
    if (!found.has(name)) found.set(name, { path, says: `${path} (${name})` });
  }
  return [...found.values()];
}

async function cameraName({ machine }: Subject, path: string): Promise<string | undefined> {
  const name = await machine.files.text(`/sys/class/video4linux/${path.slice('/dev/'.length)}/name`);
  return 'value' in name && name.value !== '' ? name.value : undefined;
}

async function connected(subject: Subject): Promise<Row> {
  const found = await devices(subject);
  if (found.length === 0) return absent('cameras', 'no video device is connected');
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  return ok(
    'cameras',
    `connected: ${found
      .slice(0, SHOWN)
      .map(({ says }) => says)
      .join(', ')}${more}`,
  );
}

async function ffmpeg(subject: Subject, isNeeded: boolean): Promise<Row> {
  const program = subject.config.sight.ffmpeg;
  const fix = 'sudo apt-get install ffmpeg';
  const answer = await subject.machine.run(program, ['-version']);
  if (!answer?.isGood) {
    const says = `${program} does not run`;
    return isNeeded ? fail('ffmpeg', says, fix) : absent('ffmpeg', `${says}; the bundled clip needs none`);
  }
  const version = /^ffmpeg version n?(\S+)/.exec(answer.output)?.[1] ?? 'of an unknown version';
  const [major = Number.NaN, minor = 0] = version.split('.').map(Number);
  const isOld = major < FFMPEG[0] || (major === FFMPEG[0] && minor < FFMPEG[1]);
  const says = `${version} is too old, Mien needs ${FFMPEG.join('.')} or newer`;
  if (!isOld) return ok('ffmpeg', version);
  return isNeeded ? fail('ffmpeg', says, `${fix} on Debian 12 or newer, or sight: { ffmpeg: /path } ${inConfig(subject)}`) : absent('ffmpeg', says);
}
