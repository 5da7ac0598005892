import type { CameraConfig, Config } from '../config.ts';
import type { Enveloper } from '../enveloper.ts';
import type { EventData, EventOrigin, MienEvent, Person, PersonEvent, Why } from '../events.ts';
import type { HeadLabels, Observation, ObservedFace } from '../observation.ts';
import type { AttentionChange } from './attention.ts';
import { CaptureClock } from './capture-clock.ts';
import type { ExpressionChange } from './evidence.ts';
import { Identities, type Sighting } from './identities.ts';
import { eventOrigin } from './origin.ts';
import { PersonState } from './person.ts';
import { departure, type LeaveReason, type Watch } from './presence.ts';
import { Report } from './report.ts';
import type { Track } from './track.ts';
import { type WhyNot, whyNot } from './why-not.ts';

/** A camera without a frame for this long is blind, whatever it says. */
const STALL_MS = 1000;
/** News of a person who may be another one waits until that is decided, or this long. */
const DOUBT_MS = 1000;

export interface PeopleContext {
  readonly enveloper: Enveloper;
  readonly profile: string;
  readonly nextId: () => string;
}

type PersonEventName = PersonEvent extends { type: `mien.${infer N}.v1` } ? N : never;

/** The persons of one camera, and what happens to them. Times are those of the camera's CaptureClock; `hostMs` is the host's monotonic clock. */
export class CameraPeople {
  readonly #config: Config;
  readonly #camera: CameraConfig;
  readonly #context: PeopleContext;
  readonly #clock = new CaptureClock();
  readonly #identities: Identities;
  readonly #watch: Watch = { since: Number.NEGATIVE_INFINITY, blindSince: null, lostAt: Number.NEGATIVE_INFINITY };
  #last: Observation | null = null;
  #events: MienEvent[] = [];
  /** Was told lost and not yet restored. */
  lost = false;

  constructor(config: Config, camera: CameraConfig, context: PeopleContext) {
    this.#config = config;
    this.#camera = camera;
    this.#context = context;
    this.#identities = new Identities(config);
  }

  get name(): string {
    return this.#camera.name;
  }

  observe(observation: Observation, hostMs: number): MienEvent[] {
    const lastT = this.#clock.t;
    const gapMs = this.#clock.observe(observation.capturedMonoMs, observation.capturedWallMs, hostMs);
    const { t } = this.#clock;
    const restarted = this.#last !== null && this.#last.run !== observation.run;
    if (gapMs === null) this.#watch.since = t;
    else if (restarted || gapMs > STALL_MS) this.#watch.blindSince ??= lastT;
    if (restarted) this.#identities.forgetAll();
    this.#last = observation;
    this.#expire(t);
    this.#seeAgain(t);
    this.#endTracks(observation, t);
    const sighting = this.#identities.follow(observation, t);
    this.#identities.identify(sighting.faces, { frame: observation, t, create: (track) => this.#create(track) });
    this.#tell(sighting, observation, t);
    return this.#taken();
  }

