import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName, type MienEvent, type Person } from '../../../core/src/events.ts';
import { readScenario } from '../../../core/src/simulate/read-scenario.ts';
import { type Played, played } from '../../support/scenarios.ts';
import { only } from '../../support/stage.ts';

const bundled = suite('bundled scenarios');
const folder = fileURLToPath(new URL('../../../examples/scenarios/', import.meta.url));
const play = async (name: string): Promise<Played> => played(await readScenario(`${folder}${name}.yaml`));

const personOf = (event: MienEvent): Person | undefined => ('person' in event.data ? (event.data.person as Person) : undefined);
const idsInOrder = ({ events }: Played): string[] => only(events, 'person.appeared').map(({ data }) => data.person.id);
/** What happened to one person; updates without the ones that only say what other events say. */
const storyOf = ({ events }: Played, id: string | undefined): string[] =>
  events
    .filter((event) => personOf(event)?.id === id && eventName(event) !== 'person.updated')
    .map((event) => {
      switch (event.type) {
        case 'mien.person.left.v1':
          return `left ${event.data.reason}`;
        case 'mien.emotion.changed.v1':
          return `${event.data.from} to ${event.data.to}`;
        case 'mien.attention.ended.v1':
          return `end of ${event.data.kind}`;
        default:
          return eventName(event);
      }
    });
const lastOf = ({ events }: Played, id: string | undefined): Person =>
  only(events, 'person.left').find(({ data }) => data.person.id === id)?.data.person as Person;

bundled('each plays, gives valid events only, and is tested here', async () => {
  const tested = ['crowd', 'family', 'greeting', 'nobody', 'queue'];
  assert.equal(
    readdirSync(folder)
      .map((file) => basename(file, '.yaml'))
      .sort(),
    tested,
  );
  for (const name of tested) {
    for (const event of (await play(name)).events) assert.ok(Value.Check(EventSchemas[eventName(event)], event), JSON.stringify(event));
  }
});

bundled('greeting: she comes, is known, comes near, smiles, leaves', async () => {
  const greeting = await play('greeting');
  const [anna, ...others] = idsInOrder(greeting);
  assert.equal(others, []);
  assert.equal(storyOf(greeting, anna), ['person.appeared', 'attention.started', 'neutral to positive', 'positive to neutral', 'end of look', 'left exited']);
  const settled = only(greeting.events, 'person.updated').flatMap(({ data }) => data.settled);
  assert.equal([...settled].sort(), ['age', 'expression', 'gender']);
  const engaged = only(greeting.events, 'person.updated').find(({ data }) => data.person.engagement === 'engaged');
  assert.is(engaged?.data.person.zone, 'near');
  const { age, gender } = lastOf(greeting, anna);
  assert.ok(age && 'years' in age && Math.abs(age.years - 34) < 5);
  assert.is(gender?.label, 'female');
});

bundled('family: three side by side; of the child neither gender nor expression is told', async () => {
  const family = await play('family');
  const ids = idsInOrder(family);
  assert.is(ids.length, 3);
  const byBearing = ids.map((id) => only(family.events, 'person.appeared').find(({ data }) => data.person.id === id)?.data.person as Person);
  const [mother, child, father] = byBearing.sort((a, b) => a.bearingDeg - b.bearingDeg).map(({ id }) => id);
  assert.equal(storyOf(family, mother), [
    'person.appeared',
    'attention.started',
    'neutral to positive',
    'end of look',
    'attention.started',
    'end of look',
    'left timeout',
  ]);
  assert.equal(storyOf(family, father), ['person.appeared', 'attention.started', 'end of look', 'left timeout']);
  assert.equal(storyOf(family, child), ['person.appeared', 'attention.started', 'end of look', 'left timeout']);
  assert.is(lastOf(family, mother).gender?.label, 'female');
  assert.is(lastOf(family, father).gender?.label, 'male');
  assert.equal(lastOf(family, child).gender, { label: 'unknown', abstain: 'policy' });
  assert.equal(lastOf(family, child).expression, { label: 'unknown', abstain: 'policy' });
  for (const event of family.events) {
    const person = personOf(event);
    if (person?.id === child) assert.ok([undefined, 'unknown'].includes(person?.gender?.label));
  }
});

bundled('queue: one after the other comes near and leaves; nobody is taken for another', async () => {
  const queue = await play('queue');
  const ids = idsInOrder(queue);
  assert.is(ids.length, 3);
  assert.equal(storyOf(queue, ids[0]), ['person.appeared', 'attention.started', 'end of look', 'left exited']);
  assert.equal(storyOf(queue, ids[1]), ['person.appeared', 'attention.started', 'neutral to positive', 'end of look', 'left exited']);
  assert.equal(storyOf(queue, ids[2]), ['person.appeared', 'attention.started', 'neutral to negative', 'end of look', 'left exited']);
  assert.equal(
    only(queue.events, 'person.left').map(({ data }) => data.person.id),
    ids,
  );
  for (const [i, years] of [52, 29, 68].entries()) {
    const { age } = lastOf(queue, ids[i]);
    assert.ok(age && 'years' in age && Math.abs(age.years - years) < 8, JSON.stringify(age));
  }
  assert.ok(only(queue.events, 'person.left').every(({ data }) => data.session.zones.near > 8000 && !data.person.returned));
});

bundled('crowd: as many appear and leave as came', async () => {
  const crowd = await play('crowd');
  assert.ok(crowd.visits.length > 70 && crowd.visits.length < 110, String(crowd.visits.length));
  assert.is(only(crowd.events, 'person.appeared').length, crowd.visits.length);
  assert.is(only(crowd.events, 'person.left').length, crowd.visits.length);
});

bundled('nobody: nothing happens', async () => {
  const { events, frames } = await play('nobody');
  assert.equal(events, []);
  assert.is(frames, 900);
});

bundled.run();
