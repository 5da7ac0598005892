/** docs/plugins.md: its code is that of the examples, its commands work in the order in which they stand, its links lead somewhere. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { checkConfig } from '../../core/src/load-config.ts';
import { commandOf, root, startExample } from '../support/example-run.ts';
import { mien, startMien } from '../support/mien-command.ts';
import { findProgram } from '../support/programs.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const guide = suite('guide of plugins');
const path = join(root, 'docs/plugins.md');
const text = readFileSync(path, 'utf8');

const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) => ({ language, code }));
const codeOf = (language: string): string[] => blocks.filter((one) => one.language === language).map(({ code }) => code);
/** The lines of the shell block that holds these words, without their comments. */
function linesWith(words: string): string[] {
  const found = codeOf('sh').find((code) => code.includes(words));
  assert.ok(found, `there is no shell block with ${words}`);
  return (found as string)
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, ''));
}

guide('knows every block', () => {
  assert.equal([...new Set(blocks.map(({ language }) => language))].sort(), ['sh', 'ts', 'yaml']);
  assert.is(codeOf('sh').length, 3);
});

guide('code is taken from the examples, which are run', () => {
  const files = globSync('examples/**/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const settings = globSync('examples/**/*.yaml', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  for (const code of codeOf('ts'))
    assert.ok(
      files.some((file) => file.includes(code)),
      `no example holds this:\n${code}`,
    );
  for (const code of codeOf('yaml')) {
    assert.ok(
      settings.some((file) => file.includes(code)),
      `no example holds this:\n${code}`,
    );
    checkConfig(parse(code));
  }
});

guide('lines of code in its sentences run', async () => {
  using folder = new TemporaryFolder();
  const prose = text.replace(/^```.*?^```$/gms, '');
  const lines = [...prose.matchAll(/`(context\.\w+\([^`]*['{][^`]*\))`/g)].map(([, code]) => code);
  assert.is(lines.length, 2);
  const file = join(folder.path, 'lines.ts');
  const needs = `needs: ['person.presence', 'person.age']`;
  const setup = `setup(context) { const greet = () => {}; const handler = () => {}; ${lines.join('; ')}; }`;
  writeFileSync(
    file,
    `import { definePlugin } from '@mien/core/plugin';\nexport default definePlugin({ name: 'lines', apiVersion: 1, ${needs}, ${setup} });\n`,
  );
  const { code, stdout } = await mien(['plugin', 'test', file]);
  assert.is(code, 0, stdout);
});

guide('links lead to files', () => {
  for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) assert.ok(existsSync(join(dirname(path), link)), link);
});

guide('the first five minutes work in their order', async () => {
  using folder = new TemporaryFolder();
  const options = { cwd: folder.path, env: { STATE_DIRECTORY: join(folder.path, 'state') } };
  const lines = linesWith('plugin create');
  assert.ok(lines.length >= 5);
  for (const line of lines) {
    const [npx, program, ...args] = line.split(' ');
    assert.equal([npx, program], ['npx', 'mien']);
    const goesOn = args[0] === 'run' || args[1] === 'dev';
    if (!goesOn) {
      const { code, stdout, stderr } = await mien(args, options);
      assert.is(code, 0, `${line}: ${stdout}${stderr}`);
      continue;
    }
    const running = startMien([...args, '--port', '0'], options);
    await running.until(args[1] === 'dev' ? /greeter is running[\s\S]*console: / : /console: /);
    // The plugin in it greets: the virtual visitor, or somebody of the clip.
    await running.until(/Hello, [a-z ]+!/);
    running.process.kill('SIGINT');
    assert.is((await running.done).code, 0, running.shown().slice(-2000));
  }
});

guide('what is said of options works', async () => {
  for (const line of linesWith('plugin info')) {
    const args = [...line.replace('npx mien ', '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const { code, stdout, stderr } = await mien(args, { cwd: root });
    assert.is(code, 0, `${line}: ${stdout}${stderr}`);
  }
});

if (!findProgram(['curl'], ['--version'])) console.log('SKIPPED: the curl lines of the guide: there is no curl here');
else {
  guide('the curl lines get the answers that are told', async () => {
    using folder = new TemporaryFolder();
    mkdirSync(join(folder.path, 'state'));
    const args = /`npx mien (simulate --config examples\/plugins\/mien\.yaml)`/.exec(text)?.[1]?.split(' ');
    assert.equal(args, commandOf('examples/plugins/greeter.ts'));
    await using run = await startExample(args as string[], join(folder.path, 'state'));
    const url = /console: (http:\/\/[^/\s]+)/.exec(run.running.shown())?.[1] as string;
    const answers: string[] = [];
    for (const line of linesWith('curl')) {
      assert.ok(line.includes('http://127.0.0.1:7430/'), line);
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        line.replace('http://127.0.0.1:7430', url).replace('curl ', 'curl --fail-with-body --max-time 60 '),
      ]);
      answers.push(stdout);
    }
    const [commands = '', greeted = '', status = '', restarted = ''] = answers;
    assert.match(commands, /"name":"greeter\.greet"/);
    const told = /answers `(\{.*?\})`/.exec(text)?.[1] as string;
    const words = (answer: string) => JSON.parse(answer).result.words;
    assert.is(words(greeted), words(told));
    assert.equal(Object.keys(JSON.parse(greeted).result), Object.keys(JSON.parse(told).result));
    assert.is(JSON.parse(status).state, 'running');
    assert.is(JSON.parse(restarted).state, 'running');
    assert.is.not(JSON.parse(restarted).pid, JSON.parse(status).pid);
    await run.stop();
  });
}

guide.run();