  /** Lets time pass while no observation comes. */
  tick(hostMs: number): MienEvent[] {
    const silenceMs = this.#clock.silenceMs(hostMs);
    if (silenceMs > STALL_MS) this.#watch.blindSince ??= this.#clock.t;
    const t = this.#clock.t + silenceMs;
    this.#expire(t);
    for (const person of this.#identities.persons.values()) this.#miss(person, t);
    return this.#taken();
  }

  /** The camera, or all of sight (`restart`: its tracks mean nothing any more), is lost. */
  blind(hostMs: number, restart: boolean): void {
    this.#watch.blindSince ??= this.#now(hostMs);
    if (restart) this.#identities.forgetAll();
  }

  /** The source is over for good: everybody leaves now. */
  end(hostMs: number): MienEvent[] {
    const t = this.#now(hostMs);
    for (const person of [...this.#identities.persons.values()]) this.#leave(person, 'camera_lost', { rule: 'camera.ended', heldMs: 0, thresholds: {} }, t);
    this.#identities.forgetAll();
    this.#identities.expire(Number.POSITIVE_INFINITY);
    return this.#taken();
  }

  current(hostMs: number): Person[] {
    const t = this.#now(hostMs);
    return [...this.#identities.persons.values()].map((person) => person.snapshot(this.#heads, Math.max(t, person.lastSeen)));
  }

  /** Who produced the last frame; undefined before the first. */
  get origin(): EventOrigin | undefined {
    return this.#last ? eventOrigin(this.#last.origin, this.#context.profile) : undefined;
  }

  whyNot(id: string): WhyNot[] {
    const person = this.#identities.persons.get(id);
    return person ? whyNot(person, this.#config, this.#heads, this.#clock.t) : [];
  }

  /** Capture instant for events of the camera itself; the host's clocks before the first frame. */
  moment(hostMs: number, wallMs: number): { capturedMonoMs: number; capturedWallMs: number } {
    if (!this.#clock.started) return { capturedMonoMs: hostMs, capturedWallMs: wallMs };
    const t = this.#now(hostMs);
    return { capturedMonoMs: this.#clock.mono(t), capturedWallMs: this.#clock.wall(t) };
  }

  get size(): Identities['size'] {
    return this.#identities.size;
  }

  get #heads(): HeadLabels {
    return this.#last?.heads ?? {};
  }

  #now(hostMs: number): number {
    return this.#clock.t + this.#clock.silenceMs(hostMs);
  }

  #taken(): MienEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #seeAgain(t: number): void {
    if (this.#watch.blindSince === null) return;
    this.#watch.lostAt = this.#watch.blindSince;
    this.#watch.blindSince = null;
    this.#watch.since = t;
  }

  #expire(t: number): void {
    const place = { rules: this.#config.presence, exitsVisible: this.#camera.exitsVisible };
    for (const person of [...this.#identities.persons.values()]) {
      const gone = departure(person.lastSeen, this.#watch, t, place);
      if (gone) this.#leave(person, person.exited && gone.reason === 'timeout' ? 'exited' : gone.reason, gone.why, t);
    }
    this.#identities.expire(t);
  }

  #endTracks({ ended }: Observation, t: number): void {
    for (const { track, reason, into } of ended) {
      const person = this.#identities.ownerOf(track);
      this.#identities.forget(track);
      if (!person) continue;
      person.exited = reason === 'exited';
      const other = reason === 'merged' && into !== undefined ? this.#identities.ownerOf(into) : null;
      if (other) this.#leave(person, 'merged', { rule: 'merged', heldMs: Math.max(0, t - person.lastSeen), thresholds: {} }, t);
    }
  }

  #create(track: Track): PersonState {
    return new PersonState({ id: this.#context.nextId(), camera: this.name, firstSeen: track.appearance.first, evidence: track.evidence }, this.#config, {
      distance: this.#config.distance,
      camera: this.#camera,
    });
  }

  /** Tells what this frame changed for everybody. */
  #tell({ faces, expressions }: Sighting, observation: Observation, t: number): void {
    const seen = new Map<PersonState, ObservedFace>();
    for (const [track, face] of faces) if (track.person) seen.set(track.person, face);
    for (const person of this.#identities.persons.values()) {
      const face = seen.get(person);
      const attention = face ? person.see(face, observation, { t, heads: observation.heads }) : null;
      if (!face) this.#miss(person, t);
      if (!person.report) this.#appear(person, t);
      if (attention) this.#attention(person, attention, t);
    }
    for (const { person, change } of expressions) if (this.#identities.persons.has(person.id) && seen.has(person)) this.#expression(person, change, t);
    for (const person of this.#identities.persons.values()) this.#update(person, t);
  }

  #appear(person: PersonState, t: number): void {
    const why = person.track?.appearance.why() ?? { rule: 'appear', heldMs: 0, thresholds: {} };
    const { updateEveryMs } = this.#config.presence;
    person.report = new Report(this.#emit('person.appeared', person, t, { why }), t, updateEveryMs);
  }

  #update(person: PersonState, t: number): void {
    if (person.doubtSince !== null && t - person.doubtSince < DOUBT_MS) return;
    const news = person.report?.news(() => person.snapshot(this.#heads, t), t, person.returning);
    if (!news) return;
    person.returning = false;
    const { rule, heldMs, changed, previous, settled } = news;
    const why = { rule, heldMs, thresholds: { updateEveryMs: this.#config.presence.updateEveryMs, ...person.evidence.settlingLimits(settled) } };
    this.#emit('person.updated', person, t, { why, changed: [...changed], previous, settled: [...settled] });
  }

  #expression(person: PersonState, { from, to, onset, heldMs }: ExpressionChange, t: number): void {
    const { p, margin, holdMs } = this.#config.expression;
    const why = { rule: 'expression.switch', heldMs, thresholds: { p, margin, holdMs } };
    this.#emit('emotion.changed', person, t, { why, from, to, onsetMonoMs: this.#clock.mono(onset) });
  }

  #miss(person: PersonState, t: number, gone = false): void {
    const change = person.miss(t, gone);
    if (change) this.#attention(person, change, t);
  }

  #attention(person: PersonState, change: AttentionChange, t: number): void {
    const { on, onMs, off, offMs } = this.#config.attention;
    const onsetMonoMs = this.#clock.mono(change.onset);
    if (change.kind === 'started') {
      this.#emit('attention.started', person, t, { why: { rule: 'attention.on', heldMs: change.heldMs, thresholds: { on, onMs } }, onsetMonoMs });
      return;
    }
    const why = { rule: 'attention.off', heldMs: change.heldMs, thresholds: { off, offMs } };
    this.#emit('attention.ended', person, t, { why, onsetMonoMs, durationMs: change.end - change.onset, kind: change.span });
  }

  #leave(person: PersonState, reason: LeaveReason, why: Why, t: number): void {
    this.#miss(person, t, true);
    const until = (reason === 'camera_lost' ? t : person.lastSeen) + this.#config.presence.graceMs;
    this.#identities.remove(person, reason === 'merged' ? null : until);
    person.left = true;
    this.#emit('person.left', person, t, { why, reason, session: person.totals(this.#heads, t) });
  }

  #emit<N extends PersonEventName>(name: N, person: PersonState, t: number, data: Omit<EventData<N>, 'origin' | 'person'>): Person {
    const snapshot = person.snapshot(this.#heads, t);
    const moment = { camera: this.name, subject: `person/${person.id}`, capturedMonoMs: this.#clock.mono(t), capturedWallMs: this.#clock.wall(t) };
    const full = { origin: this.origin, ...data, person: snapshot };
    this.#events.push(this.#context.enveloper.envelope(name, moment, full as unknown as EventData<N>) as MienEvent);
    return snapshot;
  }
}
