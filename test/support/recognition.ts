import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import type { Still } from '../../core/src/camera/still.ts';
import { decodeStill } from '../../core/src/camera/still.ts';
import { Config } from '../../core/src/config.ts';
import { chooseBackend } from '../../core/src/inference/backends.ts';
import { bundledRelease } from '../../core/src/inference/manifest-file.ts';
import { createModelManager, type ModelManager } from '../../core/src/inference/model-manager.ts';
import { createAligner } from '../../core/src/sight/aligner.ts';
import { type Analyzer, createAnalyzer } from '../../core/src/sight/analyzer.ts';
import { createDetector, type Detector } from '../../core/src/sight/detector.ts';
import type { Point } from '../../core/src/sight/geometry.ts';
import { createRecognizer, type Recognizer } from '../../core/src/sight/recognizer.ts';

/** The real chain from pixels to readings over the bundled release. */
export interface Recognition extends AsyncDisposable {
  readonly models: ModelManager;
  readonly detector: Detector;
  readonly recognizer: Recognizer;
  readonly analyzer: Analyzer;
}

export const defaults = Value.Default(Config, {}) as Config;

export async function openRecognition(precision: 'fp32' | 'int8' = 'int8', detectorName = defaults.model.detector): Promise<Recognition> {
  const models = createModelManager({ release: bundledRelease(), precision, detector: detectorName }, await chooseBackend('onnx'));
  await models.start();
  const detector = createDetector(models);
  const recognizer = createRecognizer(models, createAligner());
  return { models, detector, recognizer, analyzer: createAnalyzer(detector, recognizer, defaults), [Symbol.asyncDispose]: () => models[Symbol.asyncDispose]() };
}

export type PortraitName = 'collins' | 'hopper' | 'obama' | 'biden';

/** The pupils in the fixtures, read off enlargements by eye: the person's right, then the left, in pixels. */
export const pupils: Readonly<Record<PortraitName, readonly [Point, Point]>> = {
  collins: [
    { x: 190, y: 95 },
    { x: 231, y: 98 },
  ],
  hopper: [
    { x: 178, y: 152 },
    { x: 246, y: 149 },
  ],
  obama: [
    { x: 213, y: 102 },
    { x: 263, y: 101 },
  ],
  biden: [
    { x: 214, y: 128 },
    { x: 261, y: 139 },
  ],
};
export const portraitNames = Object.keys(pupils) as PortraitName[];

export async function portraitBytes(name: PortraitName): Promise<Buffer> {
  return await readFile(fileURLToPath(new URL(`../fixtures/portraits/${name}.jpg`, import.meta.url)));
}

export async function portrait(name: PortraitName): Promise<Still> {
  return await decodeStill(await portraitBytes(name));
}
