/** What an event becomes: a text for each line of the options that fits it, or one message in the other formats. */
import { compileTemplate } from '../shared/template.ts';
import type { PersonEventName, SeenData } from './messages.ts';
import type { Options } from './options.ts';
import type { PendingEvent } from './pending.ts';

export interface EventMessages {
  /** Events that become anything. */
  readonly names: readonly PersonEventName[];
  of(name: PersonEventName, data: SeenData, nowMs: number): PendingEvent[];
}

export function createEventMessages({ format, lines, events }: Pick<Options, 'format' | 'lines' | 'events'>): EventMessages {
  return format === 'lines' ? asLines(lines) : asObjects(events);
}

function asObjects(events: Options['events']): EventMessages {
  return {
    names: events,
    of: (name, data) => [{ what: name, name, personId: data.person.id, message: { kind: 'event', name, data } }],
  };
}

function asLines(lines: Options['lines']): EventMessages {
  const compiled = lines.map((line) => ({ ...line, template: compileTemplate(line.text) }));
  /** When a line was said to a person who is here. */
  const saidAtMs = new Map<string, Map<number, number>>();
  const names = [...new Set(lines.map(({ on }) => on))];
  // Else the times of people who left would stay.
  if (lines.some(({ everyMs }) => everyMs > 0) && !names.includes('person.left')) names.push('person.left');
  return {
    names,
    of(name, data, nowMs) {
      const personId = data.person.id;
      const said = saidAtMs.get(personId) ?? new Map<number, number>();
      const fitting = compiled.flatMap(({ on, settled, everyMs, template }, i): PendingEvent[] => {
        if (on !== name || (settled !== 'any' && !data.settled?.includes(settled))) return [];
        if (everyMs > 0) {
          if (nowMs - (said.get(i) ?? -Infinity) < everyMs) return [];
          said.set(i, nowMs);
          saidAtMs.set(personId, said);
        }
        return [{ what: `line ${i}`, name, personId, message: { kind: 'text', text: template.fill(data) } }];
      });
      if (name === 'person.left') saidAtMs.delete(personId);
      return fitting;
    },
  };
}
