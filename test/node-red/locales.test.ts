import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../support/must.ts';

const test = suite('texts of the Node-RED nodes');
const home = fileURLToPath(new URL('../../node-red-nodes/', import.meta.url));
const languages = readdirSync(join(home, 'locales')).sort();
const first = 'en-US';
const read = (...path: string[]): string => readFileSync(join(home, ...path), 'utf8');
const filesOf = (language: string, ending: string): string[] => readdirSync(join(home, 'locales', language)).filter((name) => name.endsWith(ending));

type Catalogue = { readonly [key: string]: string | Catalogue };

function flat(catalogue: Catalogue, before = ''): [key: string, text: string][] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === 'string' ? [[before + key, value] as [string, string]] : flat(value, `${before}${key}.`),
  );
}
const textsOf = (language: string, file: string): Map<string, string> => new Map(flat(JSON.parse(read('locales', language, file)) as Catalogue));
const valuesIn = (text: string): string[] => [...new Set([...text.matchAll(/__(\w+?)__/g)].map(([, name]) => must(name)))].sort();

/** Every text that is there in a language, of all catalogues. */
const keysOf = (language: string): Set<string> => new Set(filesOf(language, '.json').flatMap((file) => [...textsOf(language, file).keys()]));

const sources = ['src', 'src/nodes', 'editor', 'editor/shared'].flatMap((folder) =>
  readdirSync(join(home, folder))
    .filter((name) => /\.(ts|html)$/.test(name))
    .map((name) => [join(folder, name), read(folder, name)] as const),
);

test('English and one more', () => {
  assert.ok(languages.includes(first) && languages.length >= 2, languages.join());
});

for (const language of languages.filter((name) => name !== first)) {
  test(`${language} has the files of ${first}, with the same keys and the same values in them`, () => {
    for (const ending of ['.json', '.html']) assert.equal(filesOf(language, ending), filesOf(first, ending));
    for (const file of filesOf(first, '.json')) {
      const [wanted, given] = [textsOf(first, file), textsOf(language, file)];
      assert.equal([...given.keys()].sort(), [...wanted.keys()].sort(), file);
      for (const [key, text] of wanted) assert.equal(valuesIn(must(given.get(key))), valuesIn(text), `${file}: ${key}`);
    }
  });

  test(`${language} is translated: most texts differ`, () => {
    for (const file of filesOf(first, '.json')) {
      const given = textsOf(language, file);
      const same = [...textsOf(first, file)].filter(([key, text]) => given.get(key) === text);
      assert.ok(same.length <= given.size / 2, `${file}: ${same.map(([key]) => key).join()}`);
    }
  });

  test(`${language} has help with the same headings and the same codes and properties`, () => {
    for (const file of filesOf(first, '.html')) {
      const [wanted, given] = [read('locales', first, file), read('locales', language, file)];
      assert.is(given.match(/^###/gm)?.length, wanted.match(/^###/gm)?.length, `${file}: headings`);
      assert.not.equal(given, wanted, file);
      const codes = (text: string): string[] => [...new Set(text.match(/\b[A-Z]{2,}_[A-Z_]+\b/g))].sort();
      assert.equal(codes(given), codes(wanted), `${file}: codes`);
      const properties = (text: string): string[] => [...text.matchAll(/^: ([a-z][\w.]*) \(/gm)].map(([, name]) => must(name));
      assert.equal(properties(given), properties(wanted), `${file}: properties`);
    }
  });
}

test('no text is empty', () => {
  for (const language of languages) {
    for (const file of filesOf(language, '.json'))
      for (const [key, text] of textsOf(language, file)) assert.ok(text.trim() !== '', `${language} ${file}: ${key}`);
  }
});

test('a status is short enough for its line, with small numbers in it', () => {
  for (const language of languages) {
    for (const file of filesOf(language, '.json')) {
      for (const [key, text] of textsOf(language, file)) {
        if (key.includes('.status.')) assert.ok(text.replace(/__\w+?__/g, '1').length < 20, `${language}: ${key} "${text}"`);
      }
    }
  }
});

/** Not a text: what a user of Node-RED may do. */
const PERMISSIONS = ['mien.read', 'mien.write'];

test('each text that a source asks for is there, by its whole key', () => {
  const known = [...keysOf(first)];
  for (const [path, source] of sources) {
    const whole = [...source.matchAll(/data-i18n="(?:\[\w+\])?([\w.-]+)"|'(mien(?:-[a-z]+)?\.[a-z][\w.-]+)'/g)].map(([, marked, quoted]) =>
      must(marked ?? quoted),
    );
    for (const key of whole) {
      const isOther = PERMISSIONS.includes(key) || /\.(ts|yaml|svg|html|json)$/.test(key);
      assert.ok(isOther || known.includes(key), `${path}: there is no text ${key}`);
    }
    // With a part that is known only when it runs: one at least must be there.
    for (const [template, part] of source.matchAll(/`((?:mien(?:-[a-z]+)?|\$\{type\})\.[\w.${}-]+)`/g)) {
      const pattern = new RegExp(`^${must(part).replace(/\$\{[^}]+\}|\./g, (found) => (found === '.' ? '\\.' : '[\\w -]+'))}$`);
      assert.ok(
        known.some((key) => pattern.test(key)),
        `${path}: no text is named as ${template}`,
      );
    }
  }
});

test('each type has help that describes what comes in and goes out', () => {
  const { 'node-red': set } = JSON.parse(read('package.json')) as { 'node-red': { nodes: Record<string, string> } };
  for (const type of Object.keys(set.nodes)) {
    for (const language of languages) {
      const help = read('locales', language, `${type}.html`);
      assert.match(help, `<script type="text/markdown" data-help-name="${type}">`);
      assert.ok(help.length > 300, `${language} ${type}: ${help.length} characters`);
    }
  }
});

test.run();
