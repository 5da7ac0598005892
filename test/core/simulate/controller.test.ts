import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent, Person } from '../../../core/src/events.ts';
import { createPeople, type People } from '../../../core/src/people/people.ts';
import type { SightListener } from '../../../core/src/sight/sight.ts';
import { createSimulator, type Simulator } from '../../../core/src/simulate/controller.ts';
import { rejectsWith } from '../../support/errors.ts';
import { testConfig } from '../../support/observations.ts';
import { until } from '../../support/processes.ts';
import { standing } from '../../support/scenarios.ts';
import { names, only } from '../../support/stage.ts';

const test = suite('virtual people in a running Mien');
const DEADLINE_MS = 30_000;

/** A simulator before real people, in real time, with rules so quick that tests need not wait. */
class Host {
  readonly events: MienEvent[] = [];
  readonly people: People;
  readonly simulator: Simulator;

  constructor(config: object = {}) {
    const full = testConfig({ presence: { goneMs: 300, graceMs: 300 }, ...config });
    this.people = createPeople(full);
    const listener: SightListener = {
      observation: (observation) => this.events.push(...this.people.observe(observation)),
      notice: (notice) => this.events.push(...this.people.notice(notice)),
    };
    this.simulator = createSimulator({ listener, config: full });
  }

  until(what: string, condition: () => boolean): Promise<number> {
    return until(what, DEADLINE_MS, condition);
  }

  get persons(): Person[] {
    return this.people.current();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.simulator[Symbol.asyncDispose]();
  }
}

test('somebody added by hand appears as a simulated person and stays', async () => {
  await using host = new Host();
  assert.equal(host.simulator.status(), {
    active: false,
    camera: 'simulated',
    width: 1280,
    height: 720,
    framesPerSecond: 0,
    processed: 0,
    dropped: 0,
    people: [],
  });
  host.simulator.begin({ people: [standing()] });
  await host.until('a person', () => host.persons.length === 1);
  const [appeared] = only(host.events, 'person.appeared');
  assert.is(appeared?.data.person.camera, 'simulated');
  assert.is(appeared?.data.origin.simulated, true);
  const { active, people, scenario } = host.simulator.status();
  assert.is(active, true);
  assert.is(scenario, undefined);
  assert.equal(
    people.map(({ id, live, distanceM }) => ({ id, live, distanceM })),
    [{ id: 'anna', live: true, distanceM: 1.5 }],
  );
});

test('sliders move: who is sent elsewhere walks there and is no other person', async () => {
  await using host = new Host();
  host.simulator.begin({ people: [standing({ noise: { misses: 0 } })] });
  await host.until('a person', () => host.persons.length === 1);
  const before = host.simulator.status().people[0];
  host.simulator.change('anna', { distanceM: 0.7, bearingDeg: 15, age: 60 });
  const started = host.simulator.status().people[0];
  assert.ok(Math.abs((started?.distanceM ?? 0) - (before?.distanceM ?? 0)) < 0.2, 'walks, does not jump');
  await host.until('near', () => host.persons[0]?.zone === 'near');
  await host.until('there', () => Math.abs((host.persons[0]?.bearingDeg ?? 0) - 15) < 1);
  assert.is(host.simulator.status().people[0]?.age, 60);
  host.simulator.change('anna', { look: 'away', expression: 'positive' });
  await host.until('attention ends', () => names(host.events).includes('attention.ended'));
  assert.is(host.simulator.status().people[0]?.distanceM, 0.7, 'what is not named stays');
  host.simulator.change('anna', { look: 'device' });
  await host.until('a smile', () => only(host.events, 'emotion.changed').some(({ data }) => data.to === 'positive'));
  host.simulator.change('anna', { hidden: true });
  await host.until('gone', () => names(host.events).includes('person.left'));
  assert.is(only(host.events, 'person.appeared').length, 1);
});

test('who is removed leaves; after the last one the frames end by themselves', async () => {
  await using host = new Host({ presence: { goneMs: 1500, graceMs: 1500 } });
  host.simulator.begin({ people: [standing(), standing({ id: 'bob', path: [{ atS: 0, distanceM: 1.5, bearingDeg: 20 }] })] });
  await host.until('two persons', () => host.persons.length === 2);
  host.simulator.remove('anna');
  assert.equal(
    host.simulator.status().people.map(({ id }) => id),
    ['bob'],
  );
  await host.until('one left', () => only(host.events, 'person.left').length === 1);
  await rejectsWith('INPUT_NOT_FOUND', () => host.simulator.remove('anna'));
  host.simulator.remove('bob');
  await host.until('the end', () => !host.simulator.isActive);
  assert.equal(
    only(host.events, 'person.left').map(({ data }) => data.reason),
    ['timeout', 'timeout'],
  );
  assert.equal(host.people.size(), { tracks: 0, persons: 0, departed: 0 });
});

