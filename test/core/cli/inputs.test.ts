import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findInputs } from '../../../core/src/cli/inputs.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const inputs = suite('inputs of analyze');
let folder: TemporaryFolder;
inputs.before.each(() => {
  folder = new TemporaryFolder();
});
inputs.after.each(() => folder[Symbol.dispose]());
const at = (name: string): string => join(folder.path, name);

async function found(word: string): Promise<string[]> {
  return (await findInputs([word])).map((input) => `${relative(folder.path, input.file)}${'error' in input ? ` ${input.error.code}` : ''}`);
}

inputs('a folder gives each of its pictures once, whatever links, pipes and folders are named like', async () => {
  mkdirSync(at('below'));
  mkdirSync(at('folder.jpg'));
  for (const name of ['b.jpg', 'below/a b.PNG', 'below/two\nlines.jpg', 'folder.jpg/inside.webp', 'notes.txt']) writeFileSync(at(name), '');
  symlinkSync('..', at('below/round'));
  symlinkSync(folder.path, at('round.jpg'));
  symlinkSync('b.jpg', at('link.jpg'));
  symlinkSync('nowhere', at('broken.jpg'));
  execFileSync('mkfifo', [at('pipe.jpg')]);
  assert.equal(await found(folder.path), ['b.jpg', 'below/a b.PNG', 'below/two\nlines.jpg', 'broken.jpg', 'folder.jpg/inside.webp', 'link.jpg']);
});

inputs('what is no file is named instead of being read for ever', async () => {
  execFileSync('mkfifo', [at('pipe.jpg')]);
  for (const word of [at('pipe.jpg'), '/dev/zero']) {
    const [input] = await findInputs([word]);
    assert.ok(input && 'error' in input);
    assert.match(input.error.message, 'neither a file nor a folder');
  }
});

inputs('a pattern that matches folders alone matches no picture', async () => {
  mkdirSync(at('one'));
  assert.equal(await found(at('o*')), ['o* INPUT_NOT_FOUND']);
  writeFileSync(at('other.jpg'), '');
  assert.equal(await found(at('o*')), ['other.jpg']);
});

inputs('a folder that cannot be read is one fault among the pictures beside it', async () => {
  for (const name of ['closed', 'open']) {
    mkdirSync(at(name));
    writeFileSync(at(`${name}/a.jpg`), '');
  }
  chmodSync(folder.path, 0o755);
  chmodSync(at('closed'), 0);
  // Nothing is closed to root: the search is then made by somebody else.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const program = `import { findInputs } from ${JSON.stringify(new URL('../../../core/src/cli/inputs.ts', import.meta.url).href)};
    console.log(JSON.stringify(await findInputs([${JSON.stringify(folder.path)}])));`;
  const said = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { cwd: '/', encoding: 'utf8', ...nobody });
  const [closed, open] = JSON.parse(said) as Array<{ file: string; error?: { code: string; message: string } }>;
  chmodSync(at('closed'), 0o755);
  assert.is(closed?.file, at('closed'));
  assert.is(closed?.error?.code, 'INPUT_NOT_FOUND');
  assert.match(closed?.error?.message ?? '', 'EACCES');
  assert.equal(open, { file: at('open/a.jpg') });
});

inputs.run();
