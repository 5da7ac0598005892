import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName } from '../../../core/src/events.ts';
import { Appearance, departure } from '../../../core/src/people/presence.ts';
import { face, man, testConfig, woman } from '../../support/observations.ts';
import { FRAME_MS, names, only, Stage, the } from '../../support/stage.ts';

const rules = testConfig().presence;

const appear = suite('appear');

/** Feeds hits and misses 62.5 ms apart: five frames are 250 ms. */
function feed(pattern: string, stepMs = 62.5): Appearance {
  const it = new Appearance(rules);
  for (const [i, hit] of [...pattern].entries()) it.frame(hit === 'x', i * stepMs);
  return it;
}

appear('needs 3 of the last 5 frames', () => {
  assert.ok(feed('x.x.x').confirmed);
  assert.not(feed('x...x').confirmed);
  assert.not(feed('xx.....xx').confirmed, 'older hits do not count');
});

appear('needs 250 ms', () => {
  assert.ok(feed('xxxxx').confirmed);
  assert.not(feed('xxxxx', 62.4).confirmed);
  assert.not(feed('xxxx').confirmed);
});

appear('a series begins anew after five misses', () => assert.is(feed('x.....xx').heldMs, 62.5));

appear('says why', () => {
  const event = the(new Stage().show(400, [face(1)]), 'person.appeared');
  const { why, person } = event.data;
  assert.is(why.rule, 'appear');
  assert.is(why.hits, 5);
  assert.ok(why.heldMs >= 250 && why.heldMs < 250 + FRAME_MS);
  assert.equal(why.thresholds, { appearHits: 3, appearMs: 250 });
  assert.is(person.state, 'present');
  assert.is(person.returned, false);
});

appear('a face that flashes up is nobody', () => {
  const stage = new Stage();
  assert.equal(stage.show(200, [face(1)]), []);
  assert.equal(stage.show(10_000, []), []);
  assert.equal(stage.people.size(), { tracks: 0, persons: 0, departed: 0 });
});

appear('a predicted box confirms nobody', () => assert.equal(new Stage().show(3000, [face(1, { score: 0, sample: null })]), []));

appear('attributes need not be known', () => {
  const { person } = the(new Stage().show(1000, [face(1, { sample: null })]), 'person.appeared').data;
  assert.equal(person.age, { label: 'unknown', abstain: 'low_confidence' });
});
appear.run();

const gone = suite('gone');
const seeing = { since: 0, blindSince: null, lostAt: Number.NEGATIVE_INFINITY };
const visible = { rules, exitsVisible: true };

gone('2 s where the place is visible, the grace of 5 s where it is not', () => {
  assert.is(departure(1000, seeing, 2999, visible), null);
  assert.is(departure(1000, seeing, 3000, visible)?.reason, 'timeout');
  assert.is(departure(1000, seeing, 5999, { rules, exitsVisible: false }), null);
  assert.is(departure(1000, seeing, 6000, { rules, exitsVisible: false })?.reason, 'timeout');
});

gone('while blind the grace counts from the loss', () => {
  const blind = { since: 0, blindSince: 1500, lostAt: Number.NEGATIVE_INFINITY };
  assert.is(departure(1000, blind, 6499, visible), null);
  assert.is(departure(1000, blind, 6500, visible)?.reason, 'camera_lost');
});

gone('when it sees again it looks for 2 s first', () => {
  const again = { since: 4000, blindSince: null, lostAt: 1500 };
  assert.is(departure(1000, again, 5999, visible), null);
  assert.is(departure(1000, again, 6000, visible)?.reason, 'camera_lost');
  assert.is(departure(4100, again, 6100, visible)?.reason, 'timeout', 'seen since: an ordinary departure');
});

gone('tells the totals of the session, grace left out', () => {
  const stage = new Stage();
  stage.show(3000, [face(1)]);
  const left = the(stage.show(3000, []), 'person.left').data;
  assert.is(left.reason, 'timeout');
  assert.is(left.person.state, 'left');
  const { session } = left;
  assert.ok(Math.abs(session.dwellMs - 2970) <= 2 * FRAME_MS, `${session.dwellMs}`);
  assert.is(session.looks, 1);
  assert.ok(Math.abs(session.attentionMs - session.dwellMs) < 300);
  assert.is(session.zones.near + session.zones.mid + session.zones.far <= session.dwellMs, true);
  assert.equal(session.expressionShare, { neutral: 1 });
  assert.ok(session.age && 'years' in session.age && session.age.years === 34);
});

