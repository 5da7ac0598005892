import { MienError } from '../errors.ts';
import type { NpuUse } from '../npu-use.ts';
import type { CoresHealth, RunOptions, SessionCores, TensorData, TensorOutputs } from './backend.ts';
import type { CoreLoad } from './core-load.ts';
import { CoreFault, CoreRun, RunRing } from './core-run.ts';
import { type CoreTest, LaneCores } from './lane-cores.ts';
import { affinityText, type Layout, npuCoreCount, type Place, placesOf, singlePlaces } from './layout.ts';

export interface LaneOptions {
  /** Of the network, for people. */
  readonly name: string;
  readonly layout: Layout;
  /**
   * Runs on the place's context. Called at most twice at a time for a core: the second waits inside. Settles within the deadline in any case:
   * rejects with a `CoreFault` where core or context may be to blame, with anything else where the input is.
   */
  execute(place: Place, input: TensorData, deadlineMs: number): Promise<TensorOutputs>;
  /** Makes a new context on the place, in the stead of one that failed or was not there. */
  renew(place: Place): Promise<void>;
}

/** A network's way to the cores. */
export interface Lane extends SessionCores {
  /** Runs that gain from being under way at one time. */
  readonly parallel: number;
  /**
   * Starts runs in call order wherever a core is free, and makes them again elsewhere when the core fails. Errors: INFERENCE_FAILED, MODEL_STATE
   * after `close`; rejects with the signal's reason, without execution where it had not begun.
   */
  run(input: TensorData, options?: RunOptions): Promise<TensorOutputs>;
  /** A context could not be made there, or failed outside of a run. */
  setAside(place: Place, fault: CoreFault): void;
  /** Refuses further runs, and resolves when those called are through. Idempotent. */
  close(): Promise<void>;
}

/** What a lane needs of its scheduler. */
export interface LaneHost {
  readonly loads: readonly CoreLoad[];
  nowMs(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Runs have come, or places for them. */
  dispatch(): void;
  /** A run is no longer under way. */
  ended(run: CoreRun): void;
  /** The health of a place is another. */
  changed(): void;
  closed(lane: CoreLane): void;
}

/** A run that has failed so often is not made again; a hang counts twice. */
const failuresTolerated = 4;

export class CoreLane implements Lane {
  readonly layout: Layout;
  readonly cores: LaneCores;
  readonly waiting = new RunRing();
  /** Tests of single cores, which wait apart and go first. */
  readonly tests = new RunRing();
  /** Position of the place of the last start, number of that start, and interactive runs that went before its own since. */
  lastPlace = -1;
  lastStart = 0;
  overtaken = 0;
  readonly #options: LaneOptions;
  readonly #host: LaneHost;
  readonly #places: readonly Place[];
  readonly #runs: number[] = new Array(npuCoreCount).fill(0);
  readonly #pool: CoreRun[] = [];
  readonly #closing = new AbortController();
  readonly #drained = Promise.withResolvers<void>();
  #called = 0;
  #open = 0;

