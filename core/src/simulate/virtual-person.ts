import type { LiveChange, VirtualPerson } from './scenario.ts';
import { type Appearance, gazeAngles, Script } from './script.ts';
import { edgeDeg, type SimulatedView } from './view.ts';
import { VirtualFace } from './virtual-face.ts';

/** Who is moved by hand walks and does not jump: a head that jumps is another person's. */
const WALK_MPS = 1.5;
const TURN_DEG_PER_S = 45;
/** A head turned by less looks at the device. */
const FACING_DEG = 15;

/** What was really done, to count against. Milliseconds of media time. */
export interface Visit {
  readonly id: string;
  readonly age: number;
  readonly gender: VirtualPerson['gender'];
  readonly enteredMs: number;
  /** Null: was still here when the scenario ended. */
  readonly leftMs: number | null;
  /** Could be seen: in the picture, not hidden, not turned away altogether. */
  readonly inSightMs: number;
  readonly facingMs: number;
  /** While in sight; null when never. */
  readonly closestM: number | null;
}

export interface Cast {
  readonly seed: number;
  readonly of: readonly (string | number)[];
  readonly view: SimulatedView;
  readonly nextTrack: () => number;
}

/** One virtual person on the stage: script, changes by hand, face, and the truth about the visit. */
export class ActingPerson {
  readonly id: string;
  readonly face: VirtualFace;
  /** Not of the scenario: stays when it begins again. */
  readonly live: boolean;
  readonly #person: VirtualPerson;
  readonly #script: Script;
  readonly #enteredMs: number;
  readonly #edgeDeg: number;
  readonly #change: { -readonly [K in keyof LiveChange]: LiveChange[K] } = {};
  #walk: { distanceM: number; bearingDeg: number; atMs: number } | null = null;
  readonly #switches: number[];
  #last: number | null = null;
  #inSightMs = 0;
  #facingMs = 0;
  #closestM: number | null = null;
  /** Has left, or was taken away: what remains is a track to end. */
  gone = false;

  constructor(person: VirtualPerson, enteredMs: number, live: boolean, { seed, of, view, nextTrack }: Cast) {
    this.id = person.id;
    this.live = live;
    this.#person = person;
    this.#script = new Script(person, view);
    this.#enteredMs = enteredMs;
    this.#switches = [...person.trackSwitchesS].sort((a, b) => a - b);
    this.face = new VirtualFace(person.noise, { seed, of: [...of, person.id] }, view, nextTrack);
    this.#edgeDeg = edgeDeg(view);
  }

  leavesAtMs(): number {
    const { enterS, leaveS } = this.#person;
    return leaveS === undefined ? Number.POSITIVE_INFINITY : this.#enteredMs + (leaveS - enterS) * 1000;
  }

  /** What is not named stays as it is. */
  change(change: LiveChange, ms: number): void {
    if (change.distanceM !== undefined || change.bearingDeg !== undefined) {
      const { distanceM, bearingDeg } = this.at(ms);
      this.#walk ??= { distanceM, bearingDeg: Math.min(this.#edgeDeg, Math.max(-this.#edgeDeg, bearingDeg)), atMs: ms };
      this.#change.distanceM ??= distanceM;
      this.#change.bearingDeg ??= bearingDeg;
    }
    if (change.look !== undefined) {
      delete this.#change.yawDeg;
      delete this.#change.pitchDeg;
    }
    Object.assign(this.#change, change);
  }

  /** The truth at this moment. Time must not run backwards. */
  at(ms: number): Appearance {
    const scripted = this.#script.at((ms - this.#enteredMs) / 1000);
    const { look, distanceM: _d, bearingDeg: _b, hidden, ...rest } = this.#change;
    return {
      ...scripted,
      ...(look !== undefined && gazeAngles(look)),
      ...rest,
      hidden: hidden ?? (look === undefined ? scripted.hidden : look === 'back'),
      ...this.#walkTo(ms),
    };
  }

  #walkTo(ms: number): { distanceM: number; bearingDeg: number } | null {
    const walk = this.#walk;
    if (!walk) return null;
    const seconds = Math.max(0, ms - walk.atMs) / 1000;
    walk.distanceM = towards(walk.distanceM, this.#change.distanceM ?? walk.distanceM, WALK_MPS * seconds);
    walk.bearingDeg = towards(walk.bearingDeg, this.#change.bearingDeg ?? walk.bearingDeg, TURN_DEG_PER_S * seconds);
    walk.atMs = ms;
    return { distanceM: walk.distanceM, bearingDeg: walk.bearingDeg };
  }

  /** A scripted fault: is the track lost now? */
  takeSwitch(ms: number): boolean {
    const next = this.#switches[0];
    if (next === undefined || ms < this.#enteredMs + next * 1000) return false;
    this.#switches.shift();
    return true;
  }

  /** Writes down what this frame could show. */
  note(now: Appearance, findable: boolean, ms: number): void {
    const sinceMs = this.#last === null ? 0 : ms - this.#last;
    this.#last = ms;
    if (!findable) return;
    this.#inSightMs += sinceMs;
    if (Math.abs(now.yawDeg) <= FACING_DEG && Math.abs(now.pitchDeg) <= FACING_DEG) this.#facingMs += sinceMs;
    this.#closestM = Math.min(this.#closestM ?? Number.POSITIVE_INFINITY, now.distanceM);
  }

  visit(leftMs: number | null): Visit {
    const { id, age, gender } = this.#person;
    const numbers = { enteredMs: this.#enteredMs, leftMs, inSightMs: this.#inSightMs, facingMs: this.#facingMs, closestM: this.#closestM };
    return { id, age, gender, ...numbers };
  }
}

function towards(from: number, to: number, most: number): number {
  return from + Math.min(most, Math.max(-most, to - from));
}
