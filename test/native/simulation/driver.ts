import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { simulatedLibraryPath } from '../../../native/src/npu.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const native = fileURLToPath(new URL('../../../native/', import.meta.url));

function compile(args: readonly string[], output: string): string {
  const done = spawnSync(process.env.CXX ?? 'g++', ['-std=c++20', '-O1', `-I${join(native, 'src/addon/npu')}`, '-o', output, ...args], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`g++ failed: ${done.error?.message ?? done.stderr}`);
  return output;
}

export const buildDriver = (folder: string): string => compile([join(here, 'driver.cc'), '-ldl', '-lpthread'], join(folder, 'driver'));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the library wrote to stderr. */
  readonly said: string;
}

/** A process that calls the simulated runtime as it is told: one call at a time, each answered by a line. */
export class Driver {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<Ended>;

  constructor(program: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(program, [simulatedLibraryPath()], { env: { ...process.env, ...env } });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    let said = '';
    this.#child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    // A process that died takes no more calls: what became of it is told by `end`.
    this.#child.stdin.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#child.on('close', (code, signal) => resolve({ code, signal, said })));
  }

  /** The answer; undefined when the process is gone. */
  async call(line: string): Promise<string | undefined> {
    this.#child.stdin.write(`${line}\n`);
    return (await this.#lines.next()).value;
  }

  configure(settings: unknown): Promise<string | undefined> {
    return this.call(`configure ${JSON.stringify(settings)}`);
  }

  async report(): Promise<Report> {
    return JSON.parse((await this.call('report')) ?? '') as Report;
  }

  end(): Promise<Ended> {
    this.#child.stdin.end();
    return this.#ended;
  }
}

export interface Report {
  readonly contexts: number;
  readonly memories: number;
  readonly weightBytes: number;
  readonly internalBytes: number;
  readonly memoryBytes: number;
  readonly raisedPriority: number;
  readonly cores: ReadonlyArray<{ readonly runs: number; readonly busyUs: number }>;
  readonly misuse: Readonly<Record<string, number>>;
}
