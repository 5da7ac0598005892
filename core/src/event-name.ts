import type { EventName, MienEvent } from './events.ts';

/** `mien.person.appeared.v1` -> `person.appeared`. Apart from the schemas, so that a page can use it without them. */
export function eventName(event: Pick<MienEvent, 'type'>): EventName {
  return event.type.slice('mien.'.length, -'.v1'.length) as EventName;
}
