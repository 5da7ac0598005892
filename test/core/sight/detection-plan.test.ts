import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DetectionPlan, detectionPlanDefaults } from '../../../core/src/sight/detection-plan.ts';
import type { Rect } from '../../../core/src/sight/geometry.ts';
import type { Region } from '../../../core/src/sight/regions.ts';

const square = (x: number, y: number, size: number): Rect => ({ x, y, width: size, height: size });
/** Whether the part of the face that lies in a frame of 1280x720 lies in the region. */
const inside = (face: Rect, region: Region): boolean =>
  face.x >= region.x &&
  face.y >= region.y &&
  Math.min(face.x + face.width, 1280) <= region.x + region.size + 1e-9 &&
  Math.min(face.y + face.height, 720) <= region.y + region.size + 1e-9;

const test = suite('detection plan');

test('an empty frame costs one region, and the turns together show every spot at full height', () => {
  const plan = new DetectionPlan();
  const turns = Array.from({ length: 4 }, () => plan.next(1280, 720, []));
  assert.ok(turns.every((regions) => regions.length === 1));
  assert.equal(turns[0], [{ x: 0, y: -280, size: 1280 }]);
  assert.equal(turns[2], turns[0]);
  const tiles = [turns[1], turns[3]].map((regions) => regions?.[0] as Region);
  for (let x = 0; x <= 1280 - 144; x += 1) {
    assert.ok(
      tiles.some((tile) => inside(square(x, 100, 144), tile)),
      `a face of a fifth of the height at ${x}`,
    );
  }
  assert.equal(plan.next(1280, 720, []), turns[0]);
});

test('big faces need nothing beside the searching region', () => {
  const plan = new DetectionPlan();
  assert.is(plan.next(1280, 720, [square(200, 200, 200), square(800, 200, 180)]).length, 1);
});

test('a big face at the border of the frame needs nothing more either', () => {
  assert.is(new DetectionPlan().next(1280, 720, [square(-40, 200, 200), square(1130, 560, 180)]).length, 1);
});

test('small faces near each other share a square, far ones do not', () => {
  assert.is(new DetectionPlan().next(1280, 720, [square(400, 200, 60), square(560, 220, 64)]).length, 2);
  assert.is(new DetectionPlan().next(1280, 720, [square(100, 200, 60), square(1100, 220, 64)]).length, 3);
});

test('a change of the frame size begins the search anew', () => {
  const plan = new DetectionPlan();
  plan.next(1280, 720, []);
  assert.equal(plan.next(640, 640, []), [{ x: 0, y: 0, size: 640 }]);
  assert.equal(plan.next(640, 640, []), [{ x: 0, y: 0, size: 640 }]);
});

test('every tracked face lies whole in a region where it is big enough to be found', () => {
  const anyFace = fc.tuple(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 660 }), fc.integer({ min: 20, max: 300 }));
  fc.assert(
    fc.property(fc.array(anyFace, { maxLength: 20 }), fc.integer({ min: 0, max: 5 }), (faces, turns) => {
      const plan = new DetectionPlan();
      for (let i = 0; i < turns; i += 1) plan.next(1280, 720, []);
      const expected = faces.map(([x, y, size]) => square(x, y, size));
      const regions = plan.next(1280, 720, expected);
      assert.ok(regions.length <= expected.length + 1);
      for (const face of expected) {
        const share = (region: Region): number => face.width / region.size;
        assert.ok(
          regions.some(
            (region) =>
              inside(face, region) && share(region) >= detectionPlanDefaults.smallestShare - 1e-9 && share(region) <= detectionPlanDefaults.largestShare + 1e-9,
          ),
          JSON.stringify({ face, regions }),
        );
      }
    }),
  );
});

test.run();
