import { resolve } from 'node:path';
import { MienError } from '../errors.ts';
import { didYouMean } from '../nearest-name.ts';
import type { ModelState, ModelStatus, Models, SwapRequest } from '../sight/sight.ts';
import type { BackendChoice } from './backends.ts';
import type { Lease, Leases, NetworkOfRole, Role } from './lease.ts';
import { type LoadedNetwork, loadNetwork, type NetworkChoice } from './loaded-network.ts';
import { findNetwork, type Release, readRelease } from './manifest-file.ts';
import type { NetworkManifest, Precision } from './model-manifest.ts';
import { modelStatus } from './model-status.ts';
import { counterpart, ofRole, onlyOf } from './release-networks.ts';

export interface ModelManagerOptions {
  /** Directory or model.json of the release. */
  readonly release: string;
  readonly precision: Precision;
  /** Directory or model.json of another release for the detector. */
  readonly detectorRelease?: string | undefined;
  /** Name of the detector network in its release. */
  readonly detector: string;
  readonly threads?: number;
}

/** Told every state that a network passes through. Faults of the listener are its own. */
export type ModelListener = (status: ModelStatus) => void;

/**
 * Owns the networks of one release; one network of each role is in use at a time. `load` of another network of the same role changes
 * over to it as `swap` does. Changes are made one after the other. Disposal waits for leases that are out.
 */
export interface ModelManager extends Models, Leases, AsyncDisposable {
  /** Loads the detector and the recogniser; all on the second choice of backend where there is one and the first cannot. Errors: those of loading. */
  start(signal?: AbortSignal): Promise<void>;
}

export function createModelManager(options: ModelManagerOptions, backend: BackendChoice, listener: ModelListener = () => {}): ModelManager {
  return new ReleaseModelManager(options, backend, listener);
}

/** What is known of one role: the release it comes from, the network in use, and how the last change went. */
interface Slot {
  release: Release;
  precision: Precision;
  current?: LoadedNetwork;
  /** The network that is on its way in, or failed to come in. */
  attempt?: { readonly name: string; state: ModelState; error?: MienError };
}

