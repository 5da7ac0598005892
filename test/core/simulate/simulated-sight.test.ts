import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../../core/src/events.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { createMien } from '../../../core/src/mien.ts';
import type { Observation } from '../../../core/src/observation.ts';
import type { SightNotice } from '../../../core/src/sight/sight.ts';
import { checkScenario } from '../../../core/src/simulate/scenario.ts';
import { createSimulatedSight, type SimulatedSight } from '../../../core/src/simulate/simulated-sight.ts';
import type { Visit } from '../../../core/src/simulate/virtual-people.ts';
import { rejectsWith } from '../../support/errors.ts';
import { testConfig } from '../../support/observations.ts';
import { until } from '../../support/processes.ts';
import { played, standing } from '../../support/scenarios.ts';
import { names } from '../../support/stage.ts';

const sight = suite('simulated sight');
const DEADLINE_MS = 30_000;
const AS_FAST = Number.POSITIVE_INFINITY;

interface Watched {
  readonly sight: SimulatedSight;
  readonly observations: Observation[];
  readonly notices: SightNotice[];
  start(): Promise<void>;
}

function watched(scenario: object, speed = 1): Watched {
  const observations: Observation[] = [];
  const notices: SightNotice[] = [];
  const simulated = createSimulatedSight({ config: testConfig(), scenario: checkScenario(scenario), speed });
  return {
    sight: simulated,
    observations,
    notices,
    start: () => simulated.start({ observation: (observation) => observations.push(observation), notice: (notice) => notices.push(notice) }),
  };
}

sight('plays a scenario once, in order, says that the camera has ended, and ends', async () => {
  const { sight: simulated, observations, notices, start } = watched({ lengthS: 10, people: [standing()] }, AS_FAST);
  assert.is(simulated.status().state, 'starting');
  await start();
  assert.is(simulated.status().state, 'running');
  await simulated.ended();
  assert.equal(
    observations.map(({ frame }) => frame),
    Array.from({ length: 150 }, (_, i) => i),
  );
  assert.equal(
    notices.map(({ type }) => type),
    ['camera.ended'],
  );
  assert.is(simulated.status().cameras[0]?.state, 'ended');
  await simulated[Symbol.asyncDispose]();
});

sight('keeps the pace of life, or a multiple of it', async () => {
  const { sight: simulated, observations, start } = watched({ framesPerSecond: 20, loop: true, people: [standing()] }, 4);
  await start();
  await until('40 frames', DEADLINE_MS, () => observations.length >= 40);
  await simulated[Symbol.asyncDispose]();
  const [first, last] = [observations[0], observations.at(-1)];
  const wall = performance.timeOrigin + performance.now() - (first?.capturedWallMs ?? 0);
  const media = (last?.capturedMonoMs ?? 0) - (first?.capturedMonoMs ?? 0);
  assert.ok(media <= 4 * wall + 100, `${media} ms were played in ${wall} ms`);
  const spacing = (media / 50 + 1 - observations.length) as number;
  assert.is(Math.round(spacing), last?.dropped, 'what was left out is counted');
});

sight('a listener that is slow gets the newest frames and a count', async () => {
  const frames: Observation[] = [];
  const simulated = createSimulatedSight({
    config: testConfig(),
    scenario: checkScenario({ framesPerSecond: 60, loop: true, people: [standing()] }),
    speed: 10,
  });
  await simulated.start({
    observation(observation) {
      frames.push(observation);
      for (const end = performance.now() + 20; performance.now() < end; );
    },
    notice() {},
  });
  await until('20 frames', DEADLINE_MS, () => frames.length >= 20);
  const { received, processed, dropped } = simulated.status().cameras[0] ?? { received: 0, processed: 0, dropped: 0 };
  assert.ok(dropped > 20, `${dropped} were left out`);
  assert.is(received, processed + dropped);
  await simulated[Symbol.asyncDispose]();
});

sight('has no networks and no pictures, and says so', async () => {
  const { sight: simulated } = watched({});
  assert.equal(await simulated.models.list(), []);
  for (const ask of [() => simulated.models.swap('x', {}), () => simulated.models.selftest('x'), () => simulated.analyze(new Uint8Array(3))]) {
    assert.match((await rejectsWith('BACKEND_UNAVAILABLE', ask)).message, 'simulated');
  }
  assert.match((await rejectsWith('SERVICE_UNAVAILABLE', () => simulated.preview('simulated'))).message, 'no pictures');
  await simulated[Symbol.asyncDispose]();
});

sight('is started once, and stops wherever it is', async () => {
  const { sight: simulated, observations, notices, start } = watched({ loop: true, people: [standing()] });
  await start();
  await rejectsWith('NOT_RUNNING', start);
  await until('frames', DEADLINE_MS, () => observations.length > 3);
  await simulated[Symbol.asyncDispose]();
  await simulated[Symbol.asyncDispose]();
  await simulated.ended();
  const count = observations.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.is(observations.length, count);
  assert.equal(notices, []);
  assert.is(simulated.status().state, 'stopped');
  await rejectsWith('NOT_RUNNING', start);
});

sight('a start that was cancelled before plays nothing', async () => {
  const { sight: simulated, observations } = watched({ people: [standing()] }, AS_FAST);
  const reason = new Error('changed my mind');
  const listener = { observation: (observation: Observation) => observations.push(observation), notice() {} };
  assert.is(await simulated.start(listener, AbortSignal.abort(reason)).catch((fault) => fault), reason);
  await simulated[Symbol.asyncDispose]();
  assert.equal(observations, []);
});

sight('in the whole host it gives the events of virtual time, and its people can be moved by the host', async () => {
  const scenario = checkScenario({ people: [{ id: 'anna', leaveS: 12 }] });
  const config = checkConfig({ cameras: [{ name: 'simulated' }] });
  const visits: Visit[] = [];
  const simulated = createSimulatedSight({ config, scenario, speed: AS_FAST, onVisit: (visit) => visits.push(visit) });
  const events: MienEvent[] = [];
  await using mien = await createMien(config, {
    sight: simulated,
    simulator: simulated.simulator,
    once: true,
    api: false,
    onBus: (bus) => bus.subscribe({}, (event) => void events.push(event), 'test'),
  });
  await mien.ended();
  const expected = played(scenario);
  assert.equal(names(events), names(expected.events));
  assert.equal(visits, expected.visits);
});

sight.run();
