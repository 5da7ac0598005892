import type { FrameSource } from '../camera/frame-source.ts';
import { MienError } from '../errors.ts';
import type { Frame, PixelView } from '../frame.ts';
import type { EndedTrack, HeadLabels, Observation, ObservedFace, Origin } from '../observation.ts';
import { allThrough } from './all-through.ts';
import { DetectionPlan } from './detection-plan.ts';
import type { Detection, Detector } from './detector.ts';
import { assessQuality } from './quality.ts';
import type { Recognition, Recognizer } from './recognizer.ts';
import { RecognitionSchedule } from './schedule.ts';
import { type TrackedFace, Tracker } from './tracker.ts';

export interface PipelineOptions {
  /** Camera name and run id, as they stand in every observation. */
  readonly camera: string;
  readonly run: string;
  /** Recognition of a frame stops when the frame has taken so long already; faces left out come first in the next one. */
  readonly budgetMs: number;
}

export interface PipelineStages {
  readonly detector: Detector;
  readonly recognizer: Recognizer;
}

export interface PipelineListener {
  observation(observation: Observation): void;
  /** The frame just before it is released: its pixels may be read until the call returns. */
  frame?(pixels: PixelView, observation: Observation): void;
  /** A frame that gave no observation. */
  fault(fault: MienError): void;
}

/** After so many frames in a row that failed, the fault is not the frame's. */
const failuresTolerated = 30;

