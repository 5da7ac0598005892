/** Sight without cameras: a scenario's people in place of the sight process. Keeps the contract of sight.ts. */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import { monotonicMs } from '../frame.ts';
import type { CameraStatus, Models, Sight, SightListener, SightStatus } from '../sight/sight.ts';
import type { Scenario } from './scenario.ts';
import { type Speed, StageRunner } from './stage-runner.ts';
import { viewOf } from './view.ts';
import { VirtualPeople, type Visit } from './virtual-people.ts';

export interface SimulatedSightOptions {
  readonly config: Pick<Config, 'cameras' | 'distance'>;
  /** Ends with its length unless it loops. */
  readonly scenario: Scenario;
  /** 1 by default. */
  readonly speed?: Speed;
  /** Told of everybody who left, with the truth about their visit. */
  readonly onVisit?: (visit: Visit) => void;
}

export function createSimulatedSight({ config, scenario, speed = 1, onVisit }: SimulatedSightOptions): Sight {
  const view = viewOf(config, scenario.camera, scenario);
  const stage = new VirtualPeople({ scenario, view, run: `simulated-${randomUUID().slice(0, 8)}`, ...(onVisit && { onVisit }) });
  return new SimulatedSight(scenario, stage, new StageRunner(stage, scenario, speed));
}

class SimulatedSight implements Sight {
  readonly models: Models = noModels;
  readonly #scenario: Scenario;
  readonly #stage: VirtualPeople;
  readonly #runner: StageRunner;
  readonly #stopped = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #playing: Promise<void> | undefined;
  #state: CameraStatus['state'] = 'opening';

  constructor(scenario: Scenario, stage: VirtualPeople, runner: StageRunner) {
    this.#scenario = scenario;
    this.#stage = stage;
    this.#runner = runner;
  }

  async start(listener: SightListener, signal?: AbortSignal): Promise<void> {
    if (this.#playing || this.#stopped.signal.aborted) throw new MienError('NOT_RUNNING', 'Sight was started before; make a new one.');
    signal?.throwIfAborted();
    this.#state = 'live';
    this.#playing = this.#play(listener);
  }

  /** A fault of the listener is not caught here: it ends the process, as it does with a camera. */
  async #play(listener: SightListener): Promise<void> {
    await this.#runner.play(listener, this.#stopped.signal);
    this.#stage.close();
    this.#state = 'ended';
    if (!this.#stopped.signal.aborted) {
      listener.notice({ type: 'camera.ended', camera: this.#scenario.camera, message: 'the scenario is over', atMonoMs: monotonicMs() });
    }
    this.#ended.resolve();
  }

  status(): SightStatus {
    const { camera, name, width, height } = this.#scenario;
    const { processed, dropped, framesPerSecond } = this.#runner;
    const status: CameraStatus = {
      name: camera,
      source: `simulated: ${name}`,
      state: this.#state,
      width,
      height,
      framesPerSecond: this.#state === 'live' ? framesPerSecond : 0,
      received: processed + dropped,
      processed,
      dropped,
    };
    const state = this.#stopped.signal.aborted ? 'stopped' : this.#playing ? 'running' : 'starting';
    return { state, restarts: 0, cameras: [status], latencyMs: { p50: 0, p95: 0 }, degraded: [] };
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
    this.#stopped.abort();
    await this.#playing;
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
