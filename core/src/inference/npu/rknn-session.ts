import { MienError } from '../../errors.ts';
import type { RunOptions, Session, SessionCores, SessionInfo, SessionMemory, TensorData, TensorOutputs } from '../backend.ts';
import type { Lane } from '../core-lane.ts';
import { assertInput, midGrey } from '../tensor-shape.ts';
import type { PlaceContexts } from './place-contexts.ts';

/** A network on the NPU: the lane says where and when a run goes, the contexts execute it. */
export class RknnSession implements Session {
  readonly info: SessionInfo;
  readonly cores: SessionCores;
  readonly #name: string;
  readonly #lane: Lane;
  readonly #contexts: PlaceContexts;
  #closing: Promise<void> | undefined;

  constructor(name: string, info: SessionInfo, lane: Lane, contexts: PlaceContexts) {
    this.#name = name;
    this.info = info;
    this.cores = lane;
    this.#lane = lane;
    this.#contexts = contexts;
  }

  async run(input: TensorData, options?: RunOptions): Promise<TensorOutputs> {
    if (this.#closing) throw new MienError('MODEL_STATE', `${this.#name} is unloaded. Load it again before running it.`);
    assertInput(input, this.info.input);
    return await this.#lane.run(input, options);
  }

  async warmUp(runs = 3): Promise<void> {
    const input = midGrey(this.info.input);
    // As many at a time as there is room for, so that every core has its share.
    for (let i = 0; i < runs; i += 1) await Promise.all(Array.from({ length: this.info.parallel }, () => this.run(input)));
  }

  memory(): SessionMemory {
    return this.#contexts.memory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#lane.close().then(() => this.#contexts.close());
    return this.#closing;
  }
}