/**
 * The one loop of a camera, and the only place that knows the order: next frame, detect, track, align and recognise,
 * observe, release. Cameras that share networks take turns at each inference, since a session serves its callers in order.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #stages: PipelineStages;
  readonly #listener: PipelineListener;
  readonly #plan = new DetectionPlan();
  readonly #tracker = new Tracker();
  readonly #schedule = new RecognitionSchedule();
  #origin: Origin | undefined;
  #heads: HeadLabels = {};
  #processed = 0;
  #failures = 0;
  #busySince: number | undefined;
  #size: { readonly width: number; readonly height: number } | undefined;

  constructor(options: PipelineOptions, stages: PipelineStages, listener: PipelineListener) {
    this.#options = options;
    this.#stages = stages;
    this.#listener = listener;
  }

  get processed(): number {
    return this.#processed;
  }

  /** Pixels of the upright frame; known from the first one on. */
  get size(): { readonly width: number; readonly height: number } | undefined {
    return this.#size;
  }

  /** Milliseconds that the present frame has been in work; 0 while waiting for one. What a watchdog looks at. */
  get busyMs(): number {
    return this.#busySince === undefined ? 0 : performance.now() - this.#busySince;
  }

  /** Runs until the source has ended. Rejects with the signal's reason when cancelled, or when frame after frame fails. */
  async run(source: FrameSource, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const frame = await source.next(signal);
      if (!frame) return;
      this.#busySince = performance.now();
      try {
        const observation = await this.#observe(frame, source, signal);
        this.#size = { width: observation.width, height: observation.height };
        this.#processed += 1;
        this.#failures = 0;
        this.#listener.frame?.(frame.pixels, observation);
        this.#listener.observation(observation);
      } catch (fault) {
        signal?.throwIfAborted();
        this.#listener.fault(MienError.from(fault, 'INFERENCE_FAILED'));
        this.#failures += 1;
        if (this.#failures >= failuresTolerated) {
          throw new MienError('INFERENCE_FAILED', `${failuresTolerated} frames in a row failed; the last one: ${fault}`, { cause: fault });
        }
      } finally {
        this.#busySince = undefined;
        frame.release();
      }
    }
  }

  async #observe(frame: Frame, source: FrameSource, signal: AbortSignal | undefined): Promise<Observation> {
    const { pixels, capturedMonoMs: at } = frame;
    const started = performance.now();
    const detections = await this.#detect(pixels, at, signal);
    const detected = performance.now();
    const { faces, ended } = this.#tracker.update(detections, { capturedMonoMs: at, width: pixels.width, height: pixels.height });
    this.#forget(ended);
    const tracked = performance.now();
    const recognitions = await this.#recognise(pixels, faces, at, started, signal);
    const origin = this.#presentOrigin(recognitions);
    const observed = faces.map((face) => observe(face, recognitions.get(face.id), pixels));
    for (const face of observed) {
      if (face.sample) this.#schedule.sampled(face.track, face.quality.score, at);
    }
    return {
      camera: this.#options.camera,
      run: this.#options.run,
      frame: frame.index,
      capturedMonoMs: at,
      capturedWallMs: frame.capturedWallMs,
      width: pixels.width,
      height: pixels.height,
      faces: observed,
      ended,
      heads: this.#heads,
      origin,
      ms: {
        decodeMs: frame.decodeMs,
        detectMs: detected - started,
        trackMs: tracked - detected,
        alignMs: sum(recognitions, (r) => r.alignMs),
        recogniseMs: sum(recognitions, (r) => r.recogniseMs),
        totalMs: performance.now() - started,
      },
      dropped: source.stats().dropped,
      recognitionHz: this.#schedule.hz(at),
    };
  }

  /** Without a detector (unloaded for the moment) nothing is seen, and tracks run out as behind a curtain. */
  async #detect(pixels: PixelView, at: number, signal: AbortSignal | undefined): Promise<Detection[]> {
    const regions = this.#plan.next(pixels.width, pixels.height, this.#tracker.predict(at));
    try {
      return await this.#stages.detector.detect(pixels, regions, signal);
    } catch (fault) {
      if (isModelState(fault)) return [];
      throw fault;
    }
  }

  async #recognise(
    pixels: PixelView,
    faces: readonly TrackedFace[],
    at: number,
    started: number,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, Recognition>> {
    const done = new Map<number, Recognition>();
    const due = this.#schedule.due(faces, at, this.#heads.expression !== undefined);
    const { recognizer } = this.#stages;
    try {
      const together = due.length > 1 ? recognizer.parallel() : 1;
      for (let i = 0; i < due.length; i += together) {
        if (done.size > 0 && performance.now() - started > this.#options.budgetMs) break;
        const group = due.slice(i, i + together);
        const read = await allThrough(group.map((face) => recognizer.recognise(pixels, face.keypoints, signal)));
        read.forEach((recognition, k) => {
          done.set((group[k] as TrackedFace).id, recognition);
          this.#origin = recognition.origin;
          this.#heads = recognition.heads;
        });
      }
    } catch (fault) {
      if (!isModelState(fault)) throw fault;
    }
    return done;
  }

  /** Of the network that read faces in this frame, else of the one that would; the last known one while none is loaded. */
  #presentOrigin(recognitions: ReadonlyMap<number, Recognition>): Origin {
    if (recognitions.size > 0 && this.#origin) return this.#origin;
    try {
      this.#heads = this.#stages.recognizer.heads();
      this.#origin = this.#stages.recognizer.origin();
    } catch (fault) {
      if (!isModelState(fault) || !this.#origin) throw fault;
    }
    return this.#origin;
  }

  #forget(ended: readonly EndedTrack[]): void {
    for (const { track } of ended) this.#schedule.forget(track);
  }
}

function observe(face: TrackedFace, recognition: Recognition | undefined, { width, height }: PixelView): ObservedFace {
  const { box } = face;
  return {
    track: face.id,
    box: [box.x / width, box.y / height, box.width / width, box.height / height],
    score: face.score,
    quality: assessQuality(box, face.keypoints, recognition),
    ...(recognition && { sample: recognition.sample }),
  };
}

function sum(recognitions: ReadonlyMap<number, Recognition>, of: (recognition: Recognition) => number): number {
  let total = 0;
  for (const recognition of recognitions.values()) total += of(recognition);
  return total;
}

function isModelState(fault: unknown): boolean {
  return fault instanceof MienError && fault.code === 'MODEL_STATE';
}
