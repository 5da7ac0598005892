import { access } from 'node:fs/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { MienError } from '../errors.ts';
import type { InferenceBackend, LoadOptions, RunOptions, Session, SessionInfo, TensorData, TensorOutputs } from './backend.ts';
import { assertFits, type DeclaredTensor } from './fit.ts';
import type { ModelFile, NetworkManifest } from './model-manifest.ts';
import { RunQueue } from './run-queue.ts';
import { assertInput, inputShape, midGrey } from './tensor-shape.ts';

type Runtime = typeof import('onnxruntime-node');

/** Microsoft's ONNX Runtime on the CPU. The library is loaded with the first network, never before. */
export function createOnnxBackend(): InferenceBackend {
  return { name: 'onnx', takes: { backend: 'onnx', chip: 'cpu' }, hasExact: true, load };
}

async function load(network: NetworkManifest, file: ModelFile, path: string, options: LoadOptions = {}): Promise<Session> {
  const runtime = await openRuntime();
  options.signal?.throwIfAborted();
  try {
    await access(path);
  } catch (cause) {
    throw new MienError('MODEL_NOT_FOUND', `${path} cannot be read.`, { cause });
  }
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(path, sessionOptions(options.threads ?? 1, options.exact));
  } catch (cause) {
    throw new MienError('MODEL_CORRUPT', `${file.path} cannot be loaded by ONNX Runtime: ${(cause as Error).message}`, { cause });
  }
  try {
    options.signal?.throwIfAborted();
    const input = file.input ?? network.input;
    const outputs = declared(session.outputMetadata);
    assertFits(network, input, declared(session.inputMetadata), outputs);
    return new OnnxSession(
      runtime,
      session,
      {
        backend: 'onnx',
        device: 'cpu',
        precision: file.precision,
        input,
        outputs: outputs.map(({ name, shape }) => ({ name, shape: shape.map((n) => n ?? 1) })),
        npuCores: [],
        parallel: 1,
        simulated: false,
        runtime: `onnxruntime ${runtime.env.versions.node ?? runtime.env.versions.common}`,
      },
      network.name,
    );
  } catch (fault) {
    await session.release();
    throw fault;
  }
}

export async function openRuntime(): Promise<Runtime> {
  // From 1.29 on the library reports its use to Microsoft and keeps a device id in the home folder unless this is set before it
  // is loaded. Nothing leaves the device, so nobody is asked.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new MienError(
      'BACKEND_UNAVAILABLE',
      `ONNX Runtime cannot be loaded on ${process.platform}-${process.arch}: ${(cause as Error).message}. Run npm install without --omit=optional; it needs glibc 2.28 or newer.`,
      { cause },
    );
  }
}

/** One network at a time on few threads: nothing spins between frames, nothing is held that a run does not need. */
export function sessionOptions(threads: number, exact = false): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: true,
    enableMemPattern: true,
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        use_device_allocator_for_initializers: '1',
        // Processors with AVX2 but without VNNI saturate 8-bit products (ages 13 years off on an emulated Haswell). Where VNNI is
        // there this costs 1.7 times the time for nothing (4.2 against 2.5 ms).
        ...(exact ? { x64quantprecision: '1' } : {}),
      },
    },
  };
}

function declared(metadata: readonly InferenceSession.ValueMetadata[]): DeclaredTensor[] {
  return metadata.map((value) =>
    value.isTensor
      ? { name: value.name, dtype: value.type, shape: value.shape.map((n) => (typeof n === 'number' && n >= 0 ? n : null)) }
      : { name: value.name, dtype: 'not a tensor', shape: [] },
  );
}

class OnnxSession implements Session {
  readonly info: SessionInfo;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #queue: RunQueue;
  readonly #outputs: Record<string, Float32Array> = {};
  /** ONNX Runtime writes into these; they are views of `#outputs`. */
  readonly #fetches: Record<string, Tensor> = {};
  /** Callers pool their tensors, so the wrapper of each is kept as long as the tensor lives. */
  readonly #feeds = new WeakMap<TensorData, Record<string, Tensor>>();
  #closing: Promise<void> | undefined;

  constructor(runtime: Runtime, session: InferenceSession, info: SessionInfo, name: string) {
    this.info = info;
    this.#runtime = runtime;
    this.#session = session;
    this.#queue = new RunQueue(name);
    for (const output of info.outputs) {
      const data = new Float32Array(output.shape.reduce((product, n) => product * n, 1));
      this.#outputs[output.name] = data;
      this.#fetches[output.name] = new runtime.Tensor('float32', data, output.shape);
    }
  }

  run(input: TensorData, options: RunOptions = {}): Promise<TensorOutputs> {
    return this.#queue.run(() => this.#execute(input), options.signal);
  }

  async warmUp(runs = 3): Promise<void> {
    const input = midGrey(this.info.input);
    for (let i = 0; i < runs; i += 1) await this.run(input);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#queue.close().then(() => this.#session.release());
    return this.#closing;
  }

  async #execute(input: TensorData): Promise<TensorOutputs> {
    try {
      await this.#session.run(this.#feed(input), this.#fetches);
    } catch (cause) {
      throw MienError.from(cause, 'INFERENCE_FAILED');
    }
    return this.#outputs;
  }

  #feed(input: TensorData): Record<string, Tensor> {
    const known = this.#feeds.get(input);
    if (known) return known;
    const spec = this.info.input;
    assertInput(input, spec);
    const feed = { [spec.name]: wrap(this.#runtime, input, inputShape(spec)) };
    this.#feeds.set(input, feed);
    return feed;
  }
}

function wrap(runtime: Runtime, input: TensorData, shape: readonly number[]): Tensor {
  if (input instanceof Float32Array) return new runtime.Tensor('float32', input, shape);
  return input instanceof Uint8Array ? new runtime.Tensor('uint8', input, shape) : new runtime.Tensor('int8', input, shape);
}
