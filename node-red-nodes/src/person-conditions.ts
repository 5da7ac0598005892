/** What the dialog of mien-filter says, as a question to one person (or to one face of an analysis, which has less). What is unknown or withheld meets no condition. */
import { listOf, numberOf } from './dialog-values.ts';
import { NodeFault } from './node-fault.ts';
import type { NodeDef } from './red.ts';

type Typed = number | string;

export interface FilterDef extends NodeDef {
  /** all: each condition must hold. any: one of them. Quality must always do. */
  readonly combine?: 'all' | 'any';
  /** Years, both included. */
  readonly ageMin?: Typed;
  readonly ageMax?: Typed;
  /** These and the next: words separated by commas, of which one must be it; empty for no condition. */
  readonly bands?: string;
  readonly genders?: string;
  readonly expressions?: string;
  readonly zones?: string;
  readonly engagements?: string;
  readonly cameras?: string;
  readonly attention?: '' | 'attending' | 'away';
  /** Metres. */
  readonly nearerM?: Typed;
  /** 0 to 1: of a band, gender or expression that is asked for. */
  readonly leastP?: Typed;
  /** 0 to 1. */
  readonly leastQuality?: Typed;
  /** Lists in which nobody is left are sent as well; true unless said otherwise. */
  readonly sendEmpty?: boolean;
}

export type Part = Readonly<Record<string, unknown>>;
export type Condition = (person: Part) => boolean;

/** Errors: INPUT_INVALID, naming the field. */
export function readFilterDialog(def: FilterDef): Condition {
  const leastP = numberOf(def.leastP, 'the probability', 1) ?? 0;
  const leastQuality = numberOf(def.leastQuality, 'the quality', 1);
  const conditions = [
    between('age', 'years', numberOf(def.ageMin, 'the least age', 120), numberOf(def.ageMax, 'the most age', 120)),
    between('distance', 'm', undefined, numberOf(def.nearerM, 'the distance', 100)),
    estimated('age', 'band', 'bandP', listOf(def.bands), leastP),
    estimated('gender', 'label', 'p', listOf(def.genders), leastP),
    estimated('expression', 'label', 'p', listOf(def.expressions), leastP),
    oneOf((person) => person['zone'], listOf(def.zones)),
    oneOf((person) => person['engagement'], listOf(def.engagements)),
    oneOf((person) => person['camera'], listOf(def.cameras)),
    oneOf((person) => known(person, 'attention')?.['state'], listOf(def.attention)),
  ].filter((condition) => condition !== undefined);
  const isGood = between('quality', 'score', leastQuality, undefined);
  if (conditions.length === 0 && !isGood) throw new NodeFault('INPUT_INVALID', 'the filter has no condition, so everybody would match: set one in the dialog');
  const holds: Condition = (person) =>
    conditions.length === 0 || (def.combine === 'any' ? conditions.some((one) => one(person)) : conditions.every((one) => one(person)));
  return (person) => (isGood?.(person) ?? true) && holds(person);
}

export function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function between(name: string, property: string, min: number | undefined, max: number | undefined): Condition | undefined {
  if (min === undefined && max === undefined) return undefined;
  if (min !== undefined && max !== undefined && min > max) {
    throw new NodeFault('INPUT_INVALID', `nobody is of ${name} ${min} to ${max}: the first is the lesser one`);
  }
  return (person) => {
    const value = known(person, name)?.[property];
    return typeof value === 'number' && value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
  };
}

function estimated(name: string, label: string, probability: string, wanted: readonly string[], leastP: number): Condition | undefined {
  const isOne = oneOf((person) => known(person, name)?.[label], wanted);
  if (!isOne || leastP === 0) return isOne;
  return (person) => {
    const estimate = known(person, name);
    // A face of an analysis has the probabilities of all labels alone.
    const p = estimate?.[probability] ?? (isPart(estimate?.['probs']) ? estimate['probs'][String(estimate[label])] : undefined);
    return typeof p === 'number' && p >= leastP && isOne(person);
  };
}

function oneOf(read: (person: Part) => unknown, wanted: readonly string[]): Condition | undefined {
  if (wanted.length === 0) return undefined;
  if (wanted.includes('unknown')) throw new NodeFault('INPUT_INVALID', '"unknown" is never a match: what is unknown or withheld goes to the second output');
  return (person) => {
    const value = read(person);
    return typeof value === 'string' && wanted.includes(value);
  };
}

/** A part of a person, undefined when it is absent or withheld. */
function known(person: Part, name: string): Part | undefined {
  const part = Object.hasOwn(person, name) ? person[name] : undefined;
  return isPart(part) && part['abstain'] === undefined ? part : undefined;
}
