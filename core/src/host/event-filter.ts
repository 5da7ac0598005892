/** What a subscriber wants to hear. An absent part lets everything through. */
import Type from 'typebox';
import { EventSchemas, eventName, type MienEvent } from '../events.ts';

const strict = { additionalProperties: false } as const;

/** One of these values, or a number within these bounds (both included). */
export const FieldCondition = Type.Union([
  Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 }),
  Type.Object({ min: Type.Optional(Type.Number()), max: Type.Optional(Type.Number()) }, strict),
]);

export const EventFilter = Type.Object(
  {
    types: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: `short names: ${Object.keys(EventSchemas).join(', ')}` })),
    cameras: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: 'camera names' })),
    person: Type.Optional(
      Type.Record(Type.String(), FieldCondition, {
        description: 'conditions on properties of the person by path, as {"zone": ["near"], "age.years": {"min": 18}}; events about nobody pass',
      }),
    ),
  },
  strict,
);
export type EventFilter = Type.Static<typeof EventFilter>;
export type FieldCondition = Type.Static<typeof FieldCondition>;

export function matches(filter: EventFilter, event: MienEvent): boolean {
  if (filter.types && !filter.types.includes(eventName(event))) return false;
  if (filter.cameras && !filter.cameras.includes(cameraOf(event) ?? '')) return false;
  return !('person' in event.data) || matchesPerson(filter, event.data.person);
}

/** The person part alone, for snapshots. */
export function matchesPerson(filter: EventFilter, person: object): boolean {
  return Object.entries(filter.person ?? {}).every(([path, condition]) => holds(condition, valueAt(person, path)));
}

/** Name of the camera behind an event; undefined for events of the device as a whole. */
export function cameraOf(event: MienEvent): string | undefined {
  return event.source.split('/')[1];
}

function valueAt(root: object, path: string): unknown {
  let value: unknown = root;
  for (const key of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A value that is absent or withheld meets no condition. */
function holds(condition: FieldCondition, value: unknown): boolean {
  if (Array.isArray(condition)) return condition.some((wanted) => wanted === value);
  return typeof value === 'number' && value >= (condition.min ?? -Infinity) && value <= (condition.max ?? Infinity);
}
