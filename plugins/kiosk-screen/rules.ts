/** Whether a rule holds for those who are there. A person of whom something is not known, or withheld, does not meet a condition on it. */
import type { Viewer } from './audience.ts';
import type { When } from './options.ts';

/** Conditions that a single person meets or not. */
const ofOne = ['ageBands', 'minAge', 'maxAge', 'attention', 'engagement', 'zone', 'expression'] as const;

export const asksOfOne = (when: When): boolean => ofOne.some((name) => when[name] !== undefined);

/** False for rules that ask for nothing but the hour: these hold also while nothing can be seen. */
export const asksForPeople = (when: When): boolean => when.people !== undefined || when.group !== undefined || asksOfOne(when);

/** `now`: on the device's clock. */
export function holds(when: When, viewers: readonly Viewer[], now: Date): boolean {
  const { people: { min = 0, max = Infinity } = {}, group, who } = when;
  const count = viewers.length;
  if (count < min || count > max) return false;
  if (group !== undefined && (group === 'alone' ? count !== 1 : count < 2)) return false;
  if (!withinHours(when, now)) return false;
  if (!asksOfOne(when)) return true;
  if (count === 0) return false;
  return who === 'everybody' ? viewers.every((one) => meets(when, one)) : viewers.some((one) => meets(when, one));
}

function meets({ ageBands, minAge, maxAge, attention, engagement, zone, expression }: When, viewer: Viewer): boolean {
  const { age } = viewer;
  if (ageBands && !(age && ageBands.includes(age.band))) return false;
  if (minAge !== undefined && !(age && age.years >= minAge)) return false;
  if (maxAge !== undefined && !(age && age.years <= maxAge)) return false;
  if (attention !== undefined && viewer.attention !== attention) return false;
  if (engagement && !(engagement as readonly (string | undefined)[]).includes(viewer.engagement)) return false;
  if (zone !== undefined && viewer.zone !== zone) return false;
  return expression === undefined || viewer.expression === expression;
}

function withinHours({ hours }: When, now: Date): boolean {
  if (!hours) return true;
  const [from, until] = [minutesOf(hours.from), minutesOf(hours.until)];
  const at = now.getHours() * 60 + now.getMinutes();
  return from <= until ? at >= from && at < until : at >= from || at < until;
}

export function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}
