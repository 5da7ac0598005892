import type { Models, ModelStatus } from '../sight/sight.ts';
import type { BackendChoice } from './backends.ts';
import type { Leases } from './lease.ts';
import type { Precision } from './model-manifest.ts';

export interface ModelManagerOptions {
  /** Directory or model.json of the release. */
  readonly release: string;
  readonly precision: Precision;
  /** Name of the detector network in the release. */
  readonly detector: string;
  readonly threads?: number;
}

/** Told every state that a network passes through. Faults of the listener are its own. */
export type ModelListener = (status: ModelStatus) => void;

/**
 * Owns the networks of one release; one network of each role is in use at a time. `load` of another network of the same role changes
 * over to it as `swap` does. Disposal waits for leases that are out.
 */
export interface ModelManager extends Models, Leases, AsyncDisposable {
  /** Loads the detector and the recogniser. Errors: those of loading. */
  start(signal?: AbortSignal): Promise<void>;
}

export function createModelManager(options: ModelManagerOptions, backend: BackendChoice, listener?: ModelListener): ModelManager {
  throw new Error(`body follows ${options} ${backend} ${listener}`);
}
