import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MASK, maskSecrets } from '../../../../core/src/host/plugins/mask-secrets.ts';

const test = suite('masks of secrets');

test('a schema made to take for ever: every text is masked, and it takes a moment', () => {
  const patternProperties = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`p${i}`, {}]));
  const value = { ...Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, 1])), word: 'text' };
  const shown = maskSecrets({ type: 'object', patternProperties }, value) as Record<string, unknown>;
  assert.is(shown['word'], MASK);
  assert.is(shown['k7'], 1);
});

test('a schema that is none shows what is there', () => {
  for (const schema of [{ anyOf: 5 }, { allOf: {} }, { anyOf: 'text', properties: 7 }, { items: null, patternProperties: [null] }]) {
    assert.equal(maskSecrets(schema, { word: 'text', list: [1] }), { word: 'text', list: [1] }, JSON.stringify(schema));
  }
});

test.run();
