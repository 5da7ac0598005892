import type { NpuContext, NpuModel } from '@mien/native/npu';
import type { SessionMemory, TensorData, TensorOutputs } from '../backend.ts';
import { CoreFault } from '../core-run.ts';
import { type Place, places, placeText } from '../layout.ts';
import { runFault } from './faults.ts';

/** A set of output arrays; each run under way has one of its own. */
interface OutputSet {
  readonly byName: TensorOutputs;
  /** In the network's order. */
  readonly list: readonly Float32Array[];
}

/** A loaded network's contexts, one for each place of the NPU where it may run. Weights are shared as far as the runtime can. */
export class PlaceContexts {
  readonly #network: string;
  readonly #model: NpuModel;
  readonly #sharesWeights: boolean;
  /** By the index of the place. */
  readonly #contexts: Array<NpuContext | undefined> = new Array(places.length).fill(undefined);
  readonly #spare: OutputSet[] = [];
  #closing: Promise<void> | undefined;

  constructor(network: string, model: NpuModel, sharesWeights: boolean) {
    this.#network = network;
    this.#model = model;
    this.#sharesWeights = sharesWeights;
  }

  /**
   * Runs on the place's context. The outputs are free for another run once the microtasks after the answer are through: a run writes into its
   * outputs at its end only, on the JavaScript thread. Errors: CoreFault where the core or its context may be at fault, else INFERENCE_FAILED.
   */
  async execute(place: Place, input: TensorData, deadlineMs: number): Promise<TensorOutputs> {
    const context = this.#contexts[place.index];
    if (!context) throw new CoreFault('lost', `${this.#network} has no context on ${placeText(place)} of the NPU.`);
    const outputs = this.#spare.pop() ?? this.#outputSet();
    try {
      await context.run(input as Uint8Array, outputs.list, deadlineMs);
    } catch (cause) {
      throw runFault(cause, this.#network, place);
    }
    this.#spare.push(outputs);
    return outputs.byName;
  }

  /** Makes a context where there is none, or a new one in the stead of one that failed. Errors: CoreFault. */
  async renew(place: Place): Promise<void> {
    const old = this.#contexts[place.index];
    this.#contexts[place.index] = undefined;
    try {
      // A lost context is let go by its own thread whenever the runtime returns; closing it waits for nothing.
      await old?.close();
      const context = await this.#model.context(place.mask);
      if (this.#closing) return void (await context.close());
      this.#contexts[place.index] = context;
    } catch (cause) {
      const fault = runFault(cause, this.#network, place);
      throw new CoreFault('failed', `No context can be made: ${fault.message}`, { cause });
    }
  }

  memory(): SessionMemory {
    const living = this.#contexts.filter((context) => context !== undefined);
    const { weightBytes } = this.#model.memory();
    return {
      weightBytes: this.#sharesWeights ? weightBytes : weightBytes * Math.max(1, living.length),
      contextBytes: living.reduce((sum, context) => sum + context.memory().internalBytes, 0),
    };
  }

  /** Waits for the runs under way. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#model.close();
    return this.#closing;
  }

  #outputSet(): OutputSet {
    const list = this.#model.outputs.map(({ elements }) => new Float32Array(elements));
    return { list, byName: Object.fromEntries(this.#model.outputs.map(({ name }, i) => [name, list[i] as Float32Array])) };
  }
}
