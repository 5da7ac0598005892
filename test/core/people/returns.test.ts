/** Who comes back within the grace is not greeted twice, and nobody is given another person's attributes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../../core/src/events.ts';
import type { FaceSample, ObservedFace } from '../../../core/src/observation.ts';
import { teleported } from '../../../core/src/people/return-gate.ts';
import { FRAME, face, man, observation, woman } from '../../support/observations.ts';
import { names, only, Stage, the } from '../../support/stage.ts';

const returns = suite('returns');
const at = (track: number, x: number, sample: FaceSample | null = woman) => face(track, { x, sample });

function appeared(stage: Stage): string[] {
  return only(stage.events, 'person.appeared').map(({ data }) => data.person.id);
}

returns('within 2 s on a new track: the same id, returned in the next update, attributes kept', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  const [before] = stage.people.current();
  stage.show(1200, []);
  const events = stage.show(1500, [at(2, 0.52)]);
  assert.is(appeared(stage).length, 1);
  const back = only(events, 'person.updated').find(({ data }) => data.changed.includes('returned'));
  assert.ok(back);
  assert.is(back.data.person.id, before?.id);
  assert.is(back.data.why.rule, 'returned');
  assert.is(back.data.person.returned, true);
  assert.is(back.data.previous.returned, false);
  assert.equal(back.data.settled, [], 'no second moment to greet');
  const [now] = stage.people.current();
  assert.ok(now?.age && 'n' in now.age && before?.age && 'n' in before.age && now.age.n > before.age.n);
});

returns('on the same track, after it was hidden: returned too, with the attributes once they agree', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  stage.show(400, [face(1, { score: 0, sample: null })]);
  stage.show(1500, [at(1, 0.5)]);
  assert.is(stage.people.current()[0]?.returned, false, 'gaps of the detector are no return');
  stage.show(800, [face(1, { score: 0, sample: null })]);
  const events = stage.show(1500, [at(1, 0.5)]);
  assert.ok(only(events, 'person.updated').some(({ data }) => data.changed.includes('returned') && data.person.returned));
  assert.is(appeared(stage).length, 1);
});

returns('after person.left, within the grace: a new id with returned', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  the(stage.show(2500, []), 'person.left');
  const events = stage.show(1000, [at(2, 0.5)]);
  const { person } = the(events, 'person.appeared').data;
  assert.is(person.returned, true);
  assert.is(new Set(appeared(stage)).size, 2);
  assert.ok(person.age && 'n' in person.age && person.age.n > 20, 'known attributes go on');
  assert.equal(
    only(events, 'person.updated').flatMap(({ data }) => data.settled),
    [],
  );
});

returns('after the grace they are new', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  stage.show(5100, []);
  const { person } = the(stage.show(1000, [at(2, 0.5)]), 'person.appeared').data;
  assert.is(person.returned, false);
  assert.ok(person.age && 'n' in person.age && person.age.n < 12);
});

returns('another person in the same place is new, within 2 s and after', () => {
  for (const away of [1000, 3000]) {
    const stage = new Stage();
    stage.show(2000, [at(1, 0.5)]);
    stage.show(away, []);
    const { person } = the(stage.show(1000, [at(2, 0.5, man)]), 'person.appeared').data;
    assert.is(person.returned, false, `${away}`);
    const him = stage.people.current().find(({ id }) => id === person.id);
    assert.ok(him?.age && 'years' in him.age && him.age.years === 55);
  }
});

returns('the same person across the room is the same when the attributes agree, and new when they are not known', () => {
  const known = new Stage();
  known.show(2000, [at(1, 0.35)]);
  known.show(1000, []);
  assert.equal(only(known.show(1000, [at(2, 0.75)]), 'person.appeared'), []);

  const unknown = new Stage();
  unknown.show(2000, [at(1, 0.35, null)]);
  unknown.show(1000, []);
  assert.is(only(unknown.show(1000, [at(2, 0.75, null)]), 'person.appeared').length, 1);
  unknown.show(1000, []);
  assert.equal(only(unknown.show(1000, [at(3, 0.75, null)]), 'person.appeared'), [], 'in the same place it is');
});

returns('recognised by place alone, attributes wait until they agree', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  stage.show(1000, []);
  stage.show(500, [at(2, 0.5, null)]);
  const [doubted] = stage.people.current();
  assert.equal(doubted?.age, { label: 'unknown', abstain: 'low_confidence' });
  assert.ok(stage.people.whyNot(doubted?.id ?? '').some(({ rule }) => rule === 'identity.doubt'));
  stage.show(300, [at(2, 0.5)]);
  const [sure] = stage.people.current();
  assert.is(sure?.id, doubted?.id);
  assert.ok(sure?.age && 'n' in sure.age && sure.age.n > 50);
});

returns('recognised by place alone and wrong: the newcomer becomes a person of their own', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  const [her] = stage.people.current();
  stage.show(1000, []);
  stage.show(500, [at(2, 0.5, null)]);
  const events = stage.show(1000, [at(2, 0.5, man)]);
  const { person } = the(events, 'person.appeared').data;
  assert.is.not(person.id, her?.id);
  for (const { data } of only(stage.events, 'person.updated')) {
    if (data.person.age && 'years' in data.person.age) assert.is(data.person.age.years, data.person.id === her?.id ? 34 : 55);
  }
});

returns('recognised by place alone and wrong: she was last where she was, not where he walked to', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  const [her] = stage.people.current();
  stage.show(1000, []);
  const start = stage.t;
  stage.show(660, (t) => [at(2, 0.5 + (t - start) / 10_000, null)]);
  stage.show(300, [at(2, 0.566, man)]);
  const now = stage.people.current().find(({ id }) => id === her?.id);
  assert.equal(now?.box, her?.box);
});

returns('across a restart of sight the track numbers mean nothing, the persons stay', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.3), at(2, 0.7, man)]);
  const before = new Map(stage.people.current().map(({ id, gender }) => [id, gender && 'p' in gender ? gender.label : '']));
  stage.notice({ type: 'sight.lost', message: 'killed' });
  stage.wait(3000);
  stage.notice({ type: 'sight.restored', message: 'started' });
  const events = stage.show(1500, [at(1, 0.7, man), at(2, 0.3)], { run: 'r2' });
  assert.equal(only(events, 'person.appeared'), []);
  assert.equal(only(events, 'person.left'), []);
  const after = stage.people.current();
  assert.is(after.length, 2);
  for (const { id, returned, gender, age } of after) {
    assert.ok(returned);
    assert.is(gender && 'p' in gender && gender.label, before.get(id));
    assert.is(age && 'years' in age && age.years, before.get(id) === 'male' ? 55 : 34);
  }
});

returns('after a restart that outlasts the grace they left, and return with a new id', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  stage.notice({ type: 'sight.lost', message: 'killed' });
  assert.is(the(stage.wait(6000), 'person.left').data.reason, 'camera_lost');
  assert.is(the(stage.show(1000, [at(1, 0.5)], { run: 'r2' }), 'person.appeared').data.person.returned, true);
});

returns('exchanged tracks of two people apart: each keeps their own id and attributes', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.3), at(2, 0.7, man)]);
  const ids = new Map(stage.people.current().map(({ id, box }) => [id, (box[0] as number) < 0.5]));
  const events = stage.show(2000, [at(1, 0.7, man), at(2, 0.3)]);
  assert.equal(only(events, 'person.appeared'), []);
  assert.equal(only(events, 'person.left'), []);
  for (const { id, box, age } of stage.people.current()) {
    assert.is((box[0] as number) < 0.5, ids.get(id));
    assert.is(age && 'years' in age && age.years, ids.get(id) ? 34 : 55);
  }
});

returns('exchanged tracks of two people who crossed: the same', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.3), at(2, 0.7, man)]);
  const her = stage.people.current().find(({ gender }) => gender && 'p' in gender && gender.label === 'female');
  const start = stage.t;
  const cross = (t: number): number => 0.3 + (0.4 * (t - start)) / 2000;
  // She walks from left to right, he the other way; from the middle on the tracker has them exchanged.
  stage.show(2000, (t) => (t - start < 1000 ? [at(1, cross(t)), at(2, 1 - cross(t), man)] : [at(2, cross(t)), at(1, 1 - cross(t), man)]));
  stage.show(1000, [at(2, 0.7), at(1, 0.3, man)]);
  assert.is(appeared(stage).length, 2);
  const now = stage.people.current();
  assert.is(now.length, 2);
  for (const { id, age, box } of now) {
    assert.is(age && 'years' in age && age.years, id === her?.id ? 34 : 55);
    assert.is((box[0] as number) > 0.5, id === her?.id);
  }
});

returns('exchanged while one covered the other, and one track lost there: out of sight he keeps his age, and is known again', () => {
  const stage = new Stage();
  stage.show(400, [at(1, 0.4), at(2, 0.55, man)]);
  const isHim = ({ gender }: Person): boolean => gender !== undefined && 'p' in gender && gender.label === 'male';
  const id = stage.people.current().find(isHim)?.id;
  const him = (): Person | undefined => stage.people.current().find((person) => person.id === id);
  const yearsOf = (person?: Person) => person?.age && 'years' in person.age && person.age.years;
  const walk = (ms: number, from: number, to: number, faces: (x: number) => ObservedFace[]): void => {
    const start = stage.t;
    stage.show(ms, (t) => faces(from + ((to - from) * (t - start)) / ms));
  };
  walk(660, 0.55, 0.4, (x) => [at(1, 0.4), at(2, x, man)]);
  stage.show(33, [at(2, 0.4), at(1, 0.4, man)]);
  walk(660, 0.4, 0.3, (x) => [at(3, 0.4), at(1, x, man)]);
  assert.is(him()?.state, 'unseen');
  assert.is(him()?.box[0], at(3, 0.4).box[0], 'last seen where she still stands');
  assert.is(yearsOf(him()), 55);
  walk(660, 0.3, 0.2, (x) => [at(3, 0.4), at(1, x, man)]);
  assert.is(him()?.state, 'present');
  assert.is(him()?.box[0], at(1, 0.2).box[0]);
  const told = only(stage.events, 'person.updated').map(({ data }) => data.person);
  for (const person of [...told, ...stage.people.current()]) if (yearsOf(person)) assert.is(yearsOf(person), person.id === id ? 55 : 34);
});

returns('while two faces overlap no sample counts', () => {
  const stage = new Stage();
  const n = (): number[] => stage.people.current().map(({ age }) => (age && 'n' in age ? age.n : 0));
  stage.show(1500, [at(1, 0.4), at(2, 0.7, man)]);
  const before = n();
  stage.show(660, (t) => [at(1, 0.4 + 0.008 * ((t - 1500) / 33)), at(2, 0.7 - 0.004 * ((t - 1500) / 33), man)]);
  stage.show(330, [at(1, 0.57), at(2, 0.62, man)]);
  const during = n();
  stage.show(660, [at(1, 0.57), at(2, 0.62, man)]);
  assert.equal(n(), during);
  assert.ok((during[0] as number) >= (before[0] as number));
});

returns('a head moves as heads do', () => {
  const [here, there] = [face(1, { x: 0.3 }).box, face(1, { x: 0.7 }).box];
  assert.ok(teleported(here, there, 33, FRAME));
  assert.not(teleported(here, there, 1000, FRAME));
  assert.not(teleported(here, face(1, { x: 0.33 }).box, 33, FRAME));
  assert.ok(teleported(here, face(1, { x: 0.3, px: 300 }).box, 33, FRAME));
});

returns('time that runs backwards or leaps ahead breaks nothing', () => {
  const stage = new Stage();
  stage.show(2000, [at(1, 0.5)]);
  const [before] = stage.people.current();
  const back: string[] = [];
  for (let i = 0; i < 60; i++) back.push(...names(stage.people.observe(observation(i * 33, [at(1, 0.5)]))));
  const [after] = stage.people.current();
  assert.is(after?.id, before?.id);
  assert.not(back.includes('person.left'));
  const leap = stage.people.observe(observation(3_600_000, [at(1, 0.5)]));
  const left = the(leap, 'person.left');
  assert.ok(left.data.session.dwellMs < 5000, 'an hour that nobody saw is no dwell');
});
returns.run();
