/** Options as they may be shown: strings that the schema marks as secret, or as a password, are masked. */
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

export function maskSecrets(schema: unknown, value: unknown): unknown {
  return masked([schema as Schema], value);
}

/** By every schema that may apply: what one of them calls secret, is. */
function masked(schemas: readonly (Schema | undefined)[], value: unknown): unknown {
  const all = schemas.flatMap(flat);
  if (value === null || value === undefined || value === '') return value;
  if (all.some((one) => one.secret === true || one.format === 'password')) return MASK;
  if (Array.isArray(value)) {
    return value.map((item, i) =>
      masked(
        all.map(({ items }) => (Array.isArray(items) ? items[i] : (items as Schema | undefined))),
        item,
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
      ),
    ]),
  );
}

function flat(schema: Schema | undefined): Schema[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.allOf ?? [])].flatMap(flat)];
}

function of({ properties, additionalProperties, patternProperties }: Schema, key: string): (Schema | undefined)[] {
  if (properties && Object.hasOwn(properties, key)) return [properties[key]];
  return [...Object.values(patternProperties ?? {}), ...(typeof additionalProperties === 'object' ? [additionalProperties as Schema] : [])];
}
