import type { MienError } from '../errors.ts';

/** Runs of sight in a row that ended because inference failed, before `auto` leaves the NPU alone. */
const failuresTolerated = 2;

/** The last step of what is done about a failing NPU: when process after process fails, `auto` goes on with the CPU until Mien is started anew. */
export class NpuTrust {
  #failures = 0;
  #withoutNpu: string | undefined;

  /** Why the next run of sight is to leave the NPU alone, in sentences. */
  get withoutNpu(): string | undefined {
    return this.#withoutNpu;
  }

  /** A run of sight has ended. `failure`: the error that it told; `healthy`: it had lasted long enough to count as well. */
  ended(failure: MienError | undefined, healthy: boolean): void {
    const failed = failure?.code === 'INFERENCE_FAILED';
    this.#failures = (healthy || !failed ? 0 : this.#failures) + (failed ? 1 : 0);
    if (!failed || this.#failures < failuresTolerated) return;
    this.#withoutNpu = `sight was started anew and failed again: ${failure.message} Start Mien anew to try the NPU again.`;
  }
}
