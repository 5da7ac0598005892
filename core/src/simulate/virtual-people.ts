/** A scenario as observations: everything after sight cannot tell them from a camera's, but by `origin.simulated`. */
import { MienError } from '../errors.ts';
import type { Box, EndedTrack, Observation, ObservedFace, Origin } from '../observation.ts';
import { RecognitionSchedule } from '../sight/schedule.ts';
import { visitors } from './crowd.ts';
import { simulatedHeads } from './readings.ts';
import { type LiveChange, lengthOf, MOST_PEOPLE, type Scenario, type VirtualPerson } from './scenario.ts';
import type { Appearance } from './script.ts';
import { coveredShare, type SimulatedView } from './view.ts';
import { ActingPerson, type Visit } from './virtual-person.ts';

export type { Visit } from './virtual-person.ts';

export const simulatedOrigin: Origin = { model: 'simulated', backend: 'none', npuCores: [], degraded: false, simulated: true };
const noTimes = { decodeMs: 0, detectMs: 0, alignMs: 0, recogniseMs: 0, trackMs: 0, totalMs: 0 };
/** A face of which a nearer one hides this much is not detected. */
const COVERED = 0.5;

const noVisitors: Iterator<VirtualPerson, void> = { next: () => ({ done: true, value: undefined }) };

export interface FrameStamp {
  readonly capturedMonoMs: number;
  readonly capturedWallMs: number;
  /** Frames left out so far. */
  readonly dropped: number;
}

export interface PersonNow {
  readonly id: string;
  readonly live: boolean;
  readonly now: Appearance;
}

/** The truth about somebody at this moment, with where their face lies. */
interface Seen {
  readonly actor: ActingPerson;
  readonly now: Appearance;
  readonly box: Box;
  readonly findable: boolean;
}

interface Coming {
  readonly person: VirtualPerson;
  readonly atMs: number;
  readonly live: boolean;
}

export interface StageOptions {
  readonly scenario: Scenario;
  readonly view: SimulatedView;
  /** Names this run of sight; the seed by default. */
  readonly run?: string;
  /** Told of everybody who left, with the truth about their visit. */
  readonly onVisit?: (visit: Visit) => void;
}

/** The stage of one scenario. Time is the scenario's own, in milliseconds from 0, and only goes forward; `frame` moves it. */
export class VirtualPeople {
  readonly #scenario: Scenario;
  readonly #view: SimulatedView;
  readonly #run: string;
  readonly #onVisit: (visit: Visit) => void;
  readonly #lengthMs: number;
  readonly #schedule = new RecognitionSchedule();
  #actors: ActingPerson[] = [];
  /** Who comes when, the next first. */
  #coming: Coming[] = [];
  #visitors: Iterator<VirtualPerson, void> = noVisitors;
  #nextVisitor: VirtualPerson | undefined;
  #cycle = -1;
  #lastTrack = 0;
  #frame = 0;
  #ms = 0;

  constructor({ scenario, view, run = `simulated-${scenario.seed}`, onVisit = () => {} }: StageOptions) {
    this.#scenario = scenario;
    this.#view = view;
    this.#run = run;
    this.#onVisit = onVisit;
    this.#lengthMs = lengthOf(scenario) * 1000;
  }

  /** Infinity for one that loops. */
  get endsAtMs(): number {
    return this.#scenario.loop ? Number.POSITIVE_INFINITY : this.#lengthMs;
  }

  /** Those who are here, those in a script and those added. */
  get here(): PersonNow[] {
    return this.#actors.filter(({ gone }) => !gone).map((actor) => ({ id: actor.id, live: actor.live, now: actor.at(this.#ms) }));
  }

  /** Nobody is here or will come, and no track is left to end. */
  get empty(): boolean {
    return this.#actors.length === 0 && this.#coming.length === 0 && !this.#nextVisitor;
  }

  frame(ms: number, stamp: FrameStamp): Observation {
    this.#ms = ms;
    const ended: EndedTrack[] = [];
    this.#arrange(ms, ended);
    const seen = this.#actors.map((actor) => this.#look(actor, ms, ended));
    const faces = this.#follow(seen, ms, ended);
    for (const { track } of ended) this.#schedule.forget(track);
    this.#actors = this.#actors.filter(({ gone, face }) => !gone || face.track !== 0);
    const { camera, width, height } = this.#scenario;
    return {
      camera,
      run: this.#run,
      frame: this.#frame++,
      capturedMonoMs: stamp.capturedMonoMs,
      capturedWallMs: stamp.capturedWallMs,
      width,
      height,
      faces,
      ended,
      heads: simulatedHeads,
      origin: simulatedOrigin,
      ms: noTimes,
      dropped: stamp.dropped,
      recognitionHz: this.#schedule.hz(ms),
    };
  }

