/**
 * People in words: how they appear, never who they are or what they feel. What is withheld, was not granted or is not there yet is not known, and
 * which of these it is is not told.
 */
import { known } from '@mien/core/plugin';
import type { Guest, Seen } from './people-board.ts';

const decades = ['', '', 'twenties', 'thirties', 'forties', 'fifties', 'sixties', 'seventies'];
/** An estimate wider than this is told as a range. */
const MOST_SD_YEARS = 7;
const ADULT_YEARS = 18;
/** A camera that was not heard of for longer says little about now. */
export const STALE_MS = 3000;

/** `appears to be in their thirties`; undefined when not known. */
export function ageWords(person: Guest): string | undefined {
  const age = known(person.age);
  if (!age) return undefined;
  if (age.years < ADULT_YEARS) return 'appears to be under 18';
  if (age.sd > MOST_SD_YEARS) return `appears to be somewhere between ${Math.max(0, Math.round(age.p05))} and ${Math.round(age.p95)}`;
  if (age.years < 20) return 'appears to be in their late teens';
  return `appears to be ${age.years >= 80 ? 'over eighty' : `in their ${decades[Math.floor(age.years / 10)]}`}`;
}

export function genderWords(person: Guest): string | undefined {
  const gender = known(person.gender);
  return gender && `appears ${gender.label}`;
}

export function expressionWords(person: Guest): string | undefined {
  const expression = known(person.expression);
  if (!expression) return undefined;
  const { label } = expression;
  return label === 'positive' ? 'appears to smile' : `has a face that appears ${label}`;
}

export function attentionWords({ attention }: Guest): string | undefined {
  if (!attention) return undefined;
  return attention.state === 'attending' ? `has been turned to the device for ${seconds(attention.currentMs)}` : 'is turned away from the device';
}

/** One sentence. */
export function personWords({ person }: Pick<Seen, 'person'>): string {
  const told = [ageWords(person), genderWords(person), expressionWords(person), attentionWords(person)].filter((words) => words !== undefined);
  const unknown = [
    ageWords(person) ?? 'age',
    genderWords(person) ?? 'gender',
    expressionWords(person) ?? 'expression',
    attentionWords(person) ?? 'whether they look at the device',
  ].filter((words) => !told.includes(words));
  const where = person.distance ? `about ${metres(person.distance.m)} away, ` : '';
  const there = person.state === 'unseen' ? 'was here a moment ago and is out of sight now' : `${where}here for ${seconds(person.sinceMs)}`;
  const notKnown = unknown.length > 0 ? ` Not known: ${list(unknown, 'and')}.` : '';
  return `Person ${person.id}: ${list([there, ...told], 'and')}.${notKnown}`;
}

/** What every answer ends with. `isSimulated` undefined: not told yet. */
export function provenanceWords(observedMsAgo: number | undefined, isSimulated: boolean | undefined): string {
  const when =
    observedMsAgo === undefined
      ? 'No camera has been heard of yet.'
      : observedMsAgo > STALE_MS
        ? `No camera has been heard of for ${seconds(observedMsAgo)}: this may be out of date.`
        : `Observed ${seconds(observedMsAgo)} ago.`;
  return isSimulated ? `${when} These are virtual people of a simulation; no camera saw them.` : when;
}

/** Any virtual person makes it so; undefined when nobody is here, or it is not told yet. */
export function areSimulated(people: readonly Seen[]): boolean | undefined {
  if (people.some(({ isSimulated }) => isSimulated)) return true;
  return people.length > 0 && people.every(({ isSimulated }) => isSimulated === false) ? false : undefined;
}

export function seconds(ms: number): string {
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 950 ? `${(Math.round(ms / 100) / 10).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

function metres(m: number): string {
  return `${m < 10 ? Math.round(m * 10) / 10 : Math.round(m)} m`;
}

export function list(words: readonly string[], last: string): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}
