/** Where the lines of the sight process go: to the host's log, and nowhere else. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite("sight's lines in the log");
const folder = new TemporaryFolder();
test.after(() => folder[Symbol.dispose]());

/** A detector that fails for its first frames makes sight complain. */
const module = join(folder.path, 'module.mjs');
writeFileSync(
  module,
  `import { ContainerModule } from ${JSON.stringify(import.meta.resolve('inversify'))};
let frames = 0;
const detector = { async detect() { frames += 1; if (frames <= 3) throw new Error('a bad frame'); return []; } };
export const sight = new ContainerModule(({ rebind }) => { rebind(Symbol.for('mien.detector')).toConstantValue(detector); });`,
);

async function runWith(level: string) {
  const file = join(folder.path, `${level}.log`);
  const config = join(folder.path, `${level}.yaml`);
  writeFileSync(config, `modules: [${module}]\nlog:\n  level: ${level}\n  file: ${file}\n`);
  const outcome = await mien(['run', '--once', '--config', config, '--log-level', level]);
  assert.is(outcome.code, 0, outcome.stderr);
  const written = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return { ...outcome, lines: written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('they keep to log.level and reach log.file, under the name of sight', async () => {
  const { stderr, lines } = await runWith('warn');
  const lost = lines.filter(({ msg }) => msg === 'a frame was lost');
  assert.is(lost.length, 3);
  for (const line of lost) assert.equal([line['name'], line['level'], line['camera'], line['reason']], ['sight', 40, 'main', 'a bad frame']);
  assert.is(stderr.match(/a frame was lost/g)?.length, 3, stderr);
});

test('silent is silent', async () => {
  const { stderr, lines } = await runWith('silent');
  assert.equal(lines, []);
  assert.not.match(stderr, /lost|\{/);
});

test.run();
