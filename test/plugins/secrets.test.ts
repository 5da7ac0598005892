/** Secrets among a plugin's options: shown to nobody, kept when a form sends its mask back, in the plugin and in the real file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../core/src/client.ts';
import { createServer } from '../../core/src/console/server.ts';
import { MASK, unmaskSecrets } from '../../core/src/host/plugins/mask-secrets.ts';
import { loadConfig } from '../../core/src/load-config.ts';
import { savePluginChange } from '../../core/src/save-plugin.ts';
import { rejectsWith } from '../support/errors.ts';
import { openHost, TemporaryFolder, untilStatus, writePlugin } from '../support/plugin-host.ts';

const secrets = suite('secrets of plugins');

const text = `
  options: Type.Object({
    token: Type.String({ secret: true, default: '' }),
    greeting: Type.String({ default: 'Hello' }),
    servers: Type.Array(Type.Object({ url: Type.String(), key: Type.String({ format: 'password' }) }), { default: [] }),
  }),
  setup(context, options) { context.command('told', Type.Object({}), () => options); }`;
const first = { url: 'a', key: 'key-of-a' };
const second = { url: 'b', key: 'key-of-b' };

secrets('a form sends the masks back: plugin and file keep their secrets, and no answer or log line has them', async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'mien.yaml');
  writePlugin(folder.path, 'keeper', text);
  const options = { token: 'very-secret', servers: [first, second] };
  writeFileSync(path, `# mine\nversion: 2\nplugins:\n  keeper:\n    from: ./keeper.ts\n    isolation: host\n    options: ${JSON.stringify(options)}\n`);
  const loaded = await loadConfig(path);
  const config = { ...loaded, api: { ...loaded.api, port: 0 } };
  await using test = await openHost({ stateFolder: join(folder.path, 'state'), plugins: config.plugins });
  await test.host.start();
  const logger = { error: note, warn: note, info: note, debug: note, trace: note };
  const lines: string[] = [];
  function note(fields: object, message: string): void {
    lines.push(JSON.stringify(fields) + message);
  }
  await using server = await createServer({
    config,
    logger,
    sight: test.sight,
    people: test.people,
    bus: test.bus,
    npu: { read: async () => ({ absent: [] }) },
    plugins: test.host,
    saveChange: async (name, change) => {
      await savePluginChange(path, name, change);
      return true;
    },
  });
  const client = createClient({ url: server.url });
  const shown = async () => (await client.plugins())[0]?.options as Record<string, unknown>;
  const masked = {
    token: MASK,
    greeting: 'Hello',
    servers: [
      { ...first, key: MASK },
      { ...second, key: MASK },
    ],
  };
  assert.equal(await shown(), masked);

  assert.equal(await client.checkPluginOptions('keeper', masked), []);
  // The first server is taken out: the second keeps its own key.
  const wish = { ...masked, greeting: 'Moin', servers: [{ ...second, key: MASK }] };
  const change = await client.setPluginOptions('keeper', wish);
  assert.equal(change.plugin.options, wish);
  assert.is(change.saved, true);
  const whole = { token: 'very-secret', greeting: 'Moin', servers: [second] };
  assert.equal(await test.host.run('told', {}), whole);
  assert.equal((await loadConfig(path)).plugins['keeper']?.options, whole);
  assert.not.match(readFileSync(path, 'utf8'), /\*{8}/);

  await client.setPluginOptions('keeper', { ...wish, token: 'another' });
  assert.is((await loadConfig(path)).plugins['keeper']?.options['token'], 'another');

  const refused = await client.setPluginOptions('keeper', { ...wish, servers: [wish.servers[0], { url: 'c', key: MASK }] }).catch((fault) => fault);
  assert.is(refused.code, 'CONFIG_INVALID');
  assert.match(refused.message, /plugins\.keeper\.options\.servers\[1\]\.key: .*write the secret itself/);

  await client.enablePlugin('keeper', false);
  assert.equal((await shown())['token'], MASK);
  assert.not.match(lines.join() + JSON.stringify(test.log), /very-secret|key-of-/);
});

secrets('of a plugin that was never loaded, every text is masked', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'keeper', text);
  await using test = await openHost({ stateFolder: folder.path, plugins: { keeper: { from, enabled: false, options: { token: 'very-secret', n: 3 } } } });
  await test.host.start();
  const { options } = await untilStatus(test.host, 'keeper', ({ state }) => state === 'disabled');
  assert.equal(options, { token: MASK, n: 3 });
});

secrets('what is no mask stays, where there is nothing to be kept is told', async () => {
  assert.equal(unmaskSecrets({ a: 1, b: [MASK], c: '' }, { a: 2, b: ['x'], c: 'y' }), { a: 1, b: ['x'], c: '' });
  assert.equal(unmaskSecrets(MASK, { whole: true }), { whole: true });
  const { message } = await rejectsWith('CONFIG_INVALID', () => unmaskSecrets({ a: { b: MASK } }, { a: null }));
  assert.match(message, /^options\.a\.b: /);
  await rejectsWith('CONFIG_INVALID', () => unmaskSecrets({ toString: MASK }, {}));
});

secrets.run();
