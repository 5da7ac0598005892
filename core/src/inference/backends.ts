import { MienError } from '../errors.ts';
import { didYouMean } from '../nearest-name.ts';
import type { InferenceBackend } from './backend.ts';

/** A backend and whether it is second choice. */
export interface BackendChoice {
  readonly backend: InferenceBackend;
  readonly degraded: boolean;
  readonly degradedReason?: string;
}

/** Each backend is imported when it is chosen: its library costs memory, and may be missing. BACKEND_UNAVAILABLE says why, not what to do. */
const factories = {
  async onnx(): Promise<InferenceBackend> {
    const { createOnnxBackend } = await import('./onnx-backend.ts');
    return createOnnxBackend();
  },
  async rknn(): Promise<InferenceBackend> {
    throw new MienError('BACKEND_UNAVAILABLE', 'this version of Mien has no backend for the Rockchip NPU yet');
  },
} satisfies Record<string, () => Promise<InferenceBackend>>;

const backendNames: readonly string[] = [...Object.keys(factories), 'auto'];

/**
 * `onnx`, `rknn` or `auto`. Only `auto` falls back: to the CPU when there is no NPU, and then says so and why.
 * Errors: BACKEND_UNKNOWN, which lists the known names; BACKEND_UNAVAILABLE.
 */
export async function chooseBackend(name: string): Promise<BackendChoice> {
  if (name === 'auto') return chooseBest();
  const factory = Object.hasOwn(factories, name) ? factories[name as keyof typeof factories] : undefined;
  if (!factory) throw new MienError('BACKEND_UNKNOWN', `There is no backend "${name}". Known are ${backendNames.join(', ')}.${didYouMean(name, backendNames)}`);
  try {
    return { backend: await factory(), degraded: false };
  } catch (fault) {
    if (!isUnavailable(fault)) throw fault;
    const remedy = 'Set it to onnx to run on the CPU, or to auto to take the CPU only as long as there is no NPU.';
    throw new MienError('BACKEND_UNAVAILABLE', `model.backend is ${name}, but ${fault.message}. ${remedy}`, { cause: fault });
  }
}

const isUnavailable = (fault: unknown): fault is MienError => fault instanceof MienError && fault.code === 'BACKEND_UNAVAILABLE';

async function chooseBest(): Promise<BackendChoice> {
  try {
    return { backend: await factories.rknn(), degraded: false };
  } catch (fault) {
    if (!isUnavailable(fault)) throw fault;
    return { backend: await factories.onnx(), degraded: true, degradedReason: `fell back to the CPU: ${fault.message}` };
  }
}
