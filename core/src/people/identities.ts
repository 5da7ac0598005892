import type { Config } from '../config.ts';
import type { HeadLabels, Observation, ObservedFace } from '../observation.ts';
import { doubtful, entangled, LONG_GAP_MS } from './entanglement.ts';
import type { ExpressionChange } from './evidence.ts';
import type { PersonState } from './person.ts';
import { type FrameSize, type Match, match, type Trace, teleported } from './return-gate.ts';
import { Track } from './track.ts';

/** Somebody who left a moment ago: remembered for the grace period only, so as not to be greeted twice. */
interface Departed extends Trace {
  readonly until: number;
}

/** The detected faces of one frame by track, and the expressions that switched in it. */
export interface Sighting {
  readonly faces: ReadonlyMap<Track, ObservedFace>;
  readonly expressions: readonly { readonly person: PersonState; readonly change: ExpressionChange }[];
}

/** Whose track is whose, for one camera. Evidence passes from a track to a person only while both are surely the same face. */
export class Identities {
  readonly #config: Config;
  readonly #tracks = new Map<number, Track>();
  #departed: Departed[] = [];
  readonly persons = new Map<string, PersonState>();

  constructor(config: Config) {
    this.#config = config;
  }

  /** Brings the tracks up to date with a frame. */
  follow(observation: Observation, t: number): Sighting {
    const seen = new Map<Track, ObservedFace>();
    const doubted: Track[] = [];
    for (const face of observation.faces) {
      let track = this.#tracks.get(face.track);
      if (!usable(face) || (track && seen.has(track))) continue;
      if (track?.box && face.score > 0 && teleported(track.box, face.box, t - track.lastSeen, observation)) {
        this.forget(track.id);
        track = undefined;
      }
      if (!track) {
        track = new Track(face.track, this.#config);
        this.#tracks.set(track.id, track);
      }
      seen.set(track, face);
      if (face.score > 0 && this.#doubts(track, face, { frame: observation, t })) doubted.push(track);
    }
    for (const track of doubted) track.doubt(this.#config, t);
    const expressions: { person: PersonState; change: ExpressionChange }[] = [];
    const overlaps = entangled([...seen.values()].map(({ box }) => box));
    let index = 0;
    for (const [track, face] of seen) {
      const change = this.#sample(track, face, { overlapped: overlaps[index++] === true, heads: observation.heads, t });
      if (change && track.person && track.person.doubtSince === null) expressions.push({ person: track.person, change });
    }
    const { goneMs, unseenMs } = this.#config.presence;
    const patienceMs = Math.max(goneMs, unseenMs);
    for (const track of [...this.#tracks.values()]) {
      const face = seen.get(track);
      const detected = face !== undefined && face.score > 0;
      track.appearance.frame(detected, t);
      if (!detected) seen.delete(track);
      if (!face && t - track.touched > patienceMs) this.forget(track.id);
    }
    return { faces: seen, expressions };
  }

  #doubts({ id, box, lastSeen, appearance }: Track, face: ObservedFace, { frame, t }: { frame: FrameSize; t: number }): boolean {
    if (!box) return false;
    const trail = { box, elapsedMs: t - lastSeen, interrupted: !appearance.detected };
    return doubtful(trail, face.box, () => [...this.#tracks.values()].flatMap((other) => (other.id !== id && other.box ? [other.box] : [])), frame);
  }

  #sample(track: Track, face: ObservedFace, { overlapped, heads, t }: { overlapped: boolean; heads: HeadLabels; t: number }): ExpressionChange | null {
    if (track.entangled && !overlapped) track.doubt(this.#config, t);
    track.entangled = overlapped;
    track.touched = t;
    if (!(face.score > 0)) return null;
    track.box = face.box;
    track.lastSeen = t;
    return overlapped ? null : track.evidence.add(face, heads, t);
  }

  /** Decides whose the detected tracks are; `create` makes a new person for a track that is nobody's. */
  identify(faces: Sighting['faces'], { frame, t, create }: { frame: FrameSize; t: number; create: (track: Track) => PersonState }): void {
    for (const track of faces.keys()) if (!track.settle()) track.unbind(this.#config);
    const open = [...faces].filter(([track]) => track.person === null && track.appearance.confirmed);
    if (open.length === 0) return;
    this.#reunite(open, { frame, t });
    for (const [track, face] of open) {
      if (track.person !== null) continue;
      const person = create(track);
      this.persons.set(person.id, person);
      track.person = person;
      person.track = track;
      this.#recall(track, face, { frame, t });
    }
  }

  /** Gives open tracks to persons who have none, best match first. A person in doubt is given up only to a track that agrees. */
  #reunite(open: readonly (readonly [Track, ObservedFace])[], now: { frame: FrameSize; t: number }): void {
    const { t } = now;
    const pairs: (Match & { track: Track; person: PersonState })[] = [];
    for (const person of this.persons.values()) {
      const unsure = person.doubtSince !== null;
      if (person.track !== null && !unsure && t - person.lastSeen < LONG_GAP_MS) continue;
      for (const [track, face] of open) {
        const found = match(person, face.box, track.evidence, now);
        if (found && (found.agreed || !unsure)) pairs.push({ track, person, ...found });
      }
    }
    const taken = new Set<PersonState>();
    for (const { track, person, agreed } of pairs.sort((a, b) => a.cost - b.cost)) {
      if (track.person !== null || taken.has(person)) continue;
      taken.add(person);
      person.track?.unbind(this.#config);
      track.bind(person, agreed, t);
      person.exited = false;
      if (person.unseen(t)) person.returned = person.returning = true;
    }
  }

  /** Is the new person somebody who left within the grace period? Their evidence is handed on only where it agrees. */
  #recall(track: Track, face: ObservedFace, now: { frame: FrameSize; t: number }): void {
    let best: (Match & { departed: Departed }) | null = null;
    for (const departed of this.#departed) {
      const found = match(departed, face.box, track.evidence, now);
      if (found && (best === null || found.cost < best.cost)) best = { departed, ...found };
    }
    if (!best || !track.person) return;
    const { departed, agreed } = best;
    this.#departed = this.#departed.filter((other) => other !== departed);
    track.person.returned = true;
    if (!agreed) return;
    departed.evidence.merge(track.evidence);
    track.evidence = track.person.evidence = departed.evidence;
  }

  /** Takes a person out; `until` keeps what is needed to know them again, null keeps nothing. */
  remove(person: PersonState, until: number | null): void {
    person.track?.unbind(this.#config);
    this.persons.delete(person.id);
    if (until !== null) this.#departed.push({ box: person.box, lastSeen: person.lastSeen, evidence: person.evidence, until });
  }

  /** Forgets who left longer ago than they may be remembered. */
  expire(t: number): void {
    if (this.#departed.length > 0) this.#departed = this.#departed.filter(({ until }) => t < until);
  }

  ownerOf(track: number): PersonState | null {
    return this.#tracks.get(track)?.person ?? null;
  }

  forget(id: number): void {
    this.#tracks.get(id)?.unbind(this.#config);
    this.#tracks.delete(id);
  }

  forgetAll(): void {
    for (const id of [...this.#tracks.keys()]) this.forget(id);
  }

  /** Persons and memories kept, for tests of "person state dies on leaving". */
  get size(): { tracks: number; persons: number; departed: number } {
    return { tracks: this.#tracks.size, persons: this.persons.size, departed: this.#departed.length };
  }
}

/** A face with a place in the picture. */
function usable({ box }: ObservedFace): boolean {
  return box.every(Number.isFinite) && box[2] > 0 && box[3] > 0;
}
