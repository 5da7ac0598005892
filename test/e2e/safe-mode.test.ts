/** Starts that fail, safe mode, and a configuration that is changed while Mien runs: with real processes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../core/src/client.ts';
import { type Running, startMien } from '../support/mien-command.ts';
import { must } from '../support/must.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const safe = suite('safe mode');
const folder = new TemporaryFolder();
safe.after(() => folder[Symbol.dispose]());

const plugin = `import { definePlugin } from '@mien/core/plugin';
export default definePlugin({ name: 'nod', apiVersion: 1, setup() {} });
`;
const PATIENCE_MS = 60_000;

function write(name: string, text: string): string {
  writeFileSync(join(folder.path, 'nod.ts'), plugin);
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

async function start(path: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<{ readonly running: Running; readonly url: string }> {
  const running = startMien(['run', '--config', path, '--port', '0', ...more], { env });
  await running.until(/console: \S+/);
  return { running, url: must(/console: (\S+)/.exec(running.shown())?.[1]) };
}

async function end({ process, done }: Running, signal: NodeJS.Signals): Promise<number | null> {
  process.kill(signal);
  return (await done).code;
}

safe('mien run --safe comes up with a faulty file, without plugins, and says why', async () => {
  const path = write('faulty.yaml', 'version: 2\nplugins: { nod: { from: ./nod.ts, grants: [] } }\n');
  const { running, url } = await start(path, ['--safe']);
  try {
    assert.match(running.shown(), /safe mode, without plugins and modules: asked for with --safe; .*plugins\.nod\.grants: unknown key/s);
    const client = createClient({ url });
    assert.match((await client.status()).safeMode ?? '', /asked for with --safe/);
    assert.equal(await client.plugins(), []);
  } finally {
    assert.is(await end(running, 'SIGINT'), 0);
  }
});

safe('after three starts that were killed the next is safe, and the one after a clean stop is not', async () => {
  const path = write('killed.yaml', 'version: 2\nplugins: { nod: { from: ./nod.ts } }\n');
  for (let i = 0; i < 3; i += 1) {
    const { running } = await start(path);
    assert.not.match(running.shown(), /safe mode/);
    await end(running, 'SIGKILL');
  }
  const { running, url } = await start(path);
  assert.match(running.shown(), /safe mode, without plugins and modules: the last 3 starts failed.*ended without a word/);
  assert.equal(await createClient({ url }).plugins(), []);
  assert.is(await end(running, 'SIGTERM'), 0);
  const next = await start(path);
  assert.not.match(next.running.shown(), /safe mode/);
  assert.is((await createClient({ url: next.url }).plugins())[0]?.state, 'running');
  assert.is(await end(next.running, 'SIGTERM'), 0);
});

safe('a changed file changes the plugins of a running Mien; a faulty one is told and changes nothing; SIGHUP reads it again', async () => {
  const path = write('followed.yaml', 'version: 2\nplugins: { nod: { from: ./nod.ts } }\n');
  const { running, url } = await start(path, [], { INVOCATION_ID: 'as under systemd' });
  const client = createClient({ url });
  let state = '';
  const look = async (): Promise<void> => {
    state = (await client.plugins())[0]?.state ?? '';
  };
  const comes = (wished: string) =>
    until(`the plugin ${wished}`, PATIENCE_MS, () => {
      void look().catch(() => {});
      return state === wished;
    });
  try {
    await comes('running');
    write('followed.yaml', 'version: 2\nplugins: { nod: { from: ./nod.ts, enabled: false } }\n');
    await comes('disabled');
    write('followed.yaml', 'version: 2\nplugins: { nod: { from: ./nod.ts, heapMb: lots } }\n');
    await running.until(/not taken; what was in use stays.*plugins\.nod\.heapMb/);
    write('followed.yaml', 'version: 2\npresence: { goneMs: 3000 }\nplugins: { nod: { from: ./nod.ts } }\n');
    await running.until(/in use after a restart of Mien: presence/);
    await comes('running');
    const told = running.shown().length;
    running.process.kill('SIGHUP');
    await until('the word on SIGHUP', PATIENCE_MS, () => /restart of Mien: presence/.test(running.shown().slice(told)));
  } finally {
    assert.is(await end(running, 'SIGTERM'), 0);
  }
});

safe.run();
