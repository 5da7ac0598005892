import { markdownTable, rowsOf, schemaTable } from './schema-table.mjs';

const withGrant = ['name', 'type', 'grant', 'meaning'];
const plain = ['name', 'type', 'meaning'];
/** In every event, or in every event about a person. */
const common = ['clock', 'origin', 'why', 'person', 'extra'];

/** From the schemas of core/src/events.ts. */
export function eventsPage({ EventSchemas, Person, SessionTotals, EventClock, EventOrigin, Why, AgeEstimate, GenderEstimate, ExpressionEstimate, Abstained }) {
  const text = (schema) => JSON.stringify({ ...schema, description: undefined, grant: undefined });
  const words = new Map([
    [text(Person), '[person](#person)'],
    [text(SessionTotals), '[totals](#session)'],
    [text(Why), '[why](#why)'],
    [text(Person.properties.age), '[age](#age) or [withheld](#withheld)'],
    [text(Person.properties.gender), '[gender](#gender) or [withheld](#withheld)'],
    [text(Person.properties.expression), '[expression](#expression) or [withheld](#withheld)'],
  ]);
  const partOfPerson = (schema) => schema.properties?.id && schema.required === undefined && 'part of a [person](#person)';
  const named = (schema) => words.get(text(schema)) ?? (partOfPerson(schema) || undefined);

  const own = (schema) =>
    Object.entries(schema.properties.data.properties).filter(([name, part]) => !common.includes(name) || (name === 'why' && !named(part)));
  const events = Object.entries(EventSchemas);
  const overview = events.map(([name, schema]) => [
    `[\`${name}\`](#${name.replaceAll('.', '')})`,
    schema.description,
    `\`${schema.grant}\``,
    own(schema)
      .map(([field]) => `\`${field}\``)
      .join(', '),
  ]);
  const sections = events.map(([name, schema]) => {
    const parts = schema.properties.data.properties;
    const also = common.filter((part) => part in parts && part !== 'extra').map((part) => `[${part}](#${part})`);
    const fields = own(schema);
    const about = `\`mien.${name}.v1\`: ${schema.description}. Needs \`${schema.grant}\`. In \`data\``;
    if (fields.length === 0) return `### ${name}\n\n${about}: ${also.join(', ')}.`;
    const object = { properties: Object.fromEntries(fields), required: schema.properties.data.required };
    // Of a `why` of its own only what differs from the common one.
    const rows = rowsOf(object, { named }).filter(({ path }) => !path.startsWith('why.') || path.startsWith('why.thresholds.') || path === 'why.rule');
    return `### ${name}\n\n${about} beside ${also.join(', ')}:\n\n${schemaTable(object, withGrant, { named, rows })}`;
  });

  return `# Events

CloudEvents 1.0 as JSON: the envelope is the same for all, \`data\` is what differs. Milliseconds, metres, degrees, pixels, years of apparent age,
probabilities from 0 to 1. What a receiver lacks the grant for is absent; what an event has no grant for belongs to the event's own.

${markdownTable(['event', 'when', 'grant', 'adds'], overview)}

## Envelope

${schemaTable(without(EventSchemas['person.appeared'], ['data']), withGrant)}

As in \`person.appeared\`; \`subject\` has that grant in events about a person only. A receiver with fewer grants sees gaps in \`sequence\`:
something came that is not for them. At one start of Mien (\`bootId\`) it only grows.

## clock

${schemaTable(EventClock, plain)}

## origin

${schemaTable(EventOrigin, plain)}

## why

${schemaTable(Why, plain)}

## extra

What plugins added before the event went out: an object by the name of the plugin, 4 KiB each at most. A plugin sees what another added when it
holds every grant that the other held.

## person

${schemaTable(Person, withGrant, { named })}

### age

${schemaTable(AgeEstimate, plain)}

### gender

${schemaTable(GenderEstimate, plain)}

### expression

${schemaTable(ExpressionEstimate, plain)}

### withheld

In the place of an attribute that the model declines, or that policy withholds (gender and expression of who may be a minor).

${schemaTable(Abstained, plain)}

## session

Totals of one presence, in \`person.left\`.

${schemaTable(SessionTotals, withGrant, { named })}

## Each event

${sections.join('\n\n')}
`;
}

function without({ properties, required }, names) {
  return { properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))), required };
}
