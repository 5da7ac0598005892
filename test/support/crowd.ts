/**
 * A small crowd before one or two cameras and a tracker that errs in every way trackers do. It knows the truth: which human each
 * face is. Ages lie in ranges that do not touch, so that an estimate made of two humans' samples falls between them.
 */
import type { Person } from '../../core/src/events.ts';
import type { Box, FaceSample, HeadLabels, Observation, ObservedFace } from '../../core/src/observation.ts';
import type { Action, Scene } from './crowd-actions.ts';
import { FRAME, heads, observation } from './observations.ts';

export const AGES = [9, 27, 45, 63] as const;
export const AGE_NOISE = 3;
/** Gender of each human, by the head's labels. */
export const GENDERS = ['male', 'female', 'male', 'female'] as const;
export const CAMERAS = ['main', 'side'] as const;

interface Human {
  inside: boolean;
  track: number;
  x: number;
  y: number;
  px: number;
  dx: number;
  grow: number;
  yaw: number;
  quality: number;
  expression: number;
  missing: number;
  predicted: number;
}

export interface Shown {
  readonly observation: Observation;
  /** Camera time passed so far, leaps back left out. */
  readonly elapsedMs: number;
}

/**
 * Light and sharpness that mark a frame among 60 x 85 = 5100 in a row, in the two digits that snapshots keep and where they cost no
 * quality. A box alone does not tell its frame: somebody out of sight keeps the one they were last seen in, and another human may
 * show the very same one later.
 */
const stamp = (frame: number) => ({ light: 0.15 + (frame % 60) / 100, sharpness: 0.15 + (Math.floor(frame / 60) % 85) / 100 });
const sightKey = (box: readonly number[], { light, sharpness }: { light?: number; sharpness?: number }): string =>
  [...box.map((x) => x.toFixed(4)), light?.toFixed(2), sharpness?.toFixed(2)].join(' ');

/** Plays one camera's actions; all randomness comes from `seed`. */
export class Crowd {
  readonly camera: string;
  readonly #frameMs: number;
  readonly #humans: Human[];
  #seed: number;
  #t = 1000;
  #shownAt = 1000;
  #elapsedMs = 0;
  #run = 1;
  #nextTrack = 1;
  #heads: HeadLabels = heads;
  #ageless = false;
  #garbage = 0;
  #frame = 0;
  readonly #truth = new Map<string, number>();
  #ended: { track: number; reason: 'lost' | 'exited' | 'merged'; into?: number }[] = [];

