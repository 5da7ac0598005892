/** Why a port cannot be opened, in words that say what to do. */
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { PortNotFound, portsThereAre } from './find-port.ts';
import type { ListPorts } from './open-port.ts';

/** For its addon, for udevadm, and for what its addon's loader looks at. */
const ownAllowance = '{ addons: true, childProcess: true, read: [/etc/alpine-release] }';

export async function explainPortFault(fault: unknown, path: string, list: ListPorts): Promise<string> {
  if (fault instanceof PortNotFound) return fault.message;
  const said = fault instanceof Error ? fault.message : String(fault);
  const code = (fault as { code?: unknown } | null)?.code;
  if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED')
    return `serialport cannot be used in a process of its own (isolation: own) without allow: ${ownAllowance} in mien.yaml; without \`isolation\` it needs nothing: ${said}`;
  if (/udevadm/.test(said)) return `the ports cannot be listed for want of udevadm (apt install udev): ${said}. Give the path of the port instead`;
  if (/No such file|File not found|ENOENT|Port does not exist/i.test(said))
    return `there is no port ${path}. ${await list().then(portsThereAre, () => '')}`.trimEnd();
  if (/Permission denied|EACCES/i.test(said)) return `no permission to open ${path}. ${await whoMay(path)}`;
  if (/Cannot lock port|Port is locked/i.test(said)) return `${path} is in use by ${await holderOf(path)}: one port is for one plugin or program`;
  if (/resource busy|EBUSY|Access denied/i.test(said)) return `${path} is in use by another program, which keeps it to itself: end it first`;
  if (/Inappropriate ioctl|Is a directory|ENOTTY|EISDIR/i.test(said)) return `${path} is no serial port`;
  if (/baud ?rate/i.test(said)) return `${path} does not take this baudRate: ${said}`;
  return `${path} cannot be opened: ${said}`;
}

/** The group to join. */
async function whoMay(path: string): Promise<string> {
  try {
    const { gid, mode } = await stat(path);
    const group = (await readFile('/etc/group', 'utf8'))
      .split('\n')
      .map((line) => line.split(':'))
      .find((entry) => entry[2] === String(gid))?.[0];
    const mayGroup = (mode & 0o060) === 0o060;
    if (!mayGroup || gid === 0 || group === undefined)
      return `Only its owner may: give it a group by a udev rule, as SUBSYSTEM=="tty", ATTRS{idVendor}=="1a86", GROUP="dialout", MODE="0660"`;
    return `It belongs to the group ${group}: sudo usermod -aG ${group} ${userName()}, then log in again (a service: restart it)`;
  } catch {
    return 'On Debian: sudo usermod -aG dialout <user>, then log in again';
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry, as in a container.
    return '<user>';
  }
}

/** Who holds the lock, by Linux' list of locks. */
async function holderOf(path: string): Promise<string> {
  try {
    const { ino, dev } = await stat(path);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)].map((part) => part.toString(16).padStart(2, '0'));
    const lock = (await readFile('/proc/locks', 'utf8')).split('\n').find((line) => line.includes(' FLOCK ') && line.includes(` ${major}:${minor}:${ino} `));
    const pid = Number(lock?.trim().split(/\s+/)[4]);
    if (!pid) return 'another program';
    if (pid === process.pid) return 'another plugin of this Mien';
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'program');
    return `${name.trim()}, process ${pid}`;
  } catch {
    return 'another program';
  }
}
