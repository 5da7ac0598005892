/**
 * Mien as a child that never outlives Node-RED: a shell beside it waits at a pipe that only Node-RED holds, and stops Mien when the pipe closes, also by a
 * `kill -9` of Node-RED. All of it is one process group, which is swept at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Program } from './find-mien.ts';

export interface ChildEnd {
  readonly code: number | null;
  /** Last lines on standard error: why it ended. */
  readonly lines: readonly string[];
}

export interface ChildOptions {
  readonly program: Program;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
}

export interface Child {
  readonly pid: number | undefined;
  /** Resolves when nothing of it runs any more. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Asks it to stop, kills it when it does not. Resolves with `ended`. Idempotent. */
  stop(): Promise<ChildEnd>;
}

/** Mien itself stops within 5 s. */
const STOP_S = 6;
const SWEEP_MS = (STOP_S + 2) * 1000;
const LINGER_MS = 1000;
const KEPT_LINES = 20;
const LONGEST_LINE = 2000;

/** `$@` is Mien. Descriptor 3 is the pipe: a background job of a shell would read from /dev/null otherwise. */
const WATCH = `exec 3<&0
"$@" </dev/null 3<&- &
mien=$!
(cat <&3; kill -TERM $mien; sleep ${STOP_S}; kill -KILL -- -$$) >/dev/null 2>&1 &
exec 3<&-
wait $mien`;

export function startChild({ program, folder, env, onLine }: ChildOptions): Child {
  const child = spawn('/bin/sh', ['-c', WATCH, 'mien-host', program.file, ...program.args], {
    cwd: folder,
    env,
    // Events go out over the API; on the terminal nobody reads them.
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (whole) => {
    const line = whole.slice(0, LONGEST_LINE);
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    onLine(line);
  });
  const ended = new Promise<ChildEnd>((done) => {
    child.once('error', (fault) => {
      lines.push(`mien: could not be started: ${fault.message}`);
      done({ code: null, lines });
    });
    // `exit` is the shell's; its group may hold what a kill of Mien alone has left. `close` comes when nobody holds standard error any more, which
    // something that left the group could do for ever.
    child.once('exit', (code) => {
      sweep(child);
      setTimeout(() => done({ code, lines }), LINGER_MS).unref();
    });
    child.once('close', (code) => done({ code, lines }));
  });
  let stopping: Promise<ChildEnd> | undefined;
  return {
    pid: child.pid,
    ended,
    stop() {
      stopping ??= (async () => {
        child.stdin.end();
        const timer = setTimeout(() => sweep(child), SWEEP_MS);
        return await ended.finally(() => clearTimeout(timer));
      })();
      return stopping;
    },
  };
}

/** Kills what is left of the group. */
function sweep({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

/** Of Node-RED's environment what a Mien may know: not its supervisor's, not its options, not its secrets. */
export function childEnvironment(token: string | undefined, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const hidden = /^(NOTIFY_SOCKET|WATCHDOG_\w+|INVOCATION_ID|STATE_DIRECTORY|NODE_OPTIONS|NODE_RED_\w+|MIEN_TOKEN)$/;
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.test(name)));
  return token === undefined ? passed : { ...passed, MIEN_TOKEN: token };
}
