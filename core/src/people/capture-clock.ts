/**
 * Time of one camera that never runs backwards: capture instants, shifted where the source's clock jumped back (a restarted sight,
 * a file that begins anew). Between frames it follows the host's clock.
 */
export class CaptureClock {
  #shift = 0;
  #captured: number | null = null;
  #wall = 0;
  #arrived = 0;
  /** Of the last observation. */
  t = 0;

  /** Returns the milliseconds since the observation before, null for the first. */
  observe(capturedMonoMs: number, capturedWallMs: number, hostMs: number): number | null {
    const before = this.#captured;
    if (before !== null && capturedMonoMs < before) this.#shift += before - capturedMonoMs;
    const last = this.t;
    this.#captured = capturedMonoMs;
    this.#wall = capturedWallMs;
    this.#arrived = hostMs;
    this.t = capturedMonoMs + this.#shift;
    return before === null ? null : this.t - last;
  }

  get started(): boolean {
    return this.#captured !== null;
  }

  /** Milliseconds without an observation. */
  silenceMs(hostMs: number): number {
    return this.#captured === null ? 0 : Math.max(0, hostMs - this.#arrived);
  }

  /** A time of this clock on the source's monotonic scale, and as wall time. */
  mono(t: number): number {
    return t - this.#shift;
  }

  wall(t: number): number {
    return this.#wall + (t - this.t);
  }
}