test('ending everything lets everybody leave at once', async () => {
  await using host = new Host();
  host.simulator.begin({ people: [standing()] });
  await host.until('a person', () => host.persons.length === 1);
  assert.is(host.simulator.stop().active, false);
  assert.equal(names(host.events).at(-1), 'person.left');
  assert.equal(host.persons, []);
  const count = host.events.length;
  host.simulator.stop();
  assert.is(host.events.length, count, 'a second end is none');
  host.simulator.begin({ people: [standing()] });
  await host.until('again', () => host.persons.length === 1);
});

test('a scenario is played in place of what plays, and ends with its length', async () => {
  await using host = new Host();
  host.simulator.begin({ people: [standing()] });
  await host.until('a person', () => host.persons.length === 1);
  const { scenario, people } = host.simulator.begin({ name: 'short', lengthS: 2, framesPerSecond: 30, people: [standing({ id: 'eve' })] });
  assert.equal(scenario, { name: 'short', loop: false, lengthS: 2, atS: 0 });
  assert.equal(people, []);
  assert.is(only(host.events, 'person.left').length, 1);
  await host.until('the end', () => !host.simulator.isActive);
  assert.is(only(host.events, 'person.appeared').length, 2);
  assert.is(only(host.events, 'person.left').length, 2);
});

test('a scenario with nobody in it that plays over and over does not end by itself', async () => {
  await using host = new Host();
  const { scenario } = host.simulator.begin({ name: 'nobody', loop: true, framesPerSecond: 30 });
  assert.equal(scenario, { name: 'nobody', loop: true, lengthS: 4, atS: 0 });
  // The stage for people by hand would end 0.8 s after its last frame with somebody.
  await host.until('two seconds of frames, or the end', () => host.simulator.status().processed > 60 || !host.simulator.isActive);
  assert.is(host.simulator.isActive, true);
  assert.is(host.simulator.stop().active, false);
});

test('people are added to a scenario; a name that is taken is refused, and then nobody comes', async () => {
  await using host = new Host();
  host.simulator.begin({ loop: true, lengthS: 60, people: [standing(), standing({ id: 'later', enterS: 50 })] });
  await host.until('anna', () => host.simulator.status().people.length === 1);
  for (const id of ['anna', 'later']) {
    const fault = await rejectsWith('SCENARIO_INVALID', () => host.simulator.begin({ people: [standing({ id: 'new' }), standing({ id })] }));
    assert.match(fault.message, id);
  }
  host.simulator.begin({ people: [standing({ id: 'bob', path: [{ atS: 0, distanceM: 1.5, bearingDeg: 25 }] })] });
  await host.until('bob', () => host.persons.length === 2);
  await rejectsWith('SCENARIO_INVALID', () => host.simulator.begin({ people: [standing({ id: 'later' })] }));
  assert.equal(
    host.simulator.status().people.map(({ id, live }) => ({ id, live })),
    [
      { id: 'anna', live: false },
      { id: 'bob', live: true },
    ],
  );
});

test('absurd input changes nothing', async () => {
  await using host = new Host();
  const faulty = [5, [], { people: 'all' }, { crowd: { perHour: 1e9 } }, { framesPerSecond: 1000 }, { lengthS: 1e9 }, { camera: 'main', people: [] }];
  for (const input of faulty) await rejectsWith('SCENARIO_INVALID', () => host.simulator.begin(input));
  const many = Array.from({ length: 50 }, (_, i) => standing({ id: `p${i}`, path: [{ atS: 0, distanceM: 2, bearingDeg: i - 25 }] }));
  host.simulator.begin({ people: many });
  await rejectsWith('SCENARIO_INVALID', () => host.simulator.begin({ people: [standing()] }));
  await host.until('all', () => host.simulator.status().people.length === 50);
  await rejectsWith('SCENARIO_INVALID', () => host.simulator.begin({ people: [standing()] }));
  await rejectsWith('SCENARIO_INVALID', () => host.simulator.change('p0', { distanceM: -1 }));
  await rejectsWith('INPUT_NOT_FOUND', () => host.simulator.change('nobody', { distanceM: 1 }));
  assert.is(host.simulator.status().people[0]?.distanceM, 2);
});

test('a camera of the same name is left alone', () => {
  const listener = { observation() {}, notice() {} };
  const named = (...cameras: string[]): string => createSimulator({ listener, config: testConfig({ cameras: cameras.map((name) => ({ name })) }) }).camera;
  assert.is(named('main'), 'simulated');
  assert.is(named('simulated'), 'simulated-2');
  assert.is(named('simulated', 'simulated-2', 'main'), 'simulated-3');
});

test('disposing says nothing more and can be repeated', async () => {
  const host = new Host();
  host.simulator.begin({ people: [standing()] });
  await host.until('a person', () => host.persons.length === 1);
  await host.simulator[Symbol.asyncDispose]();
  const count = host.events.length;
  await host.simulator[Symbol.asyncDispose]();
  assert.is(host.events.length, count);
  assert.is(host.simulator.isActive, false);
});

test.run();
