/** Virtual people in a running Mien, beside its cameras: a scenario, or single ones that are moved by hand. */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { MienError } from '../errors.ts';
import { monotonicMs } from '../frame.ts';
import type { SightListener } from '../sight/sight.ts';
import { checkLiveChange, checkScenario, lengthOf, type Scenario } from './scenario.ts';
import type { SimulatedPerson, SimulatorStatus } from './simulator-status.ts';
import { StageRunner } from './stage-runner.ts';
import { viewOf } from './view.ts';
import { type PersonNow, VirtualPeople, type Visit } from './virtual-people.ts';

export type { SimulatedPerson, SimulatorStatus } from './simulator-status.ts';

export interface PlayOptions {
  /** Times as fast as in life, 1 by default; Infinity for as fast as observations are taken. */
  readonly speed?: number;
  readonly onVisit?: (visit: Visit) => void;
}

export interface Simulator extends AsyncDisposable {
  readonly camera: string;
  readonly isActive: boolean;
  status(): SimulatorStatus;
  /** Plays it in place of what plays. Resolves when it is over: true when it came to its end, false when something ended it. */
  play(scenario: Scenario, options?: PlayOptions): Promise<boolean>;
  /** A scenario as written, or `{ people }` alone: these are added to who is there and stay until they leave or are removed. Errors: SCENARIO_INVALID. */
  begin(input: unknown): SimulatorStatus;
  /** Moves somebody's sliders. Errors: SCENARIO_INVALID, INPUT_NOT_FOUND. */
  change(id: string, input: unknown): SimulatorStatus;
  /** Errors: INPUT_NOT_FOUND. */
  remove(id: string): SimulatorStatus;
  /** Ends everything: everybody has left. */
  stop(): SimulatorStatus;
  /** Ends everything without a word: nobody is there any more to be told. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SimulatorOptions {
  /** Gets the observations, as sight's. Must be the one that sight's go to. */
  readonly listener: SightListener;
  readonly config: Pick<Config, 'cameras' | 'distance' | 'presence'>;
  /** `simulated` by default, or a like name that no camera has. */
  readonly camera?: string;
}

export function createSimulator({ listener, config, camera = freeName(config.cameras.map(({ name }) => name)) }: SimulatorOptions): Simulator {
  return new StageSimulator(listener, config, camera);
}

interface Play {
  /** Made for people who are added by hand: it is no scenario of anybody's, and ends when nobody is there any more. */
  readonly byHand: boolean;
  readonly scenario: Scenario;
  readonly stage: VirtualPeople;
  readonly runner: StageRunner;
  readonly ending: AbortController;
  readonly done: Promise<boolean>;
}

/** After the last one added by hand is gone the frames go on until people have noticed, at most so long. */
const LONGEST_TAIL_MS = 30_000;

class StageSimulator implements Simulator {
  readonly camera: string;
  readonly #listener: SightListener;
  readonly #config: SimulatorOptions['config'];
  #play: Play | undefined;

  constructor(listener: SightListener, config: SimulatorOptions['config'], camera: string) {
    this.camera = camera;
    this.#listener = listener;
    this.#config = config;
  }

  get isActive(): boolean {
    return this.#play !== undefined;
  }

  status(): SimulatorStatus {
    const play = this.#play;
    const { width, height, name, loop } = play?.scenario ?? this.#emptyScenario();
    const lengthS = play ? lengthOf(play.scenario) : 0;
    return {
      active: play !== undefined,
      camera: this.camera,
      ...(play && !play.byHand && { scenario: { name, loop, lengthS, atS: Math.round((play.runner.ms / 1000) % lengthS) } }),
      width,
      height,
      framesPerSecond: play?.runner.framesPerSecond ?? 0,
      processed: play?.runner.processed ?? 0,
      dropped: play?.runner.dropped ?? 0,
      people: play?.stage.here.map(shown) ?? [],
    };
  }

  play(scenario: Scenario, options: PlayOptions = {}): Promise<boolean> {
    return this.#start(scenario, options, false);
  }

