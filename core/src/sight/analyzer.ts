import type { Still } from '../camera/still.ts';
import type { PixelView } from '../frame.ts';
import type { Box, FaceQuality, FaceSample } from '../observation.ts';
import { qualityParts } from '../quality-gate.ts';
import { type AbstainRules, type Abstention, abstentionOf } from './abstention.ts';
import { allThrough } from './all-through.ts';
import type { Detection, Detector } from './detector.ts';
import { assessQuality } from './quality.ts';
import type { Recognition, Recognizer } from './recognizer.ts';
import { pyramid } from './regions.ts';
import type { Abstained, AbstainReason, Analysis, AnalyzedFace, AnalyzeOptions } from './sight.ts';

export interface Analyzer {
  /** `annotate` is left to `annotate.ts`. Errors: those of detector and recogniser. */
  analyze(still: Still, options?: AnalyzeOptions, signal?: AbortSignal): Promise<Analysis>;
}

export function createAnalyzer(detector: Detector, recognizer: Recognizer, rules: AbstainRules): Analyzer {
  return new StillAnalyzer(detector, recognizer, rules);
}

/** Faces of this many pixels are looked for, in pictures of more than 4,000 pixels a side in proportion larger ones: that bounds the time. */
const LOOKED_FOR_PX = 32;
const LOOKED_FOR_SHARE = 1 / 125;
/** What is smaller was found by chance, and is often no face. */
const SMALLEST_PX = 24;

interface Read {
  readonly box: Box;
  readonly score: number;
  readonly quality: FaceQuality;
  readonly recognition: Recognition;
}

class StillAnalyzer implements Analyzer {
  readonly #detector: Detector;
  readonly #recognizer: Recognizer;
  readonly #rules: AbstainRules;

  constructor(detector: Detector, recognizer: Recognizer, rules: AbstainRules) {
    this.#detector = detector;
    this.#recognizer = recognizer;
    this.#rules = rules;
  }

  async analyze(still: Still, options: AnalyzeOptions = {}, signal?: AbortSignal): Promise<Analysis> {
    const { pixels, decodeMs } = still;
    const started = performance.now();
    const detections = options.crop ? [] : await this.#findFaces(pixels, signal);
    const detectMs = performance.now() - started;
    const reads: Read[] = [];
    if (options.crop) reads.push(await this.#readCrop(pixels, signal));
    const together = detections.length > 1 ? this.#recognizer.parallel() : 1;
    for (let i = 0; i < detections.length; i += together) {
      reads.push(...(await allThrough(detections.slice(i, i + together).map((detection) => this.#readFace(pixels, detection, signal)))));
    }
    return {
      width: pixels.width,
      height: pixels.height,
      faces: reads.map((read) => this.#describe(read, options.asPerson === true)),
      ms: {
        decode: decodeMs,
        detect: detectMs,
        align: reads.reduce((sum, { recognition }) => sum + recognition.alignMs, 0),
        recognise: reads.reduce((sum, { recognition }) => sum + recognition.recogniseMs, 0),
        total: decodeMs + performance.now() - started,
      },
      origin: reads[0]?.recognition.origin ?? this.#recognizer.origin(),
    };
  }

  async #findFaces(pixels: PixelView, signal?: AbortSignal): Promise<Detection[]> {
    const { width, height } = pixels;
    const smallest = Math.max(LOOKED_FOR_PX, Math.max(width, height) * LOOKED_FOR_SHARE);
    const found = await this.#detector.detect(pixels, pyramid(width, height, smallest), signal);
    return found.filter(({ box }) => Math.max(box.width, box.height) >= SMALLEST_PX);
  }

  async #readFace(pixels: PixelView, { box, score, keypoints }: Detection, signal?: AbortSignal): Promise<Read> {
    const recognition = await this.#recognizer.recognise(pixels, keypoints, signal);
    return { box: [box.x, box.y, box.width, box.height], score, quality: assessQuality(box, keypoints, recognition), recognition };
  }

  /** A crop was aligned by somebody else: it counts as one frontal face, as large as faces lie in such crops. */
  async #readCrop(pixels: PixelView, signal?: AbortSignal): Promise<Read> {
    const recognition = await this.#recognizer.recogniseCrop(pixels, signal);
    const side = Math.min(pixels.width, pixels.height);
    const facePx = side * FACE_OF_CROP;
    const { light, sharpness } = recognition;
    const parts = qualityParts(facePx, 0, 0, recognition);
    const quality = { score: parts.size * parts.light * parts.sharpness, facePx, yawDeg: 0, pitchDeg: 0, rollDeg: 0, light, sharpness };
    const box: Box = [(pixels.width - facePx) / 2, (pixels.height - facePx) / 2, facePx, facePx];
    return { box, score: 1, quality, recognition };
  }

  #describe({ box, score, quality, recognition }: Read, asPerson: boolean): AnalyzedFace {
    const { sample, heads, light, sharpness } = recognition;
    const abstention = abstentionOf(quality, sample, this.#rules);
    const reasons = [...new Set(Object.values(abstention))];
    const withheld = asPerson ? abstention : {};
    return {
      box,
      score,
      quality: { ...quality, light, sharpness },
      ...fields(sample, heads, withheld),
      ...(reasons.length > 0 ? { wouldAbstain: reasons } : {}),
    };
  }
}

/** Share of an aligned crop's side that the face box takes (the geometry of the training crops). */
const FACE_OF_CROP = 0.79;

function fields(sample: FaceSample, heads: Recognition['heads'], withheld: Abstention): Pick<AnalyzedFace, 'age' | 'gender' | 'expression'> {
  return {
    ...(sample.age ? { age: told(withheld.age) ?? sample.age } : {}),
    ...(sample.gender && heads.gender ? { gender: told(withheld.gender) ?? best(sample.gender, heads.gender.labels) } : {}),
    ...(sample.expression && heads.expression ? { expression: told(withheld.expression) ?? withProbs(sample.expression, heads.expression.labels) } : {}),
  };
}

function told(reason: AbstainReason | undefined): Abstained | undefined {
  return reason && { label: 'unknown', abstain: reason };
}

function best(probs: readonly number[], labels: readonly string[]): { label: string; p: number } {
  const p = Math.max(...probs);
  return { label: labels[probs.indexOf(p)] ?? 'unknown', p };
}

function withProbs(probs: readonly number[], labels: readonly string[]): { label: string; probs: Record<string, number> } {
  return { label: best(probs, labels).label, probs: Object.fromEntries(labels.map((label, i) => [label, probs[i] ?? 0])) };
}
