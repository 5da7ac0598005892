/** The machine as doctor looks at it. Tests put a tree of files and answers of their own in its place. */
import { execFile } from 'node:child_process';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { NpuSymbols } from '@mien/native/npu';
import { type MachineFiles, openMachineFiles } from './machine-files.ts';

/** The vendor's library, loaded. */
export interface RuntimeFacts {
  readonly libraryPath: string;
  readonly apiVersion: string | undefined;
  readonly simulated: boolean;
  readonly has: NpuSymbols;
}

export interface Machine {
  readonly files: MachineFiles;
  readonly arch: string;
  readonly node: string;
  readonly user: { readonly name: string };
  /** What a program wrote on both outputs; undefined where there is no such program or it did not end in time. */
  run(program: string, args: readonly string[]): Promise<{ readonly isGood: boolean; readonly output: string } | undefined>;
  /** Of the file system that will hold this path, and whether this user may write there. Paths of settings, not below the root of `files`. */
  space(path: string): Promise<{ readonly freeMb: number; readonly mayWrite: boolean; readonly nearest: string }>;
  isFile(path: string): Promise<boolean>;
  /** Which kernels of the addon run. Rejects with what to do. */
  addon(): Promise<string>;
  /** Rejects with NpuError. */
  runtime(library: string | undefined, simulate: Readonly<Record<string, unknown>> | undefined): Promise<RuntimeFacts>;
  /** Undefined when Mien could listen there; else the code of the system. `answer`: what answers there is a Mien. */
  listen(host: string, port: number): Promise<{ readonly code: string; readonly isMien: boolean } | undefined>;
}

const RUN_WITHIN_MS = 8000;
const ANSWER_WITHIN_MS = 2000;

export function thisMachine(root = '/'): Machine {
  return {
    files: openMachineFiles(root),
    arch: process.arch,
    node: process.versions.node,
    user: { name: userName() },
    run: runProgram,
    space,
    isFile: async (path) => (await stat(path).catch(() => undefined))?.isFile() ?? false,
    addon: async () => {
      const { kernelInfo } = await import('@mien/native');
      return `${kernelInfo.platform}, ${kernelInfo.dispatch}`;
    },
    runtime: async (library, simulate) => {
      const { openNpu } = await import('@mien/native/npu');
      const runtime = openNpu({ ...(library !== undefined && { library }), ...(simulate !== undefined && { simulate }) });
      const { libraryPath, apiVersion, simulated, has } = runtime;
      await runtime.close();
      return { libraryPath, apiVersion, simulated, has };
    },
    listen,
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

function runProgram(program: string, args: readonly string[]): ReturnType<Machine['run']> {
  return new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: 'C' };
    execFile(program, [...args], { timeout: RUN_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 1 << 20, env }, (fault, stdout, stderr) => {
      const isGone = fault !== null && (typeof fault.code === 'string' || fault.killed === true);
      resolve(isGone ? undefined : { isGood: fault === null, output: `${stdout}\n${stderr}`.trim() });
    }).stdin?.end();
  });
}

async function space(path: string): ReturnType<Machine['space']> {
  let nearest = path;
  while (dirname(nearest) !== nearest && !(await stat(nearest).catch(() => undefined))) nearest = dirname(nearest);
  const { bavail, bsize } = await statfs(nearest);
  const mayWrite = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return { freeMb: Math.floor((bavail * bsize) / (1 << 20)), mayWrite, nearest };
}

async function listen(host: string, port: number): ReturnType<Machine['listen']> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return undefined;
  return { code, isMien: code === 'EADDRINUSE' && (await isMien(host, port)) };
}

/** Its /healthz is open to everybody. */
async function isMien(host: string, port: number): Promise<boolean> {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const { state } = (await response.json()) as { state?: unknown };
    return typeof state === 'string' && ['ok', 'degraded', 'down'].includes(state);
  } catch {
    return false;
  }
}
