/** Events as lines a person reads in a terminal. */
import { eventName } from './event-name.ts';
import type { MienEvent, Person } from './events.ts';

const withheld = {
  too_small: 'too far to tell',
  yaw: 'turned away',
  pitch: 'turned away',
  blur: 'blurred',
  dark: 'too dark',
  low_confidence: 'not sure yet',
  policy: 'withheld',
} as const;

/** `female 34 ±5, positive`, of what is known; empty when nothing is. */
function describeAttributes(person: Pick<Person, 'age' | 'gender' | 'expression'>): string {
  const { age, gender, expression } = person;
  const words: string[] = [];
  if (gender && 'p' in gender) words.push(gender.label);
  if (age && 'years' in age) words.push(`${Math.round(age.years)} ±${Math.round(age.sd)}`);
  const who = words.join(' ');
  const face = expression && 'p' in expression ? expression.label : '';
  return [who, face].filter(Boolean).join(', ');
}

/** Where the person stands, in words: `near, centre`. */
export function describePlace(person: Pick<Person, 'zone' | 'bearingDeg'>): string {
  const side = person.bearingDeg < -8 ? 'left' : person.bearingDeg > 8 ? 'right' : 'centre';
  return `${person.zone}, ${side}`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function describeChange(name: string, person: Person): string {
  switch (name) {
    case 'age':
      return person.age && 'years' in person.age
        ? `age ${Math.round(person.age.years)} ±${Math.round(person.age.sd)} (${person.age.band})`
        : `age unknown${reason(person.age)}`;
    case 'gender':
      return person.gender && 'p' in person.gender ? `${person.gender.label} ${Math.round(person.gender.p * 100)} %` : `gender unknown${reason(person.gender)}`;
    case 'expression':
      return person.expression && 'p' in person.expression ? `${person.expression.label}` : `expression unknown${reason(person.expression)}`;
    case 'zone':
      return `${person.zone} (${person.distance.m.toFixed(1)} m)`;
    case 'attention':
      return person.attention.state;
    case 'engagement':
      return person.engagement;
    case 'state':
      return person.state === 'unseen' ? 'out of sight' : 'in sight again';
    case 'returned':
      return 'returned';
    default:
      return name;
  }
}

function reason(field: Person['age'] | Person['gender'] | Person['expression']): string {
  return field && 'abstain' in field ? ` (${withheld[field.abstain]})` : '';
}

/** What happened, without when and to whom: `appeared  near, centre`. */
export function describeEvent(event: MienEvent): string {
  switch (event.type) {
    case 'mien.person.appeared.v1': {
      const { person } = event.data;
      return [person.returned ? 'returned' : 'appeared', describePlace(person), describeAttributes(person)].filter(Boolean).join('  ');
    }
    case 'mien.person.updated.v1': {
      const { person, changed, settled } = event.data;
      const text = changed.map((name) => describeChange(name, person)).join(', ');
      return `updated  ${text}${settled.length > 0 ? `  [settled: ${settled.join(', ')}]` : ''}`;
    }
    case 'mien.person.left.v1': {
      const { session, reason: why } = event.data;
      const words = describeAttributes(session);
      return `left (${why.replaceAll('_', ' ')})  stayed ${seconds(session.dwellMs)}, attended ${seconds(session.attentionMs)}${words ? `  ${words}` : ''}`;
    }
    case 'mien.emotion.changed.v1':
      return `looks ${event.data.to} (was ${event.data.from})`;
    case 'mien.attention.started.v1':
      return 'attends';
    case 'mien.attention.ended.v1':
      return `looked away after ${seconds(event.data.durationMs)} (${event.data.kind})`;
    case 'mien.model.selftest.v1':
      return `self-test ${event.data.passed ? 'passed' : 'FAILED'}: ${event.data.detail}`;
    case 'mien.backend.degraded.v1':
      return `degraded: ${event.data.reason}`;
    case 'mien.backend.recovered.v1':
      return 'recovered';
    case 'mien.camera.lost.v1':
      return `lost: ${event.data.camera.message}`;
    case 'mien.camera.restored.v1':
      return 'restored';
    default:
      return eventName(event);
  }
}

/** One line without a line end, in local time: `12:03:07  p-k7f3q  appeared  near, centre`. */
export function formatEvent(event: MienEvent): string {
  const clock = event.data.clock.wallTrusted
    ? new Date(event.time).toTimeString().slice(0, 8)
    : `+${Math.round(event.data.clock.capturedMonoMs / 1000)}s`.padStart(8);
  const subject = event.subject.replace(/^person\//, '').replace('/', ' ');
  return `${clock}  ${subject.padEnd(8)} ${describeEvent(event)}`;
}
