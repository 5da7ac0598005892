/** One process with one plugin or several, from spawn to exit. It is always reaped: nothing of it outlives `gone`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { diesWithParent } from '../../dies-with-parent.ts';
import type { Logger } from '../../log.ts';
import type { FromPlugin, FromPluginProcess, ToPluginProcess } from '../../plugin-messages.ts';
import { type Channel, openChannel } from '../../plugin-runtime/channel.ts';
import { pluginProcessEntry } from '../../plugin-runtime/entry.ts';
import { FloodBrake } from './flood-brake.ts';
import type { PluginLimits } from './plugin-limits.ts';
import { logOutput, type ProcessOutput } from './process-output.ts';
import type { ProcessPlan } from './sandbox.ts';

/** How a process or a plugin ended. `culprit`: the plugin to blame, where it is known. */
export interface Loss {
  readonly reason: string;
  readonly culprit?: string;
}

export interface PluginProcessOptions {
  /** In the log. */
  readonly name: string;
  readonly kind: 'own' | 'shared';
  readonly plan: ProcessPlan;
  readonly heapMb: number;
  /** May have children, which go with it. */
  readonly mayFork: boolean;
  readonly limits: PluginLimits;
  readonly logger: Logger;
  /** In order, never after `gone`. */
  readonly message: (message: FromPlugin) => void;
}

/** After the exit what it had still said is read for so long. */
const DRAIN_MS = 500;
/** Between the end of the channel and the exit that it announces. */
const EXIT_MS = 500;

export class PluginProcess {
  /** Resolves when the process is reaped and all that it said was handed on. */
  readonly gone: Promise<Loss>;
  readonly #options: PluginProcessOptions;
  readonly #gone = Promise.withResolvers<Loss>();
  #child: ChildProcess | undefined;
  #channel: Channel<FromPluginProcess, ToPluginProcess> | undefined;
  #socket: Socket | undefined;
  #brake: FloodBrake | undefined;
  #stderr: ProcessOutput | undefined;
  #watch: NodeJS.Timeout | undefined;
  #heardAt: number | undefined;
  #pings = 0;
  #rssBytes: number | undefined;
  #loss: Loss | undefined;
  #isOver = false;
  /** Since the process was last at rest: who is to blame for a flood. */
  readonly #said = new Map<string, number>();

  constructor(options: PluginProcessOptions) {
    this.#options = options;
    this.gone = this.#gone.promise;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get rssBytes(): number | undefined {
    return this.#rssBytes;
  }

