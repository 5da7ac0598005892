/** What the events socket says, one JSON object per message. */
import Type from 'typebox';
import { EventSchemas, type MienEvent, Person } from '../events.ts';
import { ErrorAnswer } from './http-errors.ts';
import { Subscription } from './subscription.ts';

/** Any event. */
export const AnyEvent = Type.Unsafe<MienEvent>(Type.Union(Object.values(EventSchemas)));

/** Answer of a plain GET. */
export const HeldEvents = Type.Object({
  bootId: Type.Optional(Type.String()),
  oldest: Type.Optional(Type.Integer()),
  newest: Type.Optional(Type.Integer()),
  events: Type.Array(AnyEvent),
});

const Sequence = Type.Integer({ minimum: 0 });
const resume = Type.Integer({ minimum: 0, description: 'give this as `since` to go on after a lost connection' });

/** `hello` answers each subscription; `gap` says what a resume could not bring back; `closing` comes before the socket is closed. */
export const SocketFrame = Type.Union([
  Type.Object({
    kind: Type.Literal('hello'),
    bootId: Type.Optional(Type.String()),
    oldest: Type.Optional(Sequence),
    newest: Type.Optional(Sequence),
    subscription: Subscription,
  }),
  Type.Object({ kind: Type.Literal('event'), event: AnyEvent, resume }),
  Type.Object({ kind: Type.Literal('people'), atWallMs: Type.Number(), people: Type.Array(Person) }),
  Type.Object({
    kind: Type.Literal('gap'),
    reason: Type.Union([Type.Literal('expired'), Type.Literal('restarted')], { description: 'older than what is kept, or of an earlier start' }),
    missed: Type.Optional(Type.Integer({ minimum: 1, description: 'events lost; unknown after a restart' })),
  }),
  Type.Object({ kind: Type.Literal('heartbeat'), atWallMs: Type.Number(), resume }),
  Type.Object({ kind: Type.Literal('error'), ...ErrorAnswer.properties }),
  Type.Object({ kind: Type.Literal('closing'), reason: Type.String() }),
]);
export type SocketFrame = Type.Static<typeof SocketFrame>;
