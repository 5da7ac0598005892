import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Affine, apply, betweenCentres, compose, cropToImage, iou, type Rect, squareToImage } from '../../../core/src/sight/geometry.ts';
import { projectHead } from '../../support/synthetic-head.ts';

const geometry = suite('geometry');

const near = (a: number, b: number, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not near ${b}`);
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const rect = fc.record({ x: number(-100, 100), y: number(-100, 100), width: number(1, 100), height: number(1, 100) });
const affine = fc
  .tuple(number(0.2, 5), number(-1, 1), number(-100, 100), number(-1, 1), number(0.2, 5), number(-100, 100))
  .map((m) => m as unknown as Affine)
  .filter((m) => Math.abs(m[0] * m[4] - m[1] * m[3]) > 0.05);

/** The inverse map. A singular matrix gives non-finite numbers. */
function invert(m: Affine): Affine {
  const d = 1 / (m[0] * m[4] - m[1] * m[3]);
  const a = m[4] * d;
  const b = -m[1] * d;
  const c = -m[3] * d;
  const e = m[0] * d;
  return [a, b, -(a * m[2] + b * m[5]), c, e, -(c * m[2] + e * m[5])];
}

geometry('IoU is symmetric, 1 with itself, 0 apart, and right for known boxes', () => {
  fc.assert(
    fc.property(rect, rect, (a: Rect, b: Rect) => {
      near(iou(a, b), iou(b, a), 1e-12);
      near(iou(a, a), 1, 1e-12);
      assert.is(iou(a, { ...b, x: a.x + a.width }), 0);
      assert.ok(iou(a, b) >= 0 && iou(a, b) <= 1 + 1e-12);
    }),
  );
  near(iou({ x: 0, y: 0, width: 2, height: 2 }, { x: 1, y: 0, width: 2, height: 2 }), 1 / 3);
});

geometry('an inverse undoes, a composition is one after the other', () => {
  fc.assert(
    fc.property(affine, affine, number(-500, 500), number(-500, 500), (m, n, x, y) => {
      const back = apply(invert(m), apply(m, { x, y }));
      near(back.x, x, 1e-6);
      near(back.y, y, 1e-6);
      const both = apply(compose(m, n), { x, y });
      const each = apply(m, apply(n, { x, y }));
      near(both.x, each.x, 1e-6);
      near(both.y, each.y, 1e-6);
    }),
  );
});

geometry('between centres is the same map half a pixel off on both sides', () => {
  fc.assert(
    fc.property(affine, number(0, 100), number(0, 100), (m, x, y) => {
      const corner = apply(m, { x: x + 0.5, y: y + 0.5 });
      const centre = apply(betweenCentres(m), { x, y });
      near(centre.x + 0.5, corner.x);
      near(centre.y + 0.5, corner.y);
    }),
  );
  assert.equal(betweenCentres([1, 0, 0, 0, 1, 0]), [1, 0, 0, 0, 1, 0]);
});

geometry('a crop shows eyes level, their midpoint and the mouth where the geometry says', () => {
  const shape = { eyeMidpoint: [0.5, 0.325], eyeToMouth: 0.37 } as const;
  fc.assert(
    fc.property(number(-180, 180), number(-30, 30), number(5, 300), number(-50, 2000), (roll, yaw, scale, at) => {
      const keypoints = projectHead({ roll, yaw }, { scale, x: at, y: at / 2 });
      const matrix = cropToImage(keypoints, shape, 112);
      assert.ok(matrix);
      const toCrop = invert(matrix);
      const right = apply(toCrop, keypoints.rightEye);
      const left = apply(toCrop, keypoints.leftEye);
      const mouth = apply(toCrop, keypoints.mouth);
      near(right.y, left.y, 1e-4);
      assert.ok(left.x > right.x, 'not mirrored: the right eye is on the left of the crop');
      const middle = { x: (right.x + left.x) / 2, y: (right.y + left.y) / 2 };
      near(middle.x, 0.5 * 112, 1e-4);
      near(middle.y, 0.325 * 112, 1e-4);
      near(Math.hypot(mouth.x - middle.x, mouth.y - middle.y), 0.37 * 112, 1e-4);
      assert.ok(mouth.y > middle.y, 'upright');
      near(Math.hypot(matrix[0], matrix[3]), Math.hypot(matrix[1], matrix[4]), 1e-9);
    }),
  );
});

geometry('keypoints that fall together give no crop', () => {
  const point = { x: 3, y: 3 };
  const all = { rightEye: point, leftEye: point, noseTip: point, mouth: point, rightEar: point, leftEar: point };
  assert.is(cropToImage(all, { eyeMidpoint: [0.5, 0.3], eyeToMouth: 0.4 }, 112), null);
  assert.is(cropToImage({ ...all, mouth: { x: Number.NaN, y: 0 } }, { eyeMidpoint: [0.5, 0.3], eyeToMouth: 0.4 }, 112), null);
});

geometry('a square maps corner to corner', () => {
  const m = squareToImage(192, { x: -10, y: 20, size: 384 });
  assert.equal(apply(m, { x: 0, y: 0 }), { x: -10, y: 20 });
  assert.equal(apply(m, { x: 192, y: 192 }), { x: 374, y: 404 });
});

geometry.run();
