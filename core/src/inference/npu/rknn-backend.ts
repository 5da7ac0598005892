import { readFile } from 'node:fs/promises';
import { type NpuModel, type NpuOptions, type NpuRuntime, type NpuTensor, openNpu } from '@mien/native/npu';
import type { NpuConfig } from '../../config.ts';
import type { MachineFiles } from '../../device/machine-files.ts';
import { MienError } from '../../errors.ts';
import type { InferenceBackend, LoadOptions, Session, SessionInfo } from '../backend.ts';
import type { CoreFault } from '../core-run.ts';
import type { CoreScheduler } from '../core-scheduler.ts';
import { assertFits, type DeclaredTensor } from '../fit.ts';
import { type Layout, type Place, placesOf } from '../layout.ts';
import type { ModelFile, ModelInput, NetworkManifest } from '../model-manifest.ts';
import { assertRunsHere, newerThanRuntime, type RknnContainer, readContainer } from './container.ts';
import { findingsText, lookAtNpu } from './device.ts';
import { loadFault, mayLackDevice, openFault } from './faults.ts';
import { PlaceContexts } from './place-contexts.ts';
import { RknnSession } from './rknn-session.ts';

export interface RknnOptions {
  readonly npu: NpuConfig;
  /** Shares the cores out among networks: one for the process. */
  readonly scheduler: CoreScheduler;
  /** Where the machine is looked at, and how the library is opened; both for tests. */
  readonly files?: MachineFiles;
  readonly open?: (options: NpuOptions) => NpuRuntime;
}

/** The chip that a simulated runtime takes the place of. */
const SIMULATED_CHIP = 'rk3588';

/**
 * Rockchip's NPU by the vendor's librknnrt, or by the simulated runtime. The library is opened here, once; what is in the way of it is found out
 * and told with the fix. Errors: BACKEND_UNAVAILABLE.
 */
export async function createRknnBackend(options: RknnOptions): Promise<InferenceBackend> {
  const { npu, files } = options;
  const library = npu.library === undefined ? {} : { library: npu.library };
  const look = { ...library, ...(npu.chip === undefined ? {} : { chip: npu.chip }), ...(files && { files }) };
  let runtime: NpuRuntime | undefined;
  let cause: unknown;
  try {
    runtime = (options.open ?? openNpu)({ ...library, ...(npu.simulate && { simulate: npu.simulate }) });
  } catch (fault) {
    cause = openFault(fault);
    if (npu.simulate || !(cause instanceof MienError)) throw cause;
  }
  if (runtime?.simulated) return new RknnBackend(runtime, npu.chip ?? SIMULATED_CHIP, options, async () => '');
  const device = await lookAtNpu(look);
  const obstacles = cause === undefined ? device.findings.filter(({ code }) => code !== 'no-library') : device.findings;
  if (obstacles.length > 0) throw new MienError('BACKEND_UNAVAILABLE', findingsText(obstacles), { cause });
  if (!runtime || device.chip === undefined) throw cause;
  return new RknnBackend(runtime, device.chip, options, async () => findingsText((await lookAtNpu(look)).findings));
}

class RknnBackend implements InferenceBackend {
  readonly name = 'rknn';
  readonly takes: InferenceBackend['takes'];
  readonly #runtime: NpuRuntime;
  readonly #options: RknnOptions;
  /** What is in the way of the device now, in words. */
  readonly #obstacles: () => Promise<string>;

  constructor(runtime: NpuRuntime, chip: string, options: RknnOptions, obstacles: () => Promise<string>) {
    this.takes = { backend: 'rknn', chip };
    this.#runtime = runtime;
    this.#options = options;
    this.#obstacles = obstacles;
  }

