import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../core/src/load-config.ts';
import { createMien } from '../../core/src/mien.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('stop of Mien');
const support = new URL('../support/fake-sight.ts', import.meta.url).href;

/** A configuration whose sight is a fake that does `how` when it is to stop. */
function withSight(folder: string, how: string): string {
  const path = join(folder, 'module.mjs');
  writeFileSync(
    path,
    `import { ContainerModule } from ${JSON.stringify(import.meta.resolve('inversify'))};
import { createFakeSight } from ${JSON.stringify(support)};
const stop = ${how};
export const host = new ContainerModule(({ rebind }) => {
  rebind(Symbol.for('mien.sight')).toConstantValue({ ...createFakeSight(), [Symbol.asyncDispose]: stop });
});`,
  );
  return path;
}

async function isFree(url: string | undefined): Promise<boolean> {
  const server = createServer().listen(Number(new URL(url ?? '').port), '127.0.0.1');
  return once(server, 'listening').then(
    () => {
      server.close();
      return true;
    },
    () => false,
  );
}

for (const [what, how, says] of [
  ['hangs', '() => new Promise(() => {})', /"stop sight" took longer than 1\.2 s/],
  ['fails', "async () => { throw new Error('stuck'); }", /stuck/],
] as const) {
  test(`a sight whose stop ${what} is named within two seconds, and the console is closed all the same`, async () => {
    using folder = new TemporaryFolder();
    const mien = await createMien(checkConfig({ api: { port: 0 }, modules: [withSight(folder.path, how)] }));
    assert.is((await fetch(new URL('/healthz', mien.url))).status, 200);
    const started = performance.now();
    const fault = await Promise.resolve(mien[Symbol.asyncDispose]()).then(
      () => undefined,
      (error: AggregateError) => error,
    );
    assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`);
    assert.match(fault?.message ?? '', says);
    assert.ok(await isFree(mien.url), 'the port is free again');
  });
}

test.run();
