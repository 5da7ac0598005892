/** The crashes of one plugin: how many lately, how long to wait, when it is enough. */
import { Backoff } from '../../backoff.ts';
import type { PluginLimits } from './plugin-limits.ts';

export interface Crash {
  readonly atWallMs: number;
  readonly reason: string;
}
interface Kept extends Crash {
  readonly atMonoMs: number;
  /** Perhaps another's: forgotten when the next run is healthy. */
  readonly isDoubtful: boolean;
}

const SHOWN = 5;

export class CrashRecord {
  readonly #limits: PluginLimits;
  readonly #backoff: Backoff;
  #kept: Kept[] = [];

  constructor(limits: PluginLimits) {
    this.#limits = limits;
    this.#backoff = new Backoff({ firstMs: limits.backoffFirstMs, capMs: limits.backoffCapMs });
  }

  /** The newest, oldest first. */
  get crashes(): Crash[] {
    return this.#kept.slice(-SHOWN).map(({ atWallMs, reason }) => ({ atWallMs, reason }));
  }

  /** Within the window. */
  get count(): number {
    const since = performance.now() - this.#limits.crashWindowMs;
    return this.#kept.filter(({ atMonoMs }) => atMonoMs > since).length;
  }

  get isEnough(): boolean {
    return this.count >= this.#limits.crashes;
  }

  add(reason: string, isDoubtful: boolean): void {
    this.#kept = [...this.#kept, { atWallMs: Date.now(), atMonoMs: performance.now(), reason, isDoubtful }].slice(-Math.max(SHOWN, this.#limits.crashes));
  }

  nextWaitMs(): number {
    return this.#backoff.next();
  }

  healthy(): void {
    this.#backoff.reset();
    this.#kept = this.#kept.filter(({ isDoubtful }) => !isDoubtful);
  }

  clear(): void {
    this.#backoff.reset();
    this.#kept = [];
  }
}