gone('attention ends before the person leaves', () => {
  const stage = new Stage({ attention: { offMs: 60_000 } });
  stage.show(3000, [face(1)]);
  assert.equal(names(stage.show(3000, [])).slice(-2), ['attention.ended', 'person.left']);
});

gone('says so when the track walked out or merged', () => {
  const out = new Stage();
  out.show(1000, [face(1)]);
  out.show(10, [], { ended: [{ track: 1, reason: 'exited' }] });
  assert.is(the(out.show(3000, []), 'person.left').data.reason, 'exited');

  const merged = new Stage();
  const both = [face(1, { x: 0.3 }), face(2, { x: 0.7, sample: man })];
  merged.show(1000, both);
  const events = merged.show(10, [face(2, { x: 0.7, sample: man })], { ended: [{ track: 1, reason: 'merged', into: 2 }] });
  assert.is(the(events, 'person.left').data.reason, 'merged');
});

gone('nobody is remembered past the grace', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  stage.show(4000, []);
  assert.is(stage.people.size().departed, 1);
  stage.show(1100, []);
  assert.is(stage.people.size().departed, 0);
});

gone('cameras count apart', () => {
  const stage = new Stage({ cameras: [{ name: 'main' }, { name: 'side' }] });
  stage.show(1000, [face(1)]);
  stage.show(1000, [face(1, { sample: man })], { camera: 'side' });
  const ids = stage.people.current().map(({ id, camera }) => [id, camera]);
  assert.is(new Set(ids.map(([id]) => id)).size, 2);
  assert.equal(
    ids.map(([, camera]) => camera),
    ['main', 'side'],
  );
  assert.equal(
    only(stage.events, 'person.appeared').map(({ source }) => source),
    ['urn:mien:t/main', 'urn:mien:t/side'],
  );
});
gone.run();

const loss = suite('a lost camera and a lost sight');

loss('tells the loss once, and the end of it', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  assert.equal(names(stage.notice({ type: 'camera.lost', camera: 'main', message: 'unplugged' })), ['camera.lost']);
  assert.equal(stage.notice({ type: 'sight.lost', message: 'died' }), []);
  const restored = the(stage.notice({ type: 'camera.restored', camera: 'main', message: 'back' }), 'camera.restored');
  assert.is(restored.subject, 'camera/main');
  assert.equal(stage.notice({ type: 'camera.restored', camera: 'main', message: 'back' }), []);
});

loss('names who produced the last frame, and nobody before the first', () => {
  const stage = new Stage();
  const before = the(stage.notice({ type: 'camera.lost', camera: 'main', message: 'not found' }), 'camera.lost');
  assert.not('origin' in before.data);
  const fallback = { model: 'test@1/fp32', backend: 'onnx', npuCores: [], degraded: true, degradedReason: 'no NPU', simulated: false };
  const restored = the(stage.show(30, [], { origin: fallback }), 'camera.restored');
  assert.equal(restored.data.origin, { ...fallback, profile: 'demo' }, 'the frame that proves it is its origin');
  const lost = the(stage.notice({ type: 'camera.lost', camera: 'main', message: 'unplugged' }), 'camera.lost');
  assert.equal(lost.data.origin, { ...fallback, profile: 'demo' });
  for (const event of [before, restored, lost]) assert.ok(Value.Check(EventSchemas[eventName(event)], event));
});

loss('a frame proves that the camera is back', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  stage.notice({ type: 'sight.lost', message: 'died' });
  stage.wait(1000);
  assert.is(names(stage.show(30, []))[0], 'camera.restored');
});

loss('people get the grace from the loss, then leave with camera_lost', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  stage.notice({ type: 'camera.lost', camera: 'main', message: 'unplugged' });
  assert.equal(only(stage.wait(4900), 'person.left'), []);
  assert.is(the(stage.wait(200), 'person.left').data.reason, 'camera_lost');
});

loss('silence without a word is a loss too', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  assert.equal(only(stage.wait(4900), 'person.left'), []);
  assert.is(the(stage.wait(200), 'person.left').data.reason, 'camera_lost');
});

loss('the end of a file sends everybody off', () => {
  const stage = new Stage();
  stage.show(1000, [face(1, { sample: woman, x: 0.3 }), face(2, { sample: man, x: 0.7 })]);
  const events = stage.notice({ type: 'camera.ended', camera: 'main', message: 'over' });
  assert.is(only(events, 'person.left').length, 2);
  assert.equal(stage.people.size(), { tracks: 0, persons: 0, departed: 0 });
});
loss.run();
