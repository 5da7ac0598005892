import type { EndedTrack } from '../observation.ts';
import { assign } from './assignment.ts';
import type { Detection } from './detector.ts';
import { iou, type Keypoints, type Rect } from './geometry.ts';
import { Track } from './track.ts';

export interface TrackerOptions {
  /** A track that was not detected for so long is ended. */
  readonly missToleranceMs: number;
  /** The same for a track that was detected fewer than `confirmHits` times: a flicker. */
  readonly flickerToleranceMs: number;
  readonly confirmHits: number;
  /** After so long without any frame whoever is there may be somebody else: all tracks end. */
  readonly gapMs: number;
}

export const trackerDefaults: TrackerOptions = { missToleranceMs: 1000, flickerToleranceMs: 250, confirmHits: 3, gapMs: 2000 };

/** A face with an identity. Frame pixels, smoothed; predicted by motion when the detector missed it (`score` 0). */
export interface TrackedFace {
  readonly id: number;
  readonly box: Rect;
  readonly keypoints: Keypoints;
  readonly score: number;
}

export interface TrackUpdate {
  readonly faces: readonly TrackedFace[];
  readonly ended: readonly EndedTrack[];
}

export interface FrameTime {
  readonly capturedMonoMs: number;
  readonly width: number;
  readonly height: number;
}

/** Dearer than any pair inside the gates of `pairCost`. */
const costLimit = 2.5;
/** One face never holds another: a newcomer that lies this much inside a tracked face is a second detection of it. */
const containedShare = 0.6;
const mergeIou = 0.4;
/** Two tracks that were detected side by side in this many frames are two people for good. */
const apartFrames = 3;

/**
 * Gives detections identities. Association is optimal over all pairs (Hungarian) on overlap, distance and size against the
 * position that each track's constant velocity predicts; a track that was missed pays a little more, so that a person who
 * passes behind another does not take the detection of the one in front. Ids count up and are never reused.
 * Pure: time comes with the frames. A track ends `exited` when it left through the border, `merged` when it turned out to be
 * the same face as another that was never seen beside it (the older id goes on), otherwise `lost`.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  #tracks: Track[] = [];
  #lastId = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(options: Partial<TrackerOptions> = {}) {
    this.#options = { ...trackerDefaults, ...options };
  }

  /** Where the tracked faces should be at that time. */
  predict(atMonoMs: number): Rect[] {
    return this.#tracks.map((track) => track.predict(atMonoMs));
  }

  update(detections: readonly Detection[], frame: FrameTime): TrackUpdate {
    // Time only goes forward here, whatever a camera's clock does.
    const at = Math.max(frame.capturedMonoMs, this.#lastAt + 0.1);
    const ended: EndedTrack[] = at - this.#lastAt > this.#options.gapMs ? this.reset() : [];
    this.#lastAt = at;
    const hits = this.#associate(detections, at);
    this.#noteApart(hits);
    this.#merge(at, ended);
    this.#expire(at, frame, ended);
    return { faces: this.#tracks.map((track) => track.face(at)), ended };
  }

  /** Ends everything, as when the camera is gone. */
  reset(): EndedTrack[] {
    const ended = this.#tracks.map((track): EndedTrack => ({ track: track.id, reason: 'lost' }));
    this.#tracks = [];
    return ended;
  }

  /** Returns the tracks that were detected in this frame. */
  #associate(detections: readonly Detection[], at: number): Track[] {
    const tracks = this.#tracks;
    const cost = new Float64Array(tracks.length * detections.length);
    tracks.forEach((track, row) => {
      const expected = track.predict(at);
      const missedMs = track.missedMs(at);
      detections.forEach((detection, column) => {
        cost[row * detections.length + column] = pairCost(expected, detection.box, missedMs);
      });
    });
    const columnOf = assign(cost, tracks.length, detections.length, costLimit);
    const hits: Track[] = [];
    const taken = new Set<Detection>();
    tracks.forEach((track, row) => {
      const detection = detections[columnOf[row] as number];
      if (!detection) return;
      track.hit(detection, at);
      taken.add(detection);
      hits.push(track);
    });
    for (const detection of detections) {
      if (taken.has(detection) || hits.some((track) => contained(detection.box, track.detected) > containedShare)) continue;
      this.#lastId += 1;
      const track = new Track(this.#lastId, detection, at);
      tracks.push(track);
      hits.push(track);
    }
    return hits;
  }

  #noteApart(hits: readonly Track[]): void {
    for (const [i, a] of hits.entries()) {
      for (const b of hits.slice(i + 1)) a.noteBeside(b);
    }
  }

  /** A missed track that lies under a detected one, and was never seen beside it, is the same face under two ids. */
  #merge(at: number, ended: EndedTrack[]): void {
    for (const missed of this.#tracks.filter((track) => track.missedMs(at) > 0)) {
      const other = this.#tracks.find(
        (track) => track.missedMs(at) === 0 && missed.framesBeside(track) < apartFrames && iou(missed.predict(at), track.detected) >= mergeIou,
      );
      if (!other) continue;
      const [older, younger] = missed.id < other.id ? [missed, other] : [other, missed];
      if (older === missed) older.goOnAs(younger);
      ended.push({ track: younger.id, reason: 'merged', into: older.id });
      this.#tracks = this.#tracks.filter((track) => track !== younger);
    }
  }

  #expire(at: number, frame: FrameTime, ended: EndedTrack[]): void {
    this.#tracks = this.#tracks.filter((track) => {
      const missedMs = track.missedMs(at);
      if (missedMs === 0) return true;
      const leaving = track.isLeaving(at, frame.width, frame.height);
      const tolerance = track.hits < this.#options.confirmHits ? this.#options.flickerToleranceMs : this.#options.missToleranceMs;
      if (missedMs <= tolerance && leaving !== 'gone') return true;
      ended.push({ track: track.id, reason: leaving === 'no' ? 'lost' : 'exited' });
      return false;
    });
  }
}

/** 0 for a perfect fit; grows with lost overlap, with distance and size in units of the face, and with the time missed. */
function pairCost(expected: Rect, box: Rect, missedMs: number): number {
  const size = Math.sqrt(Math.sqrt(expected.width * expected.height * box.width * box.height));
  const dx = expected.x + expected.width / 2 - box.x - box.width / 2;
  const dy = expected.y + expected.height / 2 - box.y - box.height / 2;
  const distance = Math.hypot(dx, dy) / size;
  const growth = Math.abs(Math.log((box.width * box.height) / (expected.width * expected.height))) / 2;
  const missed = Math.min(missedMs / 1000, 1);
  // A coasting prediction drifts, so its gate opens with time.
  if (distance > 0.9 + 0.6 * missed || growth > 0.6) return Number.POSITIVE_INFINITY;
  return 1 - iou(expected, box) + 0.5 * distance + 0.5 * growth + 0.2 * missed;
}

/** Share of the smaller box that lies inside the other. */
function contained(a: Rect, b: Rect): number {
  const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return w <= 0 || h <= 0 ? 0 : (w * h) / Math.min(a.width * a.height, b.width * b.height);
}
