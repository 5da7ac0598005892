/** What makes a run of Mien repeatable: its name, the seed of its person ids, and the clocks that people read. */
import { randomUUID } from 'node:crypto';
import { monotonicMs } from './frame.ts';

export interface Moment {
  /** Monotonic milliseconds of the host. */
  readonly monoMs: number;
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
}

export interface Clock {
  monoMs(): number;
  wallMs(): number;
}

export interface Session {
  readonly bootId: string;
  readonly idSeed: string;
  readonly clock: Clock;
}

/** Microseconds are kept: what a tape writes down is what people read, to the last digit. */
const hostClock: Clock = { monoMs: () => Math.round(monotonicMs() * 1000) / 1000, wallMs: () => Date.now() };

/** One that never was before, on the host's clocks. */
export function newSession(): Session {
  return { bootId: randomUUID(), idSeed: randomUUID(), clock: hostClock };
}
