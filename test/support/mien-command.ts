import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../../core/bin/mien.mjs', import.meta.url));

/** Starts that are killed here must not bring the Mien of who runs the tests into safe mode. */
const stateHome = mkdtempSync(join(tmpdir(), 'mien-test-state-'));
process.once('exit', () => rmSync(stateHome, { recursive: true, force: true }));

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Lines of stdout parsed as JSON. */
  json<T>(): T[];
}

export interface Running {
  readonly process: ChildProcess;
  readonly done: Promise<Outcome>;
  /** Resolves when stderr or stdout has shown this; rejects when the command ends before. */
  until(pattern: RegExp): Promise<void>;
  /** Everything said so far on stdout and stderr. */
  shown(): string;
}

/** Starts `mien` through its launcher, as a user does. */
export function startMien(args: readonly string[], options: { input?: Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {}): Running {
  const env = { ...process.env, XDG_STATE_HOME: stateHome, INVOCATION_ID: '', ...options.env };
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env, cwd: options.cwd });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  let shown = '';
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      shown += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const closed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const done = Promise.all([text(child.stdout), text(child.stderr), closed]).then(([stdout, stderr, { code, signal }]) => ({
    code,
    signal,
    stdout,
    stderr,
    json: <T>() =>
      stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T),
  }));
  return {
    process: child,
    done,
    shown: () => shown,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(shown)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void closed.then(() => reject(new Error(`mien ended before it said ${pattern}; it said: ${shown.slice(-800)}`)));
      }),
  };
}

export function mien(args: readonly string[], options?: Parameters<typeof startMien>[1]): Promise<Outcome> {
  return startMien(args, options).done;
}
