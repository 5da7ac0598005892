import type { NpuUse } from '../npu-use.ts';
import type { ModelFile, ModelInput, NetworkManifest } from './model-manifest.ts';

/** What a network is fed with: a dense tensor in the manifest's layout and dtype, batch 1. */
export type TensorData = Float32Array | Uint8Array | Int8Array;

/** Outputs by name, dequantised to f32, flat in the network's order. */
export type TensorOutputs = Readonly<Record<string, Float32Array>>;

export interface SessionInfo {
  readonly backend: 'onnx' | 'rknn' | 'fake';
  /** `cpu`, or the NPU's chip. */
  readonly device: string;
  readonly precision: 'fp32' | 'int8';
  readonly input: ModelInput;
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly shape: readonly number[] }>;
  /** NPU cores that this session may run on; empty on the CPU. */
  readonly npuCores: readonly number[];
  /** So many runs may be under way at one time and gain from it; 1 on the CPU. More may be called: they wait. */
  readonly parallel: number;
  readonly simulated: boolean;
  /** Version of the runtime that executes the network. */
  readonly runtime: string;
}

/** In bytes, as the runtime accounts it. What contexts share is counted once. */
export interface SessionMemory {
  readonly weightBytes: number;
  /** What each context needs beside the weights, in sum. */
  readonly contextBytes: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** On this core and no other, even if it is set aside: one of `info.npuCores` (of fused cores the first). For tests of a core by itself. */
  readonly npuCore?: number;
}

/** What became of the cores of a session, in words. */
export interface CoresHealth {
  /** Each names a core, what is wrong and what to do. Empty while all is well. */
  readonly reasons: readonly string[];
  /** No core is left, and making new contexts did not help: this process cannot go on with the NPU. */
  readonly exhausted: boolean;
}

/** How a session fares that several cores serve. */
export interface SessionCores {
  /**
   * Runs the test for each core by itself (`npuCore`; of fused cores for the group), now and again before a core that failed is used anew.
   * Cores that fail while others pass are set aside. Resolves with the results in words; rejects with the first fault when none passes.
   */
  prove(test: (npuCore: number) => Promise<string>): Promise<string>;
  health(): CoresHealth;
  status(): NpuUse;
  /** Called after every change of `health`. */
  watch(listener: (health: CoresHealth) => void): void;
}

/**
 * A loaded network.
 * - Ownership: `input` is borrowed until the promise settles. The outputs belong to the session and are overwritten by a later
 *   run, whoever calls it: read or copy them before anything but a microtask is awaited. No run writes into outputs that were
 *   handed out before these microtasks are through.
 * - Order: runs of one session are started in call order, at most `info.parallel` at one time, and finish in call order where that is 1.
 * - Cancel: a signal aborted before the run starts rejects with the signal's reason and does not execute; once started the
 *   run finishes inside, its result is discarded and the promise rejects with the reason.
 * - Errors: `INFERENCE_FAILED` for a wrong input length or a failed execution (the session stays usable), `MODEL_STATE`
 *   after disposal.
 * - Disposal waits for the run in progress and is idempotent.
 */
export interface Session extends AsyncDisposable {
  readonly info: SessionInfo;
  /** Of a session on the NPU. */
  readonly cores?: SessionCores;
  run(input: TensorData, options?: RunOptions): Promise<TensorOutputs>;
  /** Executes `runs` times on a mid-grey input, so that the first real frame is not the slow one. */
  warmUp(runs?: number): Promise<void>;
  /** Absent where the runtime does not account for it. */
  memory?(): SessionMemory;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Threads for CPU backends; 1 by default. */
  readonly threads?: number;
  /** NPU cores to pin to; backends without an NPU ignore it. */
  readonly npuCores?: readonly number[];
  /** Integer products that cannot saturate, at the cost of speed; only for a backend that `hasExact`. */
  readonly exact?: boolean;
}

/** One way to execute networks. `load` checks that the file fits the manifest and refuses a mismatch with the reason. */
export interface InferenceBackend {
  readonly name: 'onnx' | 'rknn' | 'fake';
  /** Which files of a release it takes; a stand-in names the backend that it stands in for. */
  readonly takes: { readonly backend: ModelFile['backend']; readonly chip: string };
  /** Its fast INT8 arithmetic is wrong on some processors, and it has a slower one that is right on all. */
  readonly hasExact?: boolean;
  /** Errors: MODEL_NOT_FOUND, MODEL_CORRUPT, MODEL_MISMATCH, BACKEND_UNAVAILABLE. `path` is absolute. */
  load(network: NetworkManifest, file: ModelFile, path: string, options?: LoadOptions): Promise<Session>;
}
