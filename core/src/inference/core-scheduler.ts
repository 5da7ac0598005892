/**
 * Who runs next on which core of the NPU. Networks wait in lanes; each core takes from them into a queue of two: the run that it is at, and
 * one that waits inside so that the core never waits for JavaScript. No core is left idle while a run waits that may go there, save where it is
 * held for a fused run whose turn has come. Interactive lanes go first, lanes of one priority in turn; after eight runs that went first an
 * analytics lane has its turn all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreLane, type Lane, type LaneHost, type LaneOptions } from './core-lane.ts';
import { CoreLoad, headSinceOf, loadOf } from './core-load.ts';
import type { CoreRun, RunRing } from './core-run.ts';
import { npuCoreCount, type Place } from './layout.ts';

export interface CoreScheduler {
  /** A way to the cores for one network, open until it is closed. Errors: CONFIG_INVALID for cores that do not exist. */
  open(options: LaneOptions): Lane;
}

export interface SchedulerClock {
  nowMs(): number;
  /** Resolves early when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: SchedulerClock = {
  nowMs: () => performance.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal, ref: false }).catch(() => {}),
};

export function createCoreScheduler(clock: SchedulerClock = realClock): CoreScheduler {
  return new LaneScheduler(clock);
}

/** Runs that a core has at one time: one at work, one waiting inside. */
const depth = 2;
/** So many interactive runs may go before an analytics run that could have gone. */
const overtakings = 8;

class LaneScheduler implements CoreScheduler, LaneHost {
  readonly loads: readonly CoreLoad[];
  readonly #clock: SchedulerClock;
  readonly #lanes: CoreLane[] = [];
  #starts = 0;
  #stale = false;
  #refreshing = false;

  constructor(clock: SchedulerClock) {
    this.#clock = clock;
    this.loads = Array.from({ length: npuCoreCount }, (_, core) => new CoreLoad(core, clock.nowMs()));
  }

  open(options: LaneOptions): Lane {
    const lane = new CoreLane(options, this);
    this.#lanes.push(lane);
    this.changed();
    return lane;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.wait(ms, signal);
  }

  dispatch(): void {
    while (this.#startOne());
  }

  ended(run: CoreRun): void {
    if (!run.at) return;
    const nowMs = this.#clock.nowMs();
    for (const core of run.at.cores) this.loads[core]?.end(nowMs);
  }

  /** Lanes look anew where they may run; what one of them finds may change it for the others. */
  changed(): void {
    this.#stale = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    while (this.#stale) {
      this.#stale = false;
      const barred = this.#lanes.reduce((mask, lane) => mask | lane.cores.coreWide, 0);
      for (const lane of this.#lanes) lane.refresh(barred);
    }
    this.#refreshing = false;
    this.dispatch();
  }

  closed(lane: CoreLane): void {
    const at = this.#lanes.indexOf(lane);
    if (at >= 0) this.#lanes.splice(at, 1);
    this.changed();
  }

  /** Starts the run that comes first of those that can begin. */
  #startOne(): boolean {
    for (const lane of this.#lanes) {
      const test = lane.first(lane.tests)?.only;
      if (test && loadOf(test, this.loads) < depth) return this.#start(lane, lane.tests, test);
    }
    this.#rank();
    let held = 0;
    for (const lane of this.#lanes) {
      const run = lane.first(lane.waiting);
      if (!run) continue;
      const place = this.#placeFor(lane, run, held);
      if (place) return this.#start(lane, lane.waiting, place);
      // Its cores are not free at one time by chance: those that are, are kept for it.
      if (isFused(lane)) held |= lane.cores.reachMask;
    }
    return false;
  }

