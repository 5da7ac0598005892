/**
 * The check of a command's input in the host, with the JSON Schema that a plugin offered. The schema is not trusted: only keywords whose
 * cost is bounded by the size of schema and input are used, for inputs of a size at which that is little, and only such that leaving out the others never refuses a good input. The plugin
 * itself checks the input again, with everything.
 */
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { MienError } from '../../errors.ts';
import { schemaFaults } from '../../schema-faults.ts';
import { encodeValue } from './wire.ts';

const MAX_SCHEMA_BYTES = 16 * 1024;
const MAX_INPUT_BYTES = 64 * 1024;
/** Parts of the schema times parts of the input: as many may meet. Beyond, the plugin's own check decides alone. */
const MAX_MEETINGS = 5000;
/** Levels of a schema that are read: each is gone through again for every level above it. */
const MAX_LEVELS = 16;

export interface InputCheck {
  /** JSON of the input. Errors: REQUEST_INVALID with every fault. */
  encode(input: unknown): string;
}

/** Errors: PLUGIN_INVALID, for a schema that no input can be held against. */
export function createInputCheck(command: string, offered: object): InputCheck {
  const refused = (what: string) => new MienError('PLUGIN_INVALID', `the input of the command "${command}" ${what}`);
  const bytes = JSON.stringify(offered).length;
  if (bytes > MAX_SCHEMA_BYTES) throw refused(`has a schema of ${bytes} bytes; ${MAX_SCHEMA_BYTES} are allowed`);
  const schema = bounded(offered) as TSchema;
  if ((schema as { type?: unknown }).type !== 'object') throw refused('must be a JSON Schema of type object, as Type.Object() makes it');
  const schemaParts = partsOf(schema);
  try {
    Value.Check(schema, {});
    schemaFaults(schema, {});
  } catch (fault) {
    throw refused(`has a schema that cannot be used: ${fault instanceof Error ? fault.message : fault}`);
  }
  return {
    encode(input) {
      const json = encodeValue(input, `input of "${command}"`, MAX_INPUT_BYTES);
      const plain: unknown = JSON.parse(json);
      const faults = schemaParts * partsOf(plain) > MAX_MEETINGS ? [] : faultsOf(schema, plain);
      if (faults.length > 0) throw new MienError('REQUEST_INVALID', `the command "${command}" does not take this input: ${faults.slice(0, 10).join('; ')}`);
      return json;
    },
  };
}

function faultsOf(schema: TSchema, input: unknown): readonly string[] {
  try {
    return schemaFaults(schema, input);
  } catch {
    // The schema is at fault, which shows with some inputs only; the plugin's own check decides.
    return [];
  }
}

/** Values in it, itself included. */
function partsOf(value: unknown): number {
  let parts = 0;
  const waiting = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    parts += 1;
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) waiting.push(inner);
  }
  return parts;
}

const valueKeywords = new Set([
  ...['type', 'const', 'enum', 'required', 'minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
]);
const schemaKeywords = new Set(['items', 'additionalProperties', 'anyOf', 'allOf']);

/** Left out: pattern and format (regular expressions can take for ever), references (so can loops), and what turns a check around, as `not`. */
function bounded(schema: unknown, level = 0): unknown {
  if (Array.isArray(schema)) return schema.map((one) => bounded(one, level));
  if (schema === null || typeof schema !== 'object') return schema;
  if (level > MAX_LEVELS) return {};
  const below = (inner: unknown): unknown => bounded(inner, level + 1);
  const known: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (valueKeywords.has(keyword)) known[keyword] = value;
    else if (keyword === 'properties' && value !== null && typeof value === 'object') {
      known[keyword] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, below(inner)]));
    } else if (schemaKeywords.has(keyword)) known[keyword] = below(value);
  }
  // The plugin fills these in.
  const { required, properties } = known as { required?: unknown; properties?: object };
  if (Array.isArray(required) && properties) known['required'] = required.filter((name) => !hasDefault((schema as { properties: object }).properties, name));
  // Keys and items that a keyword left out would have allowed.
  if ('patternProperties' in schema) delete known['additionalProperties'];
  if ('prefixItems' in schema) delete known['items'];
  return known;
}

function hasDefault(properties: object, name: unknown): boolean {
  const one: unknown = typeof name === 'string' && Object.hasOwn(properties, name) ? properties[name as never] : undefined;
  return one !== null && typeof one === 'object' && 'default' in one;
}
