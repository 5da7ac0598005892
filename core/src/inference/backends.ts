import type { NpuConfig } from '../config.ts';
import { MienError } from '../errors.ts';
import { didYouMean } from '../nearest-name.ts';
import type { InferenceBackend } from './backend.ts';
import type { CoreScheduler } from './core-scheduler.ts';

/** A backend and whether it is second choice. */
export interface BackendChoice {
  readonly backend: InferenceBackend;
  readonly degraded: boolean;
  readonly degradedReason?: string;
  /** What `auto` takes instead when the networks turn out not to run on it. `why` is a sentence. */
  readonly fallBack?: (why: string) => Promise<BackendChoice>;
}

/** For the NPU. By default: the settings of an empty file, a scheduler of its own. */
export interface BackendOptions {
  readonly npu?: NpuConfig;
  readonly scheduler?: CoreScheduler;
  /** Paths of the releases whose known answers a simulated NPU gives, unless its settings say what it knows. */
  readonly releases?: readonly string[];
  /** Why `auto` leaves the NPU alone, in a sentence: it failed at run time. */
  readonly withoutNpu?: string;
}

/** Each backend is imported when it is chosen: its library costs memory, and may be missing. */
const factories = {
  async onnx(): Promise<InferenceBackend> {
    const { createOnnxBackend } = await import('./onnx-backend.ts');
    return createOnnxBackend();
  },
  async rknn(options: BackendOptions): Promise<InferenceBackend> {
    const { createRknnBackend } = await import('./npu/rknn-backend.ts');
    const npu = options.npu ?? (await import('../load-config.ts')).checkConfig({}).npu;
    const scheduler = options.scheduler ?? (await import('./core-scheduler.ts')).createCoreScheduler();
    if (npu.simulate === undefined) return createRknnBackend({ npu, scheduler });
    const { withKnownAnswers } = await import('./npu/simulation.ts');
    return createRknnBackend({ npu: await withKnownAnswers(npu, options.releases ?? []), scheduler });
  },
} satisfies Record<string, (options: BackendOptions) => Promise<InferenceBackend>>;

const backendNames: readonly string[] = [...Object.keys(factories), 'auto'];

/**
 * `onnx`, `rknn` or `auto`. Only `auto` falls back: to the CPU when there is no NPU, and then says so and why.
 * Errors: BACKEND_UNKNOWN, which lists the known names; BACKEND_UNAVAILABLE.
 */
export async function chooseBackend(name: string, options: BackendOptions = {}): Promise<BackendChoice> {
  if (name === 'auto') return chooseBest(options);
  const factory = Object.hasOwn(factories, name) ? factories[name as keyof typeof factories] : undefined;
  if (!factory) throw new MienError('BACKEND_UNKNOWN', `There is no backend "${name}". Known are ${backendNames.join(', ')}.${didYouMean(name, backendNames)}`);
  try {
    return { backend: await factory(options), degraded: false };
  } catch (fault) {
    if (!isUnavailable(fault)) throw fault;
    const remedy = name === 'rknn' ? ' With auto instead, the CPU is taken as long as there is no NPU.' : '';
    throw new MienError('BACKEND_UNAVAILABLE', `model.backend is ${name}, which cannot be used here. ${fault.message}${remedy}`, { cause: fault });
  }
}

const isUnavailable = (fault: unknown): fault is MienError => fault instanceof MienError && fault.code === 'BACKEND_UNAVAILABLE';

async function chooseBest(options: BackendOptions): Promise<BackendChoice> {
  if (options.withoutNpu !== undefined) return onCpu(options.withoutNpu);
  try {
    return { backend: await factories.rknn(options), degraded: false, fallBack: onCpu };
  } catch (fault) {
    if (!isUnavailable(fault)) throw fault;
    return onCpu(fault.message);
  }
}

async function onCpu(why: string): Promise<BackendChoice> {
  return { backend: await factories.onnx(), degraded: true, degradedReason: `fell back to the CPU: ${why}` };
}
