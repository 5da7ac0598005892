import { readFile } from 'node:fs/promises';
import { MienError } from '../errors.ts';
import type { Origin } from '../observation.ts';
import type { ModelState } from '../sight/sight.ts';
import type { CoresHealth, RunOptions, Session } from './backend.ts';
import type { BackendChoice } from './backends.ts';
import type { Lease } from './lease.ts';
import { type Release, selectFile, verifyFile } from './manifest-file.ts';
import type { ModelFile, NetworkManifest, Precision } from './model-manifest.ts';
import { selfTest } from './self-test.ts';

/** What to load. */
export interface NetworkChoice {
  readonly release: Release;
  readonly network: NetworkManifest;
  readonly precision: Precision;
}

export interface SelfTestRecord {
  readonly passed: boolean;
  readonly atWallMs: number;
  readonly ms: number;
  readonly detail: string;
}

/** A network that passed its self-test, with the count of leases that are out. It closes when it is retired and the last lease is back. */
export class LoadedNetwork {
  readonly choice: NetworkChoice;
  readonly file: ModelFile;
  readonly session: Session;
  readonly loadedAtWallMs = Date.now();
  selftest: SelfTestRecord | undefined;
  readonly #backend: BackendChoice;
  #origin: Origin;
  #health: CoresHealth | undefined;
  #leases = 0;
  readonly #drained = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(choice: NetworkChoice, file: ModelFile, session: Session, backend: BackendChoice) {
    this.choice = choice;
    this.file = file;
    this.session = session;
    this.#backend = backend;
    this.#origin = this.#describe();
  }

  /** One object as long as nothing changes: it may be kept. */
  get origin(): Origin {
    const health = this.session.cores?.health();
    if (health !== this.#health) {
      this.#health = health;
      this.#origin = this.#describe();
    }
    return this.#origin;
  }

  /** Why it is less than what was asked for: its backend is second choice, or cores of the NPU are set aside. Empty when it is not. */
  get degradedReasons(): readonly string[] {
    const { degraded, degradedReason = 'second choice' } = this.#backend;
    return [...(degraded ? [degradedReason] : []), ...(this.session.cores?.health().reasons ?? [])];
  }

  lease(): Lease<NetworkManifest> {
    this.#leases += 1;
    return new NetworkLease(this);
  }

  returned(): void {
    this.#leases -= 1;
    if (this.#leases === 0 && this.#closing) this.#drained.resolve();
  }

  /** Closes the session once no lease is out. Idempotent. */
  retire(): Promise<void> {
    if (!this.#closing) {
      if (this.#leases === 0) this.#drained.resolve();
      this.#closing = this.#drained.promise.then(() => this.session[Symbol.asyncDispose]());
    }
    return this.#closing;
  }

  /** Runs the known answers, on every core by itself where there are several, and keeps the record. Errors: SELFTEST_FAILED and those of reading and running. */
  async test(signal?: AbortSignal): Promise<void> {
    const { release, network } = this.choice;
    const { inputs, sha256 } = network.knownAnswers;
    const images = await readFile(await verifyFile(release, { path: inputs, sha256 }));
    const started = performance.now();
    const record = (passed: boolean, detail: string) => {
      this.selftest = { passed, atWallMs: Date.now(), ms: performance.now() - started, detail };
    };
    try {
      const test = (run: RunOptions) => selfTest(this.session, network, images, { ...run, answers: this.file.answers });
      const { cores } = this.session;
      // Each core by itself: one that answers wrongly would be hidden by the others. The test is made again without this signal later on.
      record(true, cores ? await cores.prove((npuCore) => test({ npuCore })) : await test(signal ? { signal } : {}));
    } catch (fault) {
      if (!signal?.aborted) record(false, MienError.from(fault).message);
      throw fault;
    }
  }

  #describe(): Origin {
    const { release, network } = this.choice;
    const reasons = this.degradedReasons;
    return {
      model: `${network.name}@${release.manifest.version}/${this.file.precision}`,
      backend: this.session.info.backend,
      npuCores: this.session.info.npuCores,
      degraded: reasons.length > 0,
      ...(reasons.length > 0 ? { degradedReason: reasons.join(' ') } : {}),
      simulated: this.session.info.simulated,
    };
  }
}

class NetworkLease implements Lease<NetworkManifest> {
  readonly session: Session;
  readonly network: NetworkManifest;
  readonly file: ModelFile;
  readonly origin: Origin;
  #loaded: LoadedNetwork | undefined;

  constructor(loaded: LoadedNetwork) {
    this.session = loaded.session;
    this.network = loaded.choice.network;
    this.file = loaded.file;
    this.origin = loaded.origin;
    this.#loaded = loaded;
  }

  [Symbol.dispose](): void {
    this.#loaded?.returned();
    this.#loaded = undefined;
  }
}

export interface LoadNetworkOptions {
  readonly threads?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks, loads, warms up and tests a network; `enter` is told each state as it begins. What was opened is closed again when a
 * later step fails. An INT8 network whose answers are wrong is tried once more with exact arithmetic where the backend has it:
 * the known answers tell what a processor can do better than a list of processors. Errors: those of the steps; rejects with the
 * signal's reason.
 */
export async function loadNetwork(
  choice: NetworkChoice,
  backend: BackendChoice,
  enter: (state: ModelState) => void,
  options: LoadNetworkOptions = {},
): Promise<LoadedNetwork> {
  enter('checking');
  const { takes, hasExact } = backend.backend;
  const file = selectFile(choice.network, takes.backend, takes.chip, choice.precision);
  const path = await verifyFile(choice.release, file);
  const bringUp = (exact: boolean) => loadFile(choice, backend, { file, path, exact }, enter, options);
  try {
    return await bringUp(false);
  } catch (fault) {
    if (!hasExact || file.precision !== 'int8' || !(fault instanceof MienError) || fault.code !== 'SELFTEST_FAILED') throw fault;
    return await bringUp(true);
  }
}

async function loadFile(
  choice: NetworkChoice,
  { backend, ...chosen }: BackendChoice,
  { file, path, exact }: { readonly file: ModelFile; readonly path: string; readonly exact: boolean },
  enter: (state: ModelState) => void,
  { threads = 1, signal }: LoadNetworkOptions,
): Promise<LoadedNetwork> {
  signal?.throwIfAborted();
  enter('loading');
  const session = await backend.load(choice.network, file, path, { threads, ...(exact && { exact }), ...(signal && { signal }) });
  try {
    signal?.throwIfAborted();
    enter('warming');
    await session.warmUp();
    signal?.throwIfAborted();
    enter('testing');
    const loaded = new LoadedNetwork(choice, file, session, { backend, ...chosen });
    await loaded.test(signal);
    return loaded;
  } catch (fault) {
    await session[Symbol.asyncDispose]();
    throw fault;
  }
}
