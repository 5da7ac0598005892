import { type Affine, type Border, createWarp, kernelInfo, type TensorSpec } from '@mien/native';
import { createReferenceScratch, referenceWarp } from '@mien/native/reference';
import type { PixelView } from '../frame.ts';
import type { ModelInput } from '../inference/model-manifest.ts';
import { allocateInput, inputSpec } from '../inference/tensor-shape.ts';
import { betweenCentres, squareToImage } from '../sight/geometry.ts';
import { around, tiles, wholeFrame } from '../sight/regions.ts';
import type { BareSession } from './bare-session.ts';
import { median } from './quantile.ts';

export interface KernelCase {
  readonly name: string;
  readonly kernelMs: number;
  readonly referenceMs: number;
  readonly speedup: number;
}

export interface KernelFigures {
  /** The smallest of the cases. */
  readonly kernelSpeedup: number;
  /** Instruction set in use. */
  readonly dispatch: string;
  readonly cases: readonly KernelCase[];
}

interface Shape {
  readonly name: string;
  readonly spec: TensorSpec;
  readonly input: ModelInput;
  readonly matrix: Affine;
  readonly border: Border;
}

const facePx = 150;
/** Share of the aligned crop's side that the face box takes. */
const faceOfCrop = 0.79;
/** A head is rarely quite upright. */
const tiltDeg = 10;

/** What the frame loop asks of the kernels: a face crop, the whole frame, a tile, and the square around a tracked face. */
function mainPath({ width, height }: PixelView, detector: ModelInput, recognizer: ModelInput): Shape[] {
  const face = { x: width / 2 - facePx / 2, y: height / 2 - facePx / 2, width: facePx, height: facePx };
  const look = (name: string, square: { x: number; y: number; size: number }): Shape => ({
    name,
    spec: inputSpec(detector),
    input: detector,
    matrix: betweenCentres(squareToImage(detector.width, square)),
    border: { constant: 0 },
  });
  const [tile = wholeFrame(width, height)] = tiles(width, height, Math.min(width, height), 0.2);
  return [
    {
      name: `face of ${facePx} px`,
      spec: inputSpec(recognizer),
      input: recognizer,
      matrix: faceMatrix(recognizer.width, width / 2, height / 2),
      border: 'reflect101',
    },
    look('whole frame', wholeFrame(width, height)),
    look(`tile of ${tile.size} px`, tile),
    look(`square around a face of ${facePx} px`, around(face, 4)),
  ];
}

function faceMatrix(side: number, x: number, y: number): Affine {
  const scale = facePx / faceOfCrop / side;
  const cos = scale * Math.cos((tiltDeg * Math.PI) / 180);
  const sin = scale * Math.sin((tiltDeg * Math.PI) / 180);
  const half = side / 2;
  return betweenCentres([cos, -sin, x - cos * half + sin * half, sin, cos, y - sin * half - cos * half]);
}

/**
 * Kernels against their definition in TypeScript: fastest time of each, in turns. The fastest is what other programs disturb least, and
 * they disturb the longer call more.
 */
export function measureKernels(pixels: PixelView, detector: ModelInput, recognizer: ModelInput, turns: number): KernelFigures {
  const cases = mainPath(pixels, detector, recognizer).map(({ name, spec, input, matrix, border }) => {
    const out = allocateInput(input);
    const scratch = createReferenceScratch();
    const warp = createWarp(spec, border);
    let kernelMs = Number.POSITIVE_INFINITY;
    let referenceMs = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < turns; turn += 1) {
      referenceMs = Math.min(
        referenceMs,
        fastest(() => referenceWarp(pixels, matrix, border, spec, out, scratch), 3),
      );
      kernelMs = Math.min(
        kernelMs,
        fastest(() => warp(pixels, matrix, out), 30),
      );
    }
    return { name, kernelMs, referenceMs, speedup: referenceMs / kernelMs };
  });
  return { kernelSpeedup: Math.min(...cases.map(({ speedup }) => speedup)), dispatch: kernelInfo.dispatch, cases };
}

function fastest(call: () => void, times: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i += 1) {
    const started = performance.now();
    call();
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

export interface WarpFigures {
  readonly warpShare: number;
  /** Crop, warp and normalise of one face. */
  readonly warpMs: number;
  /** One bare recognition. */
  readonly recognitionMs: number;
}

/** Medians of the pass from pixels to the recogniser's input and of the recognition itself, one after the other. */
export async function measureWarpShare(pixels: PixelView, recognizer: ModelInput, bare: BareSession, rounds: number): Promise<WarpFigures> {
  const out = allocateInput(recognizer);
  const warp = createWarp(inputSpec(recognizer), 'reflect101');
  const matrix = faceMatrix(recognizer.width, pixels.width / 2, pixels.height / 2);
  const warpMs: number[] = [];
  const recognitionMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    recognitionMs.push(await bare.time());
    const started = performance.now();
    warp(pixels, matrix, out);
    warpMs.push(performance.now() - started);
  }
  return { warpShare: median(warpMs) / median(recognitionMs), warpMs: median(warpMs), recognitionMs: median(recognitionMs) };
}
