import type { PixelView } from '../frame.ts';
import type { Leases } from '../inference/lease.ts';
import { createAligner } from '../sight/aligner.ts';
import { createDetector } from '../sight/detector.ts';
import { Pipeline } from '../sight/pipeline.ts';
import { createRecognizer } from '../sight/recognizer.ts';
import type { BareSession } from './bare-session.ts';
import { CountingLeases } from './counting-leases.ts';
import { median } from './quantile.ts';
import { stillSource } from './still-source.ts';

/** One frame through the pipeline. */
export interface FrameCost {
  readonly totalMs: number;
  readonly detectorRuns: number;
  readonly recognizerRuns: number;
}

export interface BareTimes {
  readonly detectorMs: number;
  readonly recognizerMs: number;
}

/** Median over frames of what the frame took over what its session runs take by themselves. */
export function ratioOf(frames: readonly FrameCost[], bare: BareTimes): number {
  return median(frames.map((frame) => frame.totalMs / (frame.detectorRuns * bare.detectorMs + frame.recognizerRuns * bare.recognizerMs)));
}

export interface RatioFigures {
  readonly ratio: number;
  /** Frames that counted: two faces, both recognised. */
  readonly frames: number;
  readonly frameMs: number;
  readonly detectMs: number;
  readonly alignMs: number;
  readonly recogniseMs: number;
  readonly bareDetectorMs: number;
  readonly bareRecognizerMs: number;
  readonly detectorRunsPerFrame: number;
}

/** Tracks are confirmed and code is compiled in these. */
const warmUpFrames = 30;
const blockFrames = 10;
/** Far enough apart that a settled face is due in every frame. */
const intervalMs = 250;

/**
 * The real pipeline over one picture with two faces, in blocks that take turns with blocks of bare session runs, so that whatever else
 * the machine does falls on both.
 */
export async function measureRatio(
  pixels: PixelView,
  leases: Leases,
  bare: Record<'detector' | 'recognizer', BareSession>,
  frames: number,
): Promise<RatioFigures> {
  const counting = new CountingLeases(leases);
  const bareMs = { detector: [] as number[], recognizer: [] as number[] };
  const costs: FrameCost[] = [];
  const stages = { detectMs: [] as number[], alignMs: [] as number[], recogniseMs: [] as number[] };
  let takenAt = 0;
  let before = { ...counting.runs };
  const source = stillSource({
    pixels,
    frames: warmUpFrames + frames,
    intervalMs,
    async before(index) {
      if (index < warmUpFrames || index % blockFrames !== 0) return;
      for (const role of ['detector', 'recognizer'] as const) {
        for (let run = 0; run < blockFrames; run += 1) bareMs[role].push(await bare[role].time());
      }
    },
    taken() {
      before = { ...counting.runs };
      takenAt = performance.now();
    },
  });
  const pipeline = new Pipeline(
    { camera: 'bench', run: 'bench', budgetMs: Number.POSITIVE_INFINITY },
    { detector: createDetector(counting), recognizer: createRecognizer(counting, createAligner()) },
    {
      observation({ frame, faces, ms }) {
        const totalMs = performance.now() - takenAt;
        if (frame < warmUpFrames || faces.length !== 2 || faces.some(({ sample }) => !sample)) return;
        costs.push({
          totalMs,
          detectorRuns: counting.runs.detector - before.detector,
          recognizerRuns: counting.runs.recognizer - before.recognizer,
        });
        for (const stage of ['detectMs', 'alignMs', 'recogniseMs'] as const) stages[stage].push(ms[stage]);
      },
      fault(fault) {
        throw fault;
      },
    },
  );
  await pipeline.run(source);
  const times = { detectorMs: median(bareMs.detector), recognizerMs: median(bareMs.recognizer) };
  return {
    ratio: ratioOf(costs, times),
    frames: costs.length,
    frameMs: median(costs.map(({ totalMs }) => totalMs)),
    detectMs: median(stages.detectMs),
    alignMs: median(stages.alignMs),
    recogniseMs: median(stages.recogniseMs),
    bareDetectorMs: times.detectorMs,
    bareRecognizerMs: times.recognizerMs,
    detectorRunsPerFrame: costs.reduce((sum, { detectorRuns }) => sum + detectorRuns, 0) / costs.length,
  };
}