  constructor(camera: string, { seed, frameMs, spacing, full }: Scene) {
    this.camera = camera;
    this.#seed = seed | 1;
    this.#frameMs = frameMs;
    this.#humans = AGES.map((_, i) => ({
      inside: full,
      track: full ? this.#nextTrack++ : 0,
      x: 0.15 + spacing * i,
      y: 0.4 + 0.01 * i,
      px: 90 + 20 * i,
      dx: 0,
      grow: 1,
      yaw: 0,
      quality: 0.9,
      expression: 1,
      missing: 0,
      predicted: 0,
    }));
  }

  /** Milliseconds of silence the action asks for, 0 for none. */
  act(action: Action): number {
    const human = 'who' in action ? (this.#humans[action.who] as Human) : undefined;
    switch (action.kind) {
      case 'enter':
        if (human && !human.inside) Object.assign(human, { inside: true, track: this.#nextTrack++, missing: 0, predicted: 0 });
        break;
      case 'leave':
      case 'exit':
        if (human?.inside) this.#ended.push({ track: human.track, reason: action.kind === 'exit' ? 'exited' : 'lost' });
        if (human) human.inside = false;
        break;
      case 'miss':
        if (human) human.missing = 2 * action.frames;
        break;
      case 'predict':
        if (human) human.predicted = action.frames;
        break;
      case 'retrack':
        if (human) human.track = this.#nextTrack++;
        break;
      case 'walk':
        Object.assign(human as Human, { dx: action.dx, grow: action.grow });
        break;
      case 'turn':
        Object.assign(human as Human, { yaw: action.yaw, quality: action.quality });
        break;
      case 'smile':
        (human as Human).expression = action.expression;
        break;
      case 'swap': {
        const other = this.#humans[action.other] as Human;
        if (human) [human.track, other.track] = [other.track, human.track];
        break;
      }
      case 'merge': {
        const other = this.#humans[action.other] as Human;
        if (human?.inside && other.inside && other !== human) {
          this.#ended.push({ track: human.track, reason: 'merged', into: other.track });
          human.track = this.#nextTrack++;
        }
        break;
      }
      case 'stand-before': {
        const other = this.#humans[action.other] as Human;
        if (human && other !== human) Object.assign(human, { dx: Math.max(-0.03, Math.min(0.03, (other.x - human.x) / Math.max(3, action.frames))) });
        break;
      }
      case 'restart':
        this.#run += 1;
        // A new run counts its tracks from 1 again: the same numbers mean other humans.
        this.#nextTrack = 1;
        for (const each of [...this.#humans].reverse()) if (each.inside) each.track = this.#nextTrack++;
        this.#ended = [];
        break;
      case 'garbage':
        this.#garbage = action.frames;
        break;
      case 'heads-off':
        this.#heads = {};
        break;
      case 'heads-on':
        this.#heads = heads;
        this.#ageless = false;
        break;
      case 'no-age':
        this.#ageless = true;
        break;
      case 'jump':
        this.#t = Math.max(0, this.#t + action.ms);
        break;
      case 'silence':
        this.#t += action.ms;
        return action.ms;
    }
    return 0;
  }

  /**
   * The human in the box of this snapshot, in the frame in which it was seen. Undefined for a box that overlapped another one there,
   * which proves nobody's place, and for a box that is older than the sight beside it.
   */
  humanOf({ box, quality }: Pick<Person, 'box' | 'quality'>): number | undefined {
    return this.#truth.get(sightKey(box, quality));
  }

  frame(): Shown {
    this.#frame += 1;
    this.#t += this.#frameMs * (0.8 + 0.4 * this.#random());
    this.#elapsedMs += Math.max(0, this.#t - this.#shownAt);
    this.#shownAt = this.#t;
    const faces: ObservedFace[] = [];
    for (const [index, human] of this.#humans.entries()) {
      const face = this.#show(index, human);
      if (!face) continue;
      faces.push(face);
      this.#truth.set(sightKey(face.box, face.quality), index);
    }
    for (const { box, quality } of faces) {
      if (faces.some((other) => other.box !== box && overlap(box, other.box) > 0.15)) this.#truth.delete(sightKey(box, quality));
    }
    if (this.#garbage-- > 0) faces.push(...this.#rubbish(faces));
    const ended = this.#ended;
    this.#ended = [];
    return {
      observation: observation(this.#t, faces, { camera: this.camera, run: `r${this.#run}`, ended, heads: this.#heads }),
      elapsedMs: this.#elapsedMs,
    };
  }

  #show(index: number, human: Human): ObservedFace | null {
    if (!human.inside) return null;
    // Heads do not leave the picture here, nor grow without end.
    human.x = Math.min(0.95, Math.max(0.05, human.x + human.dx));
    human.px = Math.min(260, Math.max(40, human.px * human.grow));
    if (human.missing-- > 0) return null;
    const [w, h] = [human.px / FRAME.width, human.px / FRAME.height];
    const jitter = (this.#random() - 0.5) * 0.004;
    const box: Box = [human.x - w / 2 + jitter, human.y - h / 2, w, h];
    const predicted = human.predicted-- > 0;
    const quality = { score: human.quality, facePx: human.px, yawDeg: human.yaw, pitchDeg: 0, rollDeg: 0, ...stamp(this.#frame) };
    return { track: human.track, box, score: predicted ? 0 : 0.9, quality, ...(this.#random() < 0.9 && { sample: this.#sample(index, human) }) };
  }

  #sample(index: number, human: Human): FaceSample {
    const years = (AGES[index] as number) + (this.#random() * 2 - 1) * AGE_NOISE;
    const p = 0.7 + 0.29 * this.#random();
    const expression = [0.1, 0.1, 0.1];
    expression[human.expression] = 0.8;
    return {
      ...(!this.#ageless && { age: { years, sd: 5 + 2 * this.#random() } }),
      gender: GENDERS[index] === 'male' ? [1 - p, p] : [p, 1 - p],
      expression,
    };
  }

  /** Faces no detector should report: without size, twice the same track, far outside, heads that do not fit. */
  #rubbish(faces: readonly ObservedFace[]): ObservedFace[] {
    const base = { score: 0.9, quality: { score: 0.9, facePx: 100, yawDeg: 0, pitchDeg: 0, rollDeg: 0 } };
    const twice = faces[0] ? [{ ...base, track: faces[0].track, box: [0.9, 0.9, 0.05, 0.08] as const }] : [];
    return [
      ...twice,
      { ...base, track: 900, box: [0.5, 0.5, 0, 0] },
      { ...base, track: 901, box: [0.5, 0.5, -0.1, 0.1] },
      { ...base, track: 902, box: [2, 2, 0.1, 0.1], sample: { gender: [0, 0], expression: [1] } },
    ];
  }

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed / 2 ** 32;
  }
}

/** Intersection as a share of the smaller box. */
function overlap([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): number {
  const w = Math.min(ax + aw, bx + bw) - Math.max(ax, bx);
  const h = Math.min(ay + ah, by + bh) - Math.max(ay, by);
  return w <= 0 || h <= 0 ? 0 : (w * h) / Math.min(aw * ah, bw * bh);
}
