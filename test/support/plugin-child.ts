/** A real plugin process, driven without the plugin host: plugins are written as files, what they say is recorded. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { FromPlugin, FromPluginProcess, LifeToPlugin, PluginStart, ToPluginProcess, TrafficToPlugin } from '../../core/src/plugin-messages.ts';
import { type Channel, openChannel } from '../../core/src/plugin-runtime/channel.ts';
import { pluginProcessEntry, runtimeReads } from '../../core/src/plugin-runtime/entry.ts';
import { allGrants } from './attached-plugin.ts';
import { until } from './processes.ts';
import { TemporaryFolder } from './temporary-folder.ts';

const withinMs = 60_000;

export class PluginChild implements AsyncDisposable {
  readonly said: FromPluginProcess[] = [];
  readonly channel: Channel<FromPluginProcess, ToPluginProcess>;
  stderr = '';
  /** Exit code or signal, once it is gone. */
  ended: number | string | undefined;
  readonly #folder = new TemporaryFolder();
  readonly #child: ChildProcess;
  #written = 0;

  constructor(kind: 'own' | 'shared') {
    for (const name of ['code', 'store']) mkdirSync(join(this.#folder.path, name));
    const readable = [...runtimeReads(), this.path('code'), this.path('store')].map((path) => `--allow-fs-read=${path}`);
    const limits = kind === 'own' ? ['--permission', ...readable, `--allow-fs-write=${this.path('store')}`] : [];
    this.#child = spawn(process.execPath, ['--no-warnings', ...limits, pluginProcessEntry, kind], { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.#child.on('exit', (code, signal) => {
      this.ended = code ?? signal ?? 'lost';
    });
    this.channel = openChannel(this.#child.stdio[3] as Duplex);
    this.channel.onMessage((message) => this.said.push(message));
  }

  path(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Writes a file of the plugin; each is newer than the last. */
  write(name: string, text: string): string {
    const path = this.path(join('code', name));
    writeFileSync(path, text);
    this.#written += 1;
    utimesSync(path, 1_000_000 + this.#written, 1_000_000 + this.#written);
    return path;
  }

  tell(plugin: string, message: LifeToPlugin | TrafficToPlugin): void {
    this.channel.send({ plugin, ...message });
  }

  of<T extends FromPlugin['type']>(plugin: string, type: T): Extract<FromPlugin, { type: T }>[] {
    return this.said.filter((message): message is never => 'plugin' in message && message.plugin === plugin && message.type === type);
  }

  async next<T extends FromPlugin['type']>(plugin: string, type: T, count = 1): Promise<Extract<FromPlugin, { type: T }>> {
    await until(`${count} x ${type} of ${plugin}`, withinMs, () => this.of(plugin, type).length >= count || this.ended !== undefined).catch((fault) => {
      throw new Error(`${fault.message}; there are ${JSON.stringify(this.said)} ${this.stderr}`);
    });
    const found = this.of(plugin, type)[count - 1];
    if (!found) throw new Error(`expected ${type} of ${plugin}, got ${JSON.stringify(this.said)}; ended ${this.ended} ${this.stderr}`);
    return found;
  }

  async start(plugin: string, entry: string, start: Partial<PluginStart> = {}): Promise<void> {
    const before = this.of(plugin, 'started').length;
    this.begin(plugin, entry, start);
    await this.next(plugin, 'started', before + 1);
  }

  /** As `start`, without waiting for how it goes. */
  begin(plugin: string, entry: string, start: Partial<PluginStart> = {}): void {
    this.tell(plugin, { type: 'load', entry });
    this.tell(plugin, {
      type: 'start',
      start: { options: {}, optionsVersion: 1, grants: allGrants, device: 'mien', storeFolder: join(this.path('store'), plugin), ...start },
    });
  }

  /** Runs a command of the plugin, as a sign of life. */
  async run(plugin: string, name: string): Promise<unknown> {
    const id = this.said.length + 1;
    this.tell(plugin, { type: 'call', id, call: { kind: 'command', name, input: {} } });
    const answer = () => this.of(plugin, 'result').find((one) => one.id === id);
    await until(`answer of ${name}`, withinMs, () => answer() !== undefined || this.ended !== undefined);
    return answer()?.error ?? answer()?.value;
  }

  async end(): Promise<number | string | undefined> {
    await until('the process ends', withinMs, () => this.ended !== undefined);
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.end();
    this.channel.close('over');
    this.#folder[Symbol.dispose]();
  }
}
