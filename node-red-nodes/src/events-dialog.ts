/** What the dialog of mien-events says, as the host's filter. */
import type { EventFilter, EventName } from '@mien/core/client';
import type { HostedDef } from './define-node.ts';
import { listOf, numberOf } from './dialog-values.ts';
import { NodeFault } from './node-fault.ts';

/** A row: one of `values` (separated by commas), or a number from `min` to `max`, of which one may be missing. */
export interface ConditionRow {
  /** Within the person, as `zone` or `age.years`. */
  readonly path: string;
  readonly values?: string;
  readonly min?: number | string;
  readonly max?: number | string;
}

export interface EventsDef extends HostedDef {
  /** Short names, as person.appeared; none for all. */
  readonly types?: readonly EventName[];
  /** Names separated by commas; empty for all. */
  readonly cameras?: string;
  readonly conditions?: readonly ConditionRow[];
  readonly debounceMs?: number | string;
  /** Messages a second above which updates are left out; 0 or empty for no limit. */
  readonly mostPerSecond?: number | string;
  /** `each`: an output for each of `types`, in their order, and one more for gaps when `tellGaps`. */
  readonly split?: 'one' | 'each';
  /** A message `gap` when events were lost. */
  readonly tellGaps?: boolean;
}

export interface Asked {
  readonly filter: { readonly types?: readonly EventName[]; readonly cameras?: string[]; readonly person?: NonNullable<EventFilter['person']> };
  readonly debounceMs: number;
  readonly mostPerSecond: number;
}

/** Errors: INPUT_INVALID, naming the field. */
export function readEventsDialog(def: EventsDef): Asked {
  const cameras = listOf(def.cameras);
  const person = Object.fromEntries((def.conditions ?? []).map((row) => [row.path.trim(), conditionOf(row)]));
  if (def.split === 'each' && !def.types?.length) throw new NodeFault('INPUT_INVALID', 'one output for each type needs types: choose them in the dialog');
  return {
    filter: { ...(def.types?.length && { types: def.types }), ...(cameras.length > 0 && { cameras }), ...(Object.keys(person).length > 0 && { person }) },
    debounceMs: numberOf(def.debounceMs, 'the debounce', 60_000) ?? 0,
    mostPerSecond: numberOf(def.mostPerSecond, 'the limit', 10_000) ?? 0,
  };
}

function conditionOf({ path, values, min, max }: ConditionRow): NonNullable<EventFilter['person']>[string] {
  if (path.trim() === '') throw new NodeFault('INPUT_INVALID', 'a condition names a property of the person, as zone or age.years');
  const wanted = listOf(values);
  if (wanted.length > 0) return wanted.map(scalar);
  const bounds = { min: numberOf(min, `the least ${path}`), max: numberOf(max, `the most ${path}`) };
  if (bounds.min === undefined && bounds.max === undefined) throw new NodeFault('INPUT_INVALID', `the condition on ${path} has neither values nor bounds`);
  return { ...(bounds.min !== undefined && { min: bounds.min }), ...(bounds.max !== undefined && { max: bounds.max }) };
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isFinite(Number(text)) ? Number(text) : text;
}
