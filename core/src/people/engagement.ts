import type { Engagement as EngagementLevel, Zone } from '../events.ts';

/** Numbers of the definitions in the events' specification (ROS4HRI's five levels). */
export const ENGAGE_MS = 2000;
export const DISENGAGE_MS = 2000;
const APPROACH_MPS = 0.35;
const APPROACH_END_MPS = 0.15;

export interface EngagementInput {
  /** A pose has been seen long enough to judge. */
  readonly known: boolean;
  readonly attending: boolean;
  readonly attendingMs: number;
  readonly zone: Zone;
  readonly approachMps: number;
}

/**
 * unknown: not judged yet. engaged: near and attending for 2 s. disengaging: the 2 s after that ended. engaging: approaching, or
 * attending but not (yet) engaged. disengaged: the rest.
 */
export class Engagement {
  level: EngagementLevel = 'unknown';
  #approaching = false;
  #endedAt = 0;

  update({ known, attending, attendingMs, zone, approachMps }: EngagementInput, t: number): void {
    this.#approaching = approachMps >= (this.#approaching ? APPROACH_END_MPS : APPROACH_MPS);
    if (!known) return;
    if (attending && zone === 'near' && attendingMs >= ENGAGE_MS) {
      this.level = 'engaged';
      return;
    }
    if (this.level === 'engaged') {
      this.level = 'disengaging';
      this.#endedAt = t;
    }
    if (this.level === 'disengaging' && t - this.#endedAt < DISENGAGE_MS) return;
    this.level = attending || this.#approaching ? 'engaging' : 'disengaged';
  }
}
