import type { TensorData, TensorOutputs } from '../../core/src/inference/backend.ts';
import { CoreFault } from '../../core/src/inference/core-run.ts';
import type { SchedulerClock } from '../../core/src/inference/core-scheduler.ts';
import { type Place, places } from '../../core/src/inference/layout.ts';

/** One execution as the model saw it. */
export interface Executed {
  readonly lane: string;
  readonly run: number;
  readonly place: Place;
  readonly calledMs: number;
  readonly beganMs: number;
  readonly endsMs: number;
}

interface Due {
  readonly atMs: number;
  readonly happen: () => void;
}

/** Three cores in a time of their own: each takes runs in the order in which they were handed over, and time passes only when told. */
export class CoreModel implements SchedulerClock {
  readonly executed: Executed[] = [];
  /** What happens to a run, asked when it is handed over: nothing, or a fault. */
  faultOf: (place: Place, lane: string, run: number) => 'failed' | 'hung' | undefined = () => undefined;
  readonly renewed: string[] = [];
  /** Whether a new context on the place is good. */
  renews: (place: Place) => boolean = () => true;
  readonly #freeAtMs = [0, 0, 0];
  readonly #due: Due[] = [];
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.#nowMs + ms, resolve);
      signal.addEventListener('abort', () => resolve());
    });
  }

  at(atMs: number, happen: () => void): void {
    this.#due.push({ atMs, happen });
  }

  /** Functions of a lane whose runs take `runMs`, and are numbered by their input's first value. */
  lane(name: string, runMs: number) {
    return {
      execute: (place: Place, input: TensorData, deadlineMs: number): Promise<TensorOutputs> => {
        const run = input[0] ?? -1;
        const fault = this.faultOf(place, name, run);
        const beganMs = Math.max(this.#nowMs, ...place.cores.map((core) => this.#freeAtMs[core] ?? 0));
        const endsMs = beganMs + (fault === 'hung' ? deadlineMs : runMs);
        for (const core of place.cores) this.#freeAtMs[core] = endsMs;
        if (!fault) this.executed.push({ lane: name, run, place, calledMs: this.#nowMs, beganMs, endsMs });
        return new Promise((resolve, reject) => {
          this.at(endsMs, () =>
            fault ? reject(new CoreFault(fault, `${name} ${run} ${fault} on core ${place.cores}`)) : resolve({ run: Float32Array.of(run) }),
          );
        });
      },
      renew: async (place: Place): Promise<void> => {
        this.renewed.push(`${name} ${place.cores}`);
        if (!this.renews(place)) throw new CoreFault('failed', `no context on core ${place.cores}`);
      },
    };
  }

  /** Lets everything happen that is due until `untilMs`, with whatever follows from it; `after` is called when each moment is over. */
  async pass(untilMs: number, after: () => void = () => {}): Promise<void> {
    await settled();
    after();
    for (;;) {
      this.#due.sort((a, b) => a.atMs - b.atMs);
      const next = this.#due[0];
      if (!next || next.atMs > untilMs) break;
      this.#due.shift();
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.happen();
      await settled();
      if (this.#due.every(({ atMs }) => atMs > this.#nowMs)) after();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Cores that have nothing to do now. */
  idle(): number[] {
    return this.#freeAtMs.flatMap((freeAtMs, core) => (freeAtMs <= this.#nowMs ? [core] : []));
  }
}

export const single = (core: number): Place => {
  const place = places[core];
  if (!place) throw new Error(`there is no core ${core}`);
  return place;
};

/** Until every microtask has had its turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
