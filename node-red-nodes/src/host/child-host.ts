/** A Mien that runs here, as a child: started when the deploy is over, with the cameras that nodes require; again after a crash, and when these change. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@mien/core/client';
import type { CameraWish, HostConnection, HostState } from '../host-connection.ts';
import { faultOf, NodeFault } from '../node-fault.ts';
import { CameraWishes } from './camera-wishes.ts';
import { forwardTo, reasonOf } from './child-log.ts';
import { type Child, type ChildEnd, childEnvironment, startChild } from './child-process.ts';
import { childSettings, type HereSettings, tokenOf } from './child-settings.ts';
import type { HostLog } from './connect-host.ts';
import type { Deploys } from './deploys.ts';
import { findMien, type Program } from './find-mien.ts';
import { States, unavailable } from './states.ts';
import { watchClient } from './watch-client.ts';

export interface ChildHostOptions {
  readonly settings: HereSettings;
  /** Node-RED's: where @mien/core is looked for. */
  readonly userDir: string;
  /** Of this host alone: mien.yaml and what Mien keeps. Made when it is not there. */
  readonly folder: string;
  readonly deploys: Deploys;
  readonly log: HostLog;
}

/** Nodes are closed and made one by one. */
const QUIET_MS = 50;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A run that lasted so long was a good one. */
const GOOD_MS = 30_000;
/** After so many failures in a row without plugins, which may be at fault. */
const FAILED_BEFORE_SAFE = 3;
/** Somebody may install one meanwhile. */
const LOOK_AGAIN_MS = 5000;

export class ChildHost implements HostConnection {
  readonly mode = 'here';
  readonly #options: ChildHostOptions;
  readonly #states: States;
  readonly #wishes: CameraWishes;
  readonly #ending = new AbortController();
  #change = Promise.withResolvers<void>();
  #life: Promise<void> = Promise.resolve();
  #client: { readonly url: string; readonly client: Client } | undefined;
  #watch: Disposable | undefined;
  #port = 0;
  #cameUp = false;
  #restarts = 0;

  constructor(options: ChildHostOptions) {
    this.#options = options;
    this.#states = new States((fault) => options.log.warn(String(fault)));
    this.#wishes = new CameraWishes(() => this.#change.resolve());
  }

  get state(): HostState {
    return this.#states.present;
  }

  /** `after`: what must be over before a Mien may start, as the end of the one before in the same folder. */
  open(after: Promise<void> = Promise.resolve()): void {
    this.#life = after.then(() => this.#live()).catch((fault) => this.#set('stopped', faultOf(fault).message));
  }

  on(listener: (state: HostState) => void): Disposable {
    return this.#states.on(listener);
  }

