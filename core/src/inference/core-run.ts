import { MienError } from '../errors.ts';
import type { TensorData, TensorOutputs } from './backend.ts';
import type { Place } from './layout.ts';

/**
 * A run failed for a reason that may lie with the core or its context, not with the input: it is made again elsewhere.
 * - `failed`: the runtime said so, or what it gave cannot be so. - `hung`: its deadline passed.
 * - `lost`: it never began, since its context went down with the run ahead.
 */
export class CoreFault extends MienError {
  readonly kind: 'failed' | 'hung' | 'lost';

  constructor(kind: 'failed' | 'hung' | 'lost', message: string, options?: { cause?: unknown }) {
    super('INFERENCE_FAILED', message, options);
    this.kind = kind;
  }
}

/** What becomes of a run is told to its lane by two functions that are made once, since runs are used again. */
export interface RunOutcome {
  succeeded(run: CoreRun, outputs: TensorOutputs): void;
  failed(run: CoreRun, fault: unknown): void;
}

/** One run on its way through the scheduler. */
export class CoreRun {
  /** Order of the calls of its lane. */
  number = 0;
  input: TensorData | undefined;
  signal: AbortSignal | undefined;
  /** A test of this place: it runs nowhere else, and is not made again. */
  only: Place | undefined;
  /** Where it is under way. */
  at: Place | undefined;
  /** How often the context there had been made anew when it began. */
  renewals = 0;
  /** What it has cost so far: 1 for each failure, 2 for a hang. */
  failures = 0;
  /** Bit n: place n was tried. */
  tried = 0;
  resolve: ((outputs: TensorOutputs) => void) | undefined;
  reject: ((fault: unknown) => void) | undefined;
  readonly succeeded: (outputs: TensorOutputs) => void;
  readonly failed: (fault: unknown) => void;

  constructor(outcome: RunOutcome) {
    this.succeeded = (outputs) => outcome.succeeded(this, outputs);
    this.failed = (fault) => outcome.failed(this, fault);
  }

  clear(): void {
    this.input = undefined;
    this.signal = undefined;
    this.only = undefined;
    this.at = undefined;
    this.failures = 0;
    this.tried = 0;
    this.resolve = undefined;
    this.reject = undefined;
  }
}

/** First in, first out, in a ring that grows; what failed goes back to where it was. */
export class RunRing {
  #slots: Array<CoreRun | undefined> = new Array(16);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  first(): CoreRun | undefined {
    return this.#slots[this.#head];
  }

  push(run: CoreRun): void {
    this.#makeRoom();
    this.#slots[(this.#head + this.#size) % this.#slots.length] = run;
    this.#size += 1;
  }

  /** Before those that were called later. */
  putBack(run: CoreRun): void {
    const first = this.first();
    if (first && first.number < run.number) {
      this.shift();
      this.putBack(run);
      this.#unshift(first);
    } else this.#unshift(run);
  }

  #unshift(run: CoreRun): void {
    this.#makeRoom();
    this.#head = (this.#head + this.#slots.length - 1) % this.#slots.length;
    this.#slots[this.#head] = run;
    this.#size += 1;
  }

  shift(): CoreRun | undefined {
    const run = this.#slots[this.#head];
    if (!run) return undefined;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#size -= 1;
    return run;
  }

  #makeRoom(): void {
    if (this.#size < this.#slots.length) return;
    const grown: Array<CoreRun | undefined> = new Array(this.#slots.length * 2);
    for (let i = 0; i < this.#size; i += 1) grown[i] = this.#slots[(this.#head + i) % this.#slots.length];
    this.#slots = grown;
    this.#head = 0;
  }
}
