/** Programs as children: no shell, bounded in time and output, ended with all that they started, and not alive for longer than this process. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MienError } from '@mien/core/plugin';

export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array | string;
  /** Ended beyond these. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Its whole process group is killed at once. */
  readonly signal: AbortSignal;
}

const MOST_STDERR = 4000;
const MOST_STDOUT = 32 * 1024 * 1024;
const PROBE_MS = 3000;
/** What left the group may hold the pipes open: they are not waited for longer. */
const PIPES_MS = 500;
/** With this code setpriv says that there is no such program. */
const MISSING = 127;

export class Programs {
  /** What stands before each program, so that even a `kill -9` of this process ends it. */
  readonly #prefix: readonly string[];

  constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
  }

  /** Whether it can be started at all, however it answers. Errors: SERVICE_UNAVAILABLE when this process may start no programs. */
  async has(file: string): Promise<boolean> {
    return (await probe(file, ['--version'])) !== undefined;
  }

  /**
   * Resolves with its stdout when it ends with 0. Rejects with the signal's reason; SERVICE_UNAVAILABLE when it cannot be started; STEP_TIMEOUT;
   * COMMAND_FAILED with its exit code and the end of its stderr.
   */
  async run({ file, args, input, timeoutMs, maxBytes = MOST_STDOUT, signal }: ProgramRun): Promise<Buffer> {
    signal.throwIfAborted();
    const [first = file, ...rest] = [...this.#prefix, file, ...args];
    const child = start(first, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const out: Buffer[] = [];
    let bytes = 0;
    let stderr = '';
    let ended: unknown;
    const end = (reason: unknown): void => {
      ended ??= reason;
      killGroup(child);
    };
    const onAbort = (): void => end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const late = () => end(new MienError('STEP_TIMEOUT', `${file} did not end within ${(timeoutMs ?? 0) / 1000} s`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    let pipes: NodeJS.Timeout | undefined;
    const settle = (code: number | null, by: NodeJS.Signals | null): void => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      clearTimeout(pipes);
      for (const stream of child.stdio) stream?.destroy();
      if (ended !== undefined) reject(ended);
      else if (code === 0) resolve(Buffer.concat(out));
      else if (code === MISSING && stderr.startsWith('setpriv: ')) reject(unstartable(file, { code: 'ENOENT' }));
      else reject(new MienError('COMMAND_FAILED', `${file} ended with ${code ?? by}: ${lastWords(stderr)}`));
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) end(new MienError('COMMAND_FAILED', `${file} gave more than ${maxBytes} bytes`));
      else out.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-MOST_STDERR);
    });
    child.once('error', (fault: NodeJS.ErrnoException) => {
      ended ??= unstartable(file, fault);
      settle(null, null);
    });
    child.once('exit', (code, by) => {
      // With who is left of its group, should it have ended by itself.
      killGroup(child);
      pipes = setTimeout(settle, PIPES_MS, code, by);
    });
    child.once('close', settle);
    child.stdin?.on('error', () => {}); // It may end before it has read all.
    child.stdin?.end(input ?? '');
    return promise;
  }
}

/** Finds out how children are made to end with this process (setpriv of util-linux). */
export async function openPrograms(): Promise<Programs> {
  const prefix = ['setpriv', '--pdeathsig', 'KILL'];
  try {
    return new Programs((await probe('setpriv', [...prefix.slice(1), 'setpriv', '--version'])) === 0 ? prefix : []);
  } catch {
    return new Programs([]); // No programs at all: `has` says why.
  }
}

/** Its exit code, null when it was ended; undefined when there is no such program. */
async function probe(file: string, args: readonly string[]): Promise<number | null | undefined> {
  const child = start(file, args, { stdio: 'ignore', detached: true });
  const ended = new Promise<number | null | undefined>((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code));
  });
  const controller = new AbortController();
  const code = await Promise.race([ended, sleep(PROBE_MS, null, { signal: controller.signal }).catch(() => null)]);
  controller.abort();
  killGroup(child);
  return code;
}

function start(file: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(file, args, { ...options, env: { ...process.env, PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' } });
  } catch (cause) {
    throw unstartable(file, cause as NodeJS.ErrnoException);
  }
}

function unstartable(file: string, fault: { readonly code?: string | undefined; readonly message?: string }): MienError {
  const why =
    fault.code === 'ENOENT'
      ? 'there is no such program'
      : fault.code === 'ERR_ACCESS_DENIED'
        ? 'this plugin may start no programs: write `allow: { childProcess: true }` beside its `from` in mien.yaml, or leave `isolation` out'
        : fault.message;
  return new MienError('SERVICE_UNAVAILABLE', `${file} cannot be started: ${why}`, { cause: fault });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Programs say at the end why they end; the first of several lines is often about something else. */
function lastWords(text: string): string {
  return text.trim().split('\n').slice(-2).join(' ').slice(-300) || 'it said nothing';
}