  #start(lane: CoreLane, ring: RunRing, place: Place): true {
    const nowMs = this.#clock.nowMs();
    for (const core of place.cores) this.loads[core]?.begin(nowMs);
    this.#starts += 1;
    lane.lastStart = this.#starts;
    lane.lastPlace = place.index;
    if (isInteractive(lane)) {
      for (const other of this.#lanes) {
        if (!isInteractive(other) && other.waiting.size > 0 && other.cores.reachMask & place.mask) other.overtaken += 1;
      }
    } else lane.overtaken = 0;
    lane.start(ring, place);
    return true;
  }

  /** Lanes in the order in which they may choose: few, and nearly in order from the last time. */
  #rank(): void {
    const lanes = this.#lanes;
    for (let i = 1; i < lanes.length; i += 1) {
      for (let k = i; k > 0; k -= 1) {
        const [before, lane] = [lanes[k - 1], lanes[k]];
        if (!before || !lane || !goesBefore(lane, before)) break;
        lanes[k - 1] = lane;
        lanes[k] = before;
      }
    }
  }

  /** The emptiest place; of equal ones the next in turn for `spread`, the last used for the others, and of busy ones that which is soonest free. */
  #placeFor(lane: CoreLane, run: CoreRun, held: number): Place | undefined {
    const { reach } = lane.cores;
    const from = reach.findIndex(({ index }) => index >= lane.lastPlace + (lane.layout.affinity === 'spread' ? 1 : 0));
    let best: Place | undefined;
    let bestLoad = depth;
    for (let i = 0; i < reach.length; i += 1) {
      const place = reach[(Math.max(from, 0) + i) % reach.length];
      if (!place || place.mask & held || this.#triedInVain(run, place, reach)) continue;
      const load = loadOf(place, this.loads);
      const sooner = load > 0 && load === bestLoad && best && headSinceOf(place, this.loads) < headSinceOf(best, this.loads);
      if (load < bestLoad || (sooner && load < depth)) {
        best = place;
        bestLoad = load;
      }
    }
    if (!best || bestLoad === 0 || this.#mayQueue(lane, best)) return best;
    return undefined;
  }

  /** A run that failed here goes elsewhere, unless it failed everywhere. */
  #triedInVain(run: CoreRun, place: Place, reach: readonly Place[]): boolean {
    return (run.tried & (1 << place.index)) !== 0 && reach.some(({ index }) => (run.tried & (1 << index)) === 0);
  }

  /**
   * Whether a run may wait inside a busy core, where nothing goes before it any more. A lane that had to wait for its turn may; otherwise not
   * so long as another core may be free sooner, and analytics runs not where they would shut the last door to an interactive lane.
   */
  #mayQueue(lane: CoreLane, place: Place): boolean {
    if (isAged(lane)) return true;
    let waiting = 0;
    for (const other of this.#lanes) {
      if (other.cores.reachMask & lane.cores.reachMask) waiting += other.waiting.size;
      if (!isInteractive(lane) && isInteractive(other) && other.cores.reachMask & place.mask && !this.#hasDoor(other, place)) return false;
    }
    let open = 0;
    for (const candidate of lane.cores.reach) if (loadOf(candidate, this.loads) < depth) open += 1;
    return waiting >= open;
  }

  /** Whether the lane would still find a place with room in its queue. */
  #hasDoor(lane: CoreLane, taken: Place): boolean {
    return lane.cores.reach.some((place) => !(place.mask & taken.mask) && loadOf(place, this.loads) < depth);
  }
}

function goesBefore(lane: CoreLane, other: CoreLane): boolean {
  const [rank, otherRank] = [rankOf(lane), rankOf(other)];
  return rank === otherRank ? lane.lastStart < other.lastStart : rank < otherRank;
}

function rankOf(lane: CoreLane): number {
  if (isInteractive(lane)) return 1;
  return isAged(lane) ? 0 : 2;
}

function isAged(lane: CoreLane): boolean {
  return lane.overtaken >= overtakings;
}

function isInteractive(lane: CoreLane): boolean {
  return lane.layout.priority === 'interactive';
}

function isFused({ cores }: CoreLane): boolean {
  return cores.reach.some((place) => place.cores.length > 1);
}