  async load(network: NetworkManifest, file: ModelFile, path: string, { signal, npuCores }: LoadOptions = {}): Promise<Session> {
    signal?.throwIfAborted();
    const bytes = await readFile(path, signal && { signal }).catch((cause) => {
      signal?.throwIfAborted();
      throw new MienError('MODEL_NOT_FOUND', `${path} cannot be read.`, { cause });
    });
    const container = readContainer(bytes, file.path);
    assertRunsHere(container, { chip: this.takes.chip, runtime: this.#runtime.apiVersion }, file.path);
    const input = file.input ?? network.input;
    assertBytes(network.name, input);
    const layout = this.#layout(network.name, npuCores);
    const places = placesOf(layout.affinity);
    const model = await this.#loadModel(bytes, file, container, layout);
    try {
      signal?.throwIfAborted();
      const outputs = model.outputs.map(declaredOutput);
      assertFits(network, input, model.inputs.map(declaredInput), outputs);
      const session = await this.#openSession(network, model, layout, places, (parallel) => ({
        backend: 'rknn',
        device: `${this.takes.chip} npu`,
        precision: file.precision,
        input,
        outputs: outputs.map(({ name, shape }) => ({ name, shape: shape.map((n) => n ?? 1) })),
        npuCores: [...new Set(places.flatMap(({ cores }) => cores))],
        parallel,
        simulated: this.#runtime.simulated,
        runtime: this.#runtimeText(),
      }));
      if (signal?.aborted) await session[Symbol.asyncDispose]();
      signal?.throwIfAborted();
      return session;
    } catch (fault) {
      await model.close();
      throw fault;
    }
  }

  #layout(name: string, npuCores: readonly number[] | undefined): Layout {
    const { layouts, deadlineMs } = this.#options.npu;
    const configured = Object.hasOwn(layouts, name) ? layouts[name] : undefined;
    return {
      affinity: npuCores && npuCores.length > 0 ? { pinned: npuCores } : (configured?.affinity ?? 'auto'),
      priority: configured?.priority ?? 'interactive',
      deadlineMs: configured?.deadlineMs ?? deadlineMs,
    };
  }

  async #loadModel(bytes: Uint8Array, file: ModelFile, container: RknnContainer, { priority }: Layout): Promise<NpuModel> {
    try {
      return await this.#runtime.load(bytes, { priority: priority === 'interactive' ? 'high' : 'low' });
    } catch (cause) {
      const obstacles = mayLackDevice(cause) ? await this.#obstacles() : '';
      const newer = newerThanRuntime(container, this.#runtime.apiVersion) ?? '';
      throw loadFault(cause, file.path, [obstacles, newer].filter(Boolean));
    }
  }

  /** A context on each place of the layout; where none can be made the place is set aside, as long as there is another. */
  async #openSession(
    network: NetworkManifest,
    model: NpuModel,
    layout: Layout,
    places: readonly Place[],
    info: (parallel: number) => SessionInfo,
  ): Promise<Session> {
    const contexts = new PlaceContexts(network.name, model, this.#runtime.has.dupContext);
    const lane = this.#options.scheduler.open({
      name: network.name,
      layout,
      execute: (place, input, deadlineMs) => contexts.execute(place, input, deadlineMs),
      renew: (place) => contexts.renew(place),
    });
    const faults: CoreFault[] = [];
    for (const place of places) {
      try {
        await contexts.renew(place);
      } catch (fault) {
        faults.push(fault as CoreFault);
        lane.setAside(place, fault as CoreFault);
      }
    }
    if (faults.length < places.length) return new RknnSession(network.name, info(lane.parallel), lane, contexts);
    await lane.close();
    throw new MienError('BACKEND_UNAVAILABLE', `${network.name}: ${faults[0]?.message}`, { cause: faults[0] });
  }

  #runtimeText(): string {
    const { apiVersion, driverVersion } = this.#runtime;
    return `librknnrt ${apiVersion ?? 'of unknown version'}${driverVersion === undefined ? '' : `, driver ${driverVersion}`}`;
  }
}

/** A .rknn file is fed with raw pixels: normalisation stands in the file, and doing it twice is the costliest known mistake. */
function assertBytes(name: string, { dtype, layout, normalisedBy }: ModelInput): void {
  if (dtype === 'u8' && layout === 'nhwc' && normalisedBy === 'network') return;
  throw new MienError(
    'MODEL_MISMATCH',
    `${name}: a .rknn file takes u8 in nhwc, normalised by the network; the manifest says ${dtype} in ${layout}, normalised by the ${normalisedBy}. Correct the input of this file in the manifest.`,
  );
}

/** What the runtime says of the input after quantisation; it takes raw bytes in NHWC all the same. */
function declaredInput({ name, dims, format }: NpuTensor): DeclaredTensor {
  const [n, c, h, w] = dims;
  return { name, dtype: 'uint8', shape: format === 'nchw' && dims.length === 4 ? [n ?? null, h ?? null, w ?? null, c ?? null] : dims };
}

/** Native layouts have padding in their dims. */
function declaredOutput({ name, dims, elements }: NpuTensor): DeclaredTensor {
  const fits = dims.reduce((product, n) => product * n, 1) === elements;
  return { name, dtype: 'float32', shape: fits ? dims : [1, elements] };
}
