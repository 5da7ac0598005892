import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { matches } from '../../../core/src/host/event-filter.ts';
import { checkConfig } from '../../../core/src/load-config.ts';
import { DrawnZone, footPoint, inside, type Polygon } from '../../../core/src/people/zones.ts';
import { face, testConfig } from '../../support/observations.ts';
import { only, Stage, the } from '../../support/stage.ts';

const rules = testConfig().zones;
const zones = suite('drawn zones');
const square: Polygon = [
  [0.2, 0.6],
  [0.4, 0.6],
  [0.4, 1],
  [0.2, 1],
];
/** An L whose notch is at its right top. */
const bent: Polygon = [
  [0, 0],
  [0.5, 0],
  [0.5, 0.5],
  [1, 0.5],
  [1, 1],
  [0, 1],
];

zones('inside is inside, the border too, the notch of a bent one is not', () => {
  for (const point of [
    [0.3, 0.8],
    [0.3, 1],
    [0.2, 0.7],
    [0.4, 0.6],
  ] as const)
    assert.ok(inside(point, square), `${point}`);
  for (const point of [
    [0.1, 0.8],
    [0.41, 0.8],
    [0.3, 0.59],
    [0.2, 0.599],
  ] as const)
    assert.not(inside(point, square), `${point}`);
  assert.ok(inside([0.25, 0.25], bent) && inside([0.75, 0.75], bent));
  assert.not(inside([0.75, 0.25], bent));
});

zones('convex polygons agree with the sign of every side, in both directions', () => {
  const number = fc.double({ min: 0, max: 1, noNaN: true });
  const shape = fc.record({ n: fc.integer({ min: 3, max: 9 }), radius: fc.double({ min: 0.05, max: 0.5, noNaN: true }), turn: number });
  fc.assert(
    fc.property(shape, number, number, fc.boolean(), ({ n, radius, turn }, x, y, reversed) => {
      const corners = Array.from({ length: n }, (_, i): [number, number] => {
        const angle = 2 * Math.PI * (turn + i / n);
        return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
      });
      const sides = corners.map(([ax, ay], i) => {
        const [bx, by] = corners[(i + 1) % n] as [number, number];
        return ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / Math.hypot(bx - ax, by - ay);
      });
      if (sides.some((distance) => Math.abs(distance) < 1e-6)) return;
      assert.is(
        inside([x, y], reversed ? corners.toReversed() : corners),
        sides.every((distance) => distance > 0),
      );
    }),
    { numRuns: 2000 },
  );
});

zones('a person stands under the face, by seven heights of it, within the frame', () => {
  const [x, y] = footPoint([0.3, 0.1, 0.05, 0.1], rules);
  assert.ok(Math.abs(x - 0.325) < 1e-12 && Math.abs(y - 0.9) < 1e-12);
  assert.equal(footPoint([0.3, 0.5, 0.1, 0.2], rules)[1], 1);
  assert.equal(footPoint([-0.2, 0.5, 0.1, 0.2], rules)[0], 0);
  assert.ok(Math.abs(footPoint([0.3, 0.1, 0.05, 0.1], { faceHeightsToFloor: 3 })[1] - 0.5) < 1e-12);
});

const two = [
  {
    name: 'left',
    polygon: [
      [0, 0.5],
      [0.5, 0.5],
      [0.5, 1],
      [0, 1],
    ] as [number, number][],
  },
  {
    name: 'floor',
    polygon: [
      [0, 0.5],
      [0.8, 0.5],
      [0.8, 1],
      [0, 1],
    ] as [number, number][],
  },
];
/** A face whose feet stand at x on the bottom edge. */
const at = (x: number): readonly [number, number, number, number] => [x - 0.05, 0.3, 0.1, 0.2];

