/** What is wrong with rules: faults, with which the plugin does not start, and rules that can never be shown, of which it warns. */
import { didYouMean, type Grant } from '@mien/core/plugin';
import { folderFault, folderOf, itemFault, listItems } from './content.ts';
import { itemsOf, type Options, type Rule, type When } from './options.ts';
import { asksForPeople, asksOfOne } from './rules.ts';

/** Bands of apparent age that Mien tells; a test holds them against Mien's own. */
export const ageBands = ['0-12', '13-17', '18-24', '25-34', '35-44', '45-54', '55-64', '65+'] as const;
/** Of the release that comes with Mien. */
const expressions = ['negative', 'neutral', 'positive'];
const adult = 18;

/** Errors of content and names, each as `path: what was expected, what came`. */
export function optionFaults(options: Options): string[] {
  const { folder, playlist, rules, host, token } = options;
  const faults = rules.flatMap(({ name }, i) => {
    const first = rules.findIndex((other) => other.name === name);
    return first < i ? [`rules[${i}].name: expected a name of its own, "${name}" is that of rules[${first}] too`] : [];
  });
  if (!isLoopback(host) && token === '')
    faults.push(`token: expected one of 16 letters or more, because other machines reach the address "${host}"; or use 127.0.0.1`);
  const fault = folderFault(folder);
  if (fault) return [...faults, fault];
  const known = listItems(folderOf(folder));
  if (known.length === 0) faults.push(`folder: expected something to show, ${folderOf(folder)} has no picture, video or page`);
  const named = [
    ...playlist.map((item, i) => ({ where: `playlist[${i}]`, item })),
    ...rules.flatMap((rule, i) => itemsOf(rule).map((item) => ({ where: `rules[${i}].show`, item }))),
  ];
  return [...faults, ...named.flatMap(({ where, item }) => itemFault(where, item, folder, known) ?? [])];
}

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Why rules can never be shown, each as `rule "name": why`. `grants`: what the plugin was given. */
export function neverShown(rules: readonly Rule[], grants: readonly Grant[]): string[] {
  const always = rules.filter(({ when }) => !asksForPeople(when) && !when.hours);
  return rules.flatMap((rule) => {
    const over = always.find(({ priority }) => priority > rule.priority);
    const reasons = over ? [`"${over.name}" always holds and has the higher priority`] : [];
    return [...reasons, ...contradictions(rule.when), ...unknownNames(rule.when), ...ungranted(rule.when, grants)].map((why) => `rule "${rule.name}": ${why}`);
  });
}

/** Rules whose zone the camera of the first visit does not have; `zones`: those that it has. */
export function unknownZones(rules: readonly Rule[], zones: readonly string[]): string[] {
  return rules.flatMap(({ name, when: { zone } }) =>
    zone === undefined || zones.includes(zone)
      ? []
      : [
          `rule "${name}": the camera has no zone "${zone}", it has ${zones.join(', ')}.${didYouMean(zone, zones)} Unless another camera has it, it is never shown`,
        ],
  );
}

function contradictions(when: When): string[] {
  const { people: { min = 0, max = Infinity } = {}, group, minAge = 0, maxAge = Infinity, hours } = when;
  const found: string[] = [];
  if (min > max) found.push(`people.min ${min} is more than people.max ${max}`);
  if (group === 'alone' && min > 1) found.push(`nobody is alone among at least ${min} people`);
  if (group === 'alone' && max < 1) found.push('nobody is alone where nobody may be');
  if (group === 'group' && max < 2) found.push(`at most ${max} are no group`);
  if (asksOfOne(when) && max < 1) found.push('it asks for somebody and for nobody (people.max 0)');
  if (minAge > maxAge) found.push(`minAge ${minAge} is more than maxAge ${maxAge}`);
  else if (when.ageBands && !when.ageBands.some((band) => overlaps(band, minAge, maxAge)))
    found.push('no age is both in its ageBands and from minAge to maxAge');
  if (when.expression !== undefined && isForMinors(when)) found.push('no expression is told of people who may be minors');
  if (hours && hours.from === hours.until) found.push(`its hours end as they begin, at ${hours.from}`);
  return found;
}

function unknownNames({ ageBands: bands = [], expression }: When): string[] {
  const found: string[] = [];
  for (const band of bands) {
    if (!(ageBands as readonly string[]).includes(band))
      found.push(`there is no age band "${band}", there are ${ageBands.join(', ')}.${didYouMean(band, ageBands)}`);
  }
  if (expression !== undefined && !expressions.includes(expression)) {
    found.push(`the model that comes with Mien has no expression "${expression}", it has ${expressions.join(', ')}.${didYouMean(expression, expressions)}`);
  }
  return found;
}

function ungranted(when: When, grants: readonly Grant[]): string[] {
  const asked: ReadonlyArray<readonly [string, unknown, Grant]> = [
    ['an age', when.ageBands ?? when.minAge ?? when.maxAge, 'person.age'],
    ['attention or engagement', when.attention ?? when.engagement, 'person.attention'],
    ['a zone', when.zone, 'person.position'],
    ['an expression', when.expression, 'person.expression'],
  ];
  return asked.flatMap(([what, value, grant]) =>
    value === undefined || grants.includes(grant) ? [] : [`it asks for ${what}, and ${grant} is not granted: add it to \`grant\` in mien.yaml`],
  );
}

function overlaps(band: string, min: number, max: number): boolean {
  const [from = Number.NaN, until = Infinity] = band.split(/[-+]/).filter(Boolean).map(Number);
  // A band that does not exist is told by its name.
  return Number.isNaN(from) || (from <= max && until + 1 > min);
}

function isForMinors({ ageBands: bands, maxAge = Infinity }: When): boolean {
  return maxAge < adult || (bands?.every((band) => Number.parseInt(band, 10) < adult) ?? false);
}
