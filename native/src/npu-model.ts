import type { CoreMask, NpuContext, NpuMemory, NpuModel, NpuTensor } from './npu.ts';
import type { Description, NpuFunctions } from './npu-addon.ts';
import { BoundContext } from './npu-context.ts';
import { NpuError } from './npu-error.ts';
import { NpuWorker } from './npu-worker.ts';

const MASKS: readonly number[] = [0, 1, 2, 4, 3, 7];

/** What the models of one runtime share. */
export interface ModelHost {
  readonly npu: NpuFunctions;
  readonly library: number;
  readonly dupContext: boolean;
  readonly zeroCopy: boolean;
  readonly controlDeadlineMs: number;
}

/** Loads a model on a worker of its own. */
export async function loadModel(
  host: ModelHost,
  bytes: Uint8Array,
  flags: number,
  closed: () => void,
): Promise<{ model: LoadedModel; description: Description }> {
  // Where contexts cannot be duplicated, each is initialised from the bytes again.
  const kept = host.dupContext ? undefined : bytes.slice();
  const worker = new NpuWorker(host.npu, host.library);
  const description = await initialise(host, worker, bytes, flags);
  return { model: new LoadedModel(host, worker, description.description, description.memory, kept, flags, closed), description: description.description };
}

async function initialise(host: ModelHost, worker: NpuWorker, bytes: Uint8Array, flags: number) {
  worker.label = 'the load of a model';
  try {
    const { description, memory } = await worker.task('rknn_init', host.controlDeadlineMs, (ticket) =>
      host.npu.init(worker.id, ticket, host.controlDeadlineMs, bytes, flags),
    );
    return { description: description as Description, memory };
  } catch (error) {
    await endWorker(host, worker);
    throw error;
  }
}

/** Gives a worker's context back and lets its thread end. A lost one ends by itself. */
async function endWorker(host: ModelHost, worker: NpuWorker): Promise<void> {
  try {
    if (worker.lost) return;
    await worker.task('rknn_destroy', host.controlDeadlineMs, (ticket) => host.npu.end(worker.id, ticket, host.controlDeadlineMs));
  } finally {
    worker.forget();
  }
}

export class LoadedModel implements NpuModel {
  readonly inputs: readonly NpuTensor[];
  readonly outputs: readonly NpuTensor[];
  readonly #host: ModelHost;
  readonly #base: NpuWorker;
  readonly #memory: NpuMemory;
  readonly #bytes: Uint8Array | undefined;
  readonly #flags: number;
  readonly #closed: () => void;
  readonly #contexts = new Set<BoundContext>();
  readonly #opening = new Set<Promise<unknown>>();
  #baseTaken = false;
  #closing: Promise<void> | undefined;

  constructor(host: ModelHost, base: NpuWorker, description: Description, memory: NpuMemory, bytes: Uint8Array | undefined, flags: number, closed: () => void) {
    this.inputs = description.inputs;
    this.outputs = description.outputs;
    this.#host = host;
    this.#base = base;
    this.#memory = memory;
    this.#bytes = bytes;
    this.#flags = flags;
    this.#closed = closed;
  }

  memory(): NpuMemory {
    return this.#memory;
  }

  async context(coreMask: CoreMask): Promise<NpuContext> {
    if (this.#closing) throw new NpuError({ code: 'closed', message: 'the model was closed' });
    if (!MASKS.includes(coreMask)) {
      throw new NpuError({ code: 'invalid-argument', message: `there is no core mask ${coreMask}; there are ${MASKS.join(', ')}` });
    }
    const opening = this.#open(coreMask);
    this.#opening.add(opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(opening);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(coreMask: CoreMask): Promise<NpuContext> {
    const { npu, controlDeadlineMs, zeroCopy } = this.#host;
    const worker = await this.#takeWorker();
    worker.label = `the NPU context of core mask ${coreMask}`;
    try {
      const { memory } = await worker.task('rknn_set_core_mask', controlDeadlineMs, (ticket) =>
        npu.bind(worker.id, ticket, controlDeadlineMs, coreMask, zeroCopy),
      );
      worker.shape(
        (this.inputs[0] as NpuTensor).elements,
        this.outputs.map((output) => output.elements),
      );
      const context: BoundContext = new BoundContext(worker, coreMask, memory, () => this.#release(worker, context));
      this.#contexts.add(context);
      return context;
    } catch (error) {
      await this.#release(worker);
      throw error;
    }
  }

  /** The worker of the load where it is free, else a new one with a duplicate of a living context. */
  async #takeWorker(): Promise<NpuWorker> {
    if (!this.#baseTaken && !this.#base.lost) {
      this.#baseTaken = true;
      return this.#base;
    }
    const { npu, library, controlDeadlineMs } = this.#host;
    const parent = [this.#base, ...[...this.#contexts].map((context) => context.worker)].find((worker) => !worker.lost);
    if (this.#bytes === undefined && parent === undefined) {
      throw new NpuError({ code: 'lost', message: 'every context of this model is lost, so there is none to duplicate: load the model again' });
    }
    const child = new NpuWorker(npu, library);
    if (this.#bytes !== undefined) {
      await initialise(this.#host, child, this.#bytes, this.#flags);
      return child;
    }
    const from = parent as NpuWorker;
    try {
      await from.task('rknn_dup_context', controlDeadlineMs, (ticket) => npu.duplicate(from.id, ticket, controlDeadlineMs, child.id));
    } catch (error) {
      await endWorker(this.#host, child);
      throw error;
    }
    return child;
  }

  async #release(worker: NpuWorker, context?: BoundContext): Promise<void> {
    if (context) this.#contexts.delete(context);
    if (worker !== this.#base) return endWorker(this.#host, worker);
    if (worker.lost) return;
    const { npu, controlDeadlineMs } = this.#host;
    await worker.task('rknn_destroy_mem', controlDeadlineMs, (ticket) => npu.unbind(worker.id, ticket, controlDeadlineMs));
    this.#baseTaken = false;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#opening);
    try {
      const closed = await Promise.allSettled([...this.#contexts].map((context) => context.close()));
      await this.#base.drained();
      await endWorker(this.#host, this.#base);
      const failed = closed.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    } finally {
      this.#closed();
    }
  }
}
