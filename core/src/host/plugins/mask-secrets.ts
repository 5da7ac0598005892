/**
 * Options as they may be shown: strings that the schema marks as secret, or as a password, are masked. What comes back with the mask in it keeps
 * the secret that is there.
 */
import { MienError } from '../../errors.ts';

interface Schema {
  readonly secret?: unknown;
  readonly format?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export const MASK = '********';

/** Schemas that are looked at for one answer. The schema is a plugin's: it may be made to take for ever. */
const MAX_LOOKS = 100_000;

/** Every text, where the schema takes too long to be read. */
export function maskSecrets(schema: unknown, value: unknown): unknown {
  try {
    return masked([schema as Schema], value, { left: MAX_LOOKS });
  } catch (fault) {
    if (fault instanceof TooManyLooks) return maskTexts(value);
    throw fault;
  }
}

class TooManyLooks extends Error {}

/** Where no schema is known yet, any text may be a secret. */
export function maskTexts(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? value : MASK;
  if (Array.isArray(value)) return value.map(maskTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskTexts(inner)]));
}

/** `given` with each mask replaced by what stands there at present. Errors: CONFIG_INVALID where nothing does. */
export function unmaskSecrets(given: unknown, present: unknown, path = 'options'): unknown {
  if (given === MASK) {
    if (present !== undefined && present !== null) return present;
    throw new MienError('CONFIG_INVALID', `${path}: ${MASK} stands for a secret that is kept, and there is none: write the secret itself`);
  }
  if (Array.isArray(given)) {
    const items = Array.isArray(present) ? present : [];
    // Items may have been moved or taken out: an item that looks as given goes before the one in the same place.
    return given.map((item, i) => unmaskSecrets(item, [items[i], ...items].find((one) => looksAs(item, one)) ?? items[i], `${path}[${i}]`));
  }
  if (typeof given !== 'object' || given === null) return given;
  const values = typeof present === 'object' && present !== null ? (present as Record<string, unknown>) : {};
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [key, unmaskSecrets(inner, Object.hasOwn(values, key) ? values[key] : undefined, `${path}.${key}`)]),
  );
}

/** The same but for masks. */
function looksAs(given: unknown, present: unknown): boolean {
  if (given === MASK) return present !== undefined;
  if (typeof given !== 'object' || given === null) return given === present;
  if (typeof present !== 'object' || present === null || Array.isArray(given) !== Array.isArray(present)) return false;
  const [a, b] = [given as Record<string, unknown>, present as Record<string, unknown>];
  return Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((key) => looksAs(a[key], b[key]));
}

/** By every schema that may apply: what one of them calls secret, is. */
function masked(schemas: readonly (Schema | undefined)[], value: unknown, looks: { left: number }): unknown {
  const all = schemas.flatMap(flat);
  looks.left -= schemas.length + all.length;
  if (looks.left < 0) throw new TooManyLooks();
  if (value === null || value === undefined || value === '') return value;
  if (all.some((one) => one.secret === true || one.format === 'password')) return MASK;
  if (Array.isArray(value)) {
    return value.map((item, i) =>
      masked(
        all.map(({ items }) => (Array.isArray(items) ? items[i] : (items as Schema | undefined))),
        item,
        looks,
      ),
    );
  }
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      masked(
        all.flatMap((one) => of(one, key)),
        inner,
        looks,
      ),
    ]),
  );
}

function flat(schema: Schema | undefined): Schema[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return [schema, ...[schema.anyOf, schema.allOf].flatMap((members) => (Array.isArray(members) ? members.flatMap(flat) : []))];
}

function of({ properties, additionalProperties, patternProperties }: Schema, key: string): (Schema | undefined)[] {
  if (properties && Object.hasOwn(properties, key)) return [properties[key]];
  return [...Object.values(patternProperties ?? {}), ...(typeof additionalProperties === 'object' ? [additionalProperties as Schema] : [])];
}
