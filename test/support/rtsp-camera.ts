/** GStreamer's RTSP server as a camera that can be switched off and on again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { requireRtspPython } from './programs.ts';

const script = fileURLToPath(new URL('rtsp-server.py', import.meta.url));
const python = requireRtspPython();

export interface RtspCamera extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Cuts the power. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startRtspCamera(port = 0, login: readonly string[] = []): Promise<RtspCamera> {
  const server: ChildProcess = spawn(python, [script, String(port), ...login], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  process.once('exit', () => server.kill('SIGKILL'));
  const ready = new Promise<string>((resolve) => createInterface({ input: server.stdout as NodeJS.ReadableStream }).once('line', resolve));
  const line = await Promise.race([ready, exited.then(() => 'it ended')]);
  const bound = /^ready (\d+)$/.exec(line)?.[1];
  if (!bound) throw new Error(`the RTSP server did not start: ${line}`);
  return {
    port: Number(bound),
    pid: server.pid as number,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await exited;
    },
  };
}
