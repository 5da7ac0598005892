/** The files of a new plugin: it greets people by age, has an option and a command, and a test that passes. */

export interface TemplateNames {
  /** Of the plugin. */
  readonly name: string;
  /** Of this Mien: the range that the plugin asks for. */
  readonly version: string;
}

const plugin = ({ name }: TemplateNames) => `import { definePlugin, known, Type } from '@mien/core/plugin';

/** How people of an age band are spoken to. */
const forms: Readonly<Record<string, string>> = { '0-12': 'young friend', '13-17': 'you there', '65+': 'dear guest' };

export default definePlugin({
  name: '${name}',
  apiVersion: 1,
  description: 'Greets people by their apparent age.',
  // What it may see. Fields of other grants are not there, neither in the types nor when it runs.
  needs: ['person.presence', 'person.age'],
  options: Type.Object({
    greeting: Type.String({ default: 'Hello', minLength: 1, description: 'said before everything else' }),
  }),

  setup(context, { greeting }) {
    let greeted = 0;
    function greet(band: string): string {
      greeted += 1;
      const words = \`\${greeting}, \${forms[band] ?? 'welcome'}!\`;
      context.log.info({ greeted }, words);
      return words;
    }

    // An age settles once a person, when enough was seen of the face: the moment to greet.
    context.on('person.updated', ({ person, settled }) => {
      const age = known(person.age);
      if (age && settled.includes('age')) greet(age.band);
    });

    // Others can ask for it: POST /v1/commands/${name}.greet with {"band": "65+"}
    context.command('${name}.greet', Type.Object({ band: Type.String({ default: '25-34' }) }), ({ band }) => ({ words: greet(band), greeted }));

    context.defer(() => context.log.info({ greeted }, 'goodbye'));
  },
});
`;

const test = ({ name }: TemplateNames) => `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPlugin } from '@mien/core/testing';
import plugin from './${name}.ts';

test('greets a guest once, by age', async () => {
  await using bench = await testPlugin(plugin, { options: { greeting: 'Welcome' } });
  await bench.play({ people: [{ id: 'guest', age: 78, enterS: 1, leaveS: 15 }] });
  assert.deepEqual(
    bench.logs.map(({ message }) => message).filter((message) => message.startsWith('Welcome')),
    ['Welcome, dear guest!'],
  );
  assert.deepEqual(bench.faults, []);
});

test('greets on command', async () => {
  await using bench = await testPlugin(plugin);
  assert.deepEqual(await bench.command('${name}.greet', { band: '0-12' }), { words: 'Hello, young friend!', greeted: 1 });
});
`;

const packageJson = ({ name, version }: TemplateNames) =>
  `${JSON.stringify(
    {
      name: `mien-plugin-${name}`,
      version: '0.1.0',
      description: 'Greets people by their apparent age.',
      type: 'module',
      keywords: ['mien-plugin'],
      exports: `./${name}.ts`,
      files: ['dist'],
      engines: { node: '>=22.18' },
      scripts: {
        dev: 'mien plugin dev .',
        test: 'node --test',
        check: 'tsc',
        build: `tsc --noEmit false --outDir dist --declaration`,
      },
      peerDependencies: { '@mien/core': `^${version}` },
      devDependencies: { '@types/node': '>=22', typescript: '>=5.8' },
    },
    null,
    2,
  )}\n`;

const tsconfig = `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["esnext"],
    "module": "nodenext",
    "strict": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "rewriteRelativeImportExtensions": true,
    "skipLibCheck": true,
    "noEmit": true,
    "types": ["node"]
  },
  "include": ["*.ts"]
}
`;

const readme = ({ name }: TemplateNames) => `# ${name}

A plugin of Mien: greets people by their apparent age.

    mien plugin dev .               # with virtual people; loaded anew whenever a file changes
    mien plugin test .              # how it behaves: starts, stops, bad options, nothing left behind
    npm test                        # its own tests, without a camera
    npx tsc                         # types: a field that was not granted does not compile
    mien run --config mien.yaml     # with the bundled clip; put your camera into mien.yaml

\`npm install\` brings TypeScript and Mien's types (see docs/without-this-repository.md of Mien while it is not in the registry).

Node runs TypeScript of your own folders, but not of installed packages. So to publish it:

    npm pkg set exports=./dist/${name}.js
    npm run build && npm publish

and whoever wants it: \`mien plugin add mien-plugin-${name}\`
`;

const mienYaml = ({ name }: TemplateNames) => `# Tries the plugin in this folder: mien run --config mien.yaml
version: 2
cameras:
  - source: clip # the bundled clip; or /dev/video0
plugins:
  ${name}:
    from: .
    grant: [person.presence, person.age]
    options:
      greeting: Hello # said before everything else
`;

/** By their names in the plugin's folder. */
export function templateFiles(names: TemplateNames): Readonly<Record<string, string>> {
  return {
    [`${names.name}.ts`]: plugin(names),
    [`${names.name}.test.ts`]: test(names),
    'package.json': packageJson(names),
    'tsconfig.json': tsconfig,
    'README.md': readme(names),
    'mien.yaml': mienYaml(names),
    '.gitignore': 'node_modules/\ndist/\n',
  };
}
