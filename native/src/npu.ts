import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAddon } from './addon.ts';
import { NpuError } from './npu-error.ts';
import { openRuntime } from './npu-runtime.ts';

export type { NpuErrorCode, NpuFault } from './npu-error.ts';
export { NpuError } from './npu-error.ts';

/** What the simulated runtime is told (native/sim says which keys there are); it travels as JSON. */
export type SimulationSettings = Readonly<Record<string, unknown>>;

export interface NpuOptions {
  /** File of the runtime; without it the usual places, then the loader's own search path. With `simulate` alone: the simulated runtime of this package. */
  readonly library?: string;
  /** Settings for a simulated runtime; refused where the library is a real one. */
  readonly simulate?: SimulationSettings;
  /** Inputs and outputs in the device's memory where the runtime has the symbols; true by default. Off, the runtime copies them. */
  readonly zeroCopy?: boolean;
  /** Longest that a load, a new context or a close may take inside the runtime; 30 000 by default. */
  readonly controlDeadlineMs?: number;
}

/** Core masks that exist on an RK3588: 0 lets the driver choose; 1, 2 and 4 are cores 0, 1 and 2; 3 and 7 fuse cores. */
export type CoreMask = 0 | 1 | 2 | 4 | 3 | 7;

export interface NpuTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly format: 'nchw' | 'nhwc' | 'nc1hwc2' | 'undefined';
  readonly type: 'f32' | 'f16' | 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'u32' | 'i64' | 'bool' | 'i4' | 'bf16' | 'unknown';
  /** Of an affine quantised tensor: value = (q - zeroPoint) x scale; 0 and 1 otherwise. */
  readonly zeroPoint: number;
  readonly scale: number;
  /** Elements, without padding. */
  readonly elements: number;
  /** Bytes without and with the padding of rows. */
  readonly size: number;
  readonly sizeWithStride: number;
  /** Pixels from one row to the next in the runtime's memory; 0 where it is the width. */
  readonly wStride: number;
}

/** As the runtime accounts it (RKNN_QUERY_MEM_SIZE), in bytes. Duplicates share the weights, yet each is told them: count them once per model. */
export interface NpuMemory {
  readonly weightBytes: number;
  readonly internalBytes: number;
  readonly dmaBytes: number;
}

/** Which of the symbols that some versions lack this library exports. */
export interface NpuSymbols {
  readonly dupContext: boolean;
  /** create_mem, destroy_mem and set_io_mem: inputs and outputs live in the device's memory. Without them inputs_set and outputs_get copy. */
  readonly zeroCopy: boolean;
  readonly memSync: boolean;
  readonly setCoreMask: boolean;
}

export interface NpuLoadOptions {
  /** Which contexts the driver serves first when several wait for a core; `high` by default. The priority of the process is never raised. */
  readonly priority?: 'high' | 'medium' | 'low';
}

/**
 * The NPU's runtime library in this process. Calls into it are made on threads of their own, never on the JavaScript thread or libuv's pool.
 * What it writes to stderr during a call that fails stands in the error's `log`; otherwise it is written on.
 */
export interface NpuRuntime {
  readonly libraryPath: string;
  /** Read from the library's file at first, from the runtime itself once a model was loaded; undefined where neither says it. */
  readonly apiVersion: string | undefined;
  /** Undefined until a model was loaded. */
  readonly driverVersion: string | undefined;
  /** The library is a simulated runtime: it exports mien_sim_configure. */
  readonly simulated: boolean;
  readonly has: NpuSymbols;
  /** The bytes are copied before this returns. Models with one input only. */
  load(model: Uint8Array, options?: NpuLoadOptions): Promise<NpuModel>;
  /** Closes every model. The library itself stays in the process. Idempotent. */
  close(): Promise<void>;
}

export interface NpuModel {
  readonly inputs: readonly NpuTensor[];
  readonly outputs: readonly NpuTensor[];
  memory(): NpuMemory;
  /**
   * A context pinned to cores. The first uses what the load made; further ones duplicate a living one (weights shared) where the runtime can,
   * and initialise the model anew where it cannot.
   */
  context(coreMask: CoreMask): Promise<NpuContext>;
  /** Closes its contexts, then the model; waits for runs under way, but not for lost contexts. Idempotent. */
  close(): Promise<void>;
}

export interface NpuContext {
  readonly coreMask: CoreMask;
  /** A run passed its deadline: the context takes no more runs. Its thread ends, and frees what it holds, once the runtime returns. */
  readonly lost: boolean;
  memory(): NpuMemory;
  /**
   * Runs the network on `input`: NHWC bytes, copied before this returns. Resolves with the microseconds spent inside rknn_run, `outputs` then
   * holding the dequantised values in the network's order (of what the manifest calls the network's outputs: NCHW where there are four
   * dimensions). One run may be under way and one waiting, so that a core never waits for its caller; a third is refused as `busy`.
   * `deadlineMs` (6 000 by default) counts from the moment this run begins inside. Runs end in call order. A failed run leaves the outputs
   * untouched and the context usable.
   */
  run(input: Uint8Array, outputs: readonly Float32Array[], deadlineMs?: number): Promise<number>;
  /** Waits for the runs under way and waiting. Idempotent. */
  close(): Promise<void>;
}

/** Where the vendor's packages and images put the library. */
export const LIBRARY_PLACES: readonly string[] = Object.freeze([
  '/usr/lib/librknnrt.so',
  '/usr/lib/aarch64-linux-gnu/librknnrt.so',
  '/usr/lib64/librknnrt.so',
  '/usr/local/lib/librknnrt.so',
  'librknnrt.so',
]);

/** The simulated runtime: the one beside an addon named by MIEN_NATIVE_PATH where there is one, else what this package ships for this platform. */
export function simulatedLibraryPath(): string {
  const addon = process.env.MIEN_NATIVE_PATH;
  const beside = addon && join(dirname(addon), 'libmien-npu-simulated.so');
  if (beside && existsSync(beside)) return beside;
  return fileURLToPath(new URL(`../prebuilds/${process.platform}-${process.arch}/libmien-npu-simulated.so`, import.meta.url));
}

/** Opens the runtime's library. Throws NpuError: `library-missing`, `library-unusable`, `not-simulated`, `invalid-argument`; AddonLoadError without the addon. */
export function openNpu(options: NpuOptions = {}): NpuRuntime {
  const { library, simulate, zeroCopy = true, controlDeadlineMs = 30_000 } = options;
  if (library !== undefined && (typeof library !== 'string' || library === '' || library.includes('\0'))) {
    throw new NpuError({ code: 'invalid-argument', message: `library must be the path of a file, not ${JSON.stringify(library)}` });
  }
  if (!(controlDeadlineMs > 0)) {
    throw new NpuError({ code: 'invalid-argument', message: `controlDeadlineMs must be more than 0, not ${controlDeadlineMs}` });
  }
  const places = library !== undefined ? [library] : simulate !== undefined ? [simulatedLibraryPath()] : LIBRARY_PLACES;
  return openRuntime(loadAddon(process.env.MIEN_NATIVE_PATH).npu, places, simulate, { zeroCopy, controlDeadlineMs });
}
