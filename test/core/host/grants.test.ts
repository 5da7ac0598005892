import * as fc from 'fast-check';
import Type from 'typebox';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EventName, type EventOf, EventSchemas, Grant, type MienEvent, Person } from '../../../core/src/events.ts';
import { createEventBus } from '../../../core/src/host/event-bus.ts';
import { createGrantFilter } from '../../../core/src/host/grants.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { rejectsWith } from '../../support/errors.ts';
import { sampleEvent } from '../../support/event-samples.ts';
import { createFakePeople, fakePerson, known } from '../../support/fake-people.ts';
import { face, smiling, woman } from '../../support/observations.ts';
import { only, Stage } from '../../support/stage.ts';

const test = suite('grants');
const names = Object.keys(EventSchemas) as EventName[];
const runs = process.env.MIEN_SOAK ? 20_000 : 300;

interface Annotated {
  readonly grant?: Grant;
  readonly names?: string;
  readonly properties?: Readonly<Record<string, Annotated>>;
  readonly required?: readonly string[];
  readonly items?: Annotated;
}
const dataOf = (event: MienEvent): Record<string, unknown> => event.data as unknown as Record<string, unknown>;

/** Free strings and numbers below `value` (names of open records too); words from the schemas, 0, 1 and flags could be anybody's. */
function leaves(value: unknown, into: Set<string | number> = new Set()): Set<string | number> {
  if (typeof value === 'number' && Math.abs(value) > 1e-9 && value !== 1) into.add(value);
  if (typeof value === 'string' && /^([a-z]{12}|p-.{5})$/.test(value)) into.add(value);
  if (value === null || typeof value !== 'object') return into;
  for (const [key, part] of Object.entries(value)) leaves(key, leaves(part, into));
  return into;
}

/** What stands in `value` under a grant that is not held, by a walk of its own through the schema. */
function denied(schema: Annotated, value: unknown, held: readonly Grant[], into: Set<string | number> = new Set()): Set<string | number> {
  if (schema.grant && !held.includes(schema.grant)) return leaves(value, into);
  if (value === null || typeof value !== 'object' || !schema.properties) return into;
  for (const [key, part] of Object.entries(schema.properties)) denied(part, (value as Record<string, unknown>)[key], held, into);
  return into;
}

/** The schema for a receiver that does not see everything: what has a grant may be absent. */
function relaxed(schema: Annotated): Annotated {
  const properties = schema.properties && Object.entries(schema.properties).map(([key, part]) => [key, relaxed(part)] as const);
  if (!properties) return schema;
  const required = (schema.required ?? []).filter((key) => schema.properties?.[key]?.grant === undefined);
  return { ...schema, required, properties: Object.fromEntries(properties) };
}

test('whatever the event and the grants: nothing denied is left, nothing granted is lost, the rest is an event', () => {
  let delivered = 0;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.integer(), fc.subarray([...Grant.enum]), (name, seed, held) => {
      const event = sampleEvent(name, seed);
      const before = structuredClone(event);
      const schema = EventSchemas[name] as unknown as Annotated & { grant: Grant };
      assert.ok(Value.Check(EventSchemas[name], event), `schema-samples.ts made no ${name}`);
      const seen = createGrantFilter(held).event(event);
      assert.equal(event, before, 'the event itself is not touched');

      const visible = (key: string): boolean => held.includes((Person.properties[key as keyof Person] as Annotated).grant as Grant);
      const changed = 'changed' in event.data ? event.data.changed.filter(visible) : ['x'];
      assert.is(seen !== undefined, held.includes(schema.grant) && changed.length > 0);
      const question = createGrantFilter(held).question(event);
      assert.is(question !== undefined, held.includes(schema.grant), 'who may hold it back is asked, also where nothing of the change is seen');
      for (const secret of denied(schema, event, held)) assert.not(leaves(question).has(secret));
      if (seen) assert.equal(question, seen);
      else if (question && 'changed' in question.data) assert.equal([question.data.changed, question.data.settled], [[], []]);
      if (!seen) return;
      delivered += 1;
      const left = leaves(seen);
      const text = JSON.stringify(seen);
      for (const secret of denied(schema, event, held)) {
        assert.not(left.has(secret), `${secret} of ${JSON.stringify(event)}`);
        if (typeof secret === 'string') assert.not(text.includes(secret), `${secret} in ${text}`);
      }
      const valid: boolean = Value.Check(relaxed(schema) as never, seen);
      assert.ok(valid, text);
      const [whole, part] = [dataOf(event), dataOf(seen)];
      for (const key of ['clock', 'origin', 'reason', 'from', 'to', 'durationMs', 'model', 'plugin'] as const) assert.is(part[key], whole[key]);
      if (whole.person === undefined) return;
      const [person, shown] = [whole.person, part.person] as Person[] as [Person, Person];
      assert.equal(Object.keys(shown), Object.keys(person).filter(visible));
      for (const key of Object.keys(shown) as (keyof Person)[]) assert.is(shown[key], person[key]);
      if (!('changed' in event.data)) return;
      const update = seen.data as EventOf<'person.updated'>['data'];
      assert.equal(update.changed, changed);
      assert.equal(Object.keys(update.previous), Object.keys(event.data.previous).filter(visible));
      assert.equal(update.settled, event.data.settled.filter(visible));
      assert.is(update.why.rule === 'settled', update.settled.length > 0);
    }),
    { numRuns: runs },
  );
  assert.ok(delivered > runs / 5, `${delivered} delivered`);
});

