import type { CoreMask, NpuContext, NpuMemory } from './npu.ts';
import { NpuError } from './npu-error.ts';
import type { NpuWorker } from './npu-worker.ts';

const RUN_DEADLINE_MS = 6_000;

/** A bound context. How it is given back is the model's business: one that the load made stays for others to be duplicated from. */
export class BoundContext implements NpuContext {
  readonly coreMask: CoreMask;
  readonly worker: NpuWorker;
  readonly #memory: NpuMemory;
  readonly #release: () => Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(worker: NpuWorker, coreMask: CoreMask, memory: NpuMemory, release: () => Promise<void>) {
    this.worker = worker;
    this.coreMask = coreMask;
    this.#memory = memory;
    this.#release = release;
  }

  get lost(): boolean {
    return this.worker.lost;
  }

  memory(): NpuMemory {
    return this.#memory;
  }

  run(input: Uint8Array, outputs: readonly Float32Array[], deadlineMs = RUN_DEADLINE_MS): Promise<number> {
    if (this.#closing !== undefined) return Promise.reject(new NpuError({ code: 'closed', message: `${this.worker.label} was closed` }));
    return this.worker.run(input, outputs, deadlineMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.worker.drained().then(this.#release);
    return this.#closing;
  }
}
