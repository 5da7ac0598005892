/** What is told to the robot and what comes from it, whatever the format on the wire. */
import type { Person } from '@mien/core/plugin';

export const personEvents = ['person.appeared', 'person.updated', 'person.left', 'emotion.changed', 'attention.started', 'attention.ended'] as const;
export type PersonEventName = (typeof personEvents)[number];

/** A person as far as it was granted. */
export type SeenPerson = Pick<Person, 'id'> & Partial<Person>;

/** The parts of an event's data that a robot can be told. */
export interface SeenData {
  readonly person: SeenPerson;
  readonly settled?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly session?: { readonly dwellMs?: number } | undefined;
}

/** Why the robot is told to stop; the number is that of the binary format. */
export const stopReasons = { 'robot-silent': 1, 'port-gone': 2, 'camera-lost': 3, 'sight-degraded': 4, stopping: 5, command: 6 } as const;
export type StopReason = keyof typeof stopReasons;

export type Message =
  | { readonly kind: 'event'; readonly name: PersonEventName; readonly data: SeenData }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'here'; readonly person: SeenPerson }
  | { readonly kind: 'stop'; readonly reason: StopReason }
  | { readonly kind: 'heartbeat' };

/** `sequence` is undefined where the format has none. */
export type Incoming =
  | { readonly kind: 'ack'; readonly sequence?: number }
  | { readonly kind: 'refused'; readonly sequence?: number; readonly reason: string }
  /** It came damaged: once more, please. */
  | { readonly kind: 'again' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'heartbeat' }
  /** Nothing that this format knows: no sign of life. */
  | { readonly kind: 'garbage' };

export interface WireFormat {
  /** `sequence`: 1..255 of what is acknowledged, 0 of a heartbeat. */
  encode(message: Message, sequence: number): Uint8Array;
  /** For one connection: what is unfinished at its end belongs to no other. */
  createDecoder(): (bytes: Uint8Array, nowMs: number) => Incoming[];
}
