/** The shapes of what a plugin may send while it runs. The host believes nothing: what differs is named, and ends the plugin's run. */
import Type, { type TSchema } from 'typebox';
import Value from 'typebox/value';
import { EventSchemas } from '../../events.ts';
import type { TrafficFromPlugin } from '../../plugin-messages.ts';
import { schemaFaults } from '../../schema-faults.ts';
import { EventFilter } from '../event-filter.ts';

const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Count = Position;
const Name = Type.String({ maxLength: 200 });
const Anything = Type.Unknown();
const EventNames = Type.Array(Type.Enum(Object.keys(EventSchemas)), { maxItems: 100 });
const PluginError = Type.Object({ code: Type.String({ pattern: '^[A-Z][A-Z_]{1,39}$' }), message: Type.String(), stack: Type.Optional(Type.String()) });
const { cameras, person } = EventFilter.properties;

/** By `type`. Keys that are not named here are ignored. */
const schemas: Readonly<Record<TrafficFromPlugin['type'], TSchema>> = {
  subscribe: Type.Object({
    subscriptions: Type.Object({
      events: Type.Array(
        Type.Object({
          name: Type.Enum(Object.keys(EventSchemas)),
          filter: Type.Optional(Type.Object({ cameras, person }, { additionalProperties: false })),
        }),
        { maxItems: 200 },
      ),
      peopleEveryMs: Type.Optional(Type.Number({ minimum: 0, maximum: 3_600_000 })),
      beforeEmit: EventNames,
      kept: EventNames,
    }),
  }),
  taken: Type.Object({ at: Position }),
  peopleTaken: Type.Object({ camera: Name }),
  verdict: Type.Object({ id: Position, veto: Type.Optional(Type.Boolean()), extra: Type.Optional(Type.Record(Type.String(), Anything)) }),
  offer: Type.Object({
    commands: Type.Array(Type.Object({ name: Name, input: Type.Object({}), openTo: Type.Optional(Type.Enum(['everybody', 'api'])) }), { maxItems: 64 }),
    services: Type.Array(Type.Object({ name: Name, methods: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }) }), { maxItems: 16 }),
  }),
  result: Type.Object({ id: Position, error: Type.Optional(PluginError) }),
  ask: Type.Object({
    id: Position,
    call: Type.Union([
      Type.Object({ kind: Type.Literal('command'), name: Name, input: Type.Optional(Anything) }),
      Type.Object({ kind: Type.Literal('service'), name: Name, method: Name, args: Type.Array(Anything, { maxItems: 32 }) }),
    ]),
  }),
  fault: Type.Object({ where: Name, error: PluginError }),
  outbox: Type.Object({ held: Count, bytes: Count, dropped: Count, sent: Count }),
};

/** Bytes of all filters together as JSON: each event is held against them. */
const MAX_FILTER_BYTES = 16 * 1024;

/** What is wrong with a message, in words; undefined when it is as agreed. */
export function messageFault(message: TrafficFromPlugin): string | undefined {
  const type: string = message.type;
  if (!Object.hasOwn(schemas, type)) return `sent a message of the unknown type ${JSON.stringify(type.slice(0, 40))}`;
  const schema = schemas[message.type];
  if (!Value.Check(schema, message)) return `sent a malformed "${type}": ${schemaFaults(schema, message).slice(0, 3).join('; ')}`;
  if (message.type !== 'subscribe') return undefined;
  const bytes = message.subscriptions.events.reduce((sum, { filter }) => sum + (filter ? JSON.stringify(filter).length : 0), 0);
  return bytes > MAX_FILTER_BYTES ? `sent filters of ${bytes} bytes; ${MAX_FILTER_BYTES} are allowed in all` : undefined;
}
