/** What the console needs of people. */
import Type from 'typebox';
import { Person } from '../events.ts';

/** A rule that holds something back at present: what it would have said, how far it is. */
export const HeldBack = Type.Object(
  { rule: Type.String(), detail: Type.String({ description: 'in words' }) },
  { additionalProperties: true },
);
export type HeldBack = Type.Static<typeof HeldBack>;

export const PeopleAnswer = Type.Object({
  atWallMs: Type.Number(),
  people: Type.Array(Type.Object({ ...Person.properties, whyNot: Type.Array(HeldBack, { description: 'rules that hold something back at present' }) })),
});

export interface PeopleView {
  current(): readonly Person[];
  whyNot(personId: string): readonly HeldBack[];
}
