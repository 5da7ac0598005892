import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceQuality } from '../../../core/src/observation.ts';
import { Attention, type AttentionChange, facing } from '../../../core/src/people/attention.ts';
import { face, testConfig } from '../../support/observations.ts';

const rules = testConfig().attention;
const attention = suite('attention');
const score = (quality: FaceQuality): number => facing(quality, rules);
const pose = (yawDeg: number, pitchDeg = 0, facePx = 160) => ({ ...face(1).quality, yawDeg, pitchDeg, facePx });

/** Shows a yaw every 20 ms in [from, to] and returns what changed when. */
function show(it: Attention, yawDeg: number, { from, to }: { from: number; to: number }): (AttentionChange & { at: number })[] {
  const changes: (AttentionChange & { at: number })[] = [];
  for (let t = from; t <= to; t += 20) {
    const change = it.update(pose(yawDeg), t);
    if (change) changes.push({ ...change, at: t });
  }
  return changes;
}

attention('the score falls with the turn of the head, on both sides alike', () => {
  assert.is(score(pose(0)), 1);
  assert.ok(Math.abs(score(pose(22)) - 0.5) < 1e-9);
  assert.is(score(pose(-22)), score(pose(22)));
  assert.ok(score(pose(15, 10)) < score(pose(15)));
  for (let yaw = 0; yaw < 60; yaw += 5) assert.ok(score(pose(yaw + 5)) < score(pose(yaw)));
});

attention('the tolerance is configurable', () => {
  assert.ok(Math.abs(facing(pose(30), { ...rules, yawDeg: 30 }) - 0.5) < 1e-9);
  assert.ok(Math.abs(facing(pose(0, 10), { ...rules, pitchDeg: 10 }) - 0.5) < 1e-9);
});

attention('small faces are given more tolerance', () => {
  assert.ok(score(pose(24, 0, 50)) > score(pose(24, 0, 100)));
  assert.is(score(pose(24, 0, 100)), score(pose(24, 0, 250)));
});

attention('starts at 500 ms, with the onset where it began', () => {
  const it = new Attention(rules);
  assert.equal(show(it, 0, { from: 1000, to: 1480 }), []);
  assert.equal(show(it, 0, { from: 1500, to: 1500 }), [{ kind: 'started', onset: 1000, heldMs: 500, at: 1500 }]);
});

attention('starts at a score of 0.6 and not under it', () => {
  const scoreAt = (yaw: number): number => score(pose(yaw));
  const [on, under] = [19.8, 20];
  assert.ok(scoreAt(on) >= 0.6 && scoreAt(under) < 0.6);
  assert.is(show(new Attention(rules), on, { from: 0, to: 3000 }).length, 1);
  assert.is(show(new Attention(rules), under, { from: 0, to: 3000 }).length, 0);
});

attention('between 0.4 and 0.6 it stays as it was', () => {
  const it = new Attention(rules);
  show(it, 0, { from: 0, to: 1000 });
  assert.equal(show(it, 22, { from: 1020, to: 20_000 }), []);
  assert.ok(it.attending);
  assert.equal(show(new Attention(rules), 22, { from: 0, to: 20_000 }), []);
});

attention('ends after 800 ms under 0.4, counted to the turn away', () => {
  const it = new Attention(rules);
  show(it, 0, { from: 0, to: 3000 });
  const [ended] = show(it, 50, { from: 3020, to: 6000 });
  assert.ok(ended?.kind === 'ended');
  assert.is(ended.onset, 0);
  assert.ok(ended.end > 3000 && ended.end < 3300, 'smoothing delays it a little');
  assert.ok(ended.at - ended.end >= 800 && ended.at - ended.end < 820);
  assert.is(ended.span, 'look');
  assert.is(it.totalMs, ended.end);
  assert.is(it.looks, 1);
});

attention('a look back within 800 ms does not end it', () => {
  const it = new Attention(rules);
  show(it, 0, { from: 0, to: 3000 });
  assert.equal([...show(it, 50, { from: 3020, to: 3700 }), ...show(it, 0, { from: 3720, to: 6000 })], []);
  assert.ok(it.totalMs > 5900, 'the time between counts');
});

attention('under 1 s is a glance, 1 s a look', () => {
  for (const [ms, span] of [
    [980, 'glance'],
    [1000, 'look'],
  ] as const) {
    const it = new Attention(rules);
    show(it, 0, { from: 0, to: ms });
    const ended = it.unseen(ms + 800);
    assert.ok(ended?.kind === 'ended');
    assert.is(ended.end - ended.onset, ms);
    assert.is(ended.span, span);
    assert.is(it.glances, span === 'glance' ? 1 : 0);
  }
});

attention('out of sight it ends after 800 ms, at the last sight', () => {
  const it = new Attention(rules);
  show(it, 0, { from: 0, to: 2000 });
  assert.is(it.unseen(2799), null);
  const ended = it.unseen(2800);
  assert.ok(ended?.kind === 'ended');
  assert.is(ended.end, 2000);
  assert.is(it.unseen(9000), null, 'once');
});

attention('a person who leaves ends it at once', () => {
  const it = new Attention(rules);
  show(it, 0, { from: 0, to: 2000 });
  assert.is(it.unseen(2010, true)?.kind, 'ended');
});
attention.run();