test('with every grant events and persons are handed on as they are', () => {
  const filter = createGrantFilter(Grant.enum);
  for (const [seed, name] of names.entries()) {
    const event = sampleEvent(name, seed);
    assert.is(filter.event(event), event);
    if ('person' in event.data) assert.is(filter.person(event.data.person), event.data.person);
  }
});

test('without a grant nothing is delivered, nor is what no schema knows', () => {
  const nothing = createGrantFilter([]);
  for (const name of names) assert.is(nothing.event(sampleEvent(name, 1)), undefined, name);
  assert.equal(nothing.person(fakePerson('p-aaaaa', known)), {});
  const unknown = { ...sampleEvent('camera.lost', 1), type: 'mien.gaze.met.v1' } as unknown as MienEvent;
  assert.is(createGrantFilter(Grant.enum).event(unknown), undefined);
});

test('persons keep what is granted, and share it', () => {
  const person = fakePerson('p-aaaaa', known);
  const seen = createGrantFilter(['person.presence', 'person.age']).person(person);
  assert.equal(Object.keys(seen), ['id', 'camera', 'state', 'sinceMs', 'returned', 'age']);
  assert.is(seen.age, person.age);
  assert.not('age' in createGrantFilter(['person.presence', 'person.age']).person(fakePerson('p-aaaaa')), 'what is not bound stays absent');
});

test('session totals lose what is denied', () => {
  const people = createFakePeople(createEventBus({ logger: silentLogger }));
  people.appear('p-aaaaa', known);
  const [left] = only([createGrantFilter(['person.presence', 'person.gender']).event(people.leave('p-aaaaa')) as MienEvent], 'person.left');
  assert.equal(left?.data.session as object, { dwellMs: 8200, gender: known.gender });
});

test('who may see expressions only is not told whose', () => {
  const event = sampleEvent('emotion.changed', 7);
  const seen = createGrantFilter(['person.expression']).event(event);
  assert.not(JSON.stringify(seen).includes((event.data as { person: Person }).person.id));
  assert.not('subject' in (seen as object));
  assert.is(createGrantFilter(['person.presence', 'person.expression']).event(event)?.subject, event.subject);
});

test('an update does not tell by its reason what settled', () => {
  const people = createFakePeople(createEventBus({ logger: silentLogger }));
  const seenBy = (event: MienEvent, ...grants: Grant[]) => createGrantFilter(['person.presence', ...grants]).event(event);
  const why = (event: MienEvent | undefined) => {
    const { rule, thresholds } = (event as MienEvent).data.why;
    return { rule, thresholds };
  };
  people.appear('p-aaaaa');
  const event = people.update('p-aaaaa', { ...known, zone: 'near', returned: true }, ['age', 'expression']);
  event.data.why.thresholds = { updateEveryMs: 1000, ageSamples: 8, ageSd: 12.3, p: 0.55, margin: 0.15, holdMs: 800 };
  assert.equal(why(seenBy(event, 'person.age')), { rule: 'settled', thresholds: { updateEveryMs: 1000, ageSamples: 8, ageSd: 12.3 } });
  assert.equal(why(seenBy(event, 'person.expression')), { rule: 'settled', thresholds: { updateEveryMs: 1000, p: 0.55, margin: 0.15, holdMs: 800 } });
  assert.equal(why(seenBy(event, 'person.gender')), { rule: 'returned', thresholds: { updateEveryMs: 1000 } });
  people.appear('p-bbbbb');
  const still = people.update('p-bbbbb', { ...known, zone: 'near' }, ['age']);
  assert.is(why(seenBy(still, 'person.position')).rule, 'changed');
  assert.is(seenBy(still), undefined, 'nothing left to tell');
  assert.is(seenBy(still, 'device.health'), undefined);
});

