/** The last `size` latencies, and how they are spread. */
export class LatencyWindow {
  readonly #values: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#values = new Float64Array(size);
  }

  add(ms: number): void {
    this.#values[this.#count % this.#values.length] = ms;
    this.#count += 1;
  }

  /** Milliseconds; 0 before the first. */
  percentiles(): { readonly p50: number; readonly p95: number } {
    const sorted = this.#values.slice(0, Math.min(this.#count, this.#values.length)).sort();
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { p50: at(0.5), p95: at(0.95) };
  }
}
