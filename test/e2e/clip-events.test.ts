import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EventOf, eventName, type MienEvent } from '../../core/src/events.ts';
import { ledger } from '../support/clip.ts';
import { mien } from '../support/mien-command.ts';

const clip = suite('events of the bundled clip against its ledger');
let events: MienEvent[] = [];

const named = <N extends MienEvent['type']>(type: N) => events.filter((event) => event.type === type) as Array<Extract<MienEvent, { type: N }>>;
const appeared = () => named('mien.person.appeared.v1');
const left = () => named('mien.person.left.v1');

clip.before(async () => {
  const outcome = await mien(['run', '--once', '--json']);
  assert.is(outcome.code, 0, outcome.stderr);
  events = outcome.json<MienEvent>();
});

/** Seconds of media time since the first frame; the first event of a person anchors it to the ledger. */
const at = (event: MienEvent): number => event.data.clock.capturedMonoMs / 1000;

/** People of the ledger with the ids that Mien gave them, matched by the order in which they become clearly visible. */
function cast(): Array<{ id: string; who: (typeof ledger.people)[number]; fromS: number; toS: number; appearS: number; leftS: number }> {
  const clearly = ledger.presence
    .map(({ person }) => {
      const frames = ledger.ledger.flatMap((faces, frame) => (faces.some((face) => face.person === person && face.visible >= 0.5) ? [frame] : []));
      const who = ledger.people.find(({ id }) => id === person);
      assert.ok(who);
      return { who, from: frames[0] as number, to: frames.at(-1) as number };
    })
    .sort((a, b) => a.from - b.from);
  const first = appeared()[0];
  assert.ok(first);
  const zero = at(first) - (clearly[0]?.from ?? 0) / ledger.framesPerSecond;
  return appeared().map((event, index) => {
    const { id } = event.data.person;
    const leave = left().find(({ data }) => data.person.id === id);
    const one = clearly[index];
    assert.ok(leave && one);
    return {
      id,
      who: one.who,
      fromS: one.from / ledger.framesPerSecond,
      toS: one.to / ledger.framesPerSecond,
      appearS: at(event) - zero,
      leftS: at(leave) - zero,
    };
  });
}

clip('four people appear, each once, and all of them leave', () => {
  assert.is(appeared().length, ledger.people.length);
  assert.is(new Set(appeared().map(({ data }) => data.person.id)).size, ledger.people.length);
  assert.equal(
    left()
      .map(({ data }) => data.person.id)
      .sort(),
    appeared()
      .map(({ data }) => data.person.id)
      .sort(),
  );
});

clip('each appears when the ledger shows them and leaves within the grace after they are gone', () => {
  for (const { who, fromS, toS, appearS, leftS } of cast()) {
    assert.ok(Math.abs(appearS - fromS) < 1.2, `${who.id} appeared at ${appearS.toFixed(2)} s, visible from ${fromS.toFixed(2)} s`);
    assert.ok(leftS > toS && leftS - toS < 4, `${who.id} left at ${leftS.toFixed(2)} s, visible until ${toS.toFixed(2)} s`);
  }
});

clip('a gender that settled is the right one, and an age that settled is within three deviations', () => {
  let settledGenders = 0;
  for (const { id, who } of cast()) {
    const last = left().find(({ data }) => data.person.id === id)?.data.session;
    assert.ok(last);
    if (last.gender && 'p' in last.gender && last.gender.stable) {
      settledGenders += 1;
      assert.is(last.gender.label, who.gender, who.id);
    }
    if (last.age && 'years' in last.age)
      assert.ok(Math.abs(last.age.years - who.apparentAge) < Math.max(20, 3 * last.age.sd), `${who.id}: ${last.age.years} for ${who.apparentAge}`);
  }
  assert.ok(settledGenders >= 3, `${settledGenders} genders settled`);
});

clip('the ages of at least three settle within 4 s of appearing, by limits that the event names', () => {
  const waits: string[] = [];
  let settled = 0;
  for (const { id, who } of cast()) {
    const moment = named('mien.person.updated.v1').find(({ data }) => data.person.id === id && data.settled.includes('age'));
    const first = appeared().find(({ data }) => data.person.id === id);
    assert.ok(first);
    const waitS = moment && at(moment) - at(first);
    waits.push(`${who.id} ${waitS === undefined ? 'never' : `after ${waitS.toFixed(2)} s`}`);
    if (!moment || waitS === undefined || waitS > 4) continue;
    settled += 1;
    const { age } = moment.data.person;
    const { ageSd, ageSamples } = moment.data.why.thresholds;
    assert.ok(age && 'years' in age && ageSd !== undefined && age.sd < ageSd && age.n >= (ageSamples ?? Number.POSITIVE_INFINITY), who.id);
  }
  console.log(`ages settled: ${waits.join(', ')}`);
  assert.ok(settled >= 3, waits.join(', '));
});

clip('two are there at once, everybody paid attention, and the session tells of it', () => {
  let most = 0;
  const present = new Set<string>();
  for (const event of events) {
    if (eventName(event) === 'person.appeared') present.add((event as EventOf<'person.appeared'>).data.person.id);
    if (eventName(event) === 'person.left') present.delete((event as EventOf<'person.left'>).data.person.id);
    most = Math.max(most, present.size);
  }
  assert.ok(most >= 2);
  assert.is(present.size, 0);
  for (const { data } of left()) {
    assert.ok(data.session.dwellMs > 3000);
    assert.ok(data.session.attentionMs > 1000 && data.session.attentionMs <= data.session.dwellMs);
  }
});

clip('each attention that started ended, in order', () => {
  for (const { data } of appeared()) {
    const own = events.filter((event) => 'person' in event.data && event.data.person.id === data.person.id).map(eventName);
    const spans = own.filter((name) => name.startsWith('attention.'));
    for (const [index, name] of spans.entries()) assert.is(name, index % 2 === 0 ? 'attention.started' : 'attention.ended');
    assert.is(spans.length % 2, 0);
    assert.is(own[0], 'person.appeared');
    assert.is(own.at(-1), 'person.left');
  }
});

clip.run();