test('the reasons of a real person settling follow the grants', () => {
  const stage = new Stage();
  stage.show(6000, [face(1, { sample: smiling(woman) })]);
  const updates = only(stage.events, 'person.updated') as MienEvent[];
  const told = new Set<string>();
  for (const held of [['person.age'], ['person.gender'], ['person.expression'], ['person.position'], ['person.attention']] as Grant[][]) {
    const filter = createGrantFilter(['person.presence', ...held]);
    for (const seen of updates.map((event) => filter.event(event))) {
      if (!seen || !('settled' in seen.data)) continue;
      const { why, settled } = seen.data;
      for (const name of settled) told.add(name);
      const mayName = { 'person.age': /^age/, 'person.gender': /^gender/, 'person.expression': /^(p|margin|holdMs)$/ }[held[0] as string] ?? /^$/;
      for (const name of Object.keys(why.thresholds)) assert.match(name, new RegExp(`^updateEveryMs$|${mayName.source}`));
      if (settled.length === 0) assert.is.not(why.rule, 'settled');
    }
  }
  assert.equal([...told].sort(), ['age', 'expression', 'gender']);
});

test('an addition is shown to who holds every grant of the plugin that made it', () => {
  const additions = new WeakMap<object, readonly Grant[]>();
  const [greeting, mood] = [{ text: 'hello' }, { happy: true }];
  additions.set(greeting, ['person.presence']);
  additions.set(mood, ['person.presence', 'person.expression']);
  const plain = sampleEvent('person.appeared', 3);
  const event = { ...plain, data: { ...plain.data, extra: { greeter: greeting, mood } } } as MienEvent;
  const seenBy = (...grants: Grant[]) => createGrantFilter(grants, { additions }).event(event)?.data.extra;
  assert.equal(seenBy('person.presence'), { greeter: greeting });
  assert.equal(seenBy('person.presence', 'person.expression'), { greeter: greeting, mood });
  assert.equal(seenBy(...Grant.enum.filter((grant) => grant !== 'person.presence')), undefined);
  additions.set(greeting, ['person.presence', 'camera.preview']);
  const less = createGrantFilter(['person.presence'], { additions }).event(event);
  assert.not('extra' in (less?.data ?? {}), 'no empty record is left');
  assert.is(createGrantFilter(Grant.enum).event(event), event, 'whose it is was not noted: only with every grant');
  const most = createGrantFilter(Grant.enum.filter((grant) => grant !== 'model.control')).event(event);
  assert.equal(most?.data, plain.data);
});

/** The schemas with more properties in the person or in the data of person.appeared. */
function extended({ person = {}, data = {} }: { person?: Record<string, object>; data?: Record<string, object> }) {
  const appeared = EventSchemas['person.appeared'];
  const Extended = Type.Object({ ...Person.properties, ...person } as Type.TProperties);
  const Data = Type.Object({ ...appeared.properties.data.properties, person: Extended, ...data } as Type.TProperties);
  const event = { ...Type.Object({ ...appeared.properties, data: Data }), grant: 'person.presence' };
  return { person: Extended, events: { 'person.appeared': event } };
}

test('a field added later is filtered by its annotation alone, wherever it stands', () => {
  const schemas = extended({
    person: { gaze: Type.Object({ x: Type.Number() }, { grant: 'person.attention' }) },
    data: { others: Type.Array(Type.Object({ id: Type.String({ grant: 'person.presence' }), mood: Type.String({ grant: 'person.expression' }) })) },
  });
  const plain = sampleEvent('person.appeared', 5) as MienEvent & { data: { person: Person } };
  const person = { ...plain.data.person, gaze: { x: 0.123 } };
  const event = { ...plain, data: { ...plain.data, person, others: [{ id: 'p-ccccc', mood: 'sour' }] } } as unknown as MienEvent;
  const without = createGrantFilter(['person.presence'], { schemas }).event(event);
  assert.equal(dataOf(without as MienEvent).others, [{ id: 'p-ccccc' }]);
  assert.not(JSON.stringify(without).includes('gaze'));
  const withBoth = createGrantFilter(Grant.enum, { schemas });
  assert.is(withBoth.event(event), event);
  assert.equal((createGrantFilter(['person.attention'], { schemas }).person(person) as unknown as typeof person).gaze, { x: 0.123 });
});

test('what was forgotten is refused, not shown', async () => {
  const refuse = async (more: Parameters<typeof extended>[0], says: RegExp): Promise<void> => {
    const schemas = extended(more);
    const error = await rejectsWith('INTERNAL', () => createGrantFilter(Grant.enum, { schemas }));
    assert.match(error.message, says);
    // Before any event comes, and whatever the receiver holds.
    await rejectsWith('INTERNAL', () => createGrantFilter([], { schemas }));
  };
  await refuse({ person: { gaze: Type.Number() } }, /person\.gaze: it needs a `grant`/);
  const half = Type.Object({ id: Type.String({ grant: 'person.presence' }), mood: Type.String() });
  await refuse({ data: { nearest: half } }, /person\.appeared\.data\.nearest\.mood/);
  await refuse({ data: { all: Type.Array(half) } }, /all\[\]\.mood/);
  await refuse({ data: { either: Type.Union([Type.String(), half]) } }, /data\.either: grants are read in properties/);
  await refuse({ data: { byCamera: Type.Record(Type.String(), Type.Object({ id: Type.String({ grant: 'person.presence' }) })) } }, /byCamera/);
});

test.run();
