import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Config } from '../../core/src/config.ts';
import { loadConfig } from '../../core/src/load-config.ts';
import type { Logger } from '../../core/src/log.ts';
import { watchConfig } from '../../core/src/watch-config.ts';
import { must } from '../support/must.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const watching = suite('a configuration that is followed');
let folder: TemporaryFolder;
let path = '';
watching.before.each(() => {
  folder = new TemporaryFolder();
  path = join(folder.path, 'mien.yaml');
});
watching.after.each(() => folder[Symbol.dispose]());

const PATIENCE_MS = 20_000;
const first = 'version: 2\nplugins:\n  a: { from: ./a.ts }\n';

async function follow(text = first) {
  writeFileSync(path, text);
  const applied: Config['plugins'][] = [];
  const lines: string[] = [];
  const say = (_: object, message: string): void => void lines.push(message);
  const logger: Logger = { error: say, warn: say, info: say, debug: say, trace: say };
  const config = await loadConfig(path);
  const watch = watchConfig({
    path,
    config,
    read: () => loadConfig(path),
    apply: async (plugins) => {
      if (plugins['refused']) throw new Error('no');
      applied.push(plugins);
    },
    logger,
    quietMs: 20,
  });
  return { watch, applied, lines, [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose]() };
}

watching('changed plugins are applied, when the file is written and when it is replaced', async () => {
  await using followed = await follow();
  writeFileSync(path, first.replace('a: { from: ./a.ts }', 'a: { from: ./a.ts, enabled: false }'));
  await until('the first change', PATIENCE_MS, () => followed.applied.length > 0);
  assert.is(followed.applied.at(-1)?.['a']?.enabled, false);
  assert.not.ok(
    followed.lines.some((line) => /restart of Mien/.test(line)),
    followed.lines.join('\n'),
  );
  writeFileSync(`${path}.new`, `${first}  b: { from: ./b.ts }\n`);
  renameSync(`${path}.new`, path);
  await until('the replaced file', PATIENCE_MS, () => followed.applied.at(-1)?.['b'] !== undefined);
  assert.is(followed.applied.at(-1)?.['a']?.enabled, true);
  assert.ok(
    followed.lines.some((line) => /configuration was changed: a, b/.test(line)),
    followed.lines.join('\n'),
  );
});

watching('what else differs is named and waits; plugins that stay the same are not touched', async () => {
  await using followed = await follow();
  writeFileSync(path, `${first}presence: { goneMs: 3000 }\nlog: { level: warn }\n`);
  await until('the word on it', PATIENCE_MS, () => followed.lines.some((line) => /after a restart of Mien: presence, log/.test(line)));
  assert.equal(followed.applied, []);
});

watching('a faulty file is refused with all its faults, what was in use stays, and the mended file is taken', async () => {
  await using followed = await follow();
  writeFileSync(path, 'version: 2\nplugins:\n  a: { from: ./a.ts, grants: [x], heapMb: lots }\n');
  await until('the faults', PATIENCE_MS, () => followed.lines.length > 0);
  assert.match(must(followed.lines[0]), /not taken; what was in use stays.*2 fault\(s\).*plugins\.a\.grants.*plugins\.a\.heapMb/s);
  rmSync(path);
  await until('the missing file', PATIENCE_MS, () => followed.lines.some((line) => /cannot read the configuration/.test(line)));
  writeFileSync(path, '{');
  await until('what is no YAML', PATIENCE_MS, () => followed.lines.some((line) => /not valid YAML/.test(line)));
  assert.equal(followed.applied, []);
  writeFileSync(path, `${first}  c: {}\n`);
  await until('the mended file', PATIENCE_MS, () => followed.applied.length > 0);
});

watching('reload reads at once, and says so where nothing differs', async () => {
  await using followed = await follow();
  await followed.watch.reload();
  assert.match(must(followed.lines.at(-1)), /read again: nothing differs/);
  writeFileSync(path, `${first}  d: {}\n`);
  await followed.watch.reload();
  assert.ok(followed.applied.at(-1)?.['d']);
});

watching('a change that could not be applied is tried again with the next', async () => {
  await using followed = await follow();
  writeFileSync(path, `${first}  refused: {}\n`);
  await followed.watch.reload();
  assert.match(must(followed.lines.at(-1)), /could not be changed/);
  await followed.watch.reload();
  assert.is(followed.lines.filter((line) => /could not be changed/.test(line)).length, 2);
});

watching('behind a link the file it leads to is followed', async () => {
  const real = join(folder.path, 'elsewhere');
  mkdirSync(real);
  symlinkSync(join(real, 'mien.yaml'), path);
  await using followed = await follow();
  // Past the look that comes with the beginning.
  await followed.watch.reload();
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeFileSync(join(real, 'next.yaml'), `${first}  e: {}\n`);
  renameSync(join(real, 'next.yaml'), join(real, 'mien.yaml'));
  await until('the change behind the link', PATIENCE_MS, () => followed.applied.length > 0);
  assert.ok(followed.applied[0]?.['e']);
});

watching('after its end nothing is applied any more', async () => {
  const followed = await follow();
  await followed.watch[Symbol.asyncDispose]();
  writeFileSync(path, `${first}  f: {}\n`);
  await followed.watch.reload();
  assert.equal(followed.applied, []);
});

watching.run();
