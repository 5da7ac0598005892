import type { Config } from '../config.ts';
import type { Engagement as EngagementLevel } from '../events.ts';
import type { Zone } from './distance.ts';

export interface EngagementInput {
  /** A pose has been seen long enough to judge. */
  readonly known: boolean;
  readonly attending: boolean;
  readonly attendingMs: number;
  /** By distance. */
  readonly zone: Zone;
  readonly approachMps: number;
}

/**
 * unknown: not judged yet. engaged: near and attending for `engageMs`. disengaging: `disengageMs` after that ended. engaging: approaching, or
 * attending but not (yet) engaged. disengaged: the rest.
 */
export class Engagement {
  readonly #rules: Config['engagement'];
  level: EngagementLevel = 'unknown';
  #approaching = false;
  #endedAt = 0;

  constructor(rules: Config['engagement']) {
    this.#rules = rules;
  }

  update({ known, attending, attendingMs, zone, approachMps }: EngagementInput, t: number): void {
    const { engageMs, disengageMs } = this.#rules;
    this.#approaching = approachMps >= (this.#approaching ? this.#rules.approachEndMps : this.#rules.approachMps);
    if (!known) return;
    if (attending && zone === 'near' && attendingMs >= engageMs) {
      this.level = 'engaged';
      return;
    }
    if (this.level === 'engaged') {
      this.level = 'disengaging';
      this.#endedAt = t;
    }
    if (this.level === 'disengaging' && t - this.#endedAt < disengageMs) return;
    this.level = attending || this.#approaching ? 'engaging' : 'disengaged';
  }
}
