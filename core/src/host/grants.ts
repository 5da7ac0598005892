/**
 * What a receiver with certain grants sees of events and persons. Driven by the annotations of the event schemas alone: `grant` on a
 * property or an event, `names: 'person'` on a list of property names. The schemas are read once; what is left to do per event is
 * copying known keys. Nothing is ever changed in place, and what is seen whole is handed on as it is.
 *
 * What a field says of itself belongs to it: a gender withheld by policy says so to whoever sees genders. That something was held
 * back shows in gaps of `sequence` and in when an update comes, never what it was.
 */
import { MienError } from '../errors.ts';
import { EventSchemas, Grant, type MienEvent, Person } from '../events.ts';
import { updateRule } from '../people/report.ts';

export interface GrantFilter {
  /**
   * The event as the receiver sees it. Undefined when it is not for them: the event's own grant is missing, its type is unknown, or it
   * tells only of changes they may not see. Filters of subscribers are to be asked about this, never about the event itself.
   */
  event(event: MienEvent): MienEvent | undefined;
  /** The same for who may hold the event back: an update of which all is hidden is asked about too, with nothing in `changed`. */
  question(event: MienEvent): MienEvent | undefined;
  person(person: Person): Person;
}

/**
 * What plugins added to events (each value of `data.extra`) with the grants that the plugin held; whoever adds it notes it here. An addition
 * may carry anything that plugin saw, so it is shown to receivers that hold all of these; one that is not noted, to those that hold everything.
 */
export type Additions = WeakMap<object, readonly Grant[]>;

export interface GrantFilterOptions {
  readonly additions?: Additions;
  readonly schemas?: { readonly events: Readonly<Record<string, object>>; readonly person: object };
}

/** Errors: INTERNAL when a property beside others that need a grant names none. What was forgotten is not shown. */
export function createGrantFilter(
  grants: Iterable<Grant>,
  { additions = new WeakMap(), schemas = { events: EventSchemas, person: Person } }: GrantFilterOptions = {},
): GrantFilter {
  const held: ReadonlySet<string> = new Set(grants);
  const visible = visibleNames(schemas.person, held);
  const narrowPerson = narrowObject(schemas.person, { held, visible, path: 'person', outerLevels: 0 });
  const events = new Map<string, ReturnType<typeof narrowEvent>>();
  for (const [name, schema] of Object.entries(schemas.events)) {
    const narrow = narrowEvent(schema, { held, visible, path: name, outerLevels: 2 });
    if (held.has((schema as Schema).grant ?? '')) events.set(`mien.${name}.v1`, narrow);
  }
  const everything = Grant.enum.every((grant) => held.has(grant));
  const seesAddition = (added: object): boolean => additions.get(added)?.every((grant) => held.has(grant)) ?? everything;
  const see = (event: MienEvent, emptyToo: boolean): MienEvent | undefined => {
    const narrow = events.get(event.type);
    if (narrow === undefined) return undefined;
    const seen = narrow === null ? event : (narrow(event as unknown as Values, emptyToo) as MienEvent | undefined);
    return seen?.data.extra === undefined ? seen : withAdditions(seen, seesAddition);
  };
  return {
    event: (event) => see(event, false),
    question: (event) => see(event, true),
    person: (person) => (narrowPerson === null ? person : (narrowPerson(person as unknown as Values) as unknown as Person)),
  };
}

