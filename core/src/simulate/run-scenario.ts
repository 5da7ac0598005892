/** A whole scenario through the real people code in virtual time: hours in seconds, the same events for the same seed. */
import type { Config } from '../config.ts';
import { createEnveloper } from '../enveloper.ts';
import type { MienEvent } from '../events.ts';
import type { Observation } from '../observation.ts';
import { createPeople } from '../people/people.ts';
import { lengthOf, type Scenario } from './scenario.ts';
import { viewOf } from './view.ts';
import { VirtualClock } from './virtual-clock.ts';
import { VirtualPeople, type Visit } from './virtual-people.ts';

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
  const stage = new VirtualPeople({ scenario, view: viewOf(config, scenario.camera, scenario), onVisit: (visit) => visits.push(visit) });
  const endMs = lengthOf(scenario) * 1000;
  let frames = 0;
  for (let ms = 0; ms < endMs; ms = (frames * 1000) / scenario.framesPerSecond) {
    clock.moveTo(ms);
    const observation = stage.frame(ms, { capturedMonoMs: clock.monoMs(), capturedWallMs: clock.wallMs(), dropped: 0 });
    onObservation(observation);
    for (const event of people.observe(observation)) onEvent(event);
    frames += 1;
  }
  clock.moveTo(endMs);
  stage.close();
  const notice = { type: 'camera.ended', camera: scenario.camera, message: 'the scenario is over', atMonoMs: clock.monoMs() } as const;
  for (const event of people.notice(notice)) onEvent(event);
  return { frames, simulatedMs: endMs, visits };
}
