import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { locate, nextZone, Place, type Zone } from '../../../core/src/people/distance.ts';
import { Engagement } from '../../../core/src/people/engagement.ts';
import { FRAME, face, testConfig } from '../../support/observations.ts';

const rules = testConfig().distance;
const view = { distance: rules, camera: { fieldOfViewDeg: 70, mirror: false } };
const distance = suite('distance');
const pxAt = (m: number): number => (rules.faceWidthM * (FRAME.width / 2 / Math.tan((35 * Math.PI) / 180))) / m;
const boxAt = (m: number, x = 0.5) => face(1, { px: pxAt(m), x, y: 0.5 }).box;

distance('reads metres off the width of the face box', () => {
  for (const m of [0.5, 1, 2, 4]) assert.ok(Math.abs(locate(boxAt(m), FRAME, view).m - m) < 1e-9);
});

distance('bearing is positive to the right, half the field of view at the edge, and turned by a mirror', () => {
  assert.ok(Math.abs(locate(boxAt(1), FRAME, view).bearingDeg) < 1e-9);
  assert.ok(Math.abs(locate(boxAt(1, 1), FRAME, view).bearingDeg - 35) < 1e-6);
  assert.ok(Math.abs(locate(boxAt(1, 0), FRAME, view).bearingDeg + 35) < 1e-6);
  assert.ok(Math.abs(locate(boxAt(1, 1), FRAME, { ...view, camera: { fieldOfViewDeg: 70, mirror: true } }).bearingDeg + 35) < 1e-6);
});

distance('a person at the side is farther than the depth says', () => assert.ok(locate(boxAt(1, 1), FRAME, view).m > 1.2));

distance('calibration scales and is trusted more', () => {
  const calibrated = { ...view, camera: { ...view.camera, calibration: 1.2 } };
  assert.ok(Math.abs(locate(boxAt(1), FRAME, calibrated).m - 1.2) < 1e-9);
  assert.ok(locate(boxAt(1), FRAME, calibrated).sd / 1.2 < locate(boxAt(1), FRAME, view).sd);
  assert.ok(new Place(calibrated).calibrated);
  assert.not(new Place(view).calibrated);
});

distance('small faces are less sure', () => {
  const share = (m: number): number => locate(boxAt(m), FRAME, view).sd / m;
  assert.ok(share(8) > share(1));
});

distance('zones have two radii each', () => {
  const cases: [number, Zone | null, Zone][] = [
    [0.99, null, 'near'],
    [1, null, 'mid'],
    [2.49, null, 'mid'],
    [2.5, null, 'far'],
    [1.5, 'near', 'near'],
    [1.51, 'near', 'mid'],
    [3.01, 'near', 'far'],
    [1, 'mid', 'mid'],
    [0.99, 'mid', 'near'],
    [3, 'mid', 'mid'],
    [3.01, 'mid', 'far'],
    [2.5, 'far', 'far'],
    [2.49, 'far', 'mid'],
    [0.99, 'far', 'near'],
  ];
  for (const [m, from, to] of cases) assert.is(nextZone(m, from, rules), to, `${m} from ${from}`);
});

distance('noise on a border toggles nothing', () => {
  const place = new Place(view);
  let toggles = 0;
  let zone: Zone = 'mid';
  for (let i = 0; i < 3000; i++) {
    place.update(boxAt(1 + 0.25 * Math.sin(i * 1.7)), FRAME, i * 33);
    if (i > 0 && place.zone !== zone) toggles += 1;
    zone = place.zone;
  }
  assert.ok(toggles <= 1, `${toggles}`);
});

distance('walking up is an approach, standing and walking off are none', () => {
  const speed = (at: (s: number) => number): number => {
    const place = new Place(view);
    for (let t = 0; t <= 3000; t += 33) place.update(boxAt(at(t / 1000)), FRAME, t);
    return place.approachMps;
  };
  assert.ok(Math.abs(speed((s) => 5 - s) - 1) < 0.1);
  assert.ok(Math.abs(speed(() => 2)) < 1e-9);
  assert.ok(speed((s) => 2 + s) < -0.9);
});
distance.run();

const engagement = suite('engagement');
const still = { known: true, attending: false, attendingMs: 0, zone: 'near' as Zone, approachMps: 0 };

engagement('is unknown until it can be judged', () => {
  const it = new Engagement(testConfig().engagement);
  it.update({ ...still, known: false, attending: true, attendingMs: 5000 }, 0);
  assert.is(it.level, 'unknown');
});

engagement('goes through the five levels', () => {
  const it = new Engagement(testConfig().engagement);
  const levels: string[] = [];
  const step = (t: number, more: object): void => {
    it.update({ ...still, ...more }, t);
    levels.push(it.level);
  };
  step(0, {});
  step(100, { attending: true, attendingMs: 100 });
  step(2000, { attending: true, attendingMs: 1999 });
  step(2001, { attending: true, attendingMs: 2000 });
  step(5000, {});
  step(6999, {});
  step(7000, {});
  assert.equal(levels, ['disengaged', 'engaging', 'engaging', 'engaged', 'disengaging', 'disengaging', 'disengaged']);
});

engagement('only the near zone engages', () => {
  const it = new Engagement(testConfig().engagement);
  it.update({ ...still, zone: 'mid', attending: true, attendingMs: 9000 }, 0);
  assert.is(it.level, 'engaging');
});

engagement('an approach begins at 0.35 m/s and lasts to 0.15', () => {
  const it = new Engagement(testConfig().engagement);
  const at = (approachMps: number): string => {
    it.update({ ...still, approachMps }, 0);
    return it.level;
  };
  assert.equal([at(0.34), at(0.35), at(0.16), at(0.14)], ['disengaged', 'engaging', 'engaging', 'disengaged']);
});
engagement.run();