class ReleaseModelManager implements ModelManager {
  readonly #options: ModelManagerOptions;
  #backend: BackendChoice;
  readonly #listener: ModelListener;
  readonly #slots = new Map<Role, Slot>();
  readonly #retiring = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #changes: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: ModelManagerOptions, backend: BackendChoice, listener: ModelListener) {
    this.#options = options;
    this.#backend = backend;
    this.#listener = listener;
  }

  async start(signal?: AbortSignal): Promise<void> {
    await this.#change(async () => {
      const { precision, detectorRelease } = this.#options;
      const own = await readRelease(this.#options.release);
      const other = detectorRelease === undefined ? own : await readRelease(detectorRelease);
      const networks = [
        { release: other, network: ofRole(findNetwork(other, this.#options.detector), 'detector') },
        { release: own, network: onlyOf(own, 'recognizer') },
      ];
      const bringInAll = async (): Promise<void> => {
        for (const { release, network } of networks) {
          this.#slots.set(network.role, { release, precision });
          await this.#bringIn(network.role, { release, network, precision }, signal);
        }
      };
      try {
        await bringInAll();
      } catch (fault) {
        const { fallBack } = this.#backend;
        if (!fallBack || !(fault instanceof MienError) || signal?.aborted || this.#abort.signal.aborted) throw fault;
        this.#backend = await fallBack(fault.message);
        for (const { current } of this.#slots.values()) if (current) this.#retire(current);
        await bringInAll();
      }
    });
  }

  lease<R extends Role>(role: R): Lease<NetworkOfRole[R]> {
    const loaded = this.#slots.get(role)?.current;
    if (!loaded) throw new MienError('MODEL_STATE', `No ${role} is loaded. Load one with POST /v1/models/{name}/load.`);
    return loaded.lease() as Lease<NetworkOfRole[R]>;
  }

  async list(): Promise<readonly ModelStatus[]> {
    return [...this.#slots].flatMap(([role, slot]) =>
      slot.release.manifest.networks.filter((network) => network.role === role).map((network) => this.#status(slot, network)),
    );
  }

  load(name: string): Promise<ModelStatus> {
    return this.#change(async () => {
      const { slot, network } = this.#find(name);
      if (slot.current?.choice.network !== network) {
        await this.#bringIn(network.role, { release: slot.release, network, precision: slot.precision });
      }
      return this.#status(slot, network);
    });
  }

  unload(name: string): Promise<ModelStatus> {
    return this.#change(async () => {
      const { slot, network } = this.#find(name);
      delete slot.attempt;
      if (slot.current?.choice.network === network) {
        const old = slot.current;
        delete slot.current;
        this.#retire(old);
        this.#tell(slot, network);
      }
      return this.#status(slot, network);
    });
  }

  swap(name: string, request: SwapRequest): Promise<ModelStatus> {
    return this.#change(async () => {
      const { slot, network } = this.#find(name);
      const { role } = network;
      const precision = request.precision ?? slot.precision;
      const release = request.release === undefined ? slot.release : await readRelease(resolve(request.release));
      const next = release === slot.release ? network : counterpart(release, network);
      await this.#bringIn(role, { release, network: next, precision });
      return this.#status(slot, next);
    });
  }

  selftest(name: string): Promise<ModelStatus> {
    return this.#change(async () => {
      const { slot, network } = this.#find(name);
      const loaded = slot.current;
      if (loaded?.choice.network !== network) throw new MienError('MODEL_STATE', `${name} is not loaded, so it cannot be tested. Load it first.`);
      slot.attempt = { name, state: 'testing' };
      this.#tell(slot, network);
      try {
        await loaded.test(this.#abort.signal);
      } finally {
        // A network that fails stays in use: a wrong answer may be less harm than none, and the status shows it.
        delete slot.attempt;
        this.#tell(slot, network);
      }
      return this.#status(slot, network);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort(new MienError('NOT_RUNNING', 'Sight is stopping.'));
    await this.#changes;
    for (const slot of this.#slots.values()) {
      if (slot.current) this.#retire(slot.current);
      delete slot.current;
    }
    await Promise.all(this.#retiring);
  }

  /** Runs changes one at a time. */
  #change<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#changes.then(() => {
      this.#abort.signal.throwIfAborted();
      return step();
    });
    this.#changes = turn.catch(() => undefined);
    return turn;
  }

  /** Loads beside what is in use and changes over at once when all is well; otherwise what was in use stays. */
  async #bringIn(role: Role, choice: NetworkChoice, signal: AbortSignal = this.#abort.signal): Promise<void> {
    const slot = this.#slots.get(role);
    if (!slot) throw new MienError('NOT_RUNNING', 'The model manager has not been started.');
    const attempt: NonNullable<Slot['attempt']> = { name: choice.network.name, state: 'unloaded' };
    slot.attempt = attempt;
    const enter = (state: ModelState) => {
      attempt.state = state;
      this.#notify(modelStatus(choice, this.#backend, { state }));
    };
    const { threads = 1 } = this.#options;
    try {
      const next = await loadNetwork(choice, this.#backend, enter, { threads, signal: AbortSignal.any([signal, this.#abort.signal]) });
      const old = slot.current;
      slot.release = choice.release;
      slot.precision = choice.precision;
      slot.current = next;
      delete slot.attempt;
      if (old) this.#retire(old);
      next.session.cores?.watch(() => {
        if (slot.current === next) this.#tell(slot, choice.network);
      });
      this.#tell(slot, choice.network);
    } catch (fault) {
      attempt.state = 'failed';
      attempt.error = MienError.from(fault);
      this.#notify(modelStatus(choice, this.#backend, { state: 'failed', error: attempt.error }));
      throw fault;
    }
  }

  #retire(loaded: LoadedNetwork): void {
    const closing = loaded.retire().finally(() => this.#retiring.delete(closing));
    this.#retiring.add(closing);
    closing.catch(() => undefined);
  }

  #find(name: string): { slot: Slot; network: NetworkManifest } {
    const known: string[] = [];
    for (const [role, slot] of this.#slots) {
      for (const network of slot.release.manifest.networks) {
        if (network.role !== role) continue;
        if (network.name === name) return { slot, network };
        known.push(network.name);
      }
    }
    throw new MienError('MODEL_NOT_FOUND', `There is no model "${name}". Known are ${known.join(', ')}.${didYouMean(name, known)}`);
  }

  #status(slot: Slot, network: NetworkManifest): ModelStatus {
    const attempt = slot.attempt?.name === network.name ? slot.attempt : undefined;
    const loaded = slot.current?.choice.network === network ? slot.current : undefined;
    const error = slot.attempt?.error && (attempt || loaded) ? { error: slot.attempt.error } : {};
    if (loaded)
      return modelStatus(loaded.choice, this.#backend, { state: attempt?.state === 'testing' && !attempt.error ? 'testing' : 'ready', loaded, ...error });
    return modelStatus({ release: slot.release, network, precision: slot.precision }, this.#backend, { state: attempt?.state ?? 'unloaded', ...error });
  }

  #tell(slot: Slot, network: NetworkManifest): void {
    this.#notify(this.#status(slot, network));
  }

  #notify(status: ModelStatus): void {
    this.#listener(status);
  }
}
