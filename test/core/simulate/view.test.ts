import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { locate } from '../../../core/src/people/distance.ts';
import { boxAt, viewOf } from '../../../core/src/simulate/view.ts';
import { testConfig } from '../../support/observations.ts';
import { exact, played, standing } from '../../support/scenarios.ts';
import { only } from '../../support/stage.ts';

const view = suite('where a virtual face lies');

view('people read the very distance and bearing back, whatever the camera', () => {
  const cameras = fc.record({
    fieldOfViewDeg: fc.integer({ min: 20, max: 170 }),
    mirror: fc.boolean(),
    calibration: fc.option(fc.double({ min: 0.3, max: 3, noNaN: true }), { nil: undefined }),
  });
  const size = fc.constantFrom({ width: 1280, height: 720 }, { width: 640, height: 480 }, { width: 720, height: 1280 });
  const place = fc.record({ distanceM: fc.double({ min: 0.2, max: 20, noNaN: true }), bearingDeg: fc.integer({ min: -80, max: 80 }) });
  fc.assert(
    fc.property(cameras, size, place, ({ calibration, ...camera }, frame, { distanceM, bearingDeg }) => {
      const config = testConfig({ cameras: [{ name: 'door', ...camera, ...(calibration !== undefined && { calibration }) }] });
      const box = boxAt({ distanceM, bearingDeg }, viewOf(config, 'door', frame));
      // Faces under a pixel are read as of one.
      fc.pre(box[2] * frame.width >= 1);
      const read = locate(box, frame, { distance: config.distance, camera: config.cameras[0] as (typeof config.cameras)[0] });
      assert.ok(Math.abs(read.m - distanceM) < 1e-6 * distanceM, `${read.m} for ${distanceM}`);
      assert.ok(Math.abs(read.bearingDeg - bearingDeg) < 1e-6, `${read.bearingDeg} for ${bearingDeg}`);
    }),
  );
});

view('a camera that is not configured has the geometry that people will assume', () => {
  const config = testConfig({ cameras: [{ name: 'door', fieldOfViewDeg: 40 }] });
  assert.is(viewOf(config, 'simulated', { width: 1280, height: 720 }).fieldOfViewDeg, 70);
  assert.is(viewOf(config, 'door', { width: 1280, height: 720 }).fieldOfViewDeg, 40);
});

view('near heads stay inside of the picture from top to bottom', () => {
  const wide = viewOf(testConfig(), 'main', { width: 1280, height: 720 });
  for (const distanceM of [0.3, 0.5, 1, 2, 5]) {
    const [, y, , h] = boxAt({ distanceM, bearingDeg: 0 }, wide);
    assert.ok(y >= 0 && y + h <= 1, `${y} to ${y + h} at ${distanceM} m`);
  }
});

view('events tell the place that was written', () => {
  const cases = [
    { distanceM: 0.6, bearingDeg: 0 },
    { distanceM: 1.5, bearingDeg: -20 },
    { distanceM: 3, bearingDeg: 25 },
  ];
  for (const { distanceM, bearingDeg } of cases) {
    const people = [standing({ leaveS: 8, path: [{ atS: 0, distanceM, bearingDeg }], noise: { ...exact, boxShare: 0.015 } })];
    const [left] = only(played({ people }).events, 'person.left');
    assert.ok(left);
    const { distance, bearingDeg: bearing } = left.data.person;
    assert.ok(Math.abs(distance.m - distanceM) < 0.04 * distanceM, `${distance.m} for ${distanceM}`);
    assert.ok(Math.abs(bearing - bearingDeg) < 0.5, `${bearing} for ${bearingDeg}`);
  }
});

view('a mirrored camera has its right on the left of the picture', () => {
  const mirrored = viewOf(testConfig({ cameras: [{ name: 'main', mirror: true }] }), 'main', { width: 1280, height: 720 });
  const [x, , w] = boxAt({ distanceM: 2, bearingDeg: 20 }, mirrored);
  assert.ok(x + w / 2 < 0.5);
});

view.run();
