/** Scenarios for tests, and what they give. */
import type { MienEvent } from '../../core/src/events.ts';
import type { Observation } from '../../core/src/observation.ts';
import { type RunScenarioOptions, runScenario, type ScenarioRun } from '../../core/src/simulate/run-scenario.ts';
import { checkScenario, type Scenario } from '../../core/src/simulate/scenario.ts';
import { viewOf } from '../../core/src/simulate/view.ts';
import { VirtualPeople } from '../../core/src/simulate/virtual-people.ts';
import { testConfig } from './observations.ts';

export interface Played extends ScenarioRun {
  readonly events: readonly MienEvent[];
}

/** Through the real people code, in virtual time. */
export function played(scenario: Scenario | object, config: object = {}, options: RunScenarioOptions = {}): Played {
  const events: MienEvent[] = [];
  const run = runScenario(testConfig(config), checkScenario(scenario), { ...options, onEvent: (event) => events.push(event) });
  return { ...run, events };
}

/** The observations of the first `seconds`. */
export function observed(scenario: object, seconds: number, config: object = {}): Observation[] {
  const checked = checkScenario(scenario);
  const stage = new VirtualPeople({ scenario: checked, view: viewOf(testConfig(config), checked.camera, checked) });
  return Array.from({ length: Math.floor(seconds * checked.framesPerSecond) }, (_, i) => {
    const ms = (i * 1000) / checked.framesPerSecond;
    return stage.frame(ms, { capturedMonoMs: ms, capturedWallMs: ms, dropped: 0 });
  });
}

/** Stands still before the camera and looks at it. */
export const standing = (part: object = {}): object => ({
  id: 'anna',
  path: [{ atS: 0, distanceM: 1.5 }],
  look: [{ atS: 0, at: 'device' }],
  ...part,
});

/** Readings without errors. */
export const exact = { ageSd: 0.5, genderP: 0.995, expressionP: 0.99, boxShare: 0, poseDeg: 0, misses: 0 };
