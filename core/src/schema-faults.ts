import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { didYouMean } from './nearest-name.ts';

/** JSON Schema as TypeBox writes it: the part that is walked here. */
interface Schema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  /** Of a record: its pattern of names, and what each name holds. */
  patternProperties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: unknown;
  items?: Schema | Schema[];
}

/**
 * Everything wrong with a value, one line a fault: `path: what was expected`. Unknown keys come with the nearest known one, unions
 * are read by the member that was meant. Empty when the value is valid. Strings that are not from a closed list are never
 * quoted: they may be secrets.
 */
export function schemaFaults(schema: TSchema, value: unknown): string[] {
  return Value.Check(schema, value) ? [] : faultsOf(schema as Schema, value, '');
}

function faultsOf(schema: Schema, value: unknown, path: string): string[] {
  if (Value.Check(schema as TSchema, value)) return [];
  if (schema.enum) return [notOneOf(schema.enum, value, path)];
  if (schema.anyOf) return unionFaults(schema.anyOf, value, path);
  if (schema.properties && isObject(value)) return objectFaults(schema, value, path);
  if (schema.patternProperties && isObject(value)) return recordFaults(schema, schema.patternProperties, value, path);
  if (schema.items && !Array.isArray(schema.items) && Array.isArray(value)) {
    const items = schema.items;
    const inside = (value as unknown[]).flatMap((item, i) => faultsOf(items, item, `${path}[${i}]`));
    if (inside.length > 0) return inside;
  }
  return leafFaults(schema, value, path);
}

function objectFaults(schema: Schema, value: Record<string, unknown>, path: string): string[] {
  const properties = schema.properties ?? {};
  const known = Object.keys(properties);
  const faults: string[] = [];
  for (const key of Object.keys(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (inner) faults.push(...faultsOf(inner, value[key], join(path, key)));
    else if (schema.additionalProperties === false) faults.push(`${join(path, key)}: unknown key.${hint(key, known, value)}`);
  }
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) faults.push(`${join(path, key)}: missing`);
  }
  return faults.length > 0 ? faults : leafFaults(schema, value, path);
}

function recordFaults(schema: Schema, patterns: Record<string, Schema>, value: Record<string, unknown>, path: string): string[] {
  const faults: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const matching = Object.entries(patterns).find(([pattern]) => new RegExp(pattern, 'u').test(key));
    if (matching) faults.push(...faultsOf(matching[1], item, join(path, key)));
    else if (schema.additionalProperties === false) faults.push(`${join(path, key)}: expected a name of the form ${Object.keys(patterns).join(' or ')}`);
  }
  return faults.length > 0 ? faults : leafFaults(schema, value, path);
}

/** Suggests names that are still free first: a key that is already there was not the one mistyped. */
function hint(key: string, known: readonly string[], value: Record<string, unknown>): string {
  const free = known.filter((name) => !Object.hasOwn(value, name));
  return didYouMean(key, free) || didYouMean(key, known) || (known.length > 0 ? ` Known are ${known.join(', ')}` : '');
}

function unionFaults(members: readonly Schema[], value: unknown, path: string): string[] {
  const literals = members.filter((member) => 'const' in member).map((member) => member.const);
  if (literals.length === members.length) return [notOneOf(literals, value, path)];
  const meant = isObject(value) ? members.find((member) => sharesTag(member, value)) : undefined;
  if (meant) return faultsOf(meant, value, path);
  const tags = [
    ...new Set(
      members.flatMap((member) =>
        Object.entries(member.properties ?? {})
          .filter(([, s]) => 'const' in s)
          .map(([key]) => key),
      ),
    ),
  ];
  if (isObject(value) && tags.length > 0) {
    const choices = tags.map((tag) => `${tag} ${members.map((m) => JSON.stringify(m.properties?.[tag]?.const)).join(' or ')}`);
    return [`${where(path)}: expected ${choices.join(', ')}`];
  }
  if (!isObject(value) && literals.length > 1) return [notOneOf(literals, value, path, ' or an object')];
  const named = isObject(value) ? members.find(({ properties = {} }) => Object.keys(value).some((key) => Object.hasOwn(properties, key))) : undefined;
  if (named) return faultsOf(named, value, path);
  return members.map((member) => faultsOf(member, value, path)).reduce((best, next) => (next.length < best.length ? next : best));
}

function notOneOf(literals: readonly unknown[], value: unknown, path: string, orElse = ''): string {
  const near = typeof value === 'string' ? didYouMean(value, literals.map(String)) : '';
  return `${where(path)}: expected one of ${literals.map((literal) => JSON.stringify(literal)).join(', ')}${orElse}, got ${shown(value)}.${near}`;
}

/** True where every constant property of the member stands in the value. */
function sharesTag(member: Schema, value: Record<string, unknown>): boolean {
  const tags = Object.entries(member.properties ?? {}).filter(([, schema]) => 'const' in schema);
  return tags.length > 0 && tags.every(([key, schema]) => value[key] === schema.const);
}

function leafFaults(schema: Schema, value: unknown, path: string): string[] {
  if ('const' in schema) return [`${where(path)}: expected ${JSON.stringify(schema.const)}, got ${shown(value)}`];
  return Value.Errors(schema as TSchema, value).map((error) => `${where(path + dotted(error.instancePath))}: ${error.message}, got ${kind(value)}`);
}

function dotted(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function where(path: string): string {
  return path === '' ? '(root)' : path.replace(/^\./, '');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kind(value);
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