  constructor(options: LaneOptions, host: LaneHost) {
    this.layout = options.layout;
    this.#options = options;
    this.#host = host;
    this.#places = placesOf(options.layout.affinity);
    this.cores = new LaneCores(options.name, this.#places, { ...hooksOf(host), renew: (place) => options.renew(place) }, this.#closing.signal);
  }

  get parallel(): number {
    return 2 * this.#places.length;
  }

  run(input: TensorData, { signal, npuCore }: RunOptions = {}): Promise<TensorOutputs> {
    const { name } = this.#options;
    if (this.#closing.signal.aborted) return Promise.reject(new MienError('MODEL_STATE', `${name} is unloaded. Load it again before running it.`));
    const only = npuCore === undefined ? undefined : this.#placeBeginningWith(npuCore);
    if (npuCore !== undefined && !only) return Promise.reject(new MienError('INFERENCE_FAILED', `The NPU has no core ${npuCore} to run ${name} on.`));
    if (!only && !this.cores.hopeful) return Promise.reject(this.cores.noPlace());
    return new Promise((resolve, reject) => {
      const run = this.#pool.pop() ?? new CoreRun(this);
      this.#called += 1;
      this.#open += 1;
      run.number = this.#called;
      run.input = input;
      run.signal = signal;
      run.only = only;
      run.resolve = resolve;
      run.reject = reject;
      (only ? this.tests : this.waiting).push(run);
      this.#host.dispatch();
    });
  }

  /** The first that waits in `ring`; those that were cancelled meanwhile are let go. */
  first(ring: RunRing): CoreRun | undefined {
    for (;;) {
      const run = ring.first();
      if (!run?.signal?.aborted) return run;
      ring.shift();
      this.#reject(run, run.signal.reason);
    }
  }

  /** Hands the first of `ring` to a place. */
  start(ring: RunRing, place: Place): void {
    const run = ring.shift();
    if (!run?.input) return;
    run.at = place;
    run.renewals = this.cores.renewals(place);
    for (const core of place.cores) this.#runs[core] = (this.#runs[core] ?? 0) + 1;
    try {
      this.#options.execute(place, run.input, this.layout.deadlineMs).then(run.succeeded, run.failed);
    } catch (fault) {
      queueMicrotask(() => run.failed(fault));
    }
  }

  succeeded(run: CoreRun, outputs: TensorOutputs): void {
    this.#host.ended(run);
    if (run.tried) this.cores.blame(run.tried, run.at);
    this.#host.dispatch();
    const { resolve, signal } = run;
    if (signal?.aborted) this.#reject(run, signal.reason);
    else {
      this.#free(run);
      resolve?.(outputs);
    }
  }

  failed(run: CoreRun, fault: unknown): void {
    const { at, only, signal, renewals } = run;
    this.#host.ended(run);
    if (signal?.aborted) this.#reject(run, signal.reason);
    else if (!(fault instanceof CoreFault) || only || !at) this.#reject(run, fault);
    else {
      run.failures += fault.kind === 'hung' ? 2 : 1;
      if (fault.kind !== 'lost') run.tried |= 1 << at.index;
      run.at = undefined;
      if (run.failures < failuresTolerated) this.waiting.putBack(run);
      else this.#reject(run, fault);
    }
    if (fault instanceof CoreFault && at && !only) this.cores.setAside(at, fault, renewals);
    this.#giveUp();
    this.#host.dispatch();
  }

  setAside(place: Place, fault: CoreFault): void {
    this.cores.setAside(place, fault);
  }

  prove(test: CoreTest): Promise<string> {
    return this.cores.prove(test);
  }

  health(): CoresHealth {
    return this.cores.health;
  }

  watch(listener: (health: CoresHealth) => void): void {
    this.cores.watch(listener);
  }

  /** Where its runs may go while nobody uses the cores of `barred` (bits). */
  refresh(barred: number): void {
    this.cores.refresh(barred);
    this.#giveUp();
  }

  status(): NpuUse {
    const { affinity, priority, deadlineMs } = this.layout;
    const nowMs = this.#host.nowMs();
    const shown = [...this.#places, ...this.cores.reach].reduce((mask, place) => mask | place.mask, 0);
    const cores = this.#host.loads
      .filter(({ core }) => shown & (1 << core))
      .map((load) => ({
        core: load.core,
        state: this.cores.reachMask & (1 << load.core) ? ('ok' as const) : ('set-aside' as const),
        inFlight: load.inFlight,
        runs: this.#runs[load.core] ?? 0,
        busyShare: load.busyShare(nowMs),
      }));
    return { affinity: affinityText(affinity), priority, deadlineMs, exhausted: this.cores.health.exhausted, waiting: this.waiting.size, cores };
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#drained.promise.then(() => this.#host.closed(this));
      this.#host.changed();
      if (this.#open === 0) this.#drained.resolve();
    }
    return this.#drained.promise;
  }

  /** What can go nowhere any more is told so. */
  #giveUp(): void {
    while (!this.cores.hopeful && this.waiting.size > 0) {
      const run = this.waiting.shift();
      if (run) this.#reject(run, this.cores.noPlace());
    }
  }

  #placeBeginningWith(core: number): Place | undefined {
    return this.#places.find(({ cores }) => cores[0] === core) ?? singlePlaces.find(({ cores }) => cores[0] === core);
  }

  #reject(run: CoreRun, fault: unknown): void {
    const { reject } = run;
    this.#free(run);
    reject?.(fault);
  }

  #free(run: CoreRun): void {
    run.clear();
    this.#pool.push(run);
    this.#open -= 1;
    if (this.#open === 0 && this.#closing.signal.aborted) this.#drained.resolve();
  }
}

function hooksOf(host: LaneHost) {
  return {
    changed: () => host.changed(),
    nowMs: () => host.nowMs(),
    wait: (ms: number, signal: AbortSignal) => host.wait(ms, signal),
  };
}
