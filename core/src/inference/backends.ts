import { MienError } from '../errors.ts';
import { didYouMean } from '../nearest-name.ts';
import type { InferenceBackend } from './backend.ts';

/** A backend and whether it is second choice. */
export interface BackendChoice {
  readonly backend: InferenceBackend;
  readonly degraded: boolean;
  readonly degradedReason?: string;
}

/** Each backend is imported when it is chosen: its library costs memory, and may be missing. */
const factories: Readonly<Record<string, () => Promise<InferenceBackend>>> = {
  async onnx() {
    const { createOnnxBackend } = await import('./onnx-backend.ts');
    return createOnnxBackend();
  },
  async rknn() {
    throw new MienError(
      'BACKEND_UNAVAILABLE',
      'This version of Mien has no backend for the Rockchip NPU yet. Set model.backend to onnx to run on the CPU, or to auto to take the NPU once it is there.',
    );
  },
};

export const backendNames: readonly string[] = [...Object.keys(factories), 'auto'];

/**
 * `onnx`, `rknn` or `auto`. Only `auto` falls back: to the CPU when there is no NPU, and then says so and why.
 * Errors: BACKEND_UNKNOWN, which lists the known names; BACKEND_UNAVAILABLE.
 */
export async function chooseBackend(name: string): Promise<BackendChoice> {
  if (name === 'auto') return chooseBest();
  const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
  if (!factory) throw new MienError('BACKEND_UNKNOWN', `There is no backend "${name}". Known are ${backendNames.join(', ')}.${didYouMean(name, backendNames)}`);
  return { backend: await factory(), degraded: false };
}

async function chooseBest(): Promise<BackendChoice> {
  try {
    return await chooseBackend('rknn');
  } catch (fault) {
    if (!(fault instanceof MienError && fault.code === 'BACKEND_UNAVAILABLE')) throw fault;
    const { backend } = await chooseBackend('onnx');
    return { backend, degraded: true, degradedReason: `backend auto fell back to the CPU: ${fault.message}` };
  }
}
