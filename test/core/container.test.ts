import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContainer } from '../../core/src/container.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { silentLogger } from '../../core/src/log.ts';
import { createMien } from '../../core/src/mien.ts';
import * as T from '../../core/src/tokens.ts';
import { rejectsWith } from '../support/errors.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const container = suite('container');

container('gives one of each part, made from its dependencies', async () => {
  const host = await createContainer('host', checkConfig({}), silentLogger);
  host.bind(T.RUN_MODE).toConstantValue({ once: true, baseFolder: process.cwd() });
  assert.is(await host.getAsync(T.PEOPLE), await host.getAsync(T.PEOPLE));
  assert.is((await host.getAsync(T.SIGHT)).status().state, 'stopped');
  assert.not.ok(host.isBound(T.DETECTOR), 'the host has no part of sight');
});

container('a module of the configuration takes the place of a part, in its own process only', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'module.mjs');
  const inversify = import.meta.resolve('inversify');
  writeFileSync(
    path,
    `import { ContainerModule } from ${JSON.stringify(inversify)};
export const sight = new ContainerModule(({ rebind }) => { rebind(Symbol.for('mien.aligner')).toConstantValue('mine'); });`,
  );
  const config = checkConfig({ modules: [path] });
  const sight = await createContainer('sight', config, silentLogger);
  assert.is((await sight.getAsync(T.ALIGNER)) as unknown, 'mine');
  const host = await createContainer('host', config, silentLogger);
  assert.not.ok(host.isBound(T.ALIGNER));
});

container('a module that cannot be used is named', async () => {
  using folder = new TemporaryFolder();
  const empty = join(folder.path, 'empty.mjs');
  writeFileSync(empty, 'export default 1;');
  const missing = await rejectsWith('CONFIG_INVALID', () => createContainer('host', checkConfig({ modules: ['no/such.mjs'] }), silentLogger));
  assert.match(missing.message, /no\/such\.mjs could not be loaded/);
  const unfit = await rejectsWith('CONFIG_INVALID', () => createContainer('host', checkConfig({ modules: [empty] }), silentLogger));
  assert.match(unfit.message, /exports neither "sight" nor "host"/);
});

container("the example of a camera of one's own gives people", async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const config = checkConfig({ modules: [join(root, 'examples', 'still-camera.mjs')], cameras: [{ name: 'still' }] });
  const names: string[] = [];
  await using mien = await createMien(config, { api: false, onBus: (bus) => bus.subscribe({}, (event) => void names.push(event.type)) });
  const until = performance.now() + 20_000;
  while (names.filter((name) => name === 'mien.person.appeared.v1').length < 2 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(mien.people.current().length, 2);
  assert.is(mien.sight.status().cameras[0]?.source, 'one still picture');
});

container.run();
