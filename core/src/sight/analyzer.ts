import type { Config } from '../config.ts';
import type { PixelView } from '../frame.ts';
import type { Detector } from './detector.ts';
import type { Recognizer } from './recognizer.ts';
import type { Analysis, AnalyzeOptions } from './sight.ts';

export interface Still {
  readonly pixels: PixelView;
  readonly decodeMs: number;
}

export interface Analyzer {
  /** `annotate` is left to `annotate.ts`. Errors: those of detector and recogniser. */
  analyze(still: Still, options?: AnalyzeOptions, signal?: AbortSignal): Promise<Analysis>;
}

export function createAnalyzer(detector: Detector, recognizer: Recognizer, rules: Pick<Config, 'quality' | 'attributes' | 'expression'>): Analyzer {
  throw new Error(`body follows ${detector} ${recognizer} ${rules}`);
}
