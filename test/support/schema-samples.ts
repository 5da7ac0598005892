/**
 * Values that a JSON Schema allows, for properties over every event. Free strings and numbers hardly ever come twice, so that one
 * that shows up where it should not is found in the JSON.
 */

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export interface Chance {
  /** At least 0, under 1. */
  next(): number;
  word(): string;
}

/** The same values for the same seed (mulberry32). */
export function chance(seed: number): Chance {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const letter = (): string => 'abcdefghijklmnopqrstuvwxyz'.charAt(Math.floor(next() * 26));
  return { next, word: () => Array.from({ length: 12 }, letter).join('') };
}

const patterns: Readonly<Record<string, (random: Chance) => string>> = {
  '^p-[0-9a-z]{5}$': (random) => `p-${random.word().slice(0, 5)}`,
  '^urn:mien:[a-z0-9-]+(/[a-z0-9-]+)?$': (random) => `urn:mien:${random.word()}/${random.word()}`,
  '^[0-9]{16}$': (random) => String(Math.floor(random.next() * 1e9)).padStart(16, '0'),
};

function text({ pattern, format }: Schema, random: Chance): string {
  if (format === 'date-time') return new Date(Math.floor(random.next() * 2e12)).toISOString();
  if (pattern === undefined) return random.word();
  const make = patterns[pattern];
  if (!make) throw new Error(`schema-samples.ts makes no strings for ${pattern}: add a line to its patterns`);
  return make(random);
}

function number({ type, minimum = -1e9, maximum = 1e9 }: Schema, random: Chance): number {
  const value = minimum + random.next() * (maximum - minimum);
  return type === 'integer' ? Math.round(value) : value;
}

export function sample(of: object, random: Chance): unknown {
  const schema = of as Schema;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  if ('const' in schema) return schema.const;
  if (schema.enum) return pick(schema.enum);
  if (schema.anyOf) return sample(pick(schema.anyOf), random);
  switch (schema.type) {
    case 'string':
      return text(schema, random);
    case 'number':
    case 'integer':
      return number(schema, random);
    case 'boolean':
      return random.next() < 0.5;
    case 'array': {
      const { items = {}, minItems = 0, maxItems = minItems + 3 } = schema;
      return Array.from({ length: minItems + Math.floor(random.next() * (maxItems - minItems + 1)) }, () => sample(items, random));
    }
    case 'object': {
      const { properties = {}, required = [], patternProperties = {}, additionalProperties } = schema;
      const named = Object.entries(properties).filter(([name]) => required.includes(name) || random.next() < 0.7);
      const open = [...Object.values(patternProperties), ...(typeof additionalProperties === 'object' ? [additionalProperties as Schema] : [])];
      return Object.fromEntries([
        ...named.map(([name, property]) => [name, sample(property, random)]),
        ...open.map((property) => [random.word(), sample(property, random)]),
      ]);
    }
    default:
      return random.word();
  }
}
