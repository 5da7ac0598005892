/** Children that even a `kill -9` of their parent takes along. One that spins or is stopped does not notice the end of its channel. */
import { spawnSync } from 'node:child_process';

/** Of util-linux. It sets the signal and then becomes the program: pid and open files stay. */
const SETPRIV = '/usr/bin/setpriv';
const FLAGS = ['--pdeathsig', 'KILL'] as const;
const CHECK_MS = 2000;

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

let isPossible: boolean | undefined;

/** Whether this system can do it: Linux with util-linux 2.33 or newer. Tried once. */
export function canDieWithParent(): boolean {
  isPossible ??= process.platform === 'linux' && spawnSync(SETPRIV, [...FLAGS, SETPRIV, '--version'], { stdio: 'ignore', timeout: CHECK_MS }).status === 0;
  return isPossible;
}

/** The same command, killed when the thread that starts it ends; unchanged where that is not possible. */
export function diesWithParent(file: string, args: readonly string[]): Command {
  return canDieWithParent() ? { file: SETPRIV, args: [...FLAGS, file, ...args] } : { file, args };
}
