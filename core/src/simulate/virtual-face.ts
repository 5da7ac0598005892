import type { Box, EndedTrack, FaceQuality, FaceSample, ObservedFace } from '../observation.ts';
import { qualityParts } from '../quality-gate.ts';
import { createRandom, type Random, Wander } from './random.ts';
import { Readings } from './readings.ts';
import type { Noise } from './scenario.ts';
import type { Appearance } from './script.ts';
import { boxAt, type SimulatedView } from './view.ts';

/** As the tracker of sight does it: how long a face that is not detected keeps its track, and how long one that was detected less than three times. */
const MISS_TOLERANCE_MS = 1000;
const FLICKER_TOLERANCE_MS = 250;
const CONFIRM_HITS = 3;
/** The detector finds no smaller faces, and none turned further. */
const SMALLEST_PX = 20;
const FURTHEST_YAW_DEG = 72;
const TURNING_MS = 120;
const WANDER_MS = 250;
const PLACE_SHARE = 0.01;
const ROLL_DEG = 1.5;

/** What sight sees of one virtual person: a track that begins, is predicted over gaps, and ends. */
export class VirtualFace {
  readonly #view: SimulatedView;
  readonly #noise: Noise;
  readonly #random: Random;
  readonly #readings: Readings;
  readonly #wander: Readonly<Record<'size' | 'x' | 'y' | 'yaw' | 'pitch' | 'roll', Wander>>;
  readonly #nextTrack: () => number;
  #at: number | null = null;
  #yawDeg = 0;
  #pitchDeg = 0;
  #box: Box = [0, 0, 0, 0];
  #pose = { yawDeg: 0, pitchDeg: 0, rollDeg: 0 };
  #detectedAt = 0;
  #hits = 0;
  /** 0 without one. */
  track = 0;

  constructor(noise: Noise, names: { readonly seed: number; readonly of: readonly (string | number)[] }, view: SimulatedView, nextTrack: () => number) {
    const random = createRandom(names.seed, ...names.of);
    const wander = (): Wander => new Wander(random, WANDER_MS);
    this.#view = view;
    this.#noise = noise;
    this.#random = random;
    this.#readings = new Readings(noise, random);
    this.#wander = { size: wander(), x: wander(), y: wander(), yaw: wander(), pitch: wander(), roll: wander() };
    this.#nextTrack = nextTrack;
  }

  /** Moves on to this moment. Returns the face's box, and whether a detector could find it there. */
  move(now: Appearance, ms: number): { box: Box; findable: boolean } {
    const kept = this.#at === null ? 0 : Math.exp(-Math.max(0, ms - this.#at) / TURNING_MS);
    this.#at = ms;
    this.#yawDeg = this.#yawDeg * kept + now.yawDeg * (1 - kept);
    this.#pitchDeg = this.#pitchDeg * kept + now.pitchDeg * (1 - kept);
    this.#readings.follow(now, ms);
    const { poseDeg, boxShare } = this.#noise;
    const w = this.#wander;
    this.#pose = {
      yawDeg: this.#yawDeg + poseDeg * w.yaw.at(ms),
      pitchDeg: this.#pitchDeg + poseDeg * w.pitch.at(ms),
      rollDeg: ROLL_DEG * w.roll.at(ms),
    };
    const [x, y, width, height] = boxAt(now, this.#view);
    const grown = Math.max(0.5, 1 + boxShare * w.size.at(ms));
    this.#box = [
      x + width * ((1 - grown) / 2 + PLACE_SHARE * w.x.at(ms)),
      y + height * ((1 - grown) / 2 + PLACE_SHARE * w.y.at(ms)),
      width * grown,
      height * grown,
    ];
    const findable = !now.hidden && inPicture(this.#box) && this.#facePx >= SMALLEST_PX && Math.abs(this.#yawDeg) <= FURTHEST_YAW_DEG;
    return { box: this.#box, findable };
  }

  /** What sight makes of this frame. `found`: findable, and not covered by another. The face is predicted where it was not detected. */
  show(found: boolean, ms: number): { face?: ObservedFace; ended?: EndedTrack } {
    const missed = this.#random.next() < this.#noise.misses;
    const score = 0.85 + 0.1 * this.#random.next();
    if (found && !missed) {
      if (this.track === 0) this.track = this.#nextTrack();
      this.#detectedAt = ms;
      this.#hits += 1;
      return { face: { track: this.track, box: this.#box, score, quality: this.#quality() } };
    }
    if (this.track === 0) return {};
    const toleranceMs = this.#hits < CONFIRM_HITS ? FLICKER_TOLERANCE_MS : MISS_TOLERANCE_MS;
    if (!inPicture(this.#box)) return { ended: this.#end('exited') };
    if (ms - this.#detectedAt > toleranceMs) return { ended: this.#end('lost') };
    return { face: { track: this.track, box: this.#box, score: 0, quality: this.#quality() } };
  }

  /** Gives the track up now. */
  drop(): EndedTrack | undefined {
    return this.track === 0 ? undefined : this.#end('lost');
  }

  #end(reason: EndedTrack['reason']): EndedTrack {
    const ended = { track: this.track, reason };
    this.track = 0;
    this.#hits = 0;
    return ended;
  }

  /** The face as recognised in this frame. */
  recognised(face: ObservedFace, now: Appearance, ms: number): ObservedFace & { readonly sample: FaceSample } {
    const { light, sharpness } = now;
    return { ...face, quality: this.#quality({ light, sharpness }), sample: this.#readings.sample(now, ms) };
  }

  get #facePx(): number {
    return Math.max(this.#box[2] * this.#view.width, this.#box[3] * this.#view.height);
  }

  #quality(crop?: { light: number; sharpness: number }): FaceQuality {
    const parts = qualityParts(this.#facePx, this.#pose.yawDeg, this.#pose.pitchDeg, crop);
    return { score: parts.size * parts.pose * parts.light * parts.sharpness, facePx: this.#facePx, ...this.#pose, ...crop };
  }
}

function inPicture([x, y, w, h]: Box): boolean {
  const [cx, cy] = [x + w / 2, y + h / 2];
  return cx >= 0 && cx <= 1 && cy >= 0 && cy <= 1;
}
