/** A scenario in the place of sight, in virtual time that goes on only when whoever watches is done with the frame before; its camera can be lost for a while. */
import type { Config } from '../../core/src/config.ts';
import { MienError } from '../../core/src/errors.ts';
import type { Session } from '../../core/src/session.ts';
import type { Models, Sight, SightListener, SightStatus } from '../../core/src/sight/sight.ts';
import { lengthOf, type Scenario } from '../../core/src/simulate/scenario.ts';
import { viewOf } from '../../core/src/simulate/view.ts';
import { VirtualClock } from '../../core/src/simulate/virtual-clock.ts';
import { VirtualPeople } from '../../core/src/simulate/virtual-people.ts';

export interface StagedSightOptions {
  readonly config: Pick<Config, 'cameras' | 'distance' | 'presence'>;
  readonly scenario: Scenario;
  /** Seconds of the scenario in which no frame comes. */
  readonly lost: { readonly fromS: number; readonly untilS: number };
}

const noNetwork = (): MienError => new MienError('BACKEND_UNAVAILABLE', 'people are staged here');
const refuse = async (): Promise<never> => {
  throw noNetwork();
};

export class StagedSight implements Sight {
  readonly ticks = true;
  readonly models: Models = { list: async () => [], load: refuse, unload: refuse, swap: refuse, selftest: refuse };
  readonly session: Session;
  readonly #scenario: Scenario;
  readonly #lost: StagedSightOptions['lost'];
  readonly #stage: VirtualPeople;
  readonly #clock = new VirtualClock({ monoMs: 10_000, wallMs: Date.now() });
  readonly #ended = Promise.withResolvers<void>();
  #listener: SightListener | undefined;
  #isLost = false;
  #frames = 0;

  constructor({ config, scenario, lost }: StagedSightOptions) {
    this.#scenario = scenario;
    this.#lost = lost;
    this.#stage = new VirtualPeople({ scenario, view: viewOf(config, scenario.camera, scenario) });
    this.session = { bootId: 'staged', idSeed: `staged-${scenario.seed}`, clock: this.#clock };
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  async start(listener: SightListener): Promise<void> {
    this.#listener = listener;
  }

  /** Once started: frame by frame, each when `done` with the one before has resolved. Resolves at the scenario's end. */
  async play(done: (atS: number) => Promise<void>): Promise<void> {
    const { framesPerSecond } = this.#scenario;
    const frames = Math.floor(lengthOf(this.#scenario) * framesPerSecond);
    for (let frame = 0; frame < frames; frame += 1) {
      this.#step(frame / framesPerSecond);
      await done(frame / framesPerSecond);
    }
    this.#ended.resolve();
  }

  status(): SightStatus {
    const { camera, width, height, framesPerSecond } = this.#scenario;
    const counts = { framesPerSecond, received: this.#frames, processed: this.#frames, dropped: 0 };
    const state = this.#isLost ? 'lost' : 'live';
    return {
      state: 'running',
      restarts: 0,
      cameras: [{ name: camera, source: 'staged', state, width, height, ...counts }],
      latencyMs: { p50: 0, p95: 0 },
      degraded: [],
    };
  }

  analyze(): Promise<never> {
    return refuse();
  }

  preview(): never {
    throw noNetwork();
  }

  ended(): Promise<void> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stage.close();
    this.#ended.resolve();
  }

  #step(atS: number): void {
    const listener = this.#listener;
    if (!listener) throw new Error('the stage was not started');
    this.#clock.moveTo(atS * 1000);
    const [camera, atMonoMs] = [this.#scenario.camera, this.#clock.monoMs()];
    const isLost = atS >= this.#lost.fromS && atS < this.#lost.untilS;
    if (isLost !== this.#isLost) {
      this.#isLost = isLost;
      if (isLost) listener.notice({ type: 'camera.lost', camera, message: 'the cable was pulled', atMonoMs });
      else listener.notice({ type: 'camera.restored', camera, message: 'the cable is back', atMonoMs });
    } else if (isLost) listener.tick?.();
    else {
      this.#frames += 1;
      listener.observation(this.#stage.frame(atS * 1000, { capturedMonoMs: atMonoMs, capturedWallMs: this.#clock.wallMs(), dropped: 0 }));
    }
  }
}
