/** One people half on a scripted stage: frames every 33 ms, the host's clock in step, events collected as they come. */
import { createEnveloper } from '../../core/src/enveloper.ts';
import { type EventName, type EventOf, eventName, type MienEvent } from '../../core/src/events.ts';
import type { Observation, ObservedFace } from '../../core/src/observation.ts';
import { createPeople, type Notice, type People } from '../../core/src/people/people.ts';
import { observation, testConfig } from './observations.ts';

export const FRAME_MS = 33;

export class Stage {
  readonly people: People;
  readonly events: MienEvent[] = [];
  t = 0;
  host = 0;

  constructor(config: object = {}) {
    const monoMs = (): number => this.host;
    this.people = createPeople(testConfig(config), createEnveloper('t', { bootId: 'boot', monoMs }), {
      monoMs,
      wallMs: () => Date.UTC(2026, 5, 1, 12) + this.host,
    });
  }

  /** Shows the faces for `ms`; a function is called with the time. Returns the events of this stretch. */
  show(ms: number, faces: readonly ObservedFace[] | ((t: number) => readonly ObservedFace[]), more: Partial<Observation> = {}): MienEvent[] {
    const from = this.events.length;
    for (const end = this.t + ms; this.t < end; ) {
      this.t += FRAME_MS;
      this.host += FRAME_MS;
      this.events.push(...this.people.observe(observation(this.t, typeof faces === 'function' ? faces(this.t) : faces, more)));
    }
    return this.events.slice(from);
  }

  /** Lets the host's time pass without a frame. */
  wait(ms: number): MienEvent[] {
    const from = this.events.length;
    for (const end = this.host + ms; this.host < end; ) {
      this.host = Math.min(end, this.host + 100);
      this.events.push(...this.people.tick(this.host));
    }
    this.t += ms;
    return this.events.slice(from);
  }

  notice(notice: Notice): MienEvent[] {
    const events = this.people.notice(notice);
    this.events.push(...events);
    return events;
  }
}

export const names = (events: readonly MienEvent[]): EventName[] => events.map(eventName);

export function only<N extends EventName>(events: readonly MienEvent[], name: N): EventOf<N>[] {
  return events.filter((event) => eventName(event) === name) as EventOf<N>[];
}

/** The one event of that name; throws when there are none or several. */
export function the<N extends EventName>(events: readonly MienEvent[], name: N): EventOf<N> {
  const found = only(events, name);
  if (found.length !== 1) throw new Error(`expected one ${name}, got ${names(events).join(', ') || 'nothing'}`);
  return found[0] as EventOf<N>;
}
