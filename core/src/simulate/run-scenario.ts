/** A whole scenario through the real people code in virtual time: hours in seconds, the same events for the same seed. */
import type { Config } from '../config.ts';
import { createEnveloper } from '../enveloper.ts';
import type { MienEvent } from '../events.ts';
import type { Observation } from '../observation.ts';
import { createPeople, type People } from '../people/people.ts';
import { lengthOf, type Scenario } from './scenario.ts';
import { viewOf } from './view.ts';
import { VirtualClock } from './virtual-clock.ts';
import { type StageOptions, VirtualPeople, type Visit } from './virtual-people.ts';

export interface RunScenarioOptions {
  readonly onEvent?: (event: MienEvent) => void;
  /** Called before the events of this frame. */
  readonly onObservation?: (observation: Observation) => void;
  /** When it begins, milliseconds since the epoch; 2026-01-01 12:00 UTC by default. */
  readonly startWallMs?: number;
}

export interface ScenarioRun {
  readonly frames: number;
  readonly simulatedMs: number;
  /** The truth, in the order in which people left; those who were here at the end last. */
  readonly visits: readonly Visit[];
}

const START_MONO_MS = 10_000;
const START_WALL_MS = Date.UTC(2026, 0, 1, 12);

/** Plays it once, whether it loops or not. At the end the camera ends, so that everybody has left. */
export function runScenario(config: Config, scenario: Scenario, options: RunScenarioOptions = {}): ScenarioRun {
  const { onEvent = () => {}, onObservation = () => {}, startWallMs = START_WALL_MS } = options;
  const clock = new VirtualClock({ monoMs: START_MONO_MS, wallMs: startWallMs });
  const name = `simulated-${scenario.seed}`;
  const monoMs = () => clock.monoMs();
  const enveloper = createEnveloper(config.device, { bootId: name, monoMs });
  const people = createPeople(config, enveloper, { monoMs, wallMs: () => clock.wallMs(), idSeed: name });
  const visits: Visit[] = [];
  let frames = 0;
  for (const { observation, events } of stepScenario({ config, clock, people }, scenario, { onVisit: (visit) => visits.push(visit) })) {
    if (observation) {
      frames += 1;
      onObservation(observation);
    }
    for (const event of events) onEvent(event);
  }
  return { frames, simulatedMs: lengthOf(scenario) * 1000, visits };
}

export interface ScenarioStep {
  /** Absent in the last step, in which the camera ends. */
  readonly observation?: Observation;
  readonly events: readonly MienEvent[];
}

/** The same frame by frame, before people whose clock this is. It goes on from where the clock stands. */
export function* stepScenario(
  { config, clock, people }: { readonly config: Config; readonly clock: VirtualClock; readonly people: People },
  scenario: Scenario,
  options: Pick<StageOptions, 'run' | 'onVisit'> = {},
): Generator<ScenarioStep, void> {
  const stage = new VirtualPeople({ scenario, view: viewOf(config, scenario.camera, scenario), ...options });
  const startMs = clock.passedMs;
  const endMs = lengthOf(scenario) * 1000;
  for (let frames = 0, ms = 0; ms < endMs; frames += 1, ms = (frames * 1000) / scenario.framesPerSecond) {
    clock.moveTo(startMs + ms);
    const observation = stage.frame(ms, { capturedMonoMs: clock.monoMs(), capturedWallMs: clock.wallMs(), dropped: 0 });
    yield { observation, events: people.observe(observation) };
  }
  clock.moveTo(startMs + endMs);
  stage.close();
  const notice = { type: 'camera.ended', camera: scenario.camera, message: 'the scenario is over', atMonoMs: clock.monoMs() } as const;
  yield { events: people.notice(notice) };
}
