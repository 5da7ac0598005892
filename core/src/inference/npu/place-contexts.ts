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

/** A context, and whether a run is under way in it. */
interface Held {
  readonly context: NpuContext;
  running: number;
}

/**
 * Contexts of a place. A context hands in its next run only when the outputs of the one before are read; a second one hands in while the first is
 * at work, so that the core goes from one run to the next: 0.99 of what a simulated core can do instead of 0.89, on two busy processors.
 */
const CONTEXTS = 2;

/** A loaded network's contexts on the places of the NPU where it may run. Weights are shared as far as the runtime can. */
export class PlaceContexts {
  readonly #network: string;
  readonly #model: NpuModel;
  readonly #sharesWeights: boolean;
  /** By the index of the place. */
  readonly #contexts: Array<readonly Held[]> = new Array(places.length).fill([]);
  readonly #spare: OutputSet[] = [];
  #closing: Promise<void> | undefined;

  constructor(network: string, model: NpuModel, sharesWeights: boolean) {
    this.#network = network;
    this.#model = model;
    this.#sharesWeights = sharesWeights;
  }

  /**
   * Runs on that of the place's contexts which has less to do. The outputs are free for another run once the microtasks after the answer are through: a run writes into its
   * outputs at its end only, on the JavaScript thread. Errors: CoreFault where the core or its context may be at fault, else INFERENCE_FAILED.
   */
  async execute(place: Place, input: TensorData, deadlineMs: number): Promise<TensorOutputs> {
    const held = this.#freest(place);
    if (!held) throw new CoreFault('lost', `${this.#network} has no context on ${placeText(place)} of the NPU.`);
    const outputs = this.#spare.pop() ?? this.#outputSet();
    held.running += 1;
    try {
      await held.context.run(input as Uint8Array, outputs.list, deadlineMs);
    } catch (cause) {
      throw runFault(cause, this.#network, place);
    } finally {
      held.running -= 1;
    }
    this.#spare.push(outputs);
    return outputs.byName;
  }

  /** Makes contexts where there are none, or new ones in the stead of those that failed. Errors: CoreFault. */
  async renew(place: Place): Promise<void> {
    const old = this.#contexts[place.index] ?? [];
    this.#contexts[place.index] = [];
    try {
      // A lost context is let go by its own thread whenever the runtime returns; closing it waits for nothing.
      await Promise.all(old.map(({ context }) => context.close()));
      const made = [await this.#context(place)];
      // Where weights are not shared a second one would cost them again; where there is no memory for it the first serves alone.
      while (this.#sharesWeights && made.length < CONTEXTS) {
        const next = await this.#context(place).catch(() => undefined);
        if (!next) break;
        made.push(next);
      }
      if (this.#closing) await Promise.all(made.map(({ context }) => context.close()));
      else this.#contexts[place.index] = made;
    } catch (cause) {
      const fault = runFault(cause, this.#network, place);
      throw new CoreFault('failed', `No context can be made: ${fault.message}`, { cause });
    }
  }

  memory(): SessionMemory {
    const living = this.#contexts.flat();
    const { weightBytes } = this.#model.memory();
    return {
      weightBytes: this.#sharesWeights ? weightBytes : weightBytes * Math.max(1, living.length),
      contextBytes: living.reduce((sum, { context }) => sum + context.memory().internalBytes, 0),
    };
  }

  /** Waits for the runs under way. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#model.close();
    return this.#closing;
  }

  async #context({ mask }: Place): Promise<Held> {
    return { context: await this.#model.context(mask), running: 0 };
  }

  #freest({ index }: Place): Held | undefined {
    const [first, second] = this.#contexts[index] ?? [];
    return second && first && second.running < first.running ? second : first;
  }

  #outputSet(): OutputSet {
    const list = this.#model.outputs.map(({ elements }) => new Float32Array(elements));
    return { list, byName: Object.fromEntries(this.#model.outputs.map(({ name }, i) => [name, list[i] as Float32Array])) };
  }
}
