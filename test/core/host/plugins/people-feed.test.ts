import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { subscribe } from '../../../support/attached-plugin.ts';
import { known } from '../../../support/fake-people.ts';
import { must } from '../../../support/must.ts';
import { until } from '../../../support/processes.ts';
import { type TrafficStage, trafficStage } from '../../../support/traffic-stage.ts';

const test = suite('feed of people');
const follow = (everyMs = 0) => subscribe({ peopleEveryMs: everyMs });

/** Attached, following, and taking each snapshot at once unless told otherwise. */
function follower(stage: TrafficStage, name: string, everyMs = 0, takes = true, grants?: readonly 'person.presence'[]) {
  const end = stage.plugin(name, grants && { grants });
  if (takes) end.onMessage = (message) => message.type === 'people' && end.attached.receive({ type: 'peopleTaken', camera: message.camera });
  end.attached.receive(follow(everyMs));
  return end;
}

test('each frame brings everybody of its camera, as the grants let them be seen; people are asked once', () => {
  using stage = trafficStage();
  const full = follower(stage, 'full');
  const narrow = follower(stage, 'narrow', 0, true, ['person.presence']);
  const current = stage.people.current;
  let asked = 0;
  stage.people.current = () => {
    asked += 1;
    return current();
  };
  stage.people.appear('p-aaaaa', known);
  stage.people.appear('p-bbbbb', { camera: 'side' });
  stage.bus.announceObserved('side');
  assert.is(asked, 3);
  assert.equal(
    full.of('people').map(({ camera, people }) => [camera, people.map(({ id }) => id)]),
    [
      ['main', ['p-aaaaa']],
      ['side', ['p-bbbbb']],
      ['side', ['p-bbbbb']],
    ],
  );
  assert.equal(full.of('people')[0]?.people, [must(current()[0])]);
  assert.equal(Object.keys(must(narrow.of('people')[0]?.people[0])).sort(), ['camera', 'id', 'returned', 'sinceMs', 'state']);
});

test('the next comes when the last was taken, and is the newest', () => {
  using stage = trafficStage();
  const slow = follower(stage, 'slow', 0, false);
  for (let n = 0; n < 5; n += 1) stage.people.appear(`p-${n}`);
  assert.is(slow.of('people').length, 1);
  slow.attached.receive({ type: 'peopleTaken', camera: 'main' });
  assert.equal(
    slow.of('people').map(({ people }) => people.length),
    [1, 5],
  );
  slow.attached.receive({ type: 'peopleTaken', camera: 'main' });
  assert.is(slow.of('people').length, 2, 'nothing new');
  slow.attached.receive({ type: 'peopleTaken', camera: 'main' });
  assert.is(slow.failures.length, 1, 'taken twice');
});

test('not more often than asked for, and the last state always comes', async () => {
  using stage = trafficStage();
  const end = follower(stage, 'rare', 1000);
  const started = performance.now();
  for (let n = 0; n < 5; n += 1) stage.people.appear(`p-${n}`);
  assert.is(end.of('people').length, 1);
  await until('the last state', 10_000, () => end.of('people').length === 2);
  assert.ok(performance.now() - started >= 999);
  assert.is(end.of('people')[1]?.people.length, 5);
});

test('somebody who leaves while no frame comes is told', async () => {
  using stage = trafficStage();
  const end = follower(stage, 'end');
  stage.people.appear('p-aaaaa');
  const departure = stage.people.leave('p-aaaaa');
  const seen = end.of('people').length;
  stage.bus.publish(departure);
  await until('a snapshot', 10_000, () => end.of('people').length === seen + 1);
  assert.equal(end.of('people').at(-1)?.people, []);
});

test('nobody is followed without the grant, before the start, or after the wish has ended', () => {
  using stage = trafficStage();
  const blind = stage.plugin('blind', { grants: ['device.health'] });
  blind.attached.receive(follow());
  const ended = follower(stage, 'ended');
  ended.attached.receive(subscribe({}));
  stage.people.appear('p-aaaaa');
  assert.equal([...blind.received, ...ended.received], []);
  assert.ok(stage.log.some((line) => line.includes('"blind" may not use onPeople without person.presence')));
});

test.run();
