/** What a face must have given before it is settled, and how often it is read then. */
export interface ScheduleOptions {
  /** Summed quality of the samples that count. */
  readonly settledWeight: number;
  /** A sample of lower quality does not count. */
  readonly countedQuality: number;
  /** A face that gives no good samples is not read on every frame for ever. */
  readonly settledSamples: number;
  /** Longest time between two samples of a settled face with an expression head, and without one. */
  readonly expressionEveryMs: number;
  readonly restEveryMs: number;
}

export const scheduleDefaults: ScheduleOptions = {
  settledWeight: 8,
  countedQuality: 0.4,
  settledSamples: 60,
  expressionEveryMs: 200,
  restEveryMs: 2000,
};

interface Record {
  samples: number;
  weight: number;
  sampledAt: number;
}

const hzWindowMs = 2000;
/** Camera clocks jitter: a face due within so much of the limit can wait for the next frame. */
const jitterMs = 2;

/**
 * Decides which faces are recognised in a frame: unsettled ones always, settled ones so often that no gap is longer than asked,
 * which needs the next frame's time to be foreseen. Decided from number and quality of the samples alone. Pure.
 */
export class RecognitionSchedule {
  readonly #options: ScheduleOptions;
  readonly #records = new Map<number, Record>();
  readonly #recent: number[] = [];
  #frameAt: number | undefined;
  #intervalMs = 0;

  constructor(options: Partial<ScheduleOptions> = {}) {
    this.#options = { ...scheduleDefaults, ...options };
  }

  /** The faces to recognise in the frame captured at `at`, the one with the oldest sample first: stop anywhere when the budget is spent. */
  due<F extends { readonly id: number; readonly score: number }>(faces: readonly F[], at: number, expression: boolean): F[] {
    if (this.#frameAt !== undefined) {
      const interval = Math.min(Math.max(at - this.#frameAt, 0), 1000);
      this.#intervalMs = this.#intervalMs === 0 ? interval : this.#intervalMs + 0.2 * (interval - this.#intervalMs);
    }
    this.#frameAt = at;
    const limitMs = expression ? this.#options.expressionEveryMs : this.#options.restEveryMs;
    return faces
      .filter((face) => face.score > 0 && (!this.settled(face.id) || at + this.#intervalMs - this.#sampledAt(face.id) > limitMs + jitterMs))
      .sort((a, b) => this.#sampledAt(a.id) - this.#sampledAt(b.id));
  }

  settled(id: number): boolean {
    const record = this.#records.get(id);
    return record !== undefined && (record.weight >= this.#options.settledWeight || record.samples >= this.#options.settledSamples);
  }

  /** A face was recognised with that quality 0..1 in the frame captured at `at`. */
  sampled(id: number, quality: number, at: number): void {
    const record = this.#records.get(id) ?? { samples: 0, weight: 0, sampledAt: at };
    record.samples += 1;
    if (quality >= this.#options.countedQuality) record.weight += quality;
    record.sampledAt = at;
    this.#records.set(id, record);
    this.#recent.push(at);
  }

  forget(id: number): void {
    this.#records.delete(id);
  }

  /** Recognitions a second over the last two seconds, all faces together. */
  hz(at: number): number {
    while ((this.#recent[0] ?? at) <= at - hzWindowMs) this.#recent.shift();
    return (this.#recent.length * 1000) / hzWindowMs;
  }

  #sampledAt(id: number): number {
    return this.#records.get(id)?.sampledAt ?? Number.NEGATIVE_INFINITY;
  }
}
