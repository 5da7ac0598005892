/** Any event of a name, drawn from its schema and made to agree with itself where a schema cannot say it. */
import { type EventName, EventSchemas, type MienEvent, Person } from '../../core/src/events.ts';
import { updateRule } from '../../core/src/people/report.ts';
import { chance, sample } from './schema-samples.ts';

const settling = ['age', 'gender', 'expression'];

export function sampleEvent(name: EventName, seed: number): MienEvent {
  const random = chance(seed);
  const event = sample(EventSchemas[name], random) as MienEvent;
  const { data } = event;
  if ('person' in data) event.subject = `person/${data.person.id}`;
  if (event.type !== 'mien.person.updated.v1' || !('changed' in data)) return event;
  const names = Object.keys(data.person).filter(() => random.next() < 0.4);
  data.changed = names.length > 0 ? names : ['state'];
  const other = sample(Person, random) as Person;
  data.previous = Object.fromEntries(Object.entries(other).filter(([key]) => data.changed.includes(key)));
  data.settled = data.changed.filter((key) => settling.includes(key) && random.next() < 0.7) as typeof data.settled;
  data.why.rule = updateRule(data);
  return event;
}
