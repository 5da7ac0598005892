/** What the robot is told and the screen shows in the evening of all first-party plugins: as options, and as a test expects it. */
import type { MienEvent, Person } from '../../core/src/events.ts';
import { known } from '../../core/src/plugin.ts';
import { must } from './must.ts';

export const lines = [
  { on: 'person.appeared', text: 'HELLO {person.id}' },
  { on: 'person.updated', text: 'SEES {person.id} {person.age.band|-} {person.expression.label|-}' },
  { on: 'person.left', text: 'BYE {person.id} {session.looks|-}' },
  { on: 'emotion.changed', text: 'MOOD {person.id} {to}' },
  { on: 'attention.started', text: 'LOOKS {person.id}' },
  { on: 'attention.ended', text: 'TURNS {person.id}' },
];
const [forS, holdS] = [0, 0];
export const rules = [
  { name: 'family', when: { group: 'group', ageBands: ['0-12'] }, show: 'family.svg', priority: 10, forS, holdS },
  { name: 'group', when: { group: 'group' }, show: 'map.html', priority: 5, forS, holdS },
  { name: 'looks', when: { group: 'alone', attention: 'attending' }, show: 'closer.svg', forS, holdS },
];

/** Of an event, as `person.appeared`. */
export function name({ type }: MienEvent): string {
  return type.replace(/^mien\.|\.v1$/g, '');
}

/** Of the person that it is about. */
export function idOf({ subject }: MienEvent): string {
  return subject.slice('person/'.length);
}

/** As the robot should hear it. */
export function lineOf(event: MienEvent): string {
  const data = event.data as unknown as { person: Person; to?: string; session?: { looks?: number } };
  const { id, age, expression } = data.person;
  const line: Record<string, string> = {
    'person.appeared': `HELLO ${id}`,
    'person.updated': `SEES ${id} ${known(age)?.band ?? '-'} ${known(expression)?.label ?? '-'}`,
    'person.left': `BYE ${id} ${data.session?.looks ?? '-'}`,
    'emotion.changed': `MOOD ${id} ${data.to}`,
    'attention.started': `LOOKS ${id}`,
    'attention.ended': `TURNS ${id}`,
  };
  return must(line[name(event)]);
}

/** The rule that holds now; `default` when none does. */
export function ruleFor(people: readonly Person[], isLost: boolean): string {
  if (isLost) return 'default';
  const isChild = ({ age }: Person): boolean => ((read) => read?.stable === true && read.band === '0-12')(known(age));
  if (people.length >= 2) return people.some(isChild) ? 'family' : 'group';
  return people.length === 1 && people[0]?.attention?.state === 'attending' ? 'looks' : 'default';
}
