/** What the schema of a scenario cannot say: parts that must fit each other. */
import type { Scenario, VirtualPerson } from './scenario.ts';

/** One line a fault, `path: what was expected`. Empty when everything fits. */
export function scenarioRuleFaults({ people, crowd, lengthS }: Scenario): string[] {
  const faults = people.flatMap((person, i) => personFaults(person, `people[${i}]`, lengthS));
  const seen = new Set<string>();
  for (const [i, { id }] of people.entries()) {
    if (seen.has(id)) faults.push(`people[${i}].id: another person is called "${id}"; give each their own id`);
    seen.add(id);
    if (crowd && id.startsWith('visitor-')) faults.push(`people[${i}].id: names that begin with "visitor-" are those of the crowd; give another`);
  }
  for (const [i, { from, to }] of crowd?.mix.ages.entries() ?? []) {
    if (from > to) faults.push(`crowd.mix.ages[${i}].from: expected at most .to (${to}), got ${from}`);
  }
  return faults;
}

function personFaults(person: VirtualPerson, at: string, lengthS: number | undefined): string[] {
  const { enterS, leaveS, hidden } = person;
  const faults: string[] = [];
  if (leaveS !== undefined && leaveS <= enterS) faults.push(`${at}.leaveS: expected more than .enterS (${enterS}), got ${leaveS}`);
  if (lengthS !== undefined && enterS >= lengthS)
    faults.push(`${at}.enterS: expected less than lengthS (${lengthS}), got ${enterS}; this person would never come`);
  for (const part of ['path', 'look', 'expression'] as const) {
    const steps = person[part] ?? [];
    for (const [i, { atS }] of steps.entries()) {
      const before = steps[i - 1];
      if (before && atS <= before.atS) faults.push(`${at}.${part}[${i}].atS: expected more than the step before (${before.atS}), got ${atS}`);
    }
  }
  for (const [i, { fromS, untilS }] of hidden.entries()) {
    if (untilS <= fromS) faults.push(`${at}.hidden[${i}].untilS: expected more than .fromS (${fromS}), got ${untilS}`);
  }
  return faults;
}
