/** Sight without cameras: a scenario's people in place of the sight process. Keeps the contract of sight.ts. */
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import type { CameraStatus, Models, Sight, SightListener, SightStatus } from '../sight/sight.ts';
import { createSimulator, type PlayOptions, type Simulator } from './controller.ts';
import type { Scenario } from './scenario.ts';

export interface SimulatedSightOptions extends PlayOptions {
  readonly config: Pick<Config, 'cameras' | 'distance' | 'presence'>;
  /** Ends with its length unless it loops. */
  readonly scenario: Scenario;
}

export interface SimulatedSight extends Sight {
  /** Moves and adds people while it plays. */
  readonly simulator: Simulator;
}

export function createSimulatedSight({ config, scenario, ...play }: SimulatedSightOptions): SimulatedSight {
  const relay = new Relay();
  return new ScenarioSight(scenario, play, relay, createSimulator({ listener: relay, config, camera: scenario.camera }));
}

/** The simulator is there before the listener is. */
class Relay implements SightListener {
  to: SightListener | undefined;

  observation(...args: Parameters<SightListener['observation']>): void {
    this.to?.observation(...args);
  }

  notice(...args: Parameters<SightListener['notice']>): void {
    this.to?.notice(...args);
  }
}

class ScenarioSight implements SimulatedSight {
  readonly models: Models = noModels;
  readonly simulator: Simulator;
  readonly #scenario: Scenario;
  readonly #options: PlayOptions;
  readonly #relay: Relay;
  readonly #ended = Promise.withResolvers<void>();
  #stopped = false;

  constructor(scenario: Scenario, options: PlayOptions, relay: Relay, simulator: Simulator) {
    this.#scenario = scenario;
    this.#options = options;
    this.#relay = relay;
    this.simulator = simulator;
  }

  async start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    if (this.#relay.to || this.#stopped) throw new MienError('NOT_RUNNING', 'Sight was started before; make a new one.');
    signal?.throwIfAborted();
    this.#relay.to = listener;
    void this.simulator.play(this.#scenario, this.#options).then((isOver) => {
      if (isOver) this.#ended.resolve();
    });
  }

  status(): SightStatus {
    const { width, height, framesPerSecond, processed, dropped, active } = this.simulator.status();
    const camera: CameraStatus = {
      name: this.simulator.camera,
      source: `simulated: ${this.#scenario.name}`,
      state: active ? 'live' : this.#relay.to ? 'ended' : 'opening',
      width,
      height,
      framesPerSecond,
      received: processed + dropped,
      processed,
      dropped,
    };
    const state = this.#stopped ? 'stopped' : this.#relay.to ? 'running' : 'starting';
    return { state, restarts: 0, cameras: [camera], latencyMs: { p50: 0, p95: 0 }, degraded: [] };
  }

  async analyze(): Promise<never> {
    throw noNetwork();
  }

  preview(): never {
    throw new MienError('SERVICE_UNAVAILABLE', 'there is nothing to see: simulated people have no pictures; run `mien run` with a camera for some');
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.simulator[Symbol.asyncDispose]();
    this.#ended.resolve();
  }
}

function noNetwork(): MienError {
  return new MienError('BACKEND_UNAVAILABLE', 'people are simulated here and no network is loaded; run `mien run` for real ones');
}

const refuse = async (): Promise<never> => {
  throw noNetwork();
};
const noModels: Models = { list: async () => [], load: refuse, unload: refuse, swap: refuse, selftest: refuse };
