import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { MienError } from '../errors.ts';
import type { InferenceBackend, RunOptions, Session, SessionInfo, TensorData, TensorOutputs } from './backend.ts';
import { assertFits } from './fit.ts';
import type { ModelFile, ModelInput, NetworkManifest } from './model-manifest.ts';
import { RunQueue } from './run-queue.ts';
import { assertInput, expectedOutputs, inputShape, midGrey } from './tensor-shape.ts';

/** What a fake network does; every part may be left out. */
export interface FakeNetwork {
  /** Called for each run, counted from 0: writes the outputs, which hold what `answer` gave. A throw is a failed execution. */
  readonly run?: (input: TensorData, outputs: Readonly<Record<string, Float32Array>>, index: number) => void;
  readonly latencyMs?: number;
  /** What the file really takes, to provoke a mismatch; the manifest's input when absent. */
  readonly input?: ModelInput;
  /** Called by `load` before anything else: throw to refuse, or wait. */
  readonly load?: (file: ModelFile) => void | Promise<void>;
  /** Told when a session has closed. */
  readonly closed?: () => void;
}

/**
 * A backend for tests and simulations that keeps every rule of the contract and executes nothing. Networks are scripted by name;
 * an unscripted one answers with numbers that depend on its input alone. Sessions say `simulated`.
 */
export function createFakeBackend(networks: Readonly<Record<string, FakeNetwork>> = {}): InferenceBackend {
  return {
    name: 'fake',
    takes: { backend: 'onnx', chip: 'cpu' },
    async load(network, file, path, options = {}) {
      const script = networks[network.name] ?? {};
      options.signal?.throwIfAborted();
      await script.load?.(file);
      await assertReadable(path);
      options.signal?.throwIfAborted();
      const input = file.input ?? network.input;
      const real = script.input ?? input;
      const type = { f32: 'float32', u8: 'uint8', i8: 'int8' }[real.dtype];
      assertFits(network, input, [{ name: real.name, dtype: type, shape: inputShape(real) }], declaredOutputs(network));
      return new FakeSession(network, file.precision, input, script);
    },
  };
}

/** What the file holds does not matter here, but it must be there and hold something. */
async function assertReadable(path: string): Promise<void> {
  const found = await stat(path).catch((cause) => {
    throw new MienError('MODEL_NOT_FOUND', `${path} cannot be read.`, { cause });
  });
  if (found.size === 0) throw new MienError('MODEL_CORRUPT', `${path} is empty.`);
}

function declaredOutputs(network: NetworkManifest) {
  return expectedOutputs(network).map(({ name, elements }) => ({ name, dtype: 'float32', shape: [1, elements] }));
}

class FakeSession implements Session {
  readonly info: SessionInfo;
  readonly #script: FakeNetwork;
  readonly #queue: RunQueue;
  readonly #outputs: Record<string, Float32Array> = {};
  #runs = 0;
  #closing: Promise<void> | undefined;

  constructor(network: NetworkManifest, precision: 'fp32' | 'int8', input: ModelInput, script: FakeNetwork) {
    const outputs = declaredOutputs(network);
    this.info = { backend: 'fake', device: 'cpu', precision, input, outputs, npuCores: [], parallel: 1, simulated: true, runtime: 'fake' };
    this.#script = script;
    this.#queue = new RunQueue(network.name);
    for (const { name, shape } of outputs) this.#outputs[name] = new Float32Array(shape[1] ?? 0);
  }

  run(input: TensorData, options: RunOptions = {}): Promise<TensorOutputs> {
    return this.#queue.run(() => this.#execute(input), options.signal);
  }

  async warmUp(runs = 1): Promise<void> {
    const input = midGrey(this.info.input);
    for (let i = 0; i < runs; i += 1) await this.run(input);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#queue.close().then(() => this.#script.closed?.());
    return this.#closing;
  }

  async #execute(input: TensorData): Promise<TensorOutputs> {
    assertInput(input, this.info.input);
    if (this.#script.latencyMs) await sleep(this.#script.latencyMs);
    answer(input, this.#outputs);
    try {
      this.#script.run?.(input, this.#outputs, this.#runs++);
    } catch (cause) {
      throw MienError.from(cause, 'INFERENCE_FAILED');
    }
    return this.#outputs;
  }
}

/** Small numbers that differ between inputs and between elements. */
function answer(input: TensorData, outputs: Readonly<Record<string, Float32Array>>): void {
  let sum = 0;
  for (let i = 0; i < input.length; i += 1) sum += (input[i] ?? 0) * ((i % 13) + 1);
  const seed = sum / input.length;
  for (const output of Object.values(outputs)) {
    for (let i = 0; i < output.length; i += 1) output[i] = Math.sin(seed + i);
  }
}
