import type { Config } from '../config.ts';
import type { FaceQuality } from '../observation.ts';
import { Hold } from './hold.ts';

/** Keypoints of small faces are coarse, so they are given more tolerance. */
const SMALL_FACE_PX = 100;
const SMALL_FACE_SLACK = 0.4;
const SMOOTHING_MS = 150;
const POSE_GAP_MS = 1000;

export type AttentionChange =
  | { readonly kind: 'started'; readonly onset: number; readonly heldMs: number }
  | { readonly kind: 'ended'; readonly onset: number; readonly end: number; readonly heldMs: number; readonly span: 'glance' | 'look' };

/** 0..1: how much a head pose, relative to the line to the camera, faces the device. 1 at zero, 0.5 at the tolerance in degrees. */
export function facing({ yawDeg, pitchDeg, facePx }: FaceQuality, tolerance: Pick<Config['attention'], 'yawDeg' | 'pitchDeg'>): number {
  const slack = 1 + SMALL_FACE_SLACK * Math.min(1, Math.max(0, (SMALL_FACE_PX - facePx) / SMALL_FACE_PX));
  const turn = (yawDeg / (tolerance.yawDeg * slack)) ** 2 + (pitchDeg / (tolerance.pitchDeg * slack)) ** 2;
  return 1 / (1 + turn * turn);
}

/** Spans of attention of one person. Totals only grow: while a span may be ending it counts up to the turn away. */
export class Attention {
  readonly #rules: Config['attention'];
  readonly #hold = new Hold<boolean>(POSE_GAP_MS);
  #last: number | null = null;
  #onset = 0;
  #closedMs = 0;
  score = 0;
  attending = false;
  glances = 0;
  looks = 0;

  constructor(rules: Config['attention']) {
    this.#rules = rules;
  }

  /** A seen pose at time t. */
  update(quality: FaceQuality, t: number): AttentionChange | null {
    const now = facing(quality, this.#rules);
    const kept = this.#last === null ? 0 : Math.exp(-Math.max(0, t - this.#last) / SMOOTHING_MS);
    this.score = this.score * kept + now * (1 - kept);
    this.#last = t;
    if (this.attending) {
      const heldMs = this.#hold.update(this.score < this.#rules.off ? true : null, t);
      return this.#hold.key !== null && heldMs >= this.#rules.offMs ? this.#end(this.#hold.since, heldMs) : null;
    }
    const heldMs = this.#hold.update(this.score >= this.#rules.on ? true : null, t);
    if (this.#hold.key === null || heldMs < this.#rules.onMs) return null;
    this.attending = true;
    this.#onset = this.#hold.since;
    this.#hold.reset();
    return { kind: 'started', onset: this.#onset, heldMs };
  }

  /** A face out of sight for `offMs` attends no longer; the span ends at its last sight, or at once when the person is gone. */
  unseen(t: number, gone = false): AttentionChange | null {
    if (this.#last === null) return null;
    const heldMs = Math.max(0, t - this.#last);
    if (heldMs >= this.#rules.offMs || gone) {
      this.score = 0;
      if (this.attending) return this.#end(this.#hold.key === null ? this.#last : this.#hold.since, heldMs);
      this.#hold.reset();
    }
    return null;
  }

  #end(end: number, heldMs: number): AttentionChange {
    const onset = this.#onset;
    const span = end - onset < this.#rules.glanceMs ? 'glance' : 'look';
    this.attending = false;
    this.#closedMs += end - onset;
    if (span === 'glance') this.glances += 1;
    else this.looks += 1;
    this.#hold.reset();
    return { kind: 'ended', onset, end, heldMs, span };
  }

  /** Milliseconds of the present span, 0 when away. */
  get currentMs(): number {
    if (!this.attending || this.#last === null) return 0;
    return Math.max(0, (this.#hold.key === null ? this.#last : this.#hold.since) - this.#onset);
  }

  get totalMs(): number {
    return this.#closedMs + this.currentMs;
  }

  /** How long the opposite state has held, for "why not". */
  get heldMs(): number {
    return this.#hold.heldMs;
  }
}
