import { MienError } from '../errors.ts';
import type { TensorData } from './backend.ts';
import type { ModelInput, NetworkManifest } from './model-manifest.ts';

/** Values of one input image: width x height x 3. */
export function elementsPerImage(input: ModelInput): number {
  return input.width * input.height * 3;
}

/** Batch 1, as the layout says. */
export function inputShape(input: ModelInput): readonly [number, number, number, number] {
  return input.layout === 'nchw' ? [1, 3, input.height, input.width] : [1, input.height, input.width, 3];
}

export function allocateInput(input: ModelInput): TensorData {
  const n = elementsPerImage(input);
  if (input.dtype === 'f32') return new Float32Array(n);
  return input.dtype === 'u8' ? new Uint8Array(n) : new Int8Array(n);
}

/** The outputs a network must have by its manifest, with the values each gives for one image. */
export function expectedOutputs(network: NetworkManifest): ReadonlyArray<{ readonly name: string; readonly elements: number }> {
  if (network.role === 'detector') {
    const anchors = network.anchors.reduce((sum, layer) => sum + layer.size * layer.size * layer.perCell, 0);
    return [
      { name: network.outputs.boxes, elements: anchors * (4 + 2 * network.keypoints.length) },
      { name: network.outputs.scores, elements: anchors },
    ];
  }
  const { age, gender, expression } = network.heads;
  return [
    ...(age ? [{ name: age.output, elements: 1 }] : []),
    ...(gender ? [{ name: gender.output, elements: 1 }] : []),
    ...(expression ? [{ name: expression.output, elements: expression.labels.length }] : []),
  ];
}

/** What happens to a pixel on its way into a network's tensor, in the words of @mien/native. */
export interface InputSpec {
  readonly width: number;
  readonly height: number;
  readonly layout: 'nchw' | 'nhwc';
  readonly dtype: 'f32' | 'u8' | 'i8';
  readonly colorOrder: 'rgb' | 'bgr';
  /** By red, green, blue, whatever the colour order. Neutral where the network normalises. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/** Value = (pixel - mean) / scale, minus 128 for i8: exactly what Mien must do for this input, so that nothing is done twice. */
export function inputSpec(input: ModelInput): InputSpec {
  const { width, height, layout, dtype, colorOrder } = input;
  const host = input.normalisedBy === 'host';
  return { width, height, layout, dtype, colorOrder, mean: host ? input.mean : [0, 0, 0], scale: host ? input.scale : [1, 1, 1] };
}

/**
 * Writes one packed u8 NHWC image, already in the input's size and colour order, as the network takes it. For known answers and
 * checks; camera pixels go through the native kernel, which does the same and more in one pass.
 */
export function writeImage(image: Uint8Array, input: ModelInput, out: TensorData): void {
  const { width, height, layout, dtype, colorOrder, mean, scale } = inputSpec(input);
  const plane = width * height;
  const floor = dtype === 'i8' ? -128 : 0;
  for (let c = 0; c < 3; c += 1) {
    const channel = colorOrder === 'rgb' ? c : 2 - c;
    const m = mean[channel] ?? 0;
    const s = scale[channel] ?? 1;
    for (let i = 0; i < plane; i += 1) {
      const value = ((image[i * 3 + c] ?? 0) - m) / s;
      out[layout === 'nchw' ? c * plane + i : i * 3 + c] = dtype === 'f32' ? value : Math.min(255, Math.max(0, Math.round(value))) + floor;
    }
  }
}

/** Refuses a tensor of another type or length than the input. Errors: INFERENCE_FAILED. */
export function assertInput(input: TensorData, spec: ModelInput): void {
  const fits = spec.dtype === 'f32' ? input instanceof Float32Array : spec.dtype === 'u8' ? input instanceof Uint8Array : input instanceof Int8Array;
  if (fits && input.length === elementsPerImage(spec)) return;
  throw new MienError(
    'INFERENCE_FAILED',
    `The input must be ${elementsPerImage(spec)} values of ${spec.dtype}, got ${input.length} in a ${input.constructor.name}.`,
  );
}

/** An image of level 128, as the network takes it. */
export function midGrey(spec: ModelInput): TensorData {
  const input = allocateInput(spec);
  writeImage(new Uint8Array(elementsPerImage(spec)).fill(128), spec, input);
  return input;
}
