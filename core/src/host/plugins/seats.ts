/** Places for plugins to run in: a process of their own, one shared with others, or the host itself. */
import type { Config, PluginSettings } from '../../config.ts';
import type { Logger } from '../../log.ts';
import type { FromPlugin, LifeToPlugin, ToPluginProcess, TrafficToPlugin } from '../../plugin-messages.ts';
import type { PluginPlace } from './discovery.ts';
import type { PluginLimits } from './plugin-limits.ts';
import { type Loss, PluginProcess } from './plugin-process.ts';
import type { PluginState } from './plugin-state.ts';
import { sandboxedPlan, trustedPlan } from './sandbox.ts';

export type Isolation = 'own' | 'shared' | 'host';

/** As written, or as usual: what came with Mien shares a process, others have their own. */
export function wishedIsolation(settings: PluginSettings, place: PluginPlace | undefined): Isolation {
  return settings.isolation ?? (place?.firstParty ? 'shared' : 'own');
}

/** A plugin's place for one run. */
export interface Seat {
  readonly isolation: Isolation;
  readonly pid?: number | undefined;
  readonly rssBytes?: number | undefined;
  send(message: LifeToPlugin | TrafficToPlugin): void;
  sendEncoded(line: string): void;
  /** Resolves when the plugin runs here no longer, whoever ended it. No message comes after. */
  readonly gone: Promise<Loss>;
  /** The plugin has ended by itself, as `stopped` or `failed` told: its place is given up, and what runs beside it stays. */
  leave(): Promise<void>;
  /** The plugin cannot be ended otherwise: its process goes, with it whatever shares it. */
  kill(reason: string): Promise<void>;
}

export interface SeatRequest {
  readonly name: string;
  readonly place: PluginPlace;
  readonly settings: PluginSettings;
  readonly isolation: Isolation;
  readonly message: (message: FromPlugin) => void;
}

export interface SeatsOptions {
  readonly state: PluginState;
  readonly limits: PluginLimits;
  readonly logger: Logger;
  /** Settings of the plugins as they are now: the environment that the shared process hands on. */
  readonly settings: () => Config['plugins'];
}

export class Seats {
  readonly #options: SeatsOptions;
  #shared: SharedProcess | undefined;

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  async open(request: SeatRequest): Promise<Seat> {
    if (request.isolation === 'host') return openHostSeat(request);
    return request.isolation === 'own' ? this.#own(request) : this.#share(request);
  }

  #own({ name, place, settings, message }: SeatRequest): Seat {
    const { limits, logger, state } = this.#options;
    const store = state.storeFolder(name);
    // One that had to move out of the shared process may do what it might do there.
    const isTrusted = wishedIsolation(settings, place) === 'shared';
    const process: PluginProcess = new PluginProcess({
      name,
      kind: 'own',
      plan: isTrusted ? trustedPlan(settings.heapMb, store, settings.allow.env) : sandboxedPlan(place, settings, store),
      heapMb: settings.heapMb,
      mayFork: isTrusted || settings.allow.childProcess,
      limits,
      logger,
      message: (said) => {
        if (said.plugin === name) message(said);
        else process.kill(`spoke in the name of another plugin`, name);
      },
    });
    process.start();
    const kill = async (reason: string): Promise<void> => {
      process.kill(reason, name);
      await process.gone;
    };
    return {
      isolation: 'own',
      get pid() {
        return process.pid;
      },
      get rssBytes() {
        return process.rssBytes;
      },
      send: (part) => process.send({ plugin: name, ...part }),
      sendEncoded: (line) => process.sendEncoded(line),
      gone: process.gone.then(({ reason }) => ({ reason, culprit: name })),
      leave: () => kill('was ended by the host'),
      kill,
    };
  }

  #share(request: SeatRequest): Seat {
    const { limits, logger, state, settings } = this.#options;
    if (!this.#shared || this.#shared.isEnding) {
      const env = Object.values(settings()).flatMap((one) => one.allow.env);
      this.#shared = new SharedProcess(limits, logger, trustedPlan(limits.sharedHeapMb, state.storeFolder('shared.process'), env));
    }
    return this.#shared.take(request);
  }
}

interface Taken {
  readonly message: (message: FromPlugin) => void;
  readonly gone: PromiseWithResolvers<Loss>;
}

/** Lives as long as somebody sits in it. */
class SharedProcess {
  readonly #process: PluginProcess;
  readonly #seats = new Map<string, Taken>();
  isEnding = false;

  constructor(limits: PluginLimits, logger: Logger, plan: ReturnType<typeof trustedPlan>) {
    this.#process = new PluginProcess({
      name: 'plugins',
      kind: 'shared',
      plan,
      heapMb: limits.sharedHeapMb,
      mayFork: true,
      limits,
      logger,
      // What one says on its way out is no longer heard.
      message: (said) => this.#seats.get(said.plugin)?.message(said),
    });
    this.#process.gone.then((loss) => {
      this.isEnding = true;
      for (const { gone } of this.#seats.values()) gone.resolve(loss);
      this.#seats.clear();
    });
    this.#process.start();
  }

  take({ name, message }: SeatRequest): Seat {
    const process = this.#process;
    const taken: Taken = { message, gone: Promise.withResolvers<Loss>() };
    this.#seats.set(name, taken);
    return {
      isolation: 'shared',
      get pid() {
        return process.pid;
      },
      get rssBytes() {
        return process.rssBytes;
      },
      send: (part) => {
        if (this.#seats.get(name) === taken) process.send({ plugin: name, ...part });
      },
      sendEncoded: (line) => {
        if (this.#seats.get(name) === taken) process.sendEncoded(line);
      },
      gone: taken.gone.promise,
      leave: async () => {
        if (this.#seats.get(name) !== taken) return;
        this.#seats.delete(name);
        taken.gone.resolve({ reason: 'was ended by the host', culprit: name });
        if (this.#seats.size > 0 || this.isEnding) return;
        this.isEnding = true;
        process.kill('nobody runs in it any more');
        await process.gone;
      },
      kill: async (reason) => {
        this.isEnding = true;
        process.kill(reason, name);
        await taken.gone.promise;
      },
    };
  }
}

/** In the host there is no process to kill: a plugin that hangs, hangs Mien. For tests and for trying things out. */
async function openHostSeat({ name, message }: SeatRequest): Promise<Seat> {
  const [{ memoryChannelPair }, { openRunners }] = await Promise.all([
    import('../../plugin-runtime/memory-channel.ts'),
    import('../../plugin-runtime/runners.ts'),
  ]);
  const [mine, its] = memoryChannelPair<FromPlugin, ToPluginProcess>();
  const runners = openRunners(its as never);
  const gone = Promise.withResolvers<Loss>();
  mine.onMessage(message);
  const end = async (reason: string): Promise<void> => {
    mine.close(reason);
    gone.resolve({ reason, culprit: name });
    await Promise.race([runners[Symbol.asyncDispose](), new Promise((resolve) => setTimeout(resolve, 500).unref())]);
  };
  return {
    isolation: 'host',
    pid: process.pid,
    send: (part) => mine.send({ plugin: name, ...part }),
    sendEncoded: (line) => mine.sendEncoded(line),
    gone: gone.promise,
    leave: () => end('was ended by the host'),
    kill: end,
  };
}
