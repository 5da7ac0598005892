import type { Config } from '../config.ts';
import type { EventOf, Why } from '../events.ts';

export type LeaveReason = EventOf<'person.left'>['data']['reason'];

/** Confirms a track: `appearHits` of the last `appearWindow` frames, and `appearMs` since the first of an unbroken series. */
export class Appearance {
  readonly #rules: Config['presence'];
  readonly #window: boolean[] = [];
  #first: number | null = null;
  #last = 0;
  hits = 0;

  constructor(rules: Config['presence']) {
    this.#rules = rules;
  }

  /** Called once a frame: was the face detected in it? */
  frame(detected: boolean, t: number): void {
    this.#window.push(detected);
    if (detected) this.hits += 1;
    if (this.#window.length > this.#rules.appearWindow && this.#window.shift()) this.hits -= 1;
    if (this.hits === 0) this.#first = null;
    if (!detected) return;
    this.#first ??= t;
    this.#last = t;
  }

  /** Detected in the last frame. */
  get detected(): boolean {
    return this.#window.at(-1) === true;
  }

  get first(): number {
    return this.#first ?? this.#last;
  }

  get heldMs(): number {
    return this.#last - this.first;
  }

  get confirmed(): boolean {
    return this.hits >= Math.min(this.#rules.appearHits, this.#rules.appearWindow) && this.heldMs >= this.#rules.appearMs;
  }

  why(): Why {
    const { appearHits, appearMs } = this.#rules;
    return { rule: 'appear', heldMs: this.heldMs, hits: this.hits, of: this.#window.length, thresholds: { appearHits, appearMs } };
  }
}

/** What the camera could see, in its own time. */
export interface Watch {
  /** Frames come since then. */
  since: number;
  /** No frames come since then; null while they do. */
  blindSince: number | null;
  /** When the last blindness began. */
  lostAt: number;
}

/**
 * Has a person last seen at `lastSeen` gone? Where the place is visible after `goneMs`; where it is not, after `graceMs`. While
 * the camera is blind nobody goes before the grace counted from its loss is over; once it sees again it first looks for `goneMs`.
 */
export function departure(
  lastSeen: number,
  watch: Watch,
  t: number,
  { rules, exitsVisible }: { rules: Config['presence']; exitsVisible: boolean },
): { reason: 'timeout' | 'camera_lost'; why: Why } | null {
  const { goneMs, graceMs } = rules;
  const blind = watch.blindSince !== null;
  const limitMs = blind || !exitsVisible ? graceMs : goneMs;
  const until = blind
    ? (watch.blindSince as number) + graceMs
    : Math.max(lastSeen + limitMs, lastSeen <= watch.lostAt ? watch.since + Math.min(goneMs, limitMs) : 0);
  if (t < until) return null;
  const lost = blind || lastSeen <= watch.lostAt;
  return {
    reason: lost ? 'camera_lost' : 'timeout',
    why: { rule: blind ? 'gone.blind' : 'gone', heldMs: Math.max(0, t - lastSeen), thresholds: { goneMs, graceMs } },
  };
}
