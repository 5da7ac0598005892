/** Whatever valid scenario somebody writes, it plays without a fault. MIEN_SOAK=1 plays a hundred times more. */
import * as fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName } from '../../../core/src/events.ts';
import { played } from '../../support/scenarios.ts';
import { times } from '../../support/soak.ts';
import { only } from '../../support/stage.ts';

const any = suite('any scenario');
const validators = Object.fromEntries(Object.entries(EventSchemas).map(([name, schema]) => [name, Compile(schema)]));

const share = fc.double({ min: 0, max: 1, noNaN: true });
const seconds = (max: number) => fc.double({ min: 0, max, noNaN: true });
const gaze = fc.constantFrom('device', 'left', 'right', 'down', 'away', 'back');
const inOrder = <T extends { atS: number }>(step: fc.Arbitrary<T>, minLength: number) =>
  fc.uniqueArray(step, { minLength, maxLength: 5, selector: ({ atS }) => atS }).map((steps) => steps.sort((a, b) => a.atS - b.atS));
const optional = { requiredKeys: ['id'] as ['id'] };

const person = fc
  .record(
    {
      id: fc.stringMatching(/^[a-u][a-z0-9-]{0,6}$/),
      enterS: seconds(20),
      stayS: fc.double({ min: 0.01, max: 25, noNaN: true }),
      age: fc.double({ min: 1, max: 100, noNaN: true }),
      gender: fc.constantFrom('female', 'male'),
      path: inOrder(
        fc.record({ atS: seconds(30), distanceM: fc.double({ min: 0.2, max: 20, noNaN: true }), bearingDeg: fc.double({ min: -85, max: 85, noNaN: true }) }),
        1,
      ),
      look: inOrder(fc.record({ atS: seconds(30), at: gaze, yawDeg: fc.double({ min: -90, max: 90, noNaN: true }) }, { requiredKeys: ['atS'] }), 1),
      expression: inOrder(fc.record({ atS: seconds(30), label: fc.constantFrom('negative', 'neutral', 'positive') }), 0),
      hidden: fc.array(
        seconds(20).map((fromS) => ({ fromS, untilS: fromS + 1.5 })),
        { maxLength: 2 },
      ),
      trackSwitchesS: fc.array(seconds(20), { maxLength: 3 }),
      light: share,
      sharpness: share,
      noise: fc.record(
        {
          ageSd: fc.double({ min: 0.5, max: 30, noNaN: true }),
          genderP: fc.double({ min: 0.5, max: 0.995, noNaN: true }),
          expressionP: fc.double({ min: 0.4, max: 0.99, noNaN: true }),
          boxShare: fc.double({ min: 0, max: 0.3, noNaN: true }),
          poseDeg: fc.double({ min: 0, max: 20, noNaN: true }),
          misses: share,
        },
        { requiredKeys: [] },
      ),
    },
    optional,
  )
  .map(({ stayS, ...rest }) => ({ ...rest, ...(stayS !== undefined && { leaveS: (rest.enterS ?? 0) + stayS }) }));

const scenario = fc.record(
  {
    seed: fc.nat(),
    width: fc.integer({ min: 320, max: 3840 }),
    height: fc.integer({ min: 240, max: 3840 }),
    framesPerSecond: fc.double({ min: 1, max: 60, noNaN: true }),
    lengthS: fc.double({ min: 21, max: 40, noNaN: true }),
    loop: fc.boolean(),
    people: fc.uniqueArray(person, { maxLength: 5, selector: ({ id }) => id }),
    crowd: fc.option(
      fc.record({
        perHour: fc.double({ min: 1, max: 1200, noNaN: true }),
        dwellS: fc.double({ min: 4, max: 60, noNaN: true }),
        atMost: fc.integer({ min: 1, max: 6 }),
      }),
      { nil: undefined },
    ),
  },
  { requiredKeys: ['people', 'lengthS'] },
);
const config = fc.record({
  cameras: fc.tuple(
    fc.record({ name: fc.constant('simulated'), fieldOfViewDeg: fc.integer({ min: 20, max: 170 }), mirror: fc.boolean(), exitsVisible: fc.boolean() }),
  ),
});

any('plays, its events fit their schemas, everybody who appeared has left', () => {
  let happened = 0;
  fc.assert(
    fc.property(scenario, config, (written, settings) => {
      const written_ = JSON.parse(JSON.stringify(written));
      const { events, frames, simulatedMs } = played(written_, settings);
      assert.ok(Math.abs(frames - (simulatedMs / 1000) * (written.framesPerSecond ?? 15)) <= 1);
      for (const event of events) assert.ok(validators[eventName(event)]?.Check(event), JSON.stringify(event));
      const appeared = only(events, 'person.appeared').map(({ subject }) => subject);
      const left = only(events, 'person.left').map(({ subject }) => subject);
      assert.equal([...left].sort(), [...appeared].sort());
      happened += appeared.length;
    }),
    { numRuns: times(60) },
  );
  assert.ok(happened > 20, `${happened} people appeared in all`);
});

any.run();