  /** Once. What becomes of it is told by `gone`. */
  start(): void {
    const { plan, kind } = this.#options;
    try {
      const { file, args } = diesWithParent(process.execPath, [...plan.execArgv, pluginProcessEntry, kind]);
      const child = spawn(file, args, {
        cwd: plan.cwd,
        env: plan.env,
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        // A group of its own: Ctrl-C in the terminal is for the host, and the group can be killed as a whole.
        detached: true,
      });
      this.#child = child;
      child.on('error', (fault) => {
        if (child.pid === undefined) this.#end({ reason: `could not be run: ${fault.message}` });
      });
      child.on('exit', (code, signal) => this.#exited(child, code, signal));
      if (child.pid !== undefined) this.#connect(child);
    } catch (fault) {
      this.#end({ reason: `could not be run: ${fault instanceof Error ? fault.message : fault}` });
    }
  }

  #connect(child: ChildProcess): void {
    const { name, logger, limits } = this.#options;
    logOutput(child.stdout as Readable, 'debug', name, logger);
    this.#stderr = logOutput(child.stderr as Readable, 'warn', name, logger);
    const socket = child.stdio[3] as Socket;
    const channel = openChannel<FromPluginProcess, ToPluginProcess>(socket);
    this.#socket = socket;
    this.#channel = channel;
    this.#brake = new FloodBrake(limits, channel, () => this.#flooded());
    channel.onMessage((message) => this.#hear(message));
    channel.onClose((reason) => this.#closed(child, reason));
    this.#watchLife();
  }

  send(message: ToPluginProcess): void {
    this.#channel?.send(message);
  }

  sendEncoded(line: string): void {
    this.#channel?.sendEncoded(line);
  }

  /** At once, with its children. The first reason counts. */
  kill(reason: string, culprit?: string): void {
    if (this.#isOver) return;
    this.#loss ??= { reason, ...(culprit !== undefined && { culprit }) };
    this.#signalGroup();
  }

  #signalGroup(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone.
    }
  }

  #hear(message: FromPluginProcess): void {
    if (this.#isOver) return;
    this.#heardAt = performance.now();
    this.#brake?.took(this.#socket?.bytesRead ?? 0);
    if (message.type === 'pong') void this.#measure(message.rssBytes);
    else if (typeof message.plugin !== 'string') this.kill('sent a message of no plugin');
    else {
      if (this.#brake?.isBraking) this.#said.set(message.plugin, (this.#said.get(message.plugin) ?? 0) + 1);
      this.#options.message(message);
    }
  }

  #watchLife(): void {
    const { pingEveryMs, silentMs, unreadBytes } = this.#options.limits;
    let lookedAt = performance.now();
    this.#watch = setInterval(() => {
      const now = performance.now();
      // Until it has said something, the deadline of its start counts. A host that was itself held up, or has put the brake on, has not read its mail.
      if (this.#heardAt !== undefined) {
        if (this.#brake?.isBraking) this.#heardAt = now;
        if (now - lookedAt > 2 * pingEveryMs) this.#heardAt = Math.max(this.#heardAt, now - silentMs + 2 * pingEveryMs);
        if (now - this.#heardAt > silentMs) this.kill(`hung: no sign of life for ${silentMs / 1000} s; its code holds up the event loop`);
      }
      lookedAt = now;
      const unread = this.#channel?.waitingBytes ?? 0;
      if (unread > unreadBytes) this.kill(`does not read what it is sent: ${(unread / 1024 / 1024).toFixed(1)} MB wait for it`);
      this.#pings += 1;
      this.send({ type: 'ping', id: this.#pings });
    }, pingEveryMs);
  }

  /** As the system says; where it says nothing, as the process does. */
  async #measure(saidBytes: unknown): Promise<void> {
    const rssBytes = (await residentBytes(this.#child?.pid)) ?? (typeof saidBytes === 'number' ? saidBytes : undefined);
    if (this.#isOver || rssBytes === undefined) return;
    this.#rssBytes = rssBytes;
    this.#watchMemory(rssBytes);
  }

  #watchMemory(rssBytes: number): void {
    const { heapMb, limits, kind } = this.#options;
    const mostMb = heapMb + limits.rssOverHeapMb;
    if (rssBytes <= mostMb * 1024 * 1024) return;
    const remedy =
      kind === 'own' ? 'if it needs that much, raise its heapMb; else look for buffers that it keeps' : 'look for buffers that one of its plugins keeps';
    this.kill(`took ${Math.round(rssBytes / 1024 / 1024)} MB of memory, more than the ${mostMb} MB that go with a heap of ${heapMb} MB: ${remedy}`);
  }

  #flooded(): void {
    const [loudest] = [...this.#said].sort(([, a], [, b]) => b - a);
    const { messagesPerSecond, floodMs } = this.#options.limits;
    this.kill(`flooded the host: more than ${messagesPerSecond} messages a second for ${floodMs / 1000} s`, loudest?.[0]);
  }

  #closed(child: ChildProcess, reason: string): void {
    if (this.#isOver || this.#loss || child.exitCode !== null || child.signalCode !== null) return;
    // Lines that are none; whatever else ends a channel, such as ECONNRESET, comes of a process that is ending: its exit tells more.
    if (/^a line /.test(reason)) this.kill(`broke the protocol: ${reason}`);
    else setTimeout(() => this.kill(`closed its channel to the host (${reason})`), EXIT_MS).unref();
  }

  /** What it said last, as why it failed, may still lie in the pipes. */
  #exited(child: ChildProcess, code: number | null, signal: string | null): void {
    this.#brake?.[Symbol.dispose]();
    if (this.#options.mayFork) this.#signalGroup();
    const end = (): void => {
      clearTimeout(drain);
      this.#end(this.#loss ?? { reason: this.#exitReason(code, signal) });
    };
    const drain = setTimeout(end, this.#loss ? 0 : DRAIN_MS);
    child.on('close', end);
    this.#channel?.resume();
  }

  #exitReason(code: number | null, signal: string | null): string {
    const { heapMb, kind } = this.#options;
    if (/heap out of memory|Reached heap limit/i.test(this.#stderr?.tail ?? '')) {
      return `needed more memory than its heap of ${heapMb} MB: ${kind === 'own' ? 'look for what it keeps, or raise its heapMb' : 'one of its plugins keeps too much'}`;
    }
    if (signal === 'SIGKILL') return 'was killed by SIGKILL: by somebody, or by the system for want of memory';
    return signal ? `was killed by ${signal}` : `exited with code ${code}`;
  }

  #end(loss: Loss): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#brake?.[Symbol.dispose]();
    this.#channel?.close('the process is gone');
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    this.#gone.resolve(loss);
  }
}

/** Linux only: undefined elsewhere, and for a process that is gone. */
async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
