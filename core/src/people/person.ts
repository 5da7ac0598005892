import type { CameraConfig, Config } from '../config.ts';
import type { Person, SessionTotals } from '../events.ts';
import type { Box, FaceQuality, HeadLabels, ObservedFace } from '../observation.ts';
import { Attention, type AttentionChange } from './attention.ts';
import { Place, type View } from './distance.ts';
import { Engagement } from './engagement.ts';
import { type Attributes, abstained, type Evidence } from './evidence.ts';
import type { Report } from './report.ts';
import type { FrameSize, Trace } from './return-gate.ts';
import type { Track } from './track.ts';
import { DrawnZone } from './zones.ts';

/** Nothing is credited for longer than this between two sights. */
const CREDIT_MS = 1000;

export interface PersonOrigin {
  readonly id: string;
  readonly camera: string;
  readonly firstSeen: number;
  readonly evidence: Evidence;
}

/** Everything known of one person while they are here. */
export class PersonState implements Trace {
  readonly id: string;
  readonly camera: string;
  readonly firstSeen: number;
  readonly attention: Attention;
  readonly place: Place;
  readonly engagement: Engagement;
  readonly #config: Config;
  readonly #share = new Map<string, number>();
  readonly drawn: DrawnZone;
  readonly #zoneMs: SessionTotals['zones'] & Record<string, number>;
  quality: FaceQuality = { score: 0, facePx: 0, yawDeg: 0, pitchDeg: 0, rollDeg: 0 };
  evidence: Evidence;
  #doubt: { readonly since: number; readonly box: Box } | null = null;
  box: Box = [0, 0, 0, 0];
  lastSeen: number;
  /** The track that shows this person now. */
  track: Track | null = null;
  /** What was told of them; null before they are announced. */
  report: Report | null = null;
  returned = false;
  /** Came back, and nobody was told yet. */
  returning = false;
  /** The last track walked out of the picture. */
  exited = false;
  left = false;

  constructor({ id, camera, firstSeen, evidence }: PersonOrigin, config: Config, view: View & { camera: Pick<CameraConfig, 'zones'> }) {
    const { zones = [] } = view.camera;
    this.#config = config;
    this.id = id;
    this.camera = camera;
    this.firstSeen = firstSeen;
    this.lastSeen = firstSeen;
    this.evidence = evidence;
    this.attention = new Attention(config.attention);
    this.place = new Place(view);
    this.drawn = new DrawnZone(zones, config.zones);
    this.#zoneMs = { near: 0, mid: 0, far: 0, ...Object.fromEntries(zones.map(({ name }) => [name, 0])) };
    this.engagement = new Engagement(config.engagement);
  }

  /** Since when it is open whether the track still shows this person; null when it does. Attributes are held back meanwhile. */
  get doubtSince(): number | null {
    return this.#doubt?.since ?? null;
  }

  beginDoubt(t: number): void {
    this.#doubt ??= { since: t, box: this.box };
  }

  /** `sure`: the track shows this person. Otherwise they were last seen where the doubt began. */
  endDoubt(sure: boolean): void {
    if (this.#doubt && !sure) this.box = this.#doubt.box;
    this.#doubt = null;
  }

  /** The face was detected at time t. */
  see(face: ObservedFace, frame: FrameSize, now: { t: number; heads: HeadLabels }): AttentionChange | null {
    const { t, heads } = now;
    // On the same track a gap that nobody was told of is the detector's.
    if (this.report?.toldState === 'unseen' && this.unseen(t)) this.returned = this.returning = true;
    const dt = Math.min(CREDIT_MS, Math.max(0, t - this.lastSeen));
    this.box = face.box;
    this.quality = face.quality;
    this.lastSeen = t;
    this.place.update(face.box, frame, t);
    this.drawn.update(face.box, t);
    this.#zoneMs[this.zone] = (this.#zoneMs[this.zone] ?? 0) + dt;
    const expression = this.doubtSince === null ? this.evidence.expressionLabel(heads, t) : undefined;
    if (expression !== undefined) this.#share.set(expression, (this.#share.get(expression) ?? 0) + dt);
    const change = this.attention.update(face.quality, t);
    this.#engage(t);
    return change;
  }

  /** The face was not detected up to time t. */
  miss(t: number, gone = false): AttentionChange | null {
    const change = this.attention.unseen(t, gone);
    this.#engage(t);
    return change;
  }

  #engage(t: number): void {
    const { attending, currentMs } = this.attention;
    this.engagement.update(
      {
        known: t - this.firstSeen >= this.#config.attention.onMs,
        attending,
        attendingMs: currentMs,
        zone: this.place.zone,
        approachMps: this.unseen(t) ? 0 : this.place.approachMps,
      },
      t,
    );
  }

