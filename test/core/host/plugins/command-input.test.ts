import Type from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createInputCheck } from '../../../../core/src/host/plugins/command-input.ts';
import { rejectsWith } from '../../../support/errors.ts';

const test = suite('input of commands');
const crossed = (schema: object): object => JSON.parse(JSON.stringify(schema));

test('what TypeBox writes is checked, with paths', async () => {
  const schema = Type.Object(
    { side: Type.Union([Type.Literal('left'), Type.Literal('right')]), path: Type.Array(Type.Object({ m: Type.Number({ maximum: 2 }) }), { minItems: 1 }) },
    { additionalProperties: false },
  );
  const { encode } = createInputCheck('go', crossed(schema));
  assert.is(encode({ side: 'left', path: [{ m: 1 }] }), '{"side":"left","path":[{"m":1}]}');
  const { message } = await rejectsWith('REQUEST_INVALID', () => encode({ side: 'left', path: [{ m: 1 }, { m: 3 }], speed: 1 }));
  assert.match(message, /path\[1\]\.m/);
  assert.match(message, /speed: unknown key/);
  await rejectsWith('REQUEST_INVALID', () => encode({ side: 'up', path: [{ m: 1 }] }));
});

test('a good input is never refused for a keyword that is left out', () => {
  const schemas: object[] = [
    Type.Object({ map: Type.Record(Type.String({ pattern: '^k' }), Type.Number()) }),
    { type: 'object', properties: { map: { type: 'object', patternProperties: { '^k': {} }, additionalProperties: false } } },
    { type: 'object', properties: { map: { not: { properties: { k1: { pattern: '^x' } } } } } },
    { type: 'object', properties: { map: { $ref: '#/$defs/map' } }, $defs: { map: { type: 'object' } } },
    { type: 'object', properties: { map: { oneOf: [{ pattern: 'a' }, { format: 'b' }, { type: 'object' }] } } },
  ];
  for (const schema of schemas) assert.is(createInputCheck('go', crossed(schema)).encode({ map: { k1: 1 } }), '{"map":{"k1":1}}', JSON.stringify(schema));
  const list = { type: 'object', properties: { list: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } } } };
  assert.ok(createInputCheck('go', list).encode({ list: ['a', 1] }));
});

test('what has a default may be left out: the plugin fills it in', async () => {
  const inner = Type.Object({ speed: Type.Number({ default: 1 }), side: Type.String() });
  const { encode } = createInputCheck('go', crossed(Type.Object({ band: Type.String({ default: '25-34' }), move: inner })));
  assert.is(encode({ move: { side: 'left' } }), '{"move":{"side":"left"}}');
  const { message } = await rejectsWith('REQUEST_INVALID', () => encode({ band: 5, move: {} }));
  assert.match(message, /side/);
  assert.match(message, /band/);
});

test('a property may have the name of a keyword', async () => {
  const { encode } = createInputCheck('go', crossed(Type.Object({ pattern: Type.Number(), not: Type.String() })));
  assert.ok(encode({ pattern: 1, not: 'x' }));
  await rejectsWith('REQUEST_INVALID', () => encode({ pattern: 'x', not: 'x' }));
});

test('regular expressions and references of a stranger do not run in the host', () => {
  const evil = { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } };
  assert.ok(createInputCheck('go', evil).encode({ text: `${'a'.repeat(5000)}!` }));
  const loop = { $id: 'x', type: 'object', properties: { text: { $ref: 'x' } }, allOf: [{ $ref: 'x' }] };
  assert.ok(createInputCheck('go', loop).encode({ text: {} }));
});

test('a schema and an input that are dear together are left to the plugin', () => {
  const many = (count: number, one: unknown): unknown[] => new Array(count).fill(one);
  const all = { type: 'object', properties: { list: { type: 'array', items: { allOf: many(600, { minimum: 1 }) } } } };
  assert.ok(createInputCheck('go', all).encode({ list: many(30_000, 0) }));
  let deep: object = { type: 'string' };
  for (let i = 0; i < 1000; i += 1) deep = { anyOf: [deep] };
  assert.ok(createInputCheck('go', { type: 'object', properties: { deep } }).encode({ deep: 1 }));
});

test.run();
