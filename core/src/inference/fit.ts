import { MienError } from '../errors.ts';
import type { ModelInput, NetworkManifest } from './model-manifest.ts';
import { expectedOutputs, inputShape } from './tensor-shape.ts';

/** One tensor as the loaded file declares it; a free dimension is null. */
export interface DeclaredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: ReadonlyArray<number | null>;
}

/** The element type of each manifest dtype as runtimes call it. */
const runtimeType = { f32: 'float32', u8: 'uint8', i8: 'int8' } as const;

/** Refuses a file that is not what the manifest says, naming every difference. A free first dimension is taken as batch 1. Errors: MODEL_MISMATCH. */
export function assertFits(network: NetworkManifest, input: ModelInput, inputs: readonly DeclaredTensor[], outputs: readonly DeclaredTensor[]): void {
  const faults: string[] = [];
  const shape = inputShape(input);
  const declared = inputs.find((tensor) => tensor.name === input.name);
  if (!declared) faults.push(`input "${input.name}" is not there (the file has ${names(inputs)})`);
  else {
    if (declared.dtype !== runtimeType[input.dtype]) faults.push(`input "${input.name}" is ${declared.dtype}, the manifest says ${input.dtype}`);
    const same = declared.shape.length === 4 && declared.shape.every((n, i) => n === shape[i] || (i === 0 && n === null));
    if (!same) faults.push(`input "${input.name}" is ${text(declared.shape)}, the manifest says ${text(shape)} (${input.layout})`);
    if (inputs.length > 1) faults.push(`one input is expected, the file has ${names(inputs)}`);
  }
  for (const { name, elements } of expectedOutputs(network)) {
    const output = outputs.find((tensor) => tensor.name === name);
    if (!output) faults.push(`output "${name}" is not there (the file has ${names(outputs)})`);
    else if (output.dtype !== 'float32') faults.push(`output "${name}" is ${output.dtype}, expected float32`);
    else if (elementsOf(output) !== elements) faults.push(`output "${name}" is ${text(output.shape)}, expected ${elements} value(s) an image`);
  }
  if (faults.length > 0) throw new MienError('MODEL_MISMATCH', `${network.name}: the file does not fit its manifest: ${faults.join('; ')}.`);
}

/** Values for one image, or NaN where another dimension than the batch is free. */
function elementsOf(tensor: DeclaredTensor): number {
  return tensor.shape.reduce<number>((product, n, i) => product * (n ?? (i === 0 ? 1 : Number.NaN)), 1);
}

function names(tensors: readonly DeclaredTensor[]): string {
  return tensors.length === 0 ? 'none' : tensors.map((tensor) => `"${tensor.name}"`).join(', ');
}

function text(shape: ReadonlyArray<number | null>): string {
  return `[${shape.map((n) => n ?? '?').join(', ')}]`;
}
