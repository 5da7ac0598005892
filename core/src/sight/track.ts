import type { Detection } from './detector.ts';
import type { Point, Rect } from './geometry.ts';
import { OneEuro } from './one-euro.ts';
import type { TrackedFace } from './tracker.ts';

/** Smoothing, in hertz and in hertz per face width a second: a still face is steadied, a walking one followed. */
const minCutoffHz = 1.7;
const beta = 4;
const speedCutoffHz = 1.5;
/** A face that is not seen is expected to slow down: people who vanish behind something seldom run on. */
const coastMs = 600;

const pointNames = ['rightEye', 'leftEye', 'noseTip', 'mouth', 'rightEar', 'leftEar'] as const;

/** One face through time: smoothed box and keypoints, constant velocity while seen, slowing down while not. */
export class Track {
  readonly id: number;
  #filter: OneEuro;
  /** The last detection as it came. */
  #detected: Detection;
  #hitAt: number;
  #hits = 1;
  readonly #beside = new Map<number, number>();

  constructor(id: number, detection: Detection, at: number) {
    this.id = id;
    this.#detected = detection;
    this.#hitAt = at;
    this.#filter = new OneEuro(numbers(detection), minCutoffHz, beta, speedCutoffHz);
  }

  get hits(): number {
    return this.#hits;
  }

  get detected(): Rect {
    return this.#detected.box;
  }

  missedMs(at: number): number {
    return at - this.#hitAt;
  }

  hit(detection: Detection, at: number): void {
    this.#filter.filter(numbers(detection), at - this.#hitAt, size(detection.box));
    this.#detected = detection;
    this.#hitAt = at;
    this.#hits += 1;
  }

  /** The box expected at that time, from the last detection and the velocity. */
  predict(at: number): Rect {
    const { x, y, width, height } = this.#detected.box;
    const drift = this.#drift(at);
    return { x: x + drift.x, y: y + drift.y, width, height };
  }

  /** What is to be told at that time: smoothed when detected just then, carried on otherwise. */
  face(at: number): TrackedFace {
    const missed = at !== this.#hitAt;
    const drift = missed ? this.#drift(at) : { x: 0, y: 0 };
    const v = this.#filter.value;
    const n = (i: number): number => v[i] as number;
    const box = { x: n(0) - n(2) / 2 + drift.x, y: n(1) - n(3) / 2 + drift.y, width: n(2), height: n(3) };
    const points = {} as Record<(typeof pointNames)[number], Point>;
    pointNames.forEach((name, i) => {
      points[name] = { x: n(4 + 2 * i) + drift.x, y: n(5 + 2 * i) + drift.y };
    });
    return { id: this.id, box, keypoints: points, score: missed ? 0 : this.#detected.score };
  }

  /** Whether a missed face left through the border: `gone` when its centre should be outside, `yes` when it touched the border on its way out. */
  isLeaving(at: number, frameWidth: number, frameHeight: number): 'gone' | 'yes' | 'no' {
    const box = this.predict(at);
    const cx = box.x + box.width / 2;
    const cy = box.y + box.height / 2;
    if (cx < 0 || cy < 0 || cx > frameWidth || cy > frameHeight) return 'gone';
    const [vx, vy] = this.#filter.speed;
    const slow = 0.1 * size(box);
    const margin = 0.15 * size(box);
    const out =
      (box.x < margin && (vx as number) < -slow) ||
      (box.x + box.width > frameWidth - margin && (vx as number) > slow) ||
      (box.y < margin && (vy as number) < -slow) ||
      (box.y + box.height > frameHeight - margin && (vy as number) > slow);
    return out ? 'yes' : 'no';
  }

  /** Both were detected in the same frame. */
  noteBeside(other: Track): void {
    const frames = this.framesBeside(other) + 1;
    this.#beside.set(other.id, frames);
    other.#beside.set(this.id, frames);
  }

  framesBeside(other: Track): number {
    return this.#beside.get(other.id) ?? 0;
  }

  /** Takes over where the other is; keeps its own id. */
  goOnAs(other: Track): void {
    this.#filter = other.#filter;
    this.#detected = other.#detected;
    this.#hitAt = other.#hitAt;
    this.#hits += other.#hits;
    for (const [id, frames] of other.#beside) this.#beside.set(id, Math.max(frames, this.#beside.get(id) ?? 0));
  }

  #drift(at: number): Point {
    const seconds = (coastMs / 1000) * (1 - Math.exp(-Math.max(at - this.#hitAt, 0) / coastMs));
    const [vx, vy] = this.#filter.speed;
    return { x: (vx as number) * seconds, y: (vy as number) * seconds };
  }
}

function size(box: Rect): number {
  return Math.max(Math.sqrt(box.width * box.height), 1);
}

/** Centre, size and keypoints as one row of numbers for the filter. */
function numbers({ box, keypoints }: Detection): Float64Array {
  const row = new Float64Array(16);
  row[0] = box.x + box.width / 2;
  row[1] = box.y + box.height / 2;
  row[2] = box.width;
  row[3] = box.height;
  pointNames.forEach((name, i) => {
    row[4 + 2 * i] = keypoints[name].x;
    row[5 + 2 * i] = keypoints[name].y;
  });
  return row;
}
