import type { NpuMemory } from './npu.ts';
import type { Description, NpuFunctions } from './npu-addon.ts';
import { NpuError, type NpuFault } from './npu-error.ts';

export interface Answer {
  readonly description: Description | undefined;
  readonly memory: NpuMemory;
}

interface Task {
  resolve(answer: Answer): void;
  reject(error: NpuError): void;
  readonly name: string;
}

interface Run {
  resolve(us: number): void;
  reject(error: NpuError): void;
  readonly outputs: readonly Float32Array[];
  readonly deadlineMs: number;
}

const SLOTS = 2;
const MAX_TIMER_MS = 0x7fffffff;

/** One native worker: promises for its tasks and runs, and the watch over their deadlines. */
export class NpuWorker {
  readonly id: number;
  /** How messages call it. */
  label = 'the NPU';
  readonly #npu: NpuFunctions;
  readonly #tasks = new Map<number, Task>();
  readonly #runs: (Run | undefined)[] = new Array(SLOTS).fill(undefined);
  #views: readonly Float32Array[] = [];
  #inputBytes = 0;
  #nextTicket = 1;
  #lost: NpuError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #whenDrained: (() => void)[] = [];

  constructor(npu: NpuFunctions, library: number) {
    this.#npu = npu;
    this.id = npu.start(
      library,
      (slot, us, fault) => this.#ran(slot, us, fault),
      (ticket, fault, description, memory) => this.#replied(ticket, fault, { description, memory }),
    );
    if (this.id === 0) throw new NpuError({ code: 'call-failed', message: 'the system gives no thread for an NPU context: are too many processes running?' });
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Posts a task by `post`, which calls one of the addon's functions with the ticket. */
  task(name: string, deadlineMs: number, post: (ticket: number) => boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ticket = this.#nextTicket++;
      if (!post(ticket)) return reject(this.#lost ?? new NpuError({ code: 'closed', message: `${this.label} was closed` }));
      this.#tasks.set(ticket, { resolve, reject, name });
      this.#watch(deadlineMs);
    });
  }

  /** After a bind: how long inputs are, and how many values each output has. */
  shape(inputBytes: number, elements: readonly number[]): void {
    const all = new Float32Array(elements.reduce((sum, n) => sum + n, 0));
    let at = 0;
    this.#views = elements.map((n) => {
      at += n;
      return all.subarray(at - n, at);
    });
    this.#inputBytes = inputBytes;
    this.#npu.shape(this.id, inputBytes, all);
  }

  run(input: Uint8Array, outputs: readonly Float32Array[], deadlineMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(new NpuError({ code: 'lost', message: `${this.label} is lost: ${this.#lost.message}` }));
      const refusal = this.#refusal(outputs, deadlineMs);
      if (refusal !== undefined) return reject(new NpuError({ code: 'invalid-argument', message: refusal }));
      const slot = this.#npu.run(this.id, input, deadlineMs);
      if (slot >= 0) {
        this.#runs[slot] = { resolve, reject, outputs, deadlineMs };
        return this.#watch(deadlineMs);
      }
      if (slot === -1) return reject(new NpuError({ code: 'busy', message: `${this.label} has one run under way and one waiting already` }));
      const came = input instanceof Uint8Array ? `one of ${input.length}` : `${typeof input} ${Object.prototype.toString.call(input)}`;
      reject(new NpuError({ code: 'invalid-argument', message: `the input must be a Uint8Array of ${this.#inputBytes} bytes, not ${came}` }));
    });
  }

  /** Resolves when no run is under way or waits. */
  drained(): Promise<void> {
    if (this.#runs.every((run) => run === undefined)) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  /** No more answers are awaited. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#npu.forget(this.id);
  }

  #refusal(outputs: readonly Float32Array[], deadlineMs: number): string | undefined {
    const views = this.#views;
    if (!(deadlineMs > 0)) return `deadlineMs must be more than 0, not ${deadlineMs}`;
    if (!Array.isArray(outputs) || outputs.length !== views.length) return `there must be ${views.length} outputs, not ${outputs?.length}`;
    for (let i = 0; i < views.length; i++) {
      const output = outputs[i];
      const length = (views[i] as Float32Array).length;
      if (!(output instanceof Float32Array) || output.length !== length) {
        return `output ${i} must be a Float32Array of ${length}, not ${output instanceof Float32Array ? `one of ${output.length}` : typeof output}`;
      }
    }
    return undefined;
  }

  #ran(slot: number, us: number, fault: NpuFault | undefined): void {
    const run = this.#runs[slot];
    if (run === undefined) return;
    this.#runs[slot] = undefined;
    if (fault === undefined) {
      try {
        for (let i = 0; i < this.#views.length; i++) (run.outputs[i] as Float32Array).set(this.#views[i] as Float32Array);
        run.resolve(us);
      } catch (error) {
        // Their buffers were given away meanwhile.
        run.reject(new NpuError({ code: 'invalid-argument', message: `the outputs can no longer be written: ${(error as Error).message}` }));
      }
    } else run.reject(new NpuError(fault));
    this.#settled();
  }

  #replied(ticket: number, fault: NpuFault | undefined, answer: Answer): void {
    const task = this.#tasks.get(ticket);
    this.#tasks.delete(ticket);
    if (fault === undefined) task?.resolve(answer);
    else task?.reject(new NpuError(fault));
  }

  #settled(): void {
    if (this.#whenDrained.length === 0 || this.#runs.some((run) => run !== undefined)) return;
    for (const resolve of this.#whenDrained.splice(0)) resolve();
  }

  /** One timer watches whatever is under way; it is set anew only for a nearer deadline, so that a run costs nothing. */
  #watch(deadlineMs: number): void {
    if (this.#timer !== undefined && this.#timerMs <= deadlineMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = deadlineMs;
    // The threadsafe function keeps the loop alive while answers are awaited; the timer need not.
    this.#timer = setTimeout(() => this.#check(), Math.min(Math.ceil(deadlineMs), MAX_TIMER_MS)).unref();
  }

  #check(): void {
    this.#timer = undefined;
    const left = this.#npu.check(this.id);
    if (left < 0) {
      this.#lose(-1 - left);
      return;
    }
    const waiting = this.#runs.filter((run) => run !== undefined);
    if (left !== Number.POSITIVE_INFINITY) this.#watch(left);
    else if (waiting.length > 0) this.#watch(Math.min(...waiting.map((run) => run.deadlineMs)));
    else if (this.#tasks.size > 0) this.#watch(1);
  }

  /** `code`: bits of the slots that will never be answered, and 4 x (the hung slot + 1). */
  #lose(code: number): void {
    const hung = (code >> 2) - 1;
    const [task] = this.#tasks.values();
    const what = hung >= 0 ? `a run passed its deadline of ${this.#runs[hung]?.deadlineMs} ms` : `${task?.name ?? 'a call'} passed its deadline`;
    this.#lost = new NpuError({ code: 'hung', message: `${this.label}: ${what}; the context is lost`, call: hung >= 0 ? 'rknn_run' : (task?.name ?? '') });
    const after = new NpuError({ code: 'lost', message: `${this.label} was lost before this came to its turn: ${what}` });
    for (let slot = 0; slot < SLOTS; slot++) {
      if ((code & (1 << slot)) === 0) continue;
      this.#runs[slot]?.reject(slot === hung ? this.#lost : after);
      this.#runs[slot] = undefined;
    }
    for (const waiting of this.#tasks.values()) waiting.reject(waiting === task && hung < 0 ? this.#lost : after);
    this.#tasks.clear();
    this.#settled();
  }
}
