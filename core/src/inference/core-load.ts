import type { Place } from './layout.ts';

/** Over so long the share is told in which a core was at work. */
const windowMs = 5000;

/** What one core has to do: the run that it is at, and one that waits for it inside, so that the core never waits for its caller. */
export class CoreLoad {
  readonly core: number;
  inFlight = 0;
  /** When the run at the head began, as far as can be told from outside. */
  headSinceMs = 0;
  #busySinceMs = 0;
  #busyMs = 0;
  #windowFromMs: number;
  #lastShare: number | undefined;

  constructor(core: number, nowMs: number) {
    this.core = core;
    this.#windowFromMs = nowMs;
  }

  begin(nowMs: number): void {
    this.inFlight += 1;
    if (this.inFlight > 1) return;
    this.headSinceMs = nowMs;
    this.#busySinceMs = nowMs;
  }

  end(nowMs: number): void {
    this.inFlight -= 1;
    this.headSinceMs = nowMs;
    if (this.inFlight === 0) this.#busyMs += nowMs - this.#busySinceMs;
    if (nowMs - this.#windowFromMs >= windowMs) this.#turn(nowMs);
  }

  /** 0..1 of the last seconds. */
  busyShare(nowMs: number): number {
    const spanMs = nowMs - this.#windowFromMs;
    if (spanMs >= windowMs) this.#turn(nowMs);
    else if (this.#lastShare === undefined) return spanMs > 0 ? Math.min(1, this.#busyUntil(nowMs) / spanMs) : 0;
    return this.#lastShare ?? 0;
  }

  #turn(nowMs: number): void {
    this.#lastShare = Math.min(1, this.#busyUntil(nowMs) / (nowMs - this.#windowFromMs));
    this.#windowFromMs = nowMs;
    this.#busyMs = 0;
    this.#busySinceMs = nowMs;
  }

  #busyUntil(nowMs: number): number {
    return this.#busyMs + (this.inFlight > 0 ? nowMs - this.#busySinceMs : 0);
  }
}

/** Runs in flight on the fullest of a place's cores. */
export function loadOf(place: Place, loads: readonly CoreLoad[]): number {
  let most = 0;
  for (const core of place.cores) most = Math.max(most, loads[core]?.inFlight ?? 0);
  return most;
}

/** When the head of the place's cores began that began last. */
export function headSinceOf(place: Place, loads: readonly CoreLoad[]): number {
  let latest = Number.NEGATIVE_INFINITY;
  for (const core of place.cores) latest = Math.max(latest, loads[core]?.headSinceMs ?? 0);
  return latest;
}
