import { MienError } from '../errors.ts';
import type { CoresHealth } from './backend.ts';
import { type CareHooks, PlaceCare } from './core-care.ts';
import { CoreFault } from './core-run.ts';
import { coresText, type Place, places, placeText, singlePlaces } from './layout.ts';

/** Tests a place by its first core and says in words what was found. */
export type CoreTest = (npuCore: number) => Promise<string>;

/** The places of one network: which are well, where its runs may go, and what is told of it. */
export class LaneCores {
  /** Where its runs may go now, and the cores of that as bits. */
  reach: readonly Place[];
  reachMask: number;
  readonly #name: string;
  readonly #own: readonly Place[];
  readonly #cares: readonly PlaceCare[];
  readonly #signal: AbortSignal;
  readonly #listeners: Array<(health: CoresHealth) => void> = [];
  #test: CoreTest | undefined;
  #health: CoresHealth = { reasons: [], exhausted: false };

  /** `hooks.renew` makes a context; the test that `prove` was given is added to it here. */
  constructor(name: string, own: readonly Place[], hooks: CareHooks, signal: AbortSignal) {
    this.#name = name;
    this.#own = own;
    this.#signal = signal;
    this.reach = own;
    this.reachMask = maskOf(own);
    const renew = (place: Place) => this.#renew(place, hooks);
    this.#cares = places.map((place) => new PlaceCare(place, own.includes(place), { ...hooks, renew }, signal));
  }

  /** Cores that it found to blame, as bits: nobody uses them. */
  get coreWide(): number {
    return maskOf(this.#cares.filter((care) => care.coreWide).map(({ place }) => place));
  }

  /** A run that is called now, or waits, has a place or may have one soon. */
  get hopeful(): boolean {
    return this.reach.length > 0 || (!this.#signal.aborted && this.#cares.some((care) => care.renewing));
  }

  get health(): CoresHealth {
    return this.#health;
  }

  watch(listener: (health: CoresHealth) => void): void {
    this.#listeners.push(listener);
  }

  /** How often the context of the place was made anew. */
  renewals(place: Place): number {
    return this.#cares[place.index]?.renewals ?? 0;
  }

  /** `renewals`: as it was when the run began that failed. What a former context did is not held against its successor. */
  setAside(place: Place, fault: CoreFault, renewals: number = this.renewals(place)): void {
    if (renewals === this.renewals(place)) this.#cares[place.index]?.setAside(fault);
  }

  /** A run that failed on the places of `tried` (bits of their positions) went well on another: it was the cores. */
  blame(tried: number, but: Place | undefined): void {
    for (const care of this.#cares) {
      if (tried & (1 << care.place.index) && care.place !== but) care.blameCore();
    }
  }

  /** As `SessionCores.prove`. */
  async prove(test: CoreTest): Promise<string> {
    this.#test = test;
    const passed = new Map<string, Place[]>();
    const failed: Array<{ readonly place: Place; readonly fault: MienError }> = [];
    for (const place of this.#own) {
      try {
        const found = await test(coreOf(place));
        passed.set(found, [...(passed.get(found) ?? []), place]);
      } catch (fault) {
        if (!isVerdict(fault)) throw fault;
        failed.push({ place, fault });
      }
    }
    if (passed.size === 0 && failed[0]) throw failed[0].fault;
    for (const { place, fault } of failed) {
      this.setAside(place, asCoreFault(fault));
      this.#cares[place.index]?.blameCore();
    }
    const good = [...passed].map(([found, where]) => `${coresText(where.flatMap(({ cores }) => cores))}: ${found}`);
    return [...good, ...failed.map(({ place, fault }) => `${placeText(place)} is set aside: ${fault.message}`)].join('; ');
  }

  /** Finds out anew where its runs may go while the cores of `barred` (bits) are used by nobody. */
  refresh(barred: number): void {
    const usable = (place: Place): boolean => !(place.mask & barred) && (this.#cares[place.index]?.usable ?? false);
    const own = this.#own.filter(usable);
    this.reach = own.length > 0 ? own : singlePlaces.filter(usable);
    this.reachMask = maskOf(this.reach);
    if (this.reach.length === 0 && !this.#signal.aborted) {
      for (const place of singlePlaces) if (!(place.mask & barred)) this.#cares[place.index]?.prepare();
    }
    this.#tell(barred);
  }

  /** Why nothing can run, and what to do. */
  noPlace(): MienError {
    const reasons = this.#cares.flatMap(({ place, fault }) => (fault ? [`${placeText(place)}: ${fault.message}`] : []));
    const why = reasons.length > 0 ? reasons.join(' ') : 'other networks found its cores to be at fault.';
    return new MienError('INFERENCE_FAILED', `No core of the NPU can run ${this.#name}. ${why} Mien tries again by itself; mien doctor says more.`);
  }

  async #renew(place: Place, hooks: CareHooks): Promise<void> {
    try {
      await hooks.renew(place);
      await this.#test?.(coreOf(place));
    } catch (fault) {
      throw asCoreFault(fault);
    }
  }

  #tell(barred: number): void {
    const own = this.#cares.flatMap(({ place, fault }) => (fault ? [{ place, why: fault.message }] : []));
    const others = this.#own.filter((place) => place.mask & barred && !own.some((one) => one.place === place));
    const reasons = [...own, ...others.map((place) => ({ place, why: 'another network found it to be at fault.' }))].map(
      ({ place, why }) => `${placeText(place)} of the NPU ${place.cores.length > 1 ? 'are' : 'is'} set aside: ${ended(why)} ${remedy}`,
    );
    const exhausted = !this.hopeful && !this.#signal.aborted;
    if (exhausted === this.#health.exhausted && reasons.join() === this.#health.reasons.join()) return;
    this.#health = { reasons, exhausted };
    for (const listener of this.#listeners) listener(this.#health);
  }
}

const remedy = 'Mien goes on without and tries again by itself; if it stays so, switch the board off and on, and see mien doctor.';

function coreOf(place: Place): number {
  return place.cores[0] ?? 0;
}

function maskOf(some: readonly Place[]): number {
  let mask = 0;
  for (const place of some) mask |= place.mask;
  return mask;
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A test that was cancelled, or could not be made, says nothing about a core. */
function isVerdict(fault: unknown): fault is MienError {
  return fault instanceof MienError && (fault.code === 'SELFTEST_FAILED' || fault.code === 'INFERENCE_FAILED');
}

function asCoreFault(fault: unknown): CoreFault {
  return fault instanceof CoreFault ? fault : new CoreFault('failed', MienError.from(fault).message, { cause: fault });
}
