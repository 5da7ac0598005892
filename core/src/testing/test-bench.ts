import type { Config } from '../config.ts';
import type { Grant, MienEvent } from '../events.ts';
import type { LogLevel } from '../log.ts';
import type { FakeServices, ServiceCall } from './fake-services.ts';

export interface LogLine {
  readonly level: Exclude<LogLevel, 'silent'>;
  readonly fields: object;
  readonly message: string;
}

export interface BenchFault {
  /** The event or command whose handler failed; `host` for what the host refused, `stop` for a deferred step, `plugin` for what ended it. */
  readonly where: string;
  readonly message: string;
}

/** A plugin at work, without a camera. */
export interface TestBench extends AsyncDisposable {
  /** In order, of every level. */
  readonly logs: readonly LogLine[];
  /** What failed or was refused so far; a plugin goes on after them. */
  readonly faults: readonly BenchFault[];
  /** What went out to everybody, past every beforeEmit. */
  readonly events: readonly MienEvent[];
  /** Names of the commands on offer. */
  readonly commands: readonly string[];
  /**
   * Virtual people through the real people code, in virtual time: minutes in a moment. A scenario as in scenario.yaml, or the path of one. Resolves
   * with what was told of them when everybody has left and every handler is done. Errors: SCENARIO_INVALID, INPUT_NOT_FOUND, PLUGIN_FAILED.
   */
  play(scenario: string | object): Promise<readonly MienEvent[]>;
  /** Sends events out; resolves when every handler is done. Errors: PLUGIN_FAILED. */
  emit(...events: readonly MienEvent[]): Promise<void>;
  /** Runs one of its commands, as the API would. Errors: COMMAND_UNKNOWN, REQUEST_INVALID, COMMAND_FAILED. */
  command(name: string, input?: object): Promise<unknown>;
  /** What it asked of a faked service, in order. */
  calls(service: string): readonly ServiceCall[];
  /** Stops the plugin, as the host does; what it logged and failed at meanwhile can be read afterwards. Errors: STEP_TIMEOUT. */
  stop(): Promise<void>;
}

export interface BenchSettings {
  readonly options: object;
  /** All that it needs and wants when undefined. */
  readonly grant: readonly Grant[] | undefined;
  readonly services: FakeServices;
  readonly config: Config;
  /** A temporary one when undefined. */
  readonly storeFolder: string | undefined;
  readonly withinMs: number;
}
