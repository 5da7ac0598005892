/**
 * Decides what the screens play: the rules of the highest priority that hold, with hysteresis, or the default loop. How long something stays on
 * once it is shown is the page's part, which alone knows what is shown. Times are monotonic milliseconds.
 */
import type { SightReport, Viewer } from './audience.ts';
import { type ItemKind, kindOf } from './content.ts';
import { itemsOf, type Rule } from './options.ts';
import { asksForPeople, holds } from './rules.ts';

export interface ProgramItem {
  /** Path in the folder. */
  readonly item: string;
  readonly kind: ItemKind;
  /** Why it is shown: the name of a rule, `default`, or `by-hand`. */
  readonly rule: string;
}
/** What is played in turn until another program comes. */
export interface Program {
  readonly id: number;
  /** Shown at once, without waiting for what is on. */
  readonly urgent: boolean;
  readonly items: readonly ProgramItem[];
}

export interface Moment {
  readonly viewers: readonly Viewer[];
  readonly sight: SightReport;
  readonly nowMs: number;
  /** On the device's clock, for the hours of rules. */
  readonly wall: Date;
}

interface RuleState {
  readonly rule: Rule;
  heldSinceMs: number | undefined;
  lastHeldMs: number;
  active: boolean;
}

export class Director {
  readonly loop: readonly ProgramItem[];
  readonly #states: readonly RuleState[];
  #byHand: { readonly item: ProgramItem; readonly untilMs: number } | undefined;
  #program: Program;

  /** `playlist`: not empty. */
  constructor(playlist: readonly string[], rules: readonly Rule[]) {
    this.loop = playlist.map((item) => programItem(item, 'default'));
    this.#states = rules.map((rule) => ({ rule, heldSinceMs: undefined, lastHeldMs: -Infinity, active: false }));
    this.#program = { id: 1, urgent: false, items: this.loop };
  }

  get program(): Program {
    return this.#program;
  }

  /** Over all rules, until then. */
  show(item: string, untilMs: number): void {
    this.#byHand = { item: programItem(item, 'by-hand'), untilMs };
  }

  /** True when another program is to be played from now on. */
  decide(moment: Moment): boolean {
    for (const state of this.#states) update(state, moment);
    if (this.#byHand && this.#byHand.untilMs <= moment.nowMs) this.#byHand = undefined;
    const items = this.#byHand ? [this.#byHand.item] : this.#chosen();
    if (same(items, this.#program.items)) return false;
    this.#program = { id: this.#program.id + 1, urgent: this.#byHand !== undefined, items };
    return true;
  }

  /** Items of all active rules of the highest priority, one of each rule in turn. */
  #chosen(): readonly ProgramItem[] {
    const active = this.#states.filter((state) => state.active).map(({ rule }) => rule);
    if (active.length === 0) return this.loop;
    const highest = Math.max(...active.map(({ priority }) => priority));
    const lists = active.filter(({ priority }) => priority === highest).map((rule) => itemsOf(rule).map((item) => programItem(item, rule.name)));
    const turns = Math.max(...lists.map((list) => list.length));
    return Array.from({ length: turns }, (_, turn) => lists.flatMap((list) => list[turn % list.length] ?? [])).flat();
  }
}

/** What is not seen holds no longer: a rule about people ends with sight, whatever its holdS. */
function update(state: RuleState, { viewers, sight, nowMs, wall }: Moment): void {
  const { rule } = state;
  const blind = sight.state !== 'seeing' && asksForPeople(rule.when);
  if (blind || !holds(rule.when, viewers, wall)) {
    state.heldSinceMs = undefined;
    if (blind || nowMs - state.lastHeldMs >= rule.holdS * 1000) state.active = false;
    return;
  }
  state.heldSinceMs ??= nowMs;
  state.lastHeldMs = nowMs;
  if (nowMs - state.heldSinceMs >= rule.forS * 1000) state.active = true;
}

function programItem(item: string, rule: string): ProgramItem {
  // Items are checked before: those of other kinds are faults of the options.
  return { item, kind: kindOf(item) ?? 'image', rule };
}

function same(a: readonly ProgramItem[], b: readonly ProgramItem[]): boolean {
  return a.length === b.length && a.every((one, i) => one.item === b[i]?.item && one.rule === b[i]?.rule);
}
