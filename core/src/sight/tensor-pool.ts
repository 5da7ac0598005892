import type { TensorData } from '../inference/backend.ts';
import type { ModelInput } from '../inference/model-manifest.ts';
import { allocateInput } from '../inference/tensor-shape.ts';

/** Input tensors to be used again: as many as are out at one time, and only for the inputs last asked for. */
export class TensorPool {
  readonly #free: TensorData[] = [];
  #key = '';

  take(input: ModelInput): TensorData {
    const key = `${input.width}x${input.height} ${input.dtype}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#free.length = 0;
    }
    return this.#free.pop() ?? allocateInput(input);
  }

  give(tensor: TensorData, input: ModelInput): void {
    if (`${input.width}x${input.height} ${input.dtype}` === this.#key) this.#free.push(tensor);
  }
}
