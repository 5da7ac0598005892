/** What executes one plugin from `load` to `stopped`, on whichever side of a process boundary. */
import type { LifeFromPlugin, LifeToPlugin, TrafficFromPlugin, TrafficToPlugin } from '../plugin-messages.ts';

export interface RunnerOptions {
  /** In the configuration. */
  readonly name: string;
  readonly send: (message: LifeFromPlugin | TrafficFromPlugin) => void;
  /** Gives the module of an entry file. */
  readonly load: (entry: string) => Promise<unknown>;
}

/** One life of a plugin: after `stopped` or `failed` it is over and takes nothing more. */
export interface Runner {
  receive(message: LifeToPlugin | TrafficToPlugin): void;
  /** A fault that nobody caught: `failed` is sent, then the plugin is stopped without a further word. */
  fail(error: unknown): void;
  /** As the message `stop`. Resolves when the plugin is over. */
  stop(): Promise<void>;
  readonly isOver: boolean;
  /** Resolves when every deferred step has run. */
  readonly over: Promise<void>;
}

export declare function createRunner(options: RunnerOptions): Runner;
