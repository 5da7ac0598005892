import type { Config } from '../config.ts';
import type { Box } from '../observation.ts';
import { Evidence } from './evidence.ts';
import type { PersonState } from './person.ts';
import { Appearance } from './presence.ts';

/** A track of sight, before and after it is known whose it is. Its evidence is the person's once it is sure that it shows them. */
export class Track {
  readonly id: number;
  evidence: Evidence;
  appearance: Appearance;
  person: PersonState | null = null;
  box: Box | null = null;
  /** Last detection, and last mention with or without one. */
  lastSeen = Number.NEGATIVE_INFINITY;
  touched = Number.NEGATIVE_INFINITY;
  entangled = false;

  constructor(id: number, config: Config) {
    this.id = id;
    this.evidence = new Evidence(config);
    this.appearance = new Appearance(config.presence);
  }

  /** It may show another face from now on: what it has counted is put aside. */
  doubt(config: Config, t: number): void {
    const { person } = this;
    this.evidence = new Evidence(config);
    if (!person) return;
    // Too little evidence to compare with is no reason to hold anything back; it is dropped.
    if (!person.evidence.speaks) person.evidence = this.evidence;
    else person.beginDoubt(t);
  }

  /** Compares what the track shows with whom it should show. False: it is somebody else. */
  settle(): boolean {
    const { person } = this;
    if (!person || person.doubtSince === null) return true;
    const verdict = person.evidence.compare(this.evidence);
    if (verdict === 'other') return false;
    if (verdict === 'same') {
      person.evidence.merge(this.evidence);
      this.evidence = person.evidence;
      person.endDoubt(true);
    }
    return true;
  }

  bind(person: PersonState, agreed: boolean, t: number): void {
    this.person = person;
    person.track = this;
    if (agreed) {
      person.evidence.merge(this.evidence);
      this.evidence = person.evidence;
      person.endDoubt(true);
    } else if (!person.evidence.speaks) {
      person.evidence = this.evidence;
      person.endDoubt(true);
    } else person.beginDoubt(t);
  }

  /** The person goes on without this track, with the evidence that is surely theirs; the track with what it has seen since. */
  unbind(config: Config): void {
    const { person } = this;
    if (!person) return;
    if (person.evidence === this.evidence) this.evidence = new Evidence(config);
    person.endDoubt(false);
    if (person.track === this) person.track = null;
    this.person = null;
  }
}
