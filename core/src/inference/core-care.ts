import { Backoff } from '../backoff.ts';
import type { CoreFault } from './core-run.ts';
import type { Place } from './layout.ts';

/** Trouble again within so long after a recovery is the same trouble: the next attempt waits longer. */
const healthyMs = 60_000;

export interface CareHooks {
  /** Makes the context of the place anew and tests it. Rejects while it is no good. */
  renew(place: Place): Promise<void>;
  /** Called after every change of a care's fields. */
  changed(): void;
  nowMs(): number;
  /** Resolves early when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** One network on one place: whether it can be used, and the attempts to make it so again. */
export class PlaceCare {
  readonly place: Place;
  readonly #hooks: CareHooks;
  readonly #signal: AbortSignal;
  readonly #backoff = new Backoff({ firstMs: 1000, capMs: 300_000 });
  /** It has a context that was made without a fault. */
  #ready: boolean;
  #fault: CoreFault | undefined;
  #coreWide = false;
  #renewing = false;
  #waiting = false;
  #recoveredAtMs = Number.NEGATIVE_INFINITY;
  #renewals = 0;

  constructor(place: Place, ready: boolean, hooks: CareHooks, signal: AbortSignal) {
    this.place = place;
    this.#ready = ready;
    this.#hooks = hooks;
    this.#signal = signal;
  }

  get usable(): boolean {
    return this.#ready && this.#fault === undefined;
  }

  /** How often its context was made anew. */
  get renewals(): number {
    return this.#renewals;
  }

  get fault(): CoreFault | undefined {
    return this.#fault;
  }

  /** The core is to blame, not this network on it: nobody uses it. */
  get coreWide(): boolean {
    return this.#coreWide && this.#fault !== undefined;
  }

  /** An attempt is under way: what waits for the place may have it soon. */
  get renewing(): boolean {
    return this.#renewing;
  }

  /** Sets the place aside. The first attempt to get it back is made at once, later ones after ever longer waits. */
  setAside(fault: CoreFault): void {
    if (this.#fault === undefined && this.#signal.aborted) return;
    this.#fault ??= fault;
    if (fault.kind === 'hung') this.blameCore();
    this.#begin();
  }

  /** For all networks from now on, as long as the trouble lasts. */
  blameCore(): void {
    if (this.#fault === undefined || this.place.cores.length > 1 || this.#coreWide) return;
    this.#coreWide = true;
    this.#hooks.changed();
  }

  /** Makes a context on a place that had none. */
  prepare(): void {
    if (!this.#ready && this.#fault === undefined) this.#begin();
  }

  #begin(): void {
    if (this.#renewing || this.#waiting) return;
    const again = this.#hooks.nowMs() - this.#recoveredAtMs < healthyMs;
    if (!again) this.#backoff.reset();
    this.#renewing = !again;
    void this.#recover(again);
    this.#hooks.changed();
  }

  async #recover(again: boolean): Promise<void> {
    for (let first = !again; !this.#signal.aborted; first = false) {
      if (!first) {
        this.#waiting = true;
        await this.#hooks.wait(this.#backoff.next(), this.#signal);
        this.#waiting = false;
        if (this.#signal.aborted) return;
        this.#renewing = true;
        this.#hooks.changed();
      }
      let fault: CoreFault | undefined;
      try {
        await this.#hooks.renew(this.place);
      } catch (cause) {
        fault = cause as CoreFault;
      }
      this.#renewing = false;
      this.#fault = fault;
      if (fault === undefined) {
        this.#ready = true;
        this.#coreWide = false;
        this.#renewals += 1;
        this.#recoveredAtMs = this.#hooks.nowMs();
      }
      this.#hooks.changed();
      if (fault === undefined) return;
    }
  }
}