  #start(scenario: Scenario, { speed = 1, onVisit }: PlayOptions, byHand: boolean): Promise<boolean> {
    this.stop();
    const view = viewOf(this.#config, this.camera, scenario);
    const run = `simulated-${randomUUID().slice(0, 8)}`;
    const stage = new VirtualPeople({ scenario: { ...scenario, camera: this.camera }, view, run, ...(onVisit && { onVisit }) });
    const runner = new StageRunner(stage, scenario, speed);
    const ending = new AbortController();
    const done = this.#run({ byHand, stage, runner, ending });
    this.#play = { byHand, scenario, stage, runner, ending, done };
    return done;
  }

  begin(input: unknown): SimulatorStatus {
    const named = (input as { camera?: unknown } | null | undefined)?.camera;
    if (named !== undefined && named !== this.camera) {
      throw new MienError('SCENARIO_INVALID', `camera: in a running Mien virtual people stand before "${this.camera}"; leave it out`);
    }
    const scenario = checkScenario(input);
    if (!isPeopleOnly(input)) void this.play(scenario);
    else {
      if (!this.#play) void this.#start(this.#emptyScenario(), {}, true);
      const { stage } = this.#play as unknown as Play;
      stage.addAll(scenario.people);
    }
    return this.status();
  }

  change(id: string, input: unknown): SimulatorStatus {
    const change = checkLiveChange(input);
    this.#demand(id).change(id, change);
    return this.status();
  }

  remove(id: string): SimulatorStatus {
    this.#demand(id).remove(id);
    return this.status();
  }

  stop(): SimulatorStatus {
    const stage = this.#abort();
    if (stage) this.#tellEnd(stage, 'virtual people were ended');
    return this.status();
  }

  /** A fault of the listener is not caught here: it ends the process, as it does with a camera. */
  async #run({ byHand, stage, runner, ending }: Omit<Play, 'scenario' | 'done'>): Promise<boolean> {
    const tailMs = Math.min(LONGEST_TAIL_MS, this.#config.presence.goneMs + 500);
    let peopledMs = 0;
    const isDeserted = (): boolean => {
      if (!stage.empty) peopledMs = runner.ms;
      return byHand && runner.ms - peopledMs > tailMs;
    };
    await runner.play(this.#listener, ending.signal, isDeserted);
    if (ending.signal.aborted) return false;
    this.#play = undefined;
    this.#tellEnd(stage, 'the scenario is over');
    return true;
  }

  /** Returns what was playing. No frame of it comes any more. */
  #abort(): VirtualPeople | undefined {
    const play = this.#play;
    this.#play = undefined;
    play?.ending.abort();
    return play?.stage;
  }

  #tellEnd(stage: VirtualPeople, message: string): void {
    stage.close();
    this.#listener.notice({ type: 'camera.ended', camera: this.camera, message, atMonoMs: monotonicMs() });
  }

  #demand(id: string): VirtualPeople {
    if (this.#play) return this.#play.stage;
    throw new MienError('INPUT_NOT_FOUND', `there is no virtual person "${id}"; nobody is here`);
  }

  #emptyScenario(): Scenario {
    return checkScenario({ name: 'by hand', camera: this.camera, loop: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const done = this.#play?.done;
    this.#abort()?.close();
    await done;
  }
}

function shown({ id, live, now }: PersonNow): SimulatedPerson {
  const two = (x: number): number => Math.round(x * 100) / 100;
  const { distanceM, bearingDeg, yawDeg, pitchDeg, age } = now;
  return { id, live, ...now, distanceM: two(distanceM), bearingDeg: two(bearingDeg), yawDeg: two(yawDeg), pitchDeg: two(pitchDeg), age: two(age) };
}

function isPeopleOnly(input: unknown): boolean {
  const keys = Object.keys((input ?? {}) as object);
  return keys.length === 1 && keys[0] === 'people';
}

function freeName(taken: readonly string[]): string {
  const names = ['simulated', ...Array.from({ length: taken.length }, (_, i) => `simulated-${i + 2}`)];
  return names.find((name) => !taken.includes(name)) as string;
}
