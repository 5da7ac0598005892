/** What the dialog of mien-camera says: a camera of the host's own, or one that the Mien run here is to watch. */
import type { HostedDef } from './define-node.ts';
import { numberOf } from './dialog-values.ts';
import type { CameraWish } from './host-connection.ts';
import { NodeFault } from './node-fault.ts';

export interface CameraDef extends HostedDef {
  /** own: the host has it. watch: the Mien run here is told to watch it. */
  readonly role?: 'own' | 'watch';
  readonly camera?: string;
  /** For `watch`. */
  readonly source?: 'clip' | 'usb' | 'rtsp' | 'file';
  readonly device?: string;
  /** Without user and password, which are credentials. */
  readonly address?: string;
  readonly file?: string;
  /** Degrees clockwise. */
  readonly rotate?: number | string;
  readonly mirror?: boolean;
  readonly give?: 'states' | 'people' | 'pictures';
  readonly mostPerSecond?: number | string;
  /** Watches and gives from the start; otherwise after the message `start`. */
  readonly autostart?: boolean;
}

export interface CameraDialog {
  readonly camera: string;
  readonly wish: CameraWish | undefined;
  readonly give: 'states' | 'people' | 'pictures';
  /** Above 0. */
  readonly mostPerSecond: number;
}

type Credentials = Readonly<Record<string, string | undefined>>;

/** Errors: INPUT_INVALID, which never holds a password. */
export function readCameraDialog(def: CameraDef, credentials: Credentials): CameraDialog {
  const camera = def.camera?.trim() || 'main';
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(camera)) {
    throw new NodeFault('INPUT_INVALID', `a camera's name is of small letters, digits and hyphens, at most 32, as "door", not "${camera}"`);
  }
  const mostPerSecond = numberOf(def.mostPerSecond, 'the number a second', 30) || 1;
  return { camera, wish: def.role === 'watch' ? wishOf(camera, def, credentials) : undefined, give: def.give ?? 'states', mostPerSecond };
}

function wishOf(name: string, def: CameraDef, credentials: Credentials): CameraWish {
  const rotate = Number(def.rotate ?? 0);
  if (![0, 90, 180, 270].includes(rotate)) throw new NodeFault('INPUT_INVALID', `a picture is turned by 0, 90, 180 or 270 degrees, not ${def.rotate}`);
  return { name, source: sourceOf(def, credentials), ...(rotate !== 0 && { rotate }), ...(def.mirror && { mirror: true }) };
}

function sourceOf({ source = 'clip', device = '', address = '', file = '' }: CameraDef, credentials: Credentials): string {
  if (source === 'usb') {
    if (/^\/dev\/video\d+$/.test(device.trim())) return device.trim();
    throw new NodeFault('INPUT_INVALID', `a USB camera is a device as /dev/video0, not "${device}"`);
  }
  if (source === 'file') {
    if (file.trim().startsWith('/')) return file.trim();
    throw new NodeFault('INPUT_INVALID', `a video file is named by its whole path on this machine, as /home/pi/lobby.mp4, not "${file}"`);
  }
  return source === 'rtsp' ? rtspOf(address.trim(), credentials) : 'clip';
}

function rtspOf(address: string, { user = '', password = '' }: Credentials): string {
  const [, scheme, rest] = /^(rtsps?):\/\/(.+)$/i.exec(address) ?? [];
  if (!scheme || !rest) throw new NodeFault('INPUT_INVALID', 'the address of a network camera begins with rtsp:// or rtsps://, then its name');
  // Whatever stands before the @ would be in exports of the flow.
  if (/^[^/]*@/.test(rest)) throw new NodeFault('INPUT_INVALID', 'user and password of a network camera stand in their own fields, not in its address');
  const login = user || password ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';
  return `${scheme.toLowerCase()}://${login}${rest}`;
}
