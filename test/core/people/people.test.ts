import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaceSample } from '../../../core/src/observation.ts';
import { createPersonIds } from '../../../core/src/people/person-ids.ts';
import { face, heads, man, smiling, woman } from '../../support/observations.ts';
import { FRAME_MS, names, only, Stage, the } from '../../support/stage.ts';

const people = suite('people');
const child: FaceSample = { age: { years: 9, sd: 4 }, gender: [0.1, 0.9], expression: [0.05, 0.9, 0.05] };

people('a visit in order: appears, settles, attends, smiles, looks away, leaves', () => {
  const stage = new Stage();
  stage.show(3000, [face(1)]);
  stage.show(3000, [face(1, { sample: smiling(woman) })]);
  stage.show(2000, [face(1, { sample: smiling(woman), quality: { yawDeg: 50 } })]);
  stage.show(3000, []);
  const told = names(stage.events).filter((name) => name !== 'person.updated');
  assert.equal(told, ['person.appeared', 'attention.started', 'emotion.changed', 'attention.ended', 'person.left']);
  const settled = only(stage.events, 'person.updated').flatMap(({ data }) => data.settled);
  assert.equal([...settled].sort(), ['age', 'expression', 'gender']);
});

people('the moment to greet comes within the first second of an appearance', () => {
  const stage = new Stage();
  stage.show(1000, [face(1)]);
  const [appeared, first] = [the(stage.events, 'person.appeared'), only(stage.events, 'person.updated')[0]];
  assert.ok(first);
  assert.ok(first.data.settled.includes('gender'));
  assert.is(first.data.why.rule, 'settled');
  assert.ok(first.data.clock.capturedMonoMs - appeared.data.clock.capturedMonoMs < 300);
});

people('updates name what changed and how it was told before', () => {
  const stage = new Stage();
  stage.show(6000, (t) => [face(1, { px: t < 3000 ? 100 : 200 })]);
  const near = only(stage.events, 'person.updated').find(({ data }) => data.changed.includes('zone'));
  assert.is(near?.data.previous.zone, 'mid');
  assert.is(near?.data.person.zone, 'near');
  assert.is(near?.data.previous.age, undefined, 'only what changed');
});

people('at most one update a second and person, however much changes', () => {
  const stage = new Stage();
  // Swaying to and fro and turning: slow enough for attention and zone to follow.
  stage.show(30_000, (t) => [face(1, { px: 170 + 100 * Math.sin((t * 2 * Math.PI) / 3000), quality: { yawDeg: t % 3000 < 1500 ? 0 : 60 } })]);
  const times = only(stage.events, 'person.updated').map(({ data }) => data.clock.capturedMonoMs);
  assert.ok(times.length > 10, `${times.length} updates`);
  for (const [i, t] of times.entries()) if (i > 0) assert.ok(t - (times[i - 1] as number) >= 1000);
});

people('nothing new, nothing told', () => {
  const stage = new Stage();
  stage.show(10_000, [face(1)]);
  assert.equal(stage.show(20_000, [face(1)]), []);
});

people('the onset of a smile is when it began to win', () => {
  const stage = new Stage();
  stage.show(4000, [face(1)]);
  const from = stage.t;
  const { data } = the(stage.show(3000, [face(1, { sample: smiling(woman) })]), 'emotion.changed');
  assert.is(data.from, 'neutral');
  assert.is(data.to, 'positive');
  assert.is(data.person.expression && 'label' in data.person.expression && data.person.expression.label, 'positive');
  assert.ok(data.onsetMonoMs > from && data.onsetMonoMs < from + 900);
  assert.ok(Math.abs(data.clock.capturedMonoMs - data.onsetMonoMs - data.why.heldMs) < 1);
  assert.ok(data.why.heldMs >= 800 && data.why.heldMs < 800 + FRAME_MS);
});

people('of a likely minor neither gender nor expression, and no emotion.changed', () => {
  const stage = new Stage();
  stage.show(4000, [face(1, { sample: child })]);
  stage.show(4000, [face(1, { sample: smiling(child) })]);
  stage.show(3000, []);
  assert.equal(only(stage.events, 'emotion.changed'), []);
  const withheld = { label: 'unknown', abstain: 'policy' };
  for (const { data } of only(stage.events, 'person.updated')) {
    assert.equal(data.person.gender, withheld);
    assert.equal(data.person.expression, withheld);
    assert.not(data.settled.includes('gender'));
  }
  const { session } = the(stage.events, 'person.left').data;
  assert.equal(session.gender, withheld);
  assert.is(session.expressionShare, undefined);
});

people('heads that are not bound are absent everywhere', () => {
  const stage = new Stage();
  stage.show(3000, [face(1)], { heads: { age: { unit: 'years' } } });
  const [person] = stage.people.current();
  assert.ok(person?.age);
  assert.not('gender' in (person ?? {}) || 'expression' in (person ?? {}));
  stage.show(3000, [], { heads: {} });
  assert.equal(Object.keys(the(stage.events, 'person.left').data.session).sort(), ['attentionMs', 'closestM', 'dwellMs', 'glances', 'looks', 'zones']);
});

