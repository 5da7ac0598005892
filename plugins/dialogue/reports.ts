/** What tools and resources answer: words, and the same as data. */
import { known } from '@mien/core/plugin';
import { z } from 'zod';
import type { PeopleBoard, Seen } from './people-board.ts';
import { ageWords, areSimulated, personWords, provenanceWords } from './wording.ts';

const orUnknown = 'null: not known';
export const PersonReport = z.object({
  id: z.string().describe('random for this visit: says nothing about who it is'),
  summary: z.string(),
  hereForS: z.number(),
  isInSight: z.boolean(),
  apparentAge: z
    .object({ words: z.string(), band: z.string(), lowest: z.number(), highest: z.number() })
    .nullable()
    .describe(`of the face, in years; ${orUnknown}`),
  apparentGender: z.string().nullable().describe(`of the face; ${orUnknown}`),
  apparentExpression: z.string().nullable().describe(`how the face appears, not what is felt: negative, neutral, positive; ${orUnknown}`),
  isTurnedToDevice: z.boolean().nullable().describe(orUnknown),
  turnedForS: z.number().nullable().describe(orUnknown),
  distanceM: z.number().nullable().describe(orUnknown),
  zone: z.string().nullable().describe(orUnknown),
  observedMsAgo: z.number().describe('how old this is'),
  isSimulated: z.boolean().nullable().describe('a virtual person of a simulation; null: not told yet'),
});
export type PersonReport = z.infer<typeof PersonReport>;

const provenance = {
  observedMsAgo: z.number().nullable().describe('since a camera was last heard of; null: none was'),
  isSimulated: z.boolean().nullable().describe('virtual people of a simulation; null: nobody is here, or it is not told yet'),
};
export const PeopleReport = z.object({ count: z.number(), people: z.array(PersonReport), ...provenance });
export type PeopleReport = z.infer<typeof PeopleReport>;

export const SceneReport = z.object({
  description: z.string(),
  count: z.number(),
  turnedToDevice: z.number().nullable().describe(orUnknown),
  appearToSmile: z.number().nullable().describe(orUnknown),
  zones: z.record(z.string(), z.number()).nullable().describe(`how many are in each; ${orUnknown}`),
  cameInLastMinute: z.number(),
  leftInLastMinute: z.number(),
  ...provenance,
});
export type SceneReport = z.infer<typeof SceneReport>;

/** People that are told one by one; the rest are counted. */
const MOST_TOLD = 20;

export interface Told<R> {
  readonly text: string;
  readonly report: R;
}

export function personReport(seen: Seen): PersonReport {
  const { person, observedMsAgo, isSimulated } = seen;
  const age = known(person.age);
  return {
    id: person.id,
    summary: personWords(seen),
    hereForS: tenth(person.sinceMs / 1000),
    isInSight: person.state === 'present',
    apparentAge: age ? { words: ageWords(person) ?? '', band: age.band, lowest: Math.round(age.p05), highest: Math.round(age.p95) } : null,
    apparentGender: known(person.gender)?.label ?? null,
    apparentExpression: known(person.expression)?.label ?? null,
    isTurnedToDevice: person.attention ? person.attention.state === 'attending' : null,
    turnedForS: person.attention ? tenth(person.attention.currentMs / 1000) : null,
    distanceM: person.distance ? tenth(person.distance.m) : null,
    zone: person.zone ?? null,
    observedMsAgo,
    isSimulated: isSimulated ?? null,
  };
}

export function peopleReport(board: PeopleBoard): Told<PeopleReport> {
  const people = board.people();
  const isSimulated = areSimulated(people);
  const { observedMsAgo } = board;
  const more = people.length - MOST_TOLD;
  const lines = [
    countWords(people.length),
    ...people.slice(0, MOST_TOLD).map(personWords),
    ...(more > 0 ? [`${more} more are not told one by one.`] : []),
    provenanceWords(observedMsAgo, isSimulated),
  ];
  const report = {
    count: people.length,
    people: people.slice(0, MOST_TOLD).map(personReport),
    observedMsAgo: observedMsAgo ?? null,
    isSimulated: isSimulated ?? null,
  };
  return { text: lines.join('\n'), report };
}

export function sceneReport(board: PeopleBoard): Told<SceneReport> {
  const people = board.people();
  const { observedMsAgo, recent } = board;
  const isSimulated = areSimulated(people);
  const turned = count(people, ({ attention }) => attention && attention.state === 'attending');
  const smiling = count(people, ({ expression }) => known(expression) && known(expression)?.label === 'positive');
  const zones = people.every(({ person }) => person.zone !== undefined) && people.length > 0 ? zonesOf(people) : null;
  const words = [
    countWords(people.length),
    ...(turned !== null && people.length > 0 ? [`${turned} of ${people.length} ${turned === 1 ? 'is' : 'are'} turned to the device.`] : []),
    ...(smiling ? [`${smiling} ${smiling === 1 ? 'appears' : 'appear'} to smile.`] : []),
    ...(zones
      ? [
          `Where they stand: ${Object.entries(zones)
            .map(([zone, number]) => `${number} ${zone}`)
            .join(', ')}.`,
        ]
      : []),
    `In the last minute ${recent.came} came and ${recent.left} left.`,
    provenanceWords(observedMsAgo, isSimulated),
  ];
  const description = words.join(' ');
  const report = {
    ...{
      description,
      count: people.length,
      turnedToDevice: turned,
      appearToSmile: smiling,
      zones,
      cameInLastMinute: recent.came,
      leftInLastMinute: recent.left,
    },
    ...{ observedMsAgo: observedMsAgo ?? null, isSimulated: isSimulated ?? null },
  };
  return { text: description, report };
}

function countWords(number: number): string {
  return number === 0 ? 'Nobody is here.' : number === 1 ? 'One person is here.' : `${number} people are here.`;
}

/** Null when it is known of nobody; 0 where nobody is here. */
function count(people: readonly Seen[], holds: (person: Seen['person']) => boolean | undefined): number | null {
  const told = people.map(({ person }) => holds(person)).filter((one) => one !== undefined);
  return told.length === 0 && people.length > 0 ? null : told.filter(Boolean).length;
}

function zonesOf(people: readonly Seen[]): Record<string, number> {
  const zones: Record<string, number> = Object.create(null);
  for (const { person } of people) if (person.zone !== undefined) zones[person.zone] = (zones[person.zone] ?? 0) + 1;
  return zones;
}

const tenth = (number: number): number => Math.round(number * 10) / 10;
