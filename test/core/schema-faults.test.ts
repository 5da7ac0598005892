import Type from 'typebox';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Config } from '../../core/src/config.ts';
import { didYouMean, nearestName } from '../../core/src/nearest-name.ts';
import { schemaFaults } from '../../core/src/schema-faults.ts';

const faults = suite('schema faults');

const strict = { additionalProperties: false } as const;
const schema = Type.Object(
  {
    name: Type.String({ minLength: 3 }),
    size: Type.Integer({ minimum: 1 }),
    mode: Type.Union([Type.Literal('fast'), Type.Literal('thorough')]),
    items: Type.Array(
      Type.Union([
        Type.Object({ kind: Type.Literal('circle'), radius: Type.Number() }, strict),
        Type.Object({ kind: Type.Literal('square'), side: Type.Number() }, strict),
      ]),
    ),
    pair: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
  },
  strict,
);
const good = { name: 'abc', size: 1, mode: 'fast', items: [{ kind: 'circle', radius: 1 }] };

faults('are none for a valid value', () => {
  assert.equal(schemaFaults(schema, good), []);
  assert.equal(schemaFaults(schema, { ...good, pair: [1, 2] }), []);
});

faults('name every path at once', () => {
  const found = schemaFaults(schema, { ...good, name: 'a', size: 0, items: [good.items[0], { kind: 'square', side: 'x' }] });
  assert.is(found.length, 3);
  assert.match(found[0] ?? '', /^name: /);
  assert.match(found[1] ?? '', /^size: .*got 0$/);
  assert.match(found[2] ?? '', /^items\[1\]\.side: .*number, got a string$/);
});

faults('suggest the nearest free key for a wrong one', () => {
  const { mode, ...rest } = good;
  assert.equal(schemaFaults(schema, { ...rest, mod: mode }), ['mod: unknown key. Did you mean "mode"?', 'mode: missing']);
  assert.match(schemaFaults(schema, { ...good, zzzzzzzz: 1 })[0] ?? '', 'Known are name, size');
});

faults('read a union by the member that was meant', () => {
  assert.equal(schemaFaults(schema, { ...good, items: [{ kind: 'square', sid: 2 }] }), [
    'items[0].sid: unknown key. Did you mean "side"?',
    'items[0].side: missing',
  ]);
  assert.match(schemaFaults(schema, { ...good, items: [{ kind: 'oval' }] })[0] ?? '', /items\[0\]: expected kind "circle" or "square"/);
  assert.match(schemaFaults(schema, { ...good, mode: 'fst' })[0] ?? '', 'expected one of "fast", "thorough", got "fst". Did you mean "fast"?');
});

faults('read a union of words and objects by the words, or by the keys that are there', () => {
  const affinity = Type.Union([
    Type.Literal('auto'),
    Type.Literal('spread'),
    Type.Object({ pinned: Type.Array(Type.Integer({ maximum: 2 })) }, strict),
    Type.Object({ fused: Type.Boolean() }, strict),
  ]);
  assert.equal(schemaFaults(affinity, 'atuo'), ['(root): expected one of "auto", "spread" or an object, got "atuo". Did you mean "auto"?']);
  assert.match(schemaFaults(affinity, { pinned: [3] })[0] ?? '', /^pinned\[0\]: .*2, got 3$/);
  assert.match(schemaFaults(affinity, { fused: 'all' })[0] ?? '', /^fused: .*boolean, got a string$/);
});

faults('reach into tuples', () => {
  assert.match(schemaFaults(schema, { ...good, pair: [1, 'b'] })[0] ?? '', /^pair\[1\]: /);
});

faults('never quote a free string: it may be a secret', () => {
  const text = schemaFaults(Config, { api: { token: 'hush' }, cameras: [{ source: 'rtsp://me:hush@there', name: 'HUSH hush' }] }).join('\n');
  assert.match(text, 'api.token');
  assert.match(text, 'cameras[0].name');
  assert.not.match(text, /hush/i);
});

faults('cope with values of any kind', () => {
  for (const value of [null, 3, 'x', [], undefined, () => 1]) assert.ok(schemaFaults(schema, value).length > 0);
  assert.match(schemaFaults(schema, null)[0] ?? '', /^\(root\): /);
  assert.ok(schemaFaults(schema, JSON.parse('{"__proto__": 1, "constructor": 2}')).length >= 4);
});

faults('go into records, and say what names look like', () => {
  const record = Type.Record(Type.String({ pattern: '^[a-z]+$' }), Type.Object({ kind: Type.Enum(['round', 'square']) }, strict), strict);
  assert.equal(schemaFaults(record, { a: { kind: 'round' } }), []);
  assert.equal(schemaFaults(record, { A: { kind: 'round' }, b: { kind: 'sqare' }, c: { knd: 1 } }), [
    'A: expected a name of the form ^[a-z]+$',
    'b.kind: expected one of "round", "square", got "sqare". Did you mean "square"?',
    'c.knd: unknown key. Did you mean "kind"?',
    'c.kind: missing',
  ]);
});

faults('suggest only what is near', () => {
  assert.is(nearestName('presicion', ['precision', 'release']), 'precision');
  assert.is(nearestName('xyz', ['precision', 'release']), undefined);
  assert.is(nearestName('a', []), undefined);
  assert.is(didYouMean('onx', ['onnx']), ' Did you mean "onnx"?');
});

faults.run();
