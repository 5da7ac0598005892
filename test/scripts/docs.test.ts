import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Config } from '../../core/src/config.ts';
import { EventSchemas, Grant, Person } from '../../core/src/events.ts';
import { Scenario } from '../../core/src/simulate/scenario.ts';
import { referenceFolder, referencePages } from '../../scripts/build-docs.mjs';

const test = suite('reference pages');
const pages = await referencePages();

for (const [name, text] of Object.entries(pages)) {
  test(`docs/reference/${name} is what core/src says now`, () => {
    const committed = readFileSync(join(referenceFolder, name), 'utf8');
    if (committed !== text) assert.is(committed, text, 'the schemas or limits changed: run `npm run docs` and commit docs/reference');
  });
}

test('there are no other pages', () => {
  assert.equal(readdirSync(referenceFolder).sort(), Object.keys(pages).sort());
});

test('links lead to a heading', () => {
  for (const [name, text] of Object.entries(pages)) {
    const links = [...text.matchAll(/\]\(([a-z-]*(?:\.md)?)#?([a-z0-9-]*)\)/g)];
    for (const [link, file, anchor] of links) {
      const target = pages[file || name];
      assert.ok(target, `${name}: ${link}`);
      const headings = [...(target as string).matchAll(/^#+ (.*)$/gm)].map(([, words]) => (words as string).toLowerCase().replaceAll(/[^a-z0-9 -]/g, ''));
      if (anchor) assert.ok(headings.map((words) => words.replaceAll(' ', '-')).includes(anchor), `${name}: ${link}`);
    }
  }
});

test('every table has as many cells in each line as in its head', () => {
  for (const [name, text] of Object.entries(pages)) {
    let cells = 0;
    for (const line of text.split('\n')) {
      const count = line.startsWith('|') ? line.replaceAll('\\|', '').split('|').length : 0;
      if (count > 0 && cells > 0) assert.is(count, cells, `${name}: ${line}`);
      cells = count;
    }
  }
});

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly patternProperties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
}
/** Paths of settings, down to single values. */
function* settings({ properties = {} }: Described, path: string): Generator<[path: string, setting: Described]> {
  for (const [name, setting] of Object.entries(properties)) {
    const each = setting.items ?? Object.values(setting.patternProperties ?? {})[0];
    if (!setting.properties && !each?.properties) yield [path + name, setting];
    if (setting.properties) yield* settings(setting, `${path}${name}.`);
    else if (each?.properties) yield* settings(each, setting.items ? `${path}${name}[].` : `${path}${name}.<name>.`);
  }
}

test('every setting stands in its page, and those of mien.yaml say what they mean', () => {
  const all = [...settings(Config as unknown as Described, '')];
  assert.ok(all.length > 90, `${all.length}`);
  for (const [path, { description }] of all) {
    assert.ok(description, `${path} has no description in core/src/config.ts`);
    assert.ok(pages['config.md']?.includes(`| \`${path}\` |`), path);
  }
  for (const [path] of settings(Scenario as unknown as Described, '')) assert.ok(pages['scenario.md']?.includes(`| \`${path}\` |`), path);
});

test('every event says when it comes and what it needs; every grant what it shows', () => {
  for (const [name, schema] of Object.entries(EventSchemas)) {
    const { description = '', grant } = schema as Described & { grant?: string };
    assert.ok(description.length > 0);
    assert.ok(pages['events.md']?.includes(`[\`${name}\`](#${name.replace('.', '')}) | ${description} | \`${grant}\` |`), name);
  }
  const rows = (pages['plugin-api.md'] as string).split('\n').filter((line) => line.startsWith('| `'));
  for (const grant of Grant.enum) {
    const row = rows.find((line) => line.startsWith(`| \`${grant}\` |`)) ?? '';
    assert.match(row.slice(grant.length + 6), /\w/, grant);
    for (const [name, property] of Object.entries(Person.properties)) {
      assert.is(row.includes(`\`${name}\``), (property as { grant?: string }).grant === grant, `${grant}: ${name}`);
    }
  }
});

test.run();
