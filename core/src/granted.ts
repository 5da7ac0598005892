/** Events and persons as a receiver with the grants `G`, and perhaps some of `W`, sees them: the static side of what host/grants.ts removes at run time. */
import type { EventName, EventOf, Grant, Person, PersonEvent, SessionTotals } from './events.ts';

/** The grant of each property, as annotated in the schema; a test holds the two together. */
export interface PersonGrants {
  id: 'person.presence';
  camera: 'person.presence';
  state: 'person.presence';
  sinceMs: 'person.presence';
  returned: 'person.presence';
  box: 'person.position';
  distance: 'person.position';
  bearingDeg: 'person.position';
  zone: 'person.position';
  quality: 'person.quality';
  age: 'person.age';
  gender: 'person.gender';
  expression: 'person.expression';
  attention: 'person.attention';
  engagement: 'person.attention';
}
export interface SessionGrants {
  dwellMs: 'person.presence';
  attentionMs: 'person.attention';
  glances: 'person.attention';
  looks: 'person.attention';
  closestM: 'person.position';
  zones: 'person.position';
  age: 'person.age';
  gender: 'person.gender';
  expression: 'person.expression';
  expressionShare: 'person.expression';
}
/** The grant without which an event is not delivered at all. */
export interface EventGrants {
  'person.appeared': 'person.presence';
  'person.updated': 'person.presence';
  'person.left': 'person.presence';
  'emotion.changed': 'person.expression';
  'attention.started': 'person.attention';
  'attention.ended': 'person.attention';
  'model.selftest': 'device.health';
  'backend.degraded': 'device.health';
  'backend.recovered': 'device.health';
  'camera.lost': 'device.health';
  'camera.restored': 'device.health';
  'plugin.failed': 'device.health';
  'plugin.quarantined': 'device.health';
}

type Within<T, Grants, G extends Grant> = { [K in keyof T as K extends keyof Grants ? (Grants[K] extends G ? K : never) : never]: T[K] };
/** With those of `W`, which may or may not be granted, optional. */
type Seen<T, Grants, G extends Grant, W extends Grant> = [W] extends [never]
  ? Within<T, Grants, G>
  : Flat<Within<T, Grants, G> & Partial<Within<T, Grants, Exclude<W, G>>>>;
type Flat<T> = { [K in keyof T]: T[K] };

export type GrantedPerson<G extends Grant, W extends Grant = never> = Seen<Person, PersonGrants, G, W>;
export type GrantedSession<G extends Grant, W extends Grant = never> = Seen<SessionTotals, SessionGrants, G, W>;
/** Names of the events that reach a receiver with these grants. */
export type GrantedEventName<G extends Grant> = { [N in EventName]: EventGrants[N] extends G ? N : never }[EventName];

/** `data` of an event: persons, former values and session totals hold granted fields only. */
export type GrantedData<N extends EventName, G extends Grant, W extends Grant = never> = {
  [K in keyof EventOf<N>['data']]: K extends 'person'
    ? GrantedPerson<G, W>
    : K extends 'previous'
      ? Partial<GrantedPerson<G, W>>
      : K extends 'session'
        ? GrantedSession<G, W>
        : EventOf<N>['data'][K];
};
/** `subject` names the person, so it is there under person.presence only. */
type Hidden<N extends EventName, G extends Grant> = EventOf<N> extends PersonEvent ? ('person.presence' extends G ? never : 'subject') : never;
export type GrantedEvent<N extends EventName, G extends Grant, W extends Grant = never> = Omit<EventOf<N>, 'data' | Hidden<N, G>> & {
  readonly data: GrantedData<N, G, W>;
};