/** The parts of a JSON Schema that matter here. */
interface Schema {
  readonly grant?: string;
  readonly names?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
interface Reading {
  readonly held: ReadonlySet<string>;
  /** Properties of a person that are seen; null: all. */
  readonly visible: ReadonlySet<string> | null;
  readonly path: string;
  /** So many levels from here on may have properties with a grant beside others without. */
  readonly outerLevels: number;
}
type Values = Record<string, unknown>;
/** null: seen whole. */
type Narrow<T> = ((value: T) => T) | null;

function visibleNames(person: Schema, held: ReadonlySet<string>): ReadonlySet<string> | null {
  const all = Object.entries(person.properties ?? {});
  const seen = all.filter(([, { grant }]) => grant !== undefined && held.has(grant));
  return seen.length === all.length ? null : new Set(seen.map(([name]) => name));
}

/** Undefined in place of an event that has nothing left to tell, unless `emptyToo`. */
function narrowEvent(schema: Schema, reading: Reading): ((event: Values, emptyToo: boolean) => Values | undefined) | null {
  const narrow = narrowObject(schema, reading);
  if (narrow === null) return null;
  const { changed, settled } = schema.properties?.data?.properties ?? {};
  const { visible } = reading;
  if (visible === null || changed?.names !== 'person' || settled?.names !== 'person') return narrow;
  return (event, emptyToo) => {
    if (!emptyToo && !(event.data as Update).changed.some((name) => visible.has(name))) return undefined;
    const seen = narrow(event);
    const data = seen.data as Update;
    const rule = updateRule(data);
    return data.why.rule === rule ? seen : { ...seen, data: { ...data, why: { ...data.why, rule } } };
  };
}
interface Update {
  readonly changed: readonly string[];
  readonly settled: readonly string[];
  readonly why: { readonly rule: string };
}

function narrowObject(schema: Schema, { outerLevels, ...reading }: Reading): Narrow<Values> {
  const { properties = {}, grant: _, ...rest } = schema;
  if (annotated(rest)) throw unreadable(reading.path, 'grants are read in properties and in items of arrays');
  const strict = outerLevels === 0 && Object.values(properties).some(({ grant }) => grant !== undefined);
  const steps: { readonly key: string; readonly narrow: Narrow<unknown> }[] = [];
  let whole = true;
  for (const [key, property] of Object.entries(properties)) {
    const path = `${reading.path}.${key}`;
    if (strict && property.grant === undefined) throw unreadable(path, 'it needs a `grant`, as the properties beside it have');
    const narrow = narrowValue(property, { ...reading, path, outerLevels: Math.max(0, outerLevels - 1) });
    if (property.grant !== undefined && !reading.held.has(property.grant)) whole = false;
    else steps.push({ key, narrow });
    if (narrow !== null) whole = false;
  }
  if (whole) return null;
  return (values) => {
    const seen: Values = {};
    for (const { key, narrow } of steps) {
      const value = values[key];
      if (value !== undefined) seen[key] = narrow === null ? value : narrow(value);
    }
    return seen;
  };
}

function narrowValue(schema: Schema, reading: Reading): Narrow<unknown> {
  const { visible } = reading;
  if (schema.names === 'person') return visible && ((names) => (names as string[]).filter((name) => visible.has(name)));
  if (schema.properties) return narrowObject(schema, reading) as Narrow<unknown>;
  const { grant: _, items, ...rest } = schema;
  if (annotated(rest)) throw unreadable(reading.path, 'grants are read in properties and in items of arrays');
  const narrow = items === undefined ? null : narrowValue(items, { ...reading, path: `${reading.path}[]` });
  return narrow && ((values) => (values as unknown[]).map(narrow));
}

/** Anywhere in what is not read property by property. */
function annotated(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const { grant, names } = value as Schema;
  return typeof grant === 'string' || typeof names === 'string' || Object.values(value).some(annotated);
}

function unreadable(path: string, why: string): MienError {
  return new MienError('INTERNAL', `event schema, ${path}: ${why}`);
}

function withAdditions(event: MienEvent, seen: (added: object) => boolean): MienEvent {
  const { extra = {}, ...data } = event.data;
  const entries = Object.entries(extra);
  const left = entries.filter(([, added]) => seen(added));
  if (left.length === entries.length) return event;
  return { ...event, data: { ...data, ...(left.length > 0 && { extra: Object.fromEntries(left) }) } } as MienEvent;
}
