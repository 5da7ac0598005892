import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, Person, SessionTotals } from '../../../../core/src/events.ts';
import { compileTemplate, eventFields, personFields, sessionFields, templateFaults } from '../../../../plugins/shared/template.ts';

const data = {
  person: { id: 'p-k7f3q', age: { years: 34.234, band: '25-34' }, gender: { label: 'unknown', abstain: 'policy' }, returned: false, distance: { m: 2 } },
};

test('fills fields in; what is absent or withheld becomes what stands behind the bar', () => {
  const fill = (text: string) => compileTemplate(text).fill(data);
  assert.is(fill('Hello {person.id}, about {person.age.years}'), 'Hello p-k7f3q, about 34.2');
  assert.is(fill('{person.gender.label|somebody}/{person.gender.label}/{person.zone|nowhere}'), 'somebody//nowhere');
  assert.is(fill('{person.returned} {person.distance.m}'), 'false 2');
  assert.is(fill('{{"id":"{person.id}"}}'), '{"id":"p-k7f3q"}');
  assert.is(fill('{person.__proto__.x|no}{person.age.band.length|no}{person|no}'), 'nonono');
  assert.equal(compileTemplate('{person.id}{person.zone|a}{person.id}').fields, ['person.id', 'person.zone']);
  assert.is(fill(''), '');
});

test('faults name the option, the nearest field, and a lonely brace', () => {
  assert.equal(templateFaults('greeting', 'Hi {person.age.band|you} {{x}}', personFields), []);
  assert.match(
    templateFaults('lines.0.text', '{person.agee.band}', personFields)[0] ?? '',
    /lines\.0\.text: there is no field {person\.agee\.band}. Did you mean "person\.age\.band"\?/,
  );
  assert.match(templateFaults('greeting', '{nonsense}', ['person.id'])[0] ?? '', /There are person\.id/);
  assert.match(templateFaults('greeting', 'a } b', personFields)[0] ?? '', /a single "}" at position 3: write "}}"/);
  assert.match(templateFaults('greeting', 'a {person.id', personFields)[0] ?? '', /a single "{" at position 3/);
});

test('the fields that may be named are those of the events', () => {
  const at = (schema: unknown, path: readonly string[]): unknown => {
    const [key, ...rest] = path;
    if (key === undefined) return schema;
    const one = schema as { properties?: Record<string, unknown>; anyOf?: unknown[] };
    const found = one.properties?.[key] ?? one.anyOf?.map((part) => at(part, [key])).find(Boolean);
    return found && at(found, rest);
  };
  for (const field of personFields) assert.ok(at(Person, field.split('.').slice(1)), field);
  for (const field of sessionFields) assert.ok(at(SessionTotals, field.split('.').slice(1)), field);
  const all = Object.values(EventSchemas).map((schema) => at(schema, ['data']));
  for (const field of eventFields)
    assert.ok(
      all.some((one) => at(one, [field])),
      field,
    );
});

test.run();