zones('the first zone counts at once and the first match where they overlap', () => {
  const it = new DrawnZone(two, rules);
  it.update(at(0.3), 0);
  assert.is(it.name, 'left');
  const outside = new DrawnZone(two, rules);
  outside.update(at(0.9), 0);
  assert.is(outside.name, undefined);
  outside.update(at(0.3), 33);
  assert.is(outside.name, undefined, 'from then on it must hold');
});

zones('another zone counts when it has held for 500 ms, a shorter visit not at all', () => {
  const it = new DrawnZone(two, rules);
  it.update(at(0.3), 0);
  for (let t = 100; t <= 500; t += 100) it.update(at(0.6), t);
  it.update(at(0.3), 550);
  for (let t = 600; t <= 1000; t += 100) it.update(at(0.6), t);
  assert.is(it.name, 'left');
  assert.equal(it.next, { name: 'floor', heldMs: 400 });
  it.update(at(0.6), 1100);
  assert.is(it.name, 'floor');
  assert.is(it.next, null);
});

zones('never flicker inside the hold, whatever the faces do', () => {
  const step = fc.record({
    x: fc.constantFrom(0.1, 0.49, 0.51, 0.79, 0.81, 0.95),
    ms: fc.integer({ min: 1, max: 400 }),
    times: fc.integer({ min: 1, max: 12 }),
  });
  let changes = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), fc.constantFrom(0, 200, 500, 1500), (steps, holdMs) => {
      const it = new DrawnZone(two, { ...rules, holdMs });
      const standing = (x: number): string | undefined => two.find(({ polygon }) => inside([x, 1], polygon))?.name;
      const past: { t: number; zone: string | undefined }[] = [];
      let t = 0;
      let changedAt: number | null = null;
      for (const { x, ms, times } of steps) {
        for (let i = 0; i < times; i++) {
          t += ms;
          const before = it.name;
          past.push({ t, zone: standing(x) });
          it.update(at(x), t);
          if (past.length === 1 || it.name === before) continue;
          changes += 1;
          assert.ok(changedAt === null || t - changedAt >= holdMs, `${t - (changedAt ?? 0)} ms after the last change`);
          changedAt = t;
          const during = past.filter((one) => one.t >= t - holdMs);
          assert.ok(
            during.every(({ zone }) => zone === it.name),
            'stood there all the time',
          );
        }
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(changes > 100, `${changes} changes met`);
});

const desk = {
  name: 'desk',
  polygon: [
    [0.6, 0.8],
    [1, 0.8],
    [1, 1],
    [0.6, 1],
  ] as [number, number][],
};
const config = { cameras: [{ name: 'main', zones: [desk] }] };

zones('a walk to the desk is an update, counts in the session and can be filtered by', () => {
  const stage = new Stage(config);
  stage.show(2000, [face(1, { x: 0.3, px: 100 })]);
  assert.is(the(stage.events, 'person.appeared').data.person.zone, 'mid');
  stage.show(2000, (t) => [face(1, { x: Math.min(0.8, 0.3 + (t - 2000) / 2000), px: 100 })]);
  stage.show(2000, [face(1, { x: 0.8, px: 100 })]);
  stage.wait(3000);
  stage.notice({ type: 'camera.ended', camera: 'main', message: 'over' });
  const moves = only(stage.events, 'person.updated').filter(({ data }) => data.changed.includes('zone'));
  assert.equal(
    moves.map(({ data }) => [data.previous.zone, data.person.zone]),
    [['mid', 'desk']],
  );
  const { session, person } = the(stage.events, 'person.left').data;
  assert.is(person.zone, 'desk');
  assert.equal(Object.keys(session.zones), ['near', 'mid', 'far', 'desk']);
  const { near, mid, far, desk: there = 0 } = session.zones as Record<string, number>;
  assert.ok(there > 2000 && there < 3500, `${there} ms at the desk`);
  assert.ok(Math.abs((near ?? 0) + (mid ?? 0) + (far ?? 0) + there - session.dwellMs) < 300);
  const filter = { person: { zone: ['desk'] } };
  assert.equal(
    stage.events.filter((event) => 'person' in event.data && matches(filter, event)).map(({ type }) => type),
    stage.events.filter((event) => 'person' in event.data && event.data.person.zone === 'desk').map(({ type }) => type),
  );
});

zones('engagement goes by distance inside a drawn zone too, and why not tells of a zone to come', () => {
  const stage = new Stage(config);
  stage.show(3000, [face(1, { x: 0.64, px: 200 })]);
  const [person] = stage.people.current();
  assert.is(person?.zone, 'desk');
  assert.is(person?.engagement, 'engaged');
  stage.show(250, [face(1, { x: 0.56, px: 200 })]);
  const held = stage.people.whyNot(person?.id ?? '').find(({ rule }) => rule === 'zone.hold');
  assert.match(held?.detail ?? '', /^stands outside of desk, held 0\.2 s of 0\.5 s$/);
  assert.is(held?.thresholds.holdMs, 500);
});

const faults = suite('faults of drawn zones');
const refusal = (...drawn: unknown[]): string => {
  try {
    checkConfig({ cameras: [{ name: 'main', zones: drawn }] });
  } catch (fault) {
    return (fault as Error).message;
  }
  return 'taken';
};
const polygon = desk.polygon;

faults('a good one is taken', () => {
  assert.is(refusal(desk, { name: 'bent-2', polygon: bent }), 'taken');
});

for (const [what, zone, says] of [
  ['two corners', { name: 'a', polygon: polygon.slice(0, 2) }, /cameras\[0\]\.zones\[0\]\.polygon: .*3 items/],
  ['a corner off the frame', { name: 'a', polygon: [[1.2, 0.5], ...polygon] }, /polygon\[0\]\[0\]: .*<= 1/],
  ['pixels for shares', { name: 'a', polygon: [[100, 200], ...polygon] }, /polygon\[0\]/],
  ['a corner of three numbers', { name: 'a', polygon: [[0.1, 0.2, 0.3], ...polygon] }, /polygon\[0\]/],
  ['a name with capitals', { name: 'Desk', polygon }, /zones\[0\]\.name: /],
  ['a zone by distance', { name: 'near', polygon }, /"near" is a zone by distance/],
  ['a wrong key', { name: 'a', poligon: polygon }, /Did you mean "polygon"/],
  ['a repeated corner', { name: 'a', polygon: [...polygon, polygon[0]] }, /corner 5 repeats corner 1/],
  [
    'crossing sides',
    {
      name: 'a',
      polygon: [
        [0, 0],
        [1, 1],
        [1, 0],
        [0, 1],
      ],
    },
    /side 1 and side 3 cross/,
  ],
  [
    'a corner on another side',
    {
      name: 'a',
      polygon: [
        [0, 0],
        [1, 0],
        [1, 1],
        [0.5, 0],
        [0, 1],
      ],
    },
    /cross/,
  ],
  [
    'a spike',
    {
      name: 'a',
      polygon: [
        [0, 0],
        [1, 0],
        [0.5, 0],
        [0.5, 1],
      ],
    },
    /cross/,
  ],
  [
    'a line',
    {
      name: 'a',
      polygon: [
        [0, 0],
        [0.5, 0.5],
        [1, 1],
      ],
    },
    /cross|encloses nothing/,
  ],
  [
    'a sliver',
    {
      name: 'a',
      polygon: [
        [0, 0],
        [1, 0],
        [0.5, 0.0001],
      ],
    },
    /encloses nothing/,
  ],
] as const) {
  faults(`${what} is refused`, () => assert.match(refusal(zone), says));
}

faults('one name twice is refused, on two cameras it is not', () => {
  assert.match(refusal(desk, desk), /zones\[1\]\.name: another zone of this camera is named "desk"/);
  checkConfig({
    cameras: [
      { name: 'a', zones: [desk] },
      { name: 'b', zones: [desk] },
    ],
  });
});

zones.run();
faults.run();
