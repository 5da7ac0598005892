/** People on command, with the events that real ones would have caused, for tests of what shows or carries events. */

import type { HeldBack, PeopleView } from '../../core/src/console/people-view.ts';
import { createEnveloper } from '../../core/src/enveloper.ts';
import type { EventData, EventName, EventOrigin, MienEvent, Person, SessionTotals } from '../../core/src/events.ts';
import type { EventBus } from '../../core/src/host/event-bus.ts';

const origin: EventOrigin = {
  model: 'mien-attributes@0.1.0/int8',
  backend: 'onnx',
  npuCores: [],
  degraded: false,
  simulated: false,
  profile: 'demo',
};

export function fakePerson(id: string, part: Partial<Person> = {}): Person {
  return {
    id,
    camera: 'main',
    state: 'present',
    sinceMs: 340,
    returned: false,
    box: [0.41, 0.22, 0.12, 0.21],
    distance: { m: 1.4, sd: 0.3, calibrated: false },
    bearingDeg: -6,
    zone: 'mid',
    quality: { score: 0.82, facePx: 118, yawDeg: 9, pitchDeg: -4, rollDeg: 2, light: 0.6, sharpness: 0.5 },
    attention: { state: 'away', score: 0.2, currentMs: 0, totalMs: 0, glances: 0 },
    engagement: 'disengaged',
    ...part,
  };
}

export const known: Pick<Person, 'age' | 'gender' | 'expression'> = {
  age: { years: 34.2, sd: 5.1, p05: 26, p95: 43, band: '25-34', bandP: 0.62, minorP: 0.01, n: 18, stable: true },
  gender: { label: 'female', p: 0.93, n: 18, stable: true },
  expression: {
    label: 'positive',
    p: 0.71,
    probs: { negative: 0.06, neutral: 0.23, positive: 0.71 },
    valence: 0.65,
    n: 12,
    stable: true,
  },
};

export interface FakePeople extends PeopleView {
  readonly bootId: string;
  held: HeldBack[];
  appear(id: string, part?: Partial<Person>): MienEvent;
  update(id: string, part: Partial<Person>, settled?: Array<'age' | 'gender' | 'expression'>): MienEvent;
  leave(id: string, reason?: 'timeout' | 'exited' | 'camera_lost'): MienEvent;
  emit<N extends EventName>(name: N, subject: string, data: EventData<N>, camera?: string): MienEvent;
}

export function createFakePeople(bus: EventBus, bootId?: string): FakePeople {
  const enveloper = createEnveloper('test-device', bootId === undefined ? {} : { bootId });
  const here = new Map<string, Person>();
  const why = (rule: string, heldMs: number, thresholds: Record<string, number>) => ({ rule, heldMs, thresholds });
  const person = (id: string): Person => {
    const found = here.get(id);
    if (!found) throw new Error(`${id} is not here`);
    return found;
  };
  const people: FakePeople = {
    bootId: enveloper.bootId,
    held: [],
    current: () => [...here.values()],
    whyNot: () => people.held,
    emit(name, subject, data, camera = 'main') {
      const event = enveloper.envelope(name, { camera, subject, capturedMonoMs: performance.now(), capturedWallMs: Date.now() }, data) as MienEvent;
      bus.publish(event);
      bus.announceObserved(camera);
      return event;
    },
    appear(id, part) {
      here.set(id, fakePerson(id, part));
      const data = { origin, why: { ...why('appear', 280, { appearHits: 3, appearMs: 250 }), hits: 3, of: 5 }, person: person(id) };
      return people.emit('person.appeared', `person/${id}`, data, person(id).camera);
    },
    update(id, part, settled = []) {
      const before = person(id) as unknown as Record<string, unknown>;
      here.set(id, { ...person(id), ...part });
      const changed = Object.keys(part);
      const previous = Object.fromEntries(changed.filter((key) => before[key] !== undefined).map((key) => [key, before[key]]));
      const data = {
        origin,
        why: why(settled.length > 0 ? 'settled' : 'changed', 1000, { updateEveryMs: 1000 }),
        person: person(id),
        changed,
        previous,
        settled,
      };
      return people.emit('person.updated', `person/${id}`, data, person(id).camera);
    },
    leave(id, reason = 'timeout') {
      const last = person(id);
      here.delete(id);
      const { age, gender, expression } = last;
      const session: SessionTotals = {
        dwellMs: 8200,
        attentionMs: 5200,
        glances: 1,
        looks: 1,
        closestM: 1.2,
        zones: { near: 0, mid: 8200, far: 0 },
        ...(age && { age }),
        ...(gender && { gender }),
        ...(expression && { expression }),
      };
      const data = { origin, why: why('gone', 2000, { goneMs: 2000, graceMs: 5000 }), person: { ...last, state: 'left' as const }, reason, session };
      return people.emit('person.left', `person/${id}`, data, last.camera);
    },
  };
  return people;
}
