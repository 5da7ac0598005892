/** What the console needs of people. */
import Type from 'typebox';
import { Person } from '../events.ts';

/** A rule that holds something back at present, and how far it has come. */
export const HeldBack = Type.Object({
  what: Type.String({ description: 'what has not happened: an event, or an attribute' }),
  rule: Type.String(),
  detail: Type.String({ description: 'the same in words' }),
  heldMs: Type.Number({ minimum: 0 }),
  progress: Type.Record(Type.String(), Type.Number()),
  thresholds: Type.Record(Type.String(), Type.Number()),
});

export interface HeldBack {
  readonly what: string;
  readonly rule: string;
  readonly detail: string;
  readonly heldMs: number;
  readonly progress: Readonly<Record<string, number>>;
  readonly thresholds: Readonly<Record<string, number>>;
}

export const PersonNow = Type.Object({
  ...Person.properties,
  whyNot: Type.Array(Type.Unsafe<HeldBack>(HeldBack), { description: 'rules that hold something back at present' }),
});

export const PeopleAnswer = Type.Object({ atWallMs: Type.Number(), people: Type.Array(PersonNow) });

export interface PeopleView {
  current(): readonly Person[];
  whyNot(personId: string): readonly HeldBack[];
}
