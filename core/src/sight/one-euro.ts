/**
 * One-euro filter (Casiez, Roussel, Vogel 2012) over `n` numbers that move together: steady when slow, prompt when fast.
 * Speeds are measured in `unit`s a second (for a face: its own width), so that near and far faces are smoothed alike.
 */
export class OneEuro {
  readonly value: Float64Array;
  /** Smoothed derivative, per second. */
  readonly speed: Float64Array;
  readonly #minCutoffHz: number;
  readonly #beta: number;
  readonly #speedCutoffHz: number;

  constructor(start: ArrayLike<number>, minCutoffHz: number, beta: number, speedCutoffHz: number) {
    this.value = Float64Array.from(start);
    this.speed = new Float64Array(start.length);
    this.#minCutoffHz = minCutoffHz;
    this.#beta = beta;
    this.#speedCutoffHz = speedCutoffHz;
  }

  /** Takes a measurement `dtMs` after the one before; `value` and `speed` then hold the new estimates. */
  filter(measured: ArrayLike<number>, dtMs: number, unit: number): void {
    const dt = Math.max(dtMs, 1) / 1000;
    const speedShare = share(this.#speedCutoffHz, dt);
    for (let i = 0; i < this.value.length; i += 1) {
      const before = this.value[i] as number;
      const delta = (measured[i] as number) - before;
      const speed = (this.speed[i] as number) + speedShare * (delta / dt - (this.speed[i] as number));
      this.speed[i] = speed;
      this.value[i] = before + share(this.#minCutoffHz + (this.#beta * Math.abs(speed)) / unit, dt) * delta;
    }
  }
}

/** Weight of a new measurement in a first-order low pass. */
function share(cutoffHz: number, dt: number): number {
  return 1 / (1 + 1 / (2 * Math.PI * cutoffHz * dt));
}
