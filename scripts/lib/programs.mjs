// Programs of the operating system: looked for, and installed by apt where that is possible and allowed.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { say } from './say.mjs';

export function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

let updated = false;

/** Installs Debian packages. Returns a sentence that says why not, or undefined when they are there. */
export function aptInstall(packages) {
  const command = `apt-get install ${packages.join(' ')}`;
  if (process.env.MIEN_NO_APT) return `MIEN_NO_APT is set; install them yourself: ${command}`;
  if (process.platform !== 'linux' || !onPath('apt-get')) return `this is no Debian-like system; install what these packages hold: ${packages.join(' ')}`;
  const root = process.getuid?.() === 0;
  if (!root && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return `it takes root; run: sudo ${command}`;
  const apt = (args) => {
    const [program, ...rest] = root ? ['apt-get', ...args] : ['sudo', '-n', 'apt-get', ...args];
    return spawnSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  say(`mien set-up: installing ${packages.join(', ')} by apt`);
  if (!updated) apt(['update', '-q']);
  updated = true;
  const done = apt(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  if (done.status === 0) return undefined;
  return `apt could not install them (${done.stderr.trim().split('\n').at(-1)}); run: ${root ? '' : 'sudo '}${command}`;
}
