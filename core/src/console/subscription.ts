/** What a client of the events socket asks for: read from the query or from a `subscribe` message, checked, with defaults. */
import { distance } from 'fastest-levenshtein';
import Type from 'typebox';
import Value from 'typebox/value';
import { MienError } from '../errors.ts';
import { EventSchemas, Person } from '../events.ts';
import { EventFilter, type FieldCondition } from '../host/event-filter.ts';

const strict = { additionalProperties: false } as const;

export const Subscription = Type.Object(
  {
    ...EventFilter.properties,
    mode: Type.Union([Type.Literal('events'), Type.Literal('periodic'), Type.Literal('motion')], {
      default: 'events',
      description: 'events as they happen; snapshots of everybody at most once a second; snapshots at frame rate (this machine only)',
    }),
    debounceMs: Type.Number({
      minimum: 0,
      maximum: 60_000,
      default: 0,
      description: 'events: updates of one type about one person closer than this are sent as one, the newest. Snapshots: least time between two',
    }),
    since: Type.Optional(Type.Integer({ minimum: 0, description: 'resume after this sequence' })),
    bootId: Type.Optional(Type.String({ description: 'the start of Mien that `since` belongs to, from `hello`' })),
  },
  strict,
);
export type Subscription = Type.Static<typeof Subscription>;

/** Errors: REQUEST_INVALID, OPTION_UNKNOWN with the nearest known name. */
export function checkSubscription(value: unknown): Subscription {
  const filled = Value.Default(Subscription, value);
  if (!Value.Check(Subscription, filled)) {
    const [fault] = Value.Errors(Subscription, filled);
    throw new MienError('REQUEST_INVALID', `subscription${fault?.instancePath ?? ''} ${fault?.message ?? 'is not an object'}`);
  }
  for (const type of filled.types ?? []) demandKnown('event type', type, Object.keys(EventSchemas));
  for (const path of Object.keys(filled.person ?? {})) {
    demandKnown('property of a person', path.split('.')[0] ?? '', Object.keys(Person.properties));
  }
  return filled;
}

/**
 * Query form: `types=a,b&camera=main&mode=periodic&debounceMs=500&since=12`, and `person.zone=near,mid` or
 * `person.age.years=18..30` for conditions. `access_token` is the guard's.
 */
export function subscriptionOfQuery(query: Readonly<Record<string, unknown>>): Subscription {
  const asked: Record<string, unknown> = {};
  const person: Record<string, FieldCondition> = {};
  for (const [key, value] of Object.entries(query)) {
    const text = String(value);
    if (key === 'access_token') continue;
    if (key === 'types') asked.types = text.split(',');
    else if (key === 'camera') asked.cameras = text.split(',');
    else if (key === 'since' || key === 'debounceMs') asked[key] = text === '' ? Number.NaN : Number(text);
    else if (key.startsWith('person.')) person[key.slice('person.'.length)] = conditionOf(text);
    else asked[key] = text;
  }
  if (Object.keys(person).length > 0) asked.person = person;
  return checkSubscription(asked);
}

function conditionOf(text: string): FieldCondition {
  const range = /^(-?[\d.]+)?\.\.(-?[\d.]+)?$/.exec(text);
  if (!range) return text.split(',').map(scalar);
  const [, min, max] = range;
  return { ...(min !== undefined && { min: Number(min) }), ...(max !== undefined && { max: Number(max) }) };
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function demandKnown(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const nearest = known.reduce((best, next) => (distance(name, next) < distance(name, best) ? next : best));
  throw new MienError('OPTION_UNKNOWN', `unknown ${what} "${name}"; did you mean "${nearest}"?`);
}
