import type { Person } from '../events.ts';

type Settling = 'age' | 'gender' | 'expression';
const SETTLING: readonly Settling[] = ['age', 'gender', 'expression'];

export interface News {
  readonly changed: readonly (keyof Person)[];
  readonly previous: Partial<Person>;
  readonly settled: readonly Settling[];
  readonly rule: ReturnType<typeof updateRule>;
  readonly heldMs: number;
}

/** Also for what a receiver is left with who may not see all of it. */
export function updateRule({ changed, settled }: { readonly changed: readonly string[]; readonly settled: readonly string[] }) {
  if (settled.length > 0) return 'settled';
  return changed.includes('returned') ? 'returned' : 'changed';
}

/** What was last told of a person, and what of the present is news. Positions, scores and totals change always and are none. */
export class Report {
  readonly #everyMs: number;
  readonly #appearedAt: number;
  readonly #settled = new Set<Settling>();
  #told: Person;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** `person`: the snapshot of the appearance. */
  constructor(person: Person, appearedAt: number, everyMs: number) {
    this.#told = person;
    this.#appearedAt = appearedAt;
    this.#everyMs = everyMs;
    // Who returned was greeted before; what is known of them is no new moment to greet.
    if (person.returned) for (const name of SETTLING) if (stable(person[name])) this.#settled.add(name);
  }

  /** Whether the receivers think the person is in sight. */
  get toldState(): Person['state'] {
    return this.#told.state;
  }

  /**
   * News worth an update now, or null. At most one in `everyMs`; in the first `everyMs` of a presence only a settled attribute or a return
   * is, so that lesser news does not delay the greeting. `fresh`: came back since the last call.
   */
  news(snapshot: () => Person, t: number, fresh: boolean): News | null {
    if (t - this.#toldAt < this.#everyMs) return null;
    const person = snapshot();
    const settled = SETTLING.filter((name) => stable(person[name]) && !this.#settled.has(name));
    if (t - this.#appearedAt < this.#everyMs && settled.length === 0 && !fresh) return null;
    const changed = changes(this.#told, person);
    if (fresh && !changed.includes('returned')) changed.unshift('returned');
    for (const name of settled) if (!changed.includes(name)) changed.push(name);
    if (changed.length === 0) return null;
    const previous = Object.fromEntries(changed.filter((name) => name in this.#told).map((name) => [name, this.#told[name]]));
    const heldMs = Math.max(0, t - Math.max(this.#toldAt, this.#appearedAt));
    this.#told = person;
    this.#toldAt = t;
    for (const name of settled) this.#settled.add(name);
    return { changed, previous, settled, rule: updateRule({ changed, settled }), heldMs };
  }
}

function changes(a: Person, b: Person): (keyof Person)[] {
  const names: (keyof Person)[] = [];
  if (a.state !== b.state) names.push('state');
  if (a.returned !== b.returned) names.push('returned');
  if (a.zone !== b.zone) names.push('zone');
  for (const name of SETTLING) if (gist(a[name]) !== gist(b[name])) names.push(name);
  if (a.attention.state !== b.attention.state) names.push('attention');
  // From not judged yet to not engaged nothing has happened.
  if (a.engagement !== b.engagement && !(a.engagement === 'unknown' && b.engagement === 'disengaged')) names.push('engagement');
  return names;
}

function stable(field: Person[Settling]): boolean {
  return field !== undefined && 'stable' in field && field.stable;
}

/** What makes two readings of an attribute different news: the label or band once stable, or that policy withholds it. */
function gist(field: Person[Settling]): string {
  if (field === undefined) return 'absent';
  if ('abstain' in field) return field.abstain === 'policy' ? 'policy' : 'unknown';
  if (!field.stable) return 'unknown';
  return 'band' in field ? field.band : field.label;
}
