import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { mien } from '../support/mien-command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const command = suite('mien model tune');
const folder = new TemporaryFolder();
command.after(() => folder[Symbol.dispose]());
const config = join(folder.path, 'mien.yaml');

interface Result {
  readonly simulated: boolean;
  readonly best: string;
  readonly written: boolean;
  readonly layouts: ReadonlyArray<{ readonly name: string; readonly figures?: { readonly framesPerSecond: number }; readonly setAside?: readonly number[] }>;
}

const tune = (npu: string, ...args: string[]) => {
  writeFileSync(config, `# the entrance\nversion: 2\nnpu: ${npu} # a desk\n`);
  return mien(['model', 'tune', '--config', config, '--seconds', '2', ...args]);
};

command('measures on the simulated runtime, says that it is one, and writes the best with its figures', async () => {
  const outcome = await tune('{ simulate: { runUs: 2000 }, layouts: { blazeface-full: { affinity: auto, priority: analytics } } }');
  assert.is(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stdout, 'simulated: these figures are those of the simulated runtime, not of a board');
  assert.match(outcome.stdout, /^\* .* frames\/s, a frame /m);
  const text = readFileSync(config, 'utf8');
  assert.match(text, '# the entrance');
  assert.match(text, /# SIMULATED: mien model tune, \d{4}-\d\d-\d\d: [\d.]+ frames\/s/);
  const { layouts } = (parse(text) as { npu: { layouts: Record<string, { affinity: unknown; priority?: string }> } }).npu;
  assert.ok(layouts['blazeface-full']?.affinity && layouts['faces-npu-head']?.affinity);
  assert.is(layouts['blazeface-full']?.priority, 'analytics', 'what was set beside stays');
});

command('a core that fails is named, and the layouts are measured without it; --dry-run writes nothing', async () => {
  const outcome = await tune('{ simulate: { runUs: 2000, faults: [{ kind: submit-fails, core: 2 }] } }', '--dry-run', '--json');
  assert.is(outcome.code, 0, outcome.stderr);
  const [result] = outcome.json<Result>();
  assert.is(result?.simulated, true);
  assert.is(result?.written, false);
  const shared = result?.layouts.find(({ name }) => name === '3 x 1 core, shared');
  assert.equal(shared?.setAside, [2]);
  assert.ok((shared?.figures?.framesPerSecond ?? 0) > 0);
  assert.not.match(readFileSync(config, 'utf8'), 'layouts');
});

command('without an NPU it says what is missing and how to mend it', async () => {
  const outcome = await tune('{ library: /nowhere/librknnrt.so }');
  assert.is(outcome.code, 1);
  assert.match(outcome.stderr, /NPU.*model\.backend|librknnrt/s);
});

command.run();
