/** The contract of the plugin host as the composition root, the API and the command line see it. */
import type { PluginSettings } from '../../config.ts';
import type { MienEvent } from '../../events.ts';
import type { CommandInfo, PluginStatus } from './plugin-status.ts';

export interface PluginChange {
  readonly enabled?: boolean;
  readonly options?: unknown;
  readonly grant?: readonly string[];
}

export interface Plugins extends AsyncDisposable {
  /** Starts every enabled plugin in the order of what they use. A plugin's fault never rejects this: it shows in its status. */
  start(signal?: AbortSignal): Promise<void>;
  list(): readonly PluginStatus[];
  /** Errors: PLUGIN_NOT_FOUND naming the nearest. */
  status(name: string): PluginStatus;
  /**
   * Options as a form sends them back, with the secrets that the status had masked: what is to be saved. Only for who writes them down.
   * Errors: PLUGIN_NOT_FOUND, CONFIG_INVALID for a mask where there is no secret.
   */
  unmasked(name: string, options: unknown): unknown;
  /** Faults of options without using them; empty when good. Errors: PLUGIN_NOT_FOUND, PLUGIN_INVALID. */
  check(name: string, options: unknown): Promise<readonly string[]>;
  /** Restarts this plugin only. Faulty options are refused and the present ones stay; so do secrets that are masked. Errors: PLUGIN_NOT_FOUND, CONFIG_INVALID. */
  configure(name: string, change: PluginChange): Promise<PluginStatus>;
  /** Also ends a quarantine. */
  restart(name: string): Promise<PluginStatus>;
  /** Goes over to these settings; only plugins whose settings differ are touched. */
  apply(plugins: Readonly<Record<string, PluginSettings>>): Promise<void>;
  /**
   * Nothing comes any more: resolves when every plugin has taken what is under way and its outboxes are empty, at the latest after `withinMs`. The log
   * tells who lost events, and whose wait on disk.
   */
  caughtUp(withinMs: number): Promise<void>;
  commands(): readonly CommandInfo[];
  /** Errors: COMMAND_UNKNOWN, REQUEST_INVALID, COMMAND_FAILED, SERVICE_UNAVAILABLE, BUSY. */
  run(command: string, input: unknown, signal?: AbortSignal): Promise<unknown>;
  /** The one way events go out: past every beforeEmit, in order, then to the bus. */
  publish(event: MienEvent): void;
}
