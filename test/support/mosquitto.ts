/** A mosquitto of one's own: on a free port of loopback, with its store in a folder; stopped, killed and started again at will. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './processes.ts';
import { skip } from './programs.ts';

const PATIENCE_MS = 60_000;

/** The program, with the path that Debian gives it beside: it is not on every user's. */
export function requireMosquitto(): string {
  const said = (name: string): string => String(spawnSync(name, ['-h'], { encoding: 'utf8', timeout: 20_000 }).stdout);
  return ['mosquitto', '/usr/sbin/mosquitto'].find((name) => said(name).includes('mosquitto version')) ?? skip('mosquitto', 'mosquitto');
}

export class Mosquitto implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #lines: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, lines: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#lines = lines;
  }

  /** Runs when it resolves. `lines`: of its configuration, beside listener and store; `allow_anonymous true` unless they say otherwise. */
  static async open(folder: string, lines: readonly string[] = []): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort(), folder, lines);
    await broker.start();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** What it has logged. */
  get log(): string {
    return readFileSync(join(this.#folder, 'mosquitto.log'), 'utf8');
  }

  async start(): Promise<void> {
    const store = join(this.#folder, 'store');
    mkdirSync(store, { recursive: true });
    const config = [
      ...(this.#lines.some((line) => line.startsWith('allow_anonymous')) ? [] : ['allow_anonymous true']),
      // It would become another user, who may not write here.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      'persistence true',
      `persistence_location ${store}/`,
      `log_dest file ${join(this.#folder, 'mosquitto.log')}`,
      // Subscribers that are away lose nothing.
      'max_queued_messages 0',
      `listener ${this.port} 127.0.0.1`,
      ...this.#lines,
    ];
    writeFileSync(join(this.#folder, 'mosquitto.conf'), `${config.join('\n')}\n`);
    const child = spawn(requireMosquitto(), ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
    this.#child = child;
    await until('mosquitto listens', PATIENCE_MS, () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}: ${this.log}`);
      return answers(this.port);
    });
  }

  /** SIGTERM: it writes down what it holds. SIGKILL: it does not. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