  /** The drawn zone where the person stands in one, else that of their distance. */
  get zone(): string {
    return this.drawn.name ?? this.place.zone;
  }

  unseen(t: number): boolean {
    return t - this.lastSeen >= this.#config.presence.unseenMs;
  }

  attributes(heads: HeadLabels, t: number): Attributes {
    if (this.doubtSince === null) return this.evidence.attributes(heads, t);
    const held = abstained('low_confidence');
    return { ...(heads.age && { age: held }), ...(heads.gender && { gender: held }), ...(heads.expression && { expression: held }) };
  }

  snapshot(heads: HeadLabels, t: number): Person {
    const { place, attention } = this;
    const q = this.quality;
    return {
      id: this.id,
      camera: this.camera,
      state: this.left ? 'left' : this.unseen(t) ? 'unseen' : 'present',
      sinceMs: whole(t - this.firstSeen),
      returned: this.returned,
      box: this.box.map((x) => round(x, 4)),
      distance: { m: round(place.m, 2), sd: round(place.sd, 2), calibrated: place.calibrated },
      bearingDeg: round(place.bearingDeg, 1),
      zone: this.zone,
      quality: {
        score: round(Math.min(1, Math.max(0, q.score)), 2),
        facePx: whole(q.facePx),
        yawDeg: round(q.yawDeg, 0),
        pitchDeg: round(q.pitchDeg, 0),
        rollDeg: round(q.rollDeg, 0),
        ...(q.light !== undefined && { light: round(q.light, 2) }),
        ...(q.sharpness !== undefined && { sharpness: round(q.sharpness, 2) }),
      },
      ...this.attributes(heads, t),
      attention: {
        state: attention.attending ? 'attending' : 'away',
        score: round(attention.score, 2),
        currentMs: whole(attention.currentMs),
        totalMs: whole(attention.totalMs),
        glances: attention.glances,
      },
      engagement: this.engagement.level,
    };
  }

  totals(heads: HeadLabels, t: number): SessionTotals {
    const attributes = this.attributes(heads, t);
    const known = [...this.#share.values()].reduce((sum, ms) => sum + ms, 0);
    const policy = attributes.expression && 'abstain' in attributes.expression && attributes.expression.abstain === 'policy';
    const share = Object.fromEntries([...this.#share].map(([label, ms]) => [label, round(ms / known, 3)]));
    return {
      dwellMs: whole(this.lastSeen - this.firstSeen),
      attentionMs: whole(this.attention.totalMs),
      glances: this.attention.glances,
      looks: this.attention.looks,
      closestM: round(this.place.closestM, 2),
      zones: wholeEach(this.#zoneMs),
      ...attributes,
      ...(attributes.expression && !policy && known > 0 && { expressionShare: share }),
    };
  }
}

function round(x: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(x * scale) / scale + 0;
}

function wholeEach<T extends Record<string, number>>(values: T): T {
  return Object.fromEntries(Object.entries(values).map(([name, x]) => [name, whole(x)])) as T;
}

function whole(x: number): number {
  return Math.max(0, Math.round(x));
}
