import type { NpuLoadOptions, NpuModel, NpuRuntime, NpuSymbols, SimulationSettings } from './npu.ts';
import type { NpuFunctions, Opened } from './npu-addon.ts';
import { NpuError } from './npu-error.ts';
import { type LoadedModel, loadModel, type ModelHost } from './npu-model.ts';

/** Flags of rknn_init. */
const PRIORITIES = { high: 0, medium: 1, low: 2 } as const;
const MAX_MODEL_BYTES = 0xffff_ffff;

interface RuntimeSettings {
  readonly zeroCopy: boolean;
  readonly controlDeadlineMs: number;
}

export function openRuntime(npu: NpuFunctions, places: readonly string[], simulate: SimulationSettings | undefined, settings: RuntimeSettings): NpuRuntime {
  const opened = npu.open(places, simulate === undefined ? undefined : JSON.stringify(simulate));
  if (opened.fault) throw new NpuError(opened.fault);
  return new OpenRuntime(npu, opened, settings);
}

class OpenRuntime implements NpuRuntime {
  readonly libraryPath: string;
  readonly simulated: boolean;
  readonly has: NpuSymbols;
  readonly #host: ModelHost;
  readonly #models = new Set<LoadedModel>();
  readonly #loading = new Set<Promise<unknown>>();
  #apiVersion: string | undefined;
  #driverVersion: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(npu: NpuFunctions, opened: Opened, settings: RuntimeSettings) {
    const { library, path, version, simulated, dupContext, zeroCopy, memSync, setCoreMask } = opened;
    this.libraryPath = path;
    this.simulated = simulated;
    this.has = Object.freeze({ dupContext, zeroCopy, memSync, setCoreMask });
    this.#apiVersion = version || undefined;
    this.#host = { npu, library, dupContext, ...settings };
  }

  get apiVersion(): string | undefined {
    return this.#apiVersion;
  }

  get driverVersion(): string | undefined {
    return this.#driverVersion;
  }

  async load(bytes: Uint8Array, options: NpuLoadOptions = {}): Promise<NpuModel> {
    if (this.#closing) throw new NpuError({ code: 'closed', message: 'the NPU runtime was closed' });
    const { priority = 'high' } = options;
    if (!Object.hasOwn(PRIORITIES, priority)) {
      throw new NpuError({ code: 'invalid-argument', message: `priority must be one of ${Object.keys(PRIORITIES).join(', ')}, not ${String(priority)}` });
    }
    if (!(bytes instanceof Uint8Array) || bytes.length === 0 || bytes.length > MAX_MODEL_BYTES) {
      const came = bytes instanceof Uint8Array ? `one of ${bytes.length}` : typeof bytes;
      throw new NpuError({ code: 'invalid-argument', message: `a model is a Uint8Array of at least one byte, not ${came}` });
    }
    const loading = this.#load(bytes, PRIORITIES[priority]);
    this.#loading.add(loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(loading);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #load(bytes: Uint8Array, flags: number): Promise<NpuModel> {
    const { model, description } = await loadModel(this.#host, bytes, flags, () => this.#models.delete(model));
    this.#models.add(model);
    this.#apiVersion = description.apiVersion || this.#apiVersion;
    this.#driverVersion = description.driverVersion || this.#driverVersion;
    return model;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#loading);
    const closed = await Promise.allSettled([...this.#models].map((model) => model.close()));
    const failed = closed.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
