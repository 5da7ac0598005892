import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { visitors } from '../../../core/src/simulate/crowd.ts';
import { type CrowdSettings, checkScenario } from '../../../core/src/simulate/scenario.ts';
import { Script } from '../../../core/src/simulate/script.ts';
import { boxAt, type SimulatedView, viewOf } from '../../../core/src/simulate/view.ts';
import { testConfig } from '../../support/observations.ts';
import { played } from '../../support/scenarios.ts';
import { only } from '../../support/stage.ts';

const crowd = suite('crowd');

const settings = (part: object): CrowdSettings => checkScenario({ crowd: { perHour: 60, ...part } }).crowd as CrowdSettings;
const plain = viewOf(testConfig(), 'simulated', { width: 1280, height: 720 });
const plan = (part: object, { seed = 1, hours = 1, view = plain }: { seed?: number; hours?: number; view?: SimulatedView } = {}) => [
  ...visitors(settings(part), { seed, of: [0] }, view, hours * 3600),
];

crowd('hours of visitors: everybody who came appeared and left once, for as long as they could be seen', () => {
  for (const seed of [1, 2, 3]) {
    const { events, visits, simulatedMs } = played({ seed, framesPerSecond: 10, lengthS: 3600, crowd: { perHour: 120 } });
    const left = only(events, 'person.left');
    assert.is(simulatedMs, 3_600_000);
    assert.is(only(events, 'person.appeared').length, visits.length);
    assert.equal(new Set(left.map(({ subject }) => subject)).size, visits.length);
    assert.ok(left.every(({ data }) => data.reason === 'timeout' && !data.person.returned));
    assert.ok(visits.every(({ leftMs }) => leftMs !== null));
    const dwell = left.reduce((sum, { data }) => sum + data.session.dwellMs, 0);
    const truth = visits.reduce((sum, { inSightMs }) => sum + inSightMs, 0);
    assert.ok(Math.abs(dwell / truth - 1) < 0.03, `${dwell} of ${truth} ms`);
    const lookers = visits.filter(({ facingMs }) => facingMs > 2000).length;
    const seen = left.filter(({ data }) => data.session.attentionMs > 1000).length;
    assert.ok(Math.abs(seen - lookers) <= 0.05 * visits.length, `${seen} of ${lookers}`);
  }
});

crowd('as many come as are asked for, until the places are taken', () => {
  const perHourOf = (perHour: number): number => [1, 2, 3, 4, 5].reduce((sum, seed) => sum + plan({ perHour }, { seed, hours: 4 }).length, 0) / 20;
  assert.ok(Math.abs(perHourOf(60) - 60) < 6, String(perHourOf(60)));
  assert.ok(perHourOf(1200) < 4 * (3600 / 16), String(perHourOf(1200)));
});

crowd('the mix is as it is asked for', () => {
  const people = plan(
    {
      perHour: 300,
      mix: {
        female: 0.25,
        ages: [
          { from: 20, to: 30, share: 3 },
          { from: 60, to: 61, share: 1 },
        ],
        look: 0.5,
      },
    },
    { hours: 8 },
  );
  const share = (is: (person: (typeof people)[number]) => boolean): number => people.filter(is).length / people.length;
  assert.ok(people.length > 1500);
  assert.ok(Math.abs(share(({ gender }) => gender === 'female') - 0.25) < 0.04);
  assert.ok(Math.abs(share(({ age }) => age >= 60) - 0.25) < 0.04);
  assert.ok(people.every(({ age }) => (age >= 20 && age <= 30) || (age >= 60 && age <= 61)));
  assert.ok(Math.abs(share(({ look }) => look?.[0]?.at === 'device') - 0.5) < 0.05);
});

crowd('nobody covers another, no lane is taken twice at once, all have left before the end', () => {
  const views = [
    plain,
    ...[20, 170].map((fieldOfViewDeg) => ({ ...plain, fieldOfViewDeg })),
    { ...plain, width: 320, height: 240 },
    { ...plain, width: 720, height: 1280 },
  ];
  for (const view of views) {
    const people = plan({ perHour: 1200, atMost: 6, dwellS: 15 }, { view });
    assert.ok(people.length > 500);
    const scripts = people.map((person) => ({ person, script: new Script(person, view) }));
    for (let s = 0; s < 3600; s += 7) {
      const boxes = scripts
        .filter(({ person: { enterS, leaveS = 0 } }) => s >= enterS && s < leaveS)
        .map(({ person, script }) => boxAt(script.at(s - person.enterS), view))
        .sort((a, b) => a[0] - b[0]);
      assert.ok(boxes.length <= 6);
      for (const [i, box] of boxes.entries()) {
        const before = boxes[i - 1];
        if (before) assert.ok(before[0] + before[2] <= box[0] + 0.15 * box[2], `${before} and ${box} at ${s} s`);
      }
    }
    assert.ok(people.every(({ leaveS = Number.NaN }) => leaveS <= 3600 - 4));
  }
});

crowd('a day of visitors is planned, in order', () => {
  const people = plan({ perHour: 1200, atMost: 6, dwellS: 4 }, { hours: 24 });
  assert.ok(people.length > 20_000, String(people.length));
  assert.is(new Set(people.map(({ id }) => id)).size, people.length);
});

crowd.run();
