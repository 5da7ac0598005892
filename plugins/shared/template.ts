/** Text with fields of an event in braces: `Hello, {person.age.band|dear guest}`. What is not known, or withheld, is what stands behind the bar. */
import { didYouMean } from '@mien/core/plugin';

export interface Template {
  /** Paths that it uses, each once, in the order of the text. */
  readonly fields: readonly string[];
  /** `data`: of an event. Numbers lose all but one decimal; a field that is absent or withheld becomes its text behind the bar, or nothing. */
  fill(data: object): string;
}

/** Where fields of a person may be read: `person.age` and so on; the same stand in the events' data. */
export const personFields = [
  ...['id', 'camera', 'state', 'sinceMs', 'returned', 'bearingDeg', 'zone', 'engagement'],
  ...['distance.m', 'distance.sd', 'quality.score', 'quality.facePx', 'quality.yawDeg', 'quality.pitchDeg'],
  ...['age.years', 'age.sd', 'age.p05', 'age.p95', 'age.band', 'age.bandP', 'gender.label', 'gender.p'],
  ...[
    'expression.label',
    'expression.p',
    'expression.valence',
    'attention.state',
    'attention.score',
    'attention.currentMs',
    'attention.totalMs',
    'attention.glances',
  ],
].map((field) => `person.${field}`);
export const sessionFields = ['dwellMs', 'attentionMs', 'glances', 'looks', 'closestM', 'age.years', 'age.band', 'gender.label', 'expression.label'].map(
  (field) => `session.${field}`,
);
/** Of single events, beside the person. */
export const eventFields = ['reason', 'from', 'to', 'kind', 'durationMs', 'camera'];

const placeholder = /\{\{|\}\}|\{([^{}|]*)(?:\|([^{}]*))?\}|[{}]/g;

/** Errors are faults of an option: see `templateFaults`, which is asked first. Unknown fields are filled with nothing. */
export function compileTemplate(text: string): Template {
  const parts: Array<string | { readonly path: readonly string[]; readonly otherwise: string }> = [];
  let from = 0;
  for (const match of text.matchAll(placeholder)) {
    parts.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    const [all, field, otherwise = ''] = match;
    parts.push(field === undefined ? (all[0] ?? '') : { path: field.trim().split('.'), otherwise });
  }
  parts.push(text.slice(from));
  const fields = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.path.join('.')])))];
  const fill = (data: object): string => parts.map((part) => (typeof part === 'string' ? part : (wordsAt(data, part.path) ?? part.otherwise))).join('');
  return { fields, fill };
}

/** What is wrong with the text of the option `where`; `known`: the fields that may stand in it. Empty when nothing is. */
export function templateFaults(where: string, text: string, known: readonly string[]): string[] {
  const faults = compileTemplate(text)
    .fields.filter((field) => !known.includes(field))
    .map((field) => `${where}: there is no field {${field}}.${didYouMean(field, known) || ` There are ${known.join(', ')}`}`);
  const bare = [...text.matchAll(placeholder)].find(([all, field]) => all.length === 1 && field === undefined);
  return bare
    ? [...faults, `${where}: a single "${bare[0]}" at position ${bare.index + 1}: write "${bare[0]}${bare[0]}" for a brace, {field} for a field`]
    : faults;
}

function wordsAt(data: object, path: readonly string[]): string | undefined {
  let value: unknown = data;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  // A label that was withheld.
  if (typeof value === 'string') return value === 'unknown' && path.at(-1) === 'label' ? undefined : value;
  return typeof value === 'boolean' ? String(value) : undefined;
}
