// JSON Schemas as tables for people: one row a property, nested ones by their path.

const units = [
  [/Mps$/, 'm/s'],
  [/Ms$/, 'ms'],
  [/Deg$/, 'degrees'],
  [/Px$/, 'pixels'],
  [/Mb$/, 'MB'],
  [/(?<=[a-z])S(\[\])?$/, 's'],
  [/(?<=[a-z])M$|^m$/, 'm'],
  [/^years$/, 'years'],
];

/** The unit that a property's name says; undefined when it says none. */
export const unitOf = (name) => units.find(([ending]) => ending.test(name))?.[1];

const code = (value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
const is = (schema, type) => schema.type === type;

function range({ minimum, maximum, exclusiveMinimum }) {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (exclusiveMinimum !== undefined) return maximum === undefined ? `over ${exclusiveMinimum}` : `over ${exclusiveMinimum}, at most ${maximum}`;
  if (minimum !== undefined) return `from ${minimum}`;
  return maximum === undefined ? undefined : `at most ${maximum}`;
}

function length({ minLength, maxLength }) {
  if (minLength > 1 && maxLength !== undefined) return `${minLength} to ${maxLength} characters`;
  if (minLength > 1) return `from ${minLength} characters`;
  return maxLength === undefined ? undefined : `at most ${maxLength} characters`;
}

const count = ({ minItems = 0, maxItems }) => (maxItems === undefined ? (minItems > 0 ? `from ${minItems}` : undefined) : `${minItems} to ${maxItems}`);

/** What a value looks like, in words; `named` gives the words for a schema that is described elsewhere, or undefined. */
export function typeOf(schema, { named = () => undefined, unit } = {}) {
  const known = named(schema);
  if (known) return known;
  const parts = (...words) => words.filter((word) => word !== undefined).join(', ');
  const within = (inner) => typeOf(inner, { named, unit });
  if ('const' in schema) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.anyOf) {
    const words = schema.anyOf.map(within);
    return schema.anyOf.every((option) => 'const' in option) ? words.join(', ') : words.join(' or ');
  }
  if (is(schema, 'number') || is(schema, 'integer')) return parts(schema.type, unit, range(schema));
  if (is(schema, 'string')) return parts('text', schema.format, schema.pattern && code(schema.pattern), length(schema));
  if (is(schema, 'boolean')) return 'true or false';
  if (Array.isArray(schema.items)) return `[${schema.items.map(within).join('; ')}]`;
  if (is(schema, 'array')) {
    const { items = {}, minItems, maxItems } = schema;
    if (minItems !== undefined && minItems === maxItems) return `list of ${minItems}: ${within(items)}`;
    return parts(items.properties ? 'list' : `list of: ${within(items)}`, count(schema));
  }
  if (schema.patternProperties) return `by name: ${Object.values(schema.patternProperties).map(within).join(' or ')}`;
  if (is(schema, 'object')) return Object.keys(schema.properties ?? {}).length > 0 || schema.additionalProperties === false ? 'object' : 'any object';
  return 'any value';
}

/** Rows of `{ path, schema, optional, grant }` for the properties of an object, down into objects, lists and records of objects. */
export function rowsOf(schema, { named = () => undefined, path = '', grant } = {}) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const row = { path: path + name, schema: property, optional: !(schema.required ?? []).includes(name), grant: property.grant ?? grant };
    if (named(property)) return [row];
    const below = (inner, suffix) => rowsOf(inner, { named, path: `${row.path}${suffix}`, grant: row.grant });
    if (property.properties) return property.description ? [row, ...below(property, '.')] : below(property, '.');
    if (property.items?.properties && !named(property.items)) return [row, ...below(property.items, '[].')];
    const [each] = Object.values(property.patternProperties ?? {});
    if (each?.properties) return [row, ...below(each, '.<name>.')];
    return [row];
  });
}

const lastName = (path) => path.split('.').at(-1);

/** Cells of a row, by what the heads of a table name. */
const cells = {
  name: ({ path }) => code(path),
  type: ({ path, schema }, named) => typeOf(schema, { named, unit: unitOf(lastName(path)) }),
  grant: ({ grant }) => (grant ? code(grant) : ''),
  default: ({ schema, optional }) => {
    if ('default' in schema) return schema.properties || JSON.stringify(schema.default) === '[{}]' ? '' : code(JSON.stringify(schema.default));
    return optional ? 'none' : 'required';
  },
  meaning: ({ schema, optional }, _named, heads) =>
    [schema.description ?? schema.items?.description, optional && !('default' in schema) && !heads.includes('default') ? '(may be absent)' : '']
      .filter(Boolean)
      .join(' '),
};

/** Bars would end the cell, and a `<` outside of code would be taken for HTML. */
function cell(text) {
  const parts = text.replaceAll('|', '\\|').replaceAll('\n', ' ').split('`');
  return parts.map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '&lt;') : part)).join('`');
}

/** A table of Markdown; every cell on one line. */
export function markdownTable(heads, lines) {
  const line = (words) => `| ${words.map((word) => cell(String(word))).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...lines.map(line)].join('\n');
}

/** `heads` of name, type, grant, default and meaning. */
export function schemaTable(schema, heads, { named = () => undefined, path = '', rows = rowsOf(schema, { named, path }) } = {}) {
  return markdownTable(
    heads,
    rows.map((row) => heads.map((head) => cells[head](row, named, heads))),
  );
}
