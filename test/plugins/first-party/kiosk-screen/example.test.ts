/** The example as its README starts it, and the plugin in every isolation. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse, stringify } from 'yaml';
import { checkConfig } from '../../../../core/src/load-config.ts';
import { commandOf, root, startExample } from '../../../support/example-run.ts';
import { openHost, patienceMs, reasonOf, TemporaryFolder, untilStatus } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';

const test = suite('kiosk-screen: example and isolation');
const example = 'plugins/kiosk-screen/example.yaml';
const readme = readFileSync(join(root, 'plugins/kiosk-screen/README.md'), 'utf8');

test('the example shows each of its rules to its virtual people', async () => {
  using folder = new TemporaryFolder();
  const args = commandOf(example);
  assert.ok(readme.includes(`npx mien ${args.join(' ')}`));
  // As it stands, but on a port that is free.
  const settings = parse(readFileSync(join(root, example), 'utf8'));
  assert.is(settings.plugins['kiosk-screen'].options.port, undefined);
  settings.plugins['kiosk-screen'].options.port = 0;
  const config = join(folder.path, 'example.yaml');
  writeFileSync(config, stringify(settings));
  await using run = await startExample([...args.map((arg) => (arg === example ? config : arg)), '--speed', '6'], join(folder.path, 'state'));
  const seen = new Set<string>();
  await until('every rule was shown', patienceMs, async () => {
    const { result } = await run.api<{ result: { rules: string[]; warnings: string[] } }>('POST', '/v1/commands/kiosk-screen.status', {});
    assert.equal(result.warnings, []);
    for (const rule of result.rules) seen.add(rule);
    return ['default', 'looks', 'group', 'family'].every((rule) => seen.has(rule));
  });
  await run.stop();
});

test('the README: its settings are settings, its conditions are all there are', async () => {
  const yaml = /^```yaml\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  checkConfig(parse(yaml));
  const { When } = await import('../../../../plugins/kiosk-screen/options.ts');
  for (const name of Object.keys(When.properties)) assert.match(readme, new RegExp(`\`${name}[\`:]`), name);
});

for (const isolation of ['own', 'shared', 'host'] as const) {
  test(`isolation ${isolation}: page, content and a folder of one's own`, async () => {
    using folder = new TemporaryFolder();
    const content = join(folder.path, 'content');
    mkdirSync(content);
    writeFileSync(join(content, 'mine.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    const settings = { from: '@mien/plugins/kiosk-screen', isolation, grant: ['person.presence'] };
    const plugins = {
      usual: { ...settings, options: { port: 0 } },
      mine: { ...settings, options: { port: 0, folder: content }, allow: { read: [content] } },
      shut: { ...settings, options: { port: 0, folder: content } },
    };
    const state = join(folder.path, 'state');
    await using host = await openHost({ stateFolder: state, plugins: { usual: plugins.usual } as never });
    await host.host.start();
    await untilStatus(host.host, 'usual', (status) => status.state === 'running');
    const served = async (path: string) => {
      const { url } = (await host.host.run('usual.status', {})) as { url: string };
      const answer = await fetch(url + path);
      return [answer.status, (await answer.text()).length > 0];
    };
    for (const path of ['', 'main.js', 'style.css', 'content/welcome.svg', 'content/map.html']) assert.equal(await served(path), [200, true], path);

    for (const [name, isServed] of [
      ['mine', true],
      ['shut', isolation !== 'own'],
    ] as const) {
      await using other = await openHost({ stateFolder: join(folder.path, name), plugins: { [name]: plugins[name] } as never });
      await other.host.start();
      await untilStatus(other.host, name, ({ state: is }) => is === (isServed ? 'running' : 'blocked'));
      if (isServed) {
        const { url } = (await other.host.run(`${name}.status`, {})) as { url: string };
        const answer = await fetch(`${url}content/mine.svg`);
        assert.is(answer.status, 200);
        await answer.body?.cancel();
      } else assert.match(reasonOf(other.host, name), /may not be read by a plugin in a process of its own: add it to `allow: \{ read: \[\.\.\.\] \}`/);
    }
  });
}

test.run();
