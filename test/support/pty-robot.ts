/** The robot's end of a serial port: a real terminal by socat, whose cable can be pulled and plugged in again under the same path. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { until } from './processes.ts';
import { findProgram, skip } from './programs.ts';

const patienceMs = 60_000;

export function requireSocat(): void {
  if (!findProgram(['socat'], ['-V'])) skip('socat', 'socat');
}

export class PtyRobot implements AsyncDisposable {
  /** Where the port is, for a plugin. */
  readonly path: string;
  /** Everything that was told since the start, over all cables. */
  received = Buffer.alloc(0);
  /** Called with each line as it comes, without its end. */
  onLine: (line: string) => void = () => {};
  #unread = '';
  #socat: ChildProcessByStdio<Writable, Readable, null> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get lines(): string[] {
    return this.received.toString().split(/\r?\n/).slice(0, -1);
  }

  /** Resolves when the port is there. */
  async plug(): Promise<void> {
    const socat = spawn('socat', [`pty,raw,echo=0,link=${this.path}`, 'stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
    socat.stdin.on('error', () => {});
    socat.stdout.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#socat = socat;
    await until(`${this.path} is there`, patienceMs, () => existsSync(this.path) && socat.exitCode === null);
  }

  /** As if the cable were pulled: at once, with nothing said. */
  async unplug(): Promise<void> {
    const socat = this.#socat;
    this.#socat = undefined;
    if (!socat || socat.exitCode !== null || socat.signalCode !== null) return;
    const gone = new Promise((resolve) => socat.once('close', resolve));
    socat.kill('SIGKILL');
    await gone;
    rmSync(this.path, { force: true });
  }

  say(text: string | Uint8Array): void {
    this.#socat?.stdin.write(text);
  }

  /** Takes nothing more: what it is told stays in the terminal. */
  freeze(): void {
    this.#socat?.kill('SIGSTOP');
  }

  /** Resolves with the first line from the `from`-th on that fits. */
  async untilLine(pattern: RegExp, from = 0): Promise<string> {
    await until(`the robot is told ${pattern}`, patienceMs, () => this.lines.slice(from).some((line) => pattern.test(line))).catch((fault: Error) => {
      throw new Error(`${fault.message}; it was told: ${JSON.stringify(this.lines.slice(-20))}`);
    });
    return this.lines.slice(from).find((line) => pattern.test(line)) as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }

  #take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    const lines = `${this.#unread}${bytes}`.split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.onLine(line);
  }
}