  client(): Client {
    if (this.#client && this.state.kind === 'connected') return this.#client.client;
    throw new NodeFault('HOST_UNAVAILABLE', unavailable(this.state));
  }

  requireCamera(camera: CameraWish): Disposable {
    return this.#wishes.require(camera);
  }

  /** Stops Mien. Resolves when nothing of it runs. Idempotent. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#change.resolve();
    await this.#life;
    this.#set('stopped', 'closed');
  }

  async #live(): Promise<void> {
    let failures = 0;
    while (!this.#ending.signal.aborted) {
      await this.#settled();
      if (this.#ending.signal.aborted) return;
      const program = this.#find();
      if (!program) {
        await this.#pause(LOOK_AGAIN_MS);
        continue;
      }
      const startedMs = performance.now();
      const end = await this.#run(program, failures >= FAILED_BEFORE_SAFE);
      if (!end) {
        failures = 0;
        continue;
      }
      if (performance.now() - startedMs > GOOD_MS) failures = 0;
      const waitMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
      failures += 1;
      this.#restarts += 1;
      const text = `Mien ended by itself: ${reasonOf(end)}. It is started again in ${waitMs / 1000} s`;
      this.#options.log.warn(text);
      // A port that somebody else took meanwhile must not keep it down.
      if (!this.#cameUp) this.#port = 0;
      this.#set(this.#client ? 'lost' : 'failed', text);
      await this.#pause(waitMs);
    }
  }

  /** One run. Resolves with how it ended by itself; undefined when it was stopped, because of other cameras or the close. */
  async #run(program: Program, safe: boolean): Promise<ChildEnd | undefined> {
    const { settings, folder, log } = this.#options;
    const cameras = this.#wishes.list;
    const token = tokenOf(settings);
    await writeSettings(folder, childSettings(settings, cameras, this.#port));
    // Mien's own count of failed starts ends with every default, which would play its clip: people that nobody sees.
    await rm(join(folder, 'state', 'boots'), { recursive: true, force: true });
    if (this.state.kind !== 'lost' && this.state.kind !== 'failed') this.#set('starting', '');
    this.#cameUp = false;
    const forward = forwardTo(log);
    const child = startChild({
      program: { file: program.file, args: [...program.args, 'run', '--config', join(folder, 'mien.yaml'), ...(safe ? ['--safe'] : [])] },
      folder,
      env: childEnvironment(token),
      onLine: (line) => {
        const [, url] = /^console: (\S+)/.exec(line) ?? [];
        if (url) this.#follow(url, token);
        else forward(line);
      },
    });
    try {
      return (await this.#untilOther(child, JSON.stringify(cameras))) ? undefined : await child.ended;
    } finally {
      this.#watch?.[Symbol.dispose]();
      this.#watch = undefined;
      await child.stop();
    }
  }

  /** Resolves with true when other cameras are required or it is closed, with false when the child has ended. */
  async #untilOther(child: Child, cameras: string): Promise<boolean> {
    const ended = child.ended.then(() => true);
    for (;;) {
      if (await Promise.race([ended, this.#change.promise.then(() => false)])) return false;
      if (await Promise.race([ended, this.#settled().then(() => false)])) return false;
      if (this.#ending.signal.aborted || JSON.stringify(this.#wishes.list) !== cameras) {
        this.#set('starting', '');
        return true;
      }
    }
  }

  #follow(url: string, token: string | undefined): void {
    this.#cameUp = true;
    this.#port = Number(new URL(url).port);
    if (this.#client?.url !== url) this.#client = { url, client: createClient({ url, token }) };
    this.#watch?.[Symbol.dispose]();
    this.#watch = watchClient(this.#client.client, {
      onStatus: (status) => this.#states.set({ kind: 'connected', text: '', status, url, restarts: this.#restarts }),
      onLost: ({ message }) => this.#set('lost', `Mien at ${url} does not answer: ${message}`),
    });
  }

  #find(): Program | undefined {
    const { settings, userDir } = this.#options;
    const found = findMien({ command: settings.command, userDir });
    if (found.kind === 'found') return found.program;
    if (this.state.text !== found.text) this.#options.log.warn(`${found.text}. To install it: ${found.installLine}`);
    this.#states.set({ kind: 'failed', text: found.text, installLine: found.installLine, restarts: this.#restarts });
    return undefined;
  }

  /** The deploy is over, and nothing was changed for a moment. */
  async #settled(): Promise<void> {
    do {
      this.#change = Promise.withResolvers<void>();
      await Promise.race([this.#options.deploys.over(), this.#aborted()]);
    } while (!this.#ending.signal.aborted && (await this.#changedWithin(QUIET_MS)));
  }

  async #changedWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    return await Promise.race([quiet, this.#change.promise.then(() => true)]).finally(() => clearTimeout(timer));
  }

  async #pause(ms: number): Promise<void> {
    await this.#changedWithin(ms);
  }

  #aborted(): Promise<void> {
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #set(kind: HostState['kind'], text: string): void {
    const url = this.#client?.url;
    this.#states.set({ kind, text, restarts: this.#restarts, ...(url !== undefined && { url }) });
  }
}

/** Whole or not at all; only for this user, since addresses of cameras hold passwords. */
async function writeSettings(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'mien.yaml');
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
