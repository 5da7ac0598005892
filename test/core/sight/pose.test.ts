import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { poseOf } from '../../../core/src/sight/pose.ts';
import { projectHead } from '../../support/synthetic-head.ts';

const pose = suite('pose');

const off = (a: number, b: number) => Math.abs(a - b);

pose('is exact for the mean head, whatever the turn, size and place', () => {
  for (let yaw = -60; yaw <= 60; yaw += 20) {
    for (let pitch = -40; pitch <= 40; pitch += 20) {
      for (let roll = -45; roll <= 45; roll += 15) {
        const found = poseOf(projectHead({ yaw, pitch, roll }, { scale: 7 + roll / 10 + 5, x: yaw * 3, y: 900 }));
        assert.ok(off(found.yawDeg, yaw) + off(found.pitchDeg, pitch) + off(found.rollDeg, roll) < 1e-6, JSON.stringify({ yaw, pitch, roll, found }));
      }
    }
  }
});

pose('has the signs of the contract', () => {
  const { noseTip, rightEye, leftEye } = projectHead({ yaw: 20 });
  assert.ok(noseTip.x > (rightEye.x + leftEye.x) / 2, 'turned to their left: the nose moves to the right of the image');
  assert.ok(projectHead({ pitch: 20 }).noseTip.y < projectHead({}).noseTip.y, 'head up: the nose moves up');
  assert.ok(projectHead({ roll: 20 }).leftEye.y > projectHead({ roll: 20 }).rightEye.y, 'clockwise: the right of the image goes down');
});

pose('stays within 5 degrees inside the quality gate on heads 15 % deeper or flatter', () => {
  let worst = 0;
  for (const stretch of [0.85, 1.15]) {
    for (let yaw = -35; yaw <= 35; yaw += 5) {
      for (let pitch = -25; pitch <= 25; pitch += 5) {
        const found = poseOf(projectHead({ yaw, pitch }, { stretch }));
        worst = Math.max(worst, off(found.yawDeg, yaw), off(found.pitchDeg, pitch));
      }
    }
  }
  assert.ok(worst < 5, `worst ${worst}`);
  assert.ok(worst > 2, 'this test would notice an unread depth');
});

pose('grows with the turn, also beyond the gate and on other heads', () => {
  for (const stretch of [0.7, 1, 1.3]) {
    let before = Number.NEGATIVE_INFINITY;
    for (let yaw = -80; yaw <= 80; yaw += 2) {
      const { yawDeg } = poseOf(projectHead({ yaw, pitch: 10, roll: -10 }, { stretch }));
      assert.ok(yawDeg > before);
      before = yawDeg;
    }
    before = Number.NEGATIVE_INFINITY;
    for (let pitch = -70; pitch <= 70; pitch += 2) {
      const { pitchDeg } = poseOf(projectHead({ pitch, yaw: -20, roll: 5 }, { stretch }));
      assert.ok(pitchDeg > before);
      before = pitchDeg;
    }
  }
});

pose.run();