  /** Lets people come, all or none; `enterS` and `leaveS` count from now. Errors: SCENARIO_INVALID when an id is taken or the stage is full. */
  addAll(people: readonly VirtualPerson[]): void {
    for (const { id } of people) {
      if (!this.#find(id) && !this.#coming.some((coming) => coming.person.id === id)) continue;
      throw new MienError('SCENARIO_INVALID', `somebody called "${id}" is here or will come; give another id, or change or remove them`);
    }
    const count = this.#actors.length + this.#coming.filter(({ live }) => live).length;
    if (count + people.length > MOST_PEOPLE) {
      throw new MienError(
        'SCENARIO_INVALID',
        `at most ${MOST_PEOPLE} virtual people may be here, ${count} are; remove some or add fewer than ${people.length}`,
      );
    }
    const added = people.map((person) => ({ person, atMs: this.#ms + person.enterS * 1000, live: true }));
    this.#await(added, () => true);
  }

  /** Errors: INPUT_NOT_FOUND. */
  change(id: string, change: LiveChange): void {
    this.#demand(id).change(change, this.#ms);
  }

  /** Takes somebody away from one frame to the next, or lets them not come. Errors: INPUT_NOT_FOUND. */
  remove(id: string): void {
    const waiting = this.#coming.find(({ person, live }) => live && person.id === id);
    if (waiting) this.#coming = this.#coming.filter((coming) => coming !== waiting);
    else this.#leave(this.#demand(id));
  }

  /** Ends the visits of everybody who is still here. */
  close(): void {
    for (const actor of this.#actors) if (!actor.gone) this.#onVisit(actor.visit(null));
    this.#actors = [];
  }

  #demand(id: string): ActingPerson {
    const found = this.#find(id);
    if (found) return found;
    const here = this.here.map((person) => person.id);
    throw new MienError('INPUT_NOT_FOUND', `there is no virtual person "${id}"; ${here.length > 0 ? `there is ${here.join(', ')}` : 'nobody is here'}`);
  }

  #find(id: string): ActingPerson | undefined {
    return this.#actors.find((actor) => actor.id === id && !actor.gone);
  }

  /** Lets the scenario's people come and go. */
  #arrange(ms: number, ended: EndedTrack[]): void {
    const cycle = this.#scenario.loop ? Math.floor(ms / this.#lengthMs) : 0;
    if (cycle !== this.#cycle) {
      this.#cycle = cycle;
      for (const actor of this.#actors.filter(({ live, gone }) => !live && !gone)) {
        this.#leave(actor);
        const end = actor.face.drop();
        if (end) ended.push(end);
      }
      this.#begin(cycle);
    }
    let due = 0;
    for (let next = this.#coming[due]; next && next.atMs <= ms; next = this.#coming[++due]) this.#enter(next);
    if (due > 0) this.#coming = this.#coming.slice(due);
    const startMs = cycle * this.#lengthMs;
    for (let next = this.#nextVisitor; next && startMs + next.enterS * 1000 <= ms; next = this.#nextVisitor) {
      this.#enter({ person: next, atMs: startMs + next.enterS * 1000, live: false });
      this.#nextVisitor = this.#visitors.next().value ?? undefined;
    }
    for (const actor of this.#actors) if (!actor.gone && ms >= actor.leavesAtMs()) this.#leave(actor);
  }

  #begin(cycle: number): void {
    const { people, crowd, seed } = this.#scenario;
    const startMs = cycle * this.#lengthMs;
    this.#await(
      people.map((person) => ({ person, atMs: startMs + person.enterS * 1000, live: false })),
      (coming) => coming.live,
    );
    this.#visitors = crowd ? visitors(crowd, { seed, of: [cycle] }, this.#view, this.#lengthMs / 1000) : noVisitors;
    this.#nextVisitor = this.#visitors.next().value ?? undefined;
  }

  #await(more: readonly Coming[], stays: (coming: Coming) => boolean): void {
    this.#coming = [...this.#coming.filter(stays), ...more].sort((a, b) => a.atMs - b.atMs);
  }

  #enter({ person, atMs, live }: Coming): void {
    const of = live ? ['live', this.#frame] : [this.#cycle];
    this.#actors.push(new ActingPerson(person, atMs, live, { seed: this.#scenario.seed, of, view: this.#view, nextTrack: () => ++this.#lastTrack }));
  }

  #leave(actor: ActingPerson): void {
    actor.gone = true;
    this.#onVisit(actor.visit(this.#ms));
  }

  #look(actor: ActingPerson, ms: number, ended: EndedTrack[]): Seen {
    const now = actor.at(ms);
    const { box, findable } = actor.face.move(now, ms);
    if (actor.takeSwitch(ms)) {
      const end = actor.face.drop();
      if (end) ended.push(end);
    }
    if (!actor.gone) actor.note(now, findable, ms);
    return { actor, now, box, findable: findable && !actor.gone };
  }

  #follow(seen: readonly Seen[], ms: number, ended: EndedTrack[]): ObservedFace[] {
    const shown = new Map<number, { face: ObservedFace; seen: Seen }>();
    for (const each of seen) {
      const { face, ended: end } = each.actor.face.show(each.findable && !isCovered(each, seen), ms);
      if (end) ended.push(end);
      if (face) shown.set(face.track, { face, seen: each });
    }
    const faces = [...shown.values()].map(({ face }) => ({ id: face.track, score: face.score }));
    for (const { id } of this.#schedule.due(faces, ms, true)) {
      const entry = shown.get(id) as { face: ObservedFace; seen: Seen };
      entry.face = entry.seen.actor.face.recognised(entry.face, entry.seen.now, ms);
      this.#schedule.sampled(id, entry.face.quality.score, ms);
    }
    return [...shown.values()].map(({ face }) => face);
  }
}

/** Somebody nearer stands before this face. */
function isCovered({ actor, now, box }: Seen, all: readonly Seen[]): boolean {
  return all.some((other) => other.actor !== actor && !other.actor.gone && other.now.distanceM < now.distanceM && coveredShare(box, other.box) > COVERED);
}
