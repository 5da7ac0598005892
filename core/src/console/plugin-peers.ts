/**
 * Whether a connection comes from a plugin of this Mien. Node's permission model does not restrict the network, and on loopback everybody may use
 * the API without a token: a plugin could read there what it was not granted. Linux only; elsewhere nobody is known.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Field of /proc/net/tcp: bytes of each 32-bit word in host order, as hexadecimal, and the port. */
const fields = { local: 1, remote: 2, inode: 9 } as const;

export class PluginPeers {
  readonly #pids: () => readonly number[];
  readonly #known = new WeakMap<Socket, Promise<boolean>>();

  /** `pids`: of the processes of plugins, now. */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
  }

  /** Looked up once a connection. */
  isPlugin(socket: Socket): Promise<boolean> {
    let answer = this.#known.get(socket);
    if (!answer) {
      answer = this.#look(socket.remotePort, socket.localPort);
      this.#known.set(socket, answer);
    }
    return answer;
  }

  async #look(remotePort: number | undefined, localPort: number | undefined): Promise<boolean> {
    const pids = new Set(this.#pids());
    if (pids.size === 0 || remotePort === undefined || localPort === undefined) return false;
    const inodes = new Set((await Promise.all(['tcp', 'tcp6'].map((table) => inodesOf(table, remotePort, localPort)))).flat());
    if (inodes.size === 0) return false;
    for (const pid of await inGroupsOf(pids)) if (await holds(pid, inodes)) return true;
    return false;
  }
}

/** The peer's end of the connection: there the ports stand the other way round. */
async function inodesOf(table: string, peerPort: number, ourPort: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const isPeer = portOf(words[fields.local]) === peerPort && portOf(words[fields.remote]) === ourPort;
    return isPeer ? [words[fields.inode] ?? ''] : [];
  });
}

function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(':')[1] ?? '', 16);
}

/** Also what a plugin has started: it leads a process group of its own. */
async function inGroupsOf(leaders: ReadonlySet<number>): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const members = names
    .filter((name) => /^\d+$/.test(name))
    .map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      // Behind the name, which may hold anything: state, parent, group.
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
      return leaders.has(group) || leaders.has(Number(name)) ? [Number(name)] : [];
    });
  return (await Promise.all(members)).flat();
}

async function holds(pid: number, inodes: ReadonlySet<string>): Promise<boolean> {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  return links.some((link) => link.startsWith('socket:[') && inodes.has(link.slice('socket:['.length, -1)));
}