people('far faces say they are too small', () => {
  const stage = new Stage();
  stage.show(2000, [face(1, { px: 40, quality: { facePx: 40 } })]);
  const [person] = stage.people.current();
  for (const field of [person?.age, person?.gender, person?.expression]) assert.equal(field, { label: 'unknown', abstain: 'too_small' });
  assert.ok(stage.people.whyNot(person?.id ?? '').some(({ rule, detail }) => rule === 'quality.too_small' && detail.includes('48')));
});

people('why not: every rule that holds something back, with how far it is', () => {
  const stage = new Stage();
  stage.show(300, [face(1, { quality: { score: 0.5 } })]);
  const [person] = stage.people.current();
  const held = stage.people.whyNot(person?.id ?? '');
  assert.equal(
    held.map(({ what }) => what),
    ['settled age', 'settled expression', 'attention.started', 'engaged'],
  );
  for (const { progress, thresholds, detail } of held) {
    assert.equal(Object.keys(progress), Object.keys(thresholds));
    assert.ok(detail.length > 10);
  }
  assert.equal(stage.people.whyNot('p-nobod'), []);
});

people('why and why not name the limits that apply to this person', () => {
  const old = (sd: number) => [face(1, { sample: { ...man, age: { years: 80, sd } } })];
  const stage = new Stage();
  stage.show(3000, old(18));
  const held = stage.people.whyNot(stage.people.current()[0]?.id ?? '').find(({ what }) => what === 'settled age');
  assert.is(held?.thresholds.ageSd, 12, '15 % of 80 years');
  assert.ok((held?.progress.ageSd ?? 0) > 12);
  const settled = new Stage();
  settled.show(3000, old(10));
  const why = only(settled.events, 'person.updated').find(({ data }) => data.settled.includes('age'))?.data.why;
  assert.is(why?.rule, 'settled');
  assert.is(why?.thresholds.ageSd, 12);
  assert.is(why?.thresholds.ageSamples, 8);
});

people('a person out of sight is still here, and says so', () => {
  const stage = new Stage();
  stage.show(2000, [face(1)]);
  stage.show(400, []);
  assert.is(stage.people.current()[0]?.state, 'present', 'gaps of the detector are none');
  stage.show(300, []);
  assert.is(stage.people.current()[0]?.state, 'unseen');
});

people("how long a gap is the detector's is configurable", () => {
  const stage = new Stage({ presence: { unseenMs: 1000 } });
  stage.show(2000, [face(1)]);
  stage.show(900, []);
  assert.is(stage.people.current()[0]?.state, 'present');
  stage.show(200, []);
  assert.is(stage.people.current()[0]?.state, 'unseen');
});

people('engagement needs nearness and 2 s of attention', () => {
  const stage = new Stage();
  stage.show(1500, [face(1, { px: 200 })]);
  assert.is(stage.people.current()[0]?.engagement, 'engaging');
  stage.show(1000, [face(1, { px: 200 })]);
  assert.is(stage.people.current()[0]?.engagement, 'engaged');
});

people('notices about models become events of the device', () => {
  const stage = new Stage();
  const model = {
    name: 'mien',
    release: 'v0',
    version: '0.1.0',
    precision: 'int8',
    backend: 'onnx',
    npuCores: [],
    simulated: false,
    degraded: true,
    degradedReason: 'no NPU',
    selftest: { passed: true, ms: 12, detail: '8 of 8' },
  };
  const [test] = stage.notice({ type: 'model.selftest', model });
  assert.is(test?.source, 'urn:mien:t');
  assert.is(test?.subject, 'model/mien');
  assert.is(test?.type === 'mien.model.selftest.v1' && test.data.passed, true);
  const [degraded] = stage.notice({ type: 'backend.degraded', model });
  assert.is(degraded?.type === 'mien.backend.degraded.v1' && degraded.data.reason, 'no NPU');
  assert.equal(names(stage.notice({ type: 'backend.recovered', model })), ['backend.recovered']);
});

people('faces without a place and tracks named twice are ignored', () => {
  const stage = new Stage();
  stage.show(2000, [face(1), face(1, { x: 0.9, sample: man }), face(2, { box: [0.5, 0.5, 0, 0.1] }), face(3, { box: [Number.NaN, 0, 0.1, 0.1] })], { heads });
  assert.is(stage.people.current().length, 1);
});

people('ids do not repeat', () => {
  const next = createPersonIds();
  const ids = new Set(Array.from({ length: 200_000 }, next));
  assert.is(ids.size, 200_000);
  for (const id of [...ids].slice(0, 100)) assert.match(id, /^p-[0-9a-z]{5}$/);
  assert.is.not(createPersonIds()(), createPersonIds()(), 'another session, other ids');
});

people('time per observation grows with the faces, not with their square, and memory stays', () => {
  const perFace = (count: number, frames: number): number => {
    const stage = new Stage();
    const faces = Array.from({ length: count }, (_, i) => face(i + 1, { px: 20, x: (i + 0.5) / count, quality: { facePx: 160 } }));
    stage.show(frames * FRAME_MS, faces);
    const start = performance.now();
    stage.show(frames * FRAME_MS, faces);
    return (performance.now() - start) / frames / count;
  };
  const [few, many] = [perFace(2, 2000), perFace(50, 200)];
  // Generous, because other work shares the machine: squared growth would be 25 times.
  assert.ok(many < few * 6, `${(few * 1000).toFixed(1)} us a face with 2 faces, ${(many * 1000).toFixed(1)} with 50`);
});
people.run();
