import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CrashRecord } from '../../../../core/src/host/plugins/crash-record.ts';
import { isWellFormed } from '../../../../core/src/host/plugins/life-messages.ts';
import { MASK, maskSecrets } from '../../../../core/src/host/plugins/mask-secrets.ts';
import { pluginLimits } from '../../../../core/src/host/plugins/plugin-limits.ts';
import { openPluginState } from '../../../../core/src/host/plugins/plugin-state.ts';
import { silentLogger } from '../../../../core/src/log.ts';
import { stateFolder } from '../../../../core/src/state-folder.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

const state = suite('what is remembered of plugins');

state('comes back after a restart, readable by its owner only', async () => {
  using folder = new TemporaryFolder();
  const quarantine = { fingerprint: 'abc', reason: 'crashed', atWallMs: 5 };
  {
    await using opened = await openPluginState(folder.path, silentLogger);
    opened.setQuarantine('one', quarantine);
    opened.setQuarantine('two', quarantine);
    opened.setLastGood('one', { options: { pin: 'secret' }, optionsVersion: 2 });
    opened.setQuarantine('two', undefined);
    await opened.saved();
  }
  assert.is(statSync(join(folder.path, 'plugins.json')).mode & 0o077, 0);
  await using again = await openPluginState(folder.path, silentLogger);
  assert.equal(again.quarantine('one'), quarantine);
  assert.is(again.quarantine('two'), undefined);
  assert.is(again.quarantine('constructor'), undefined);
  assert.equal(again.lastGood('one'), { options: { pin: 'secret' }, optionsVersion: 2 });
});

state('files that make no sense are moved aside', async () => {
  using folder = new TemporaryFolder();
  for (const text of ['', '7', '{', '{"version":2}', '{"version":1,"quarantines":{"a":7},"lastGood":{}}', '{"version":1,"quarantines":null,"lastGood":{}}']) {
    writeFileSync(join(folder.path, 'plugins.json'), text);
    await using opened = await openPluginState(folder.path, silentLogger);
    opened.setLastGood('one', { options: {} });
    await opened.saved();
    assert.is(JSON.parse(readFileSync(join(folder.path, 'plugins.json'), 'utf8')).version, 1);
  }
  assert.ok(readdirSync(folder.path).some((name) => name.includes('.corrupt-')));
});

state('the folder: as configured, as systemd says, as the desktop says', () => {
  assert.is(stateFolder({ stateFolder: '/here' }, { STATE_DIRECTORY: '/there' }), '/here');
  assert.is(stateFolder({}, { STATE_DIRECTORY: '/var/lib/mien:/var/lib/other' }), '/var/lib/mien');
  assert.is(stateFolder({}, { XDG_STATE_HOME: '/home/x/state' }), '/home/x/state/mien');
  assert.match(stateFolder({}, {}), /\/\.local\/state\/mien$/);
});

state('crashes: enough within the window, doubtful ones forgiven by a healthy run, waits that begin anew', () => {
  const record = new CrashRecord({ ...pluginLimits, crashes: 3, backoffFirstMs: 100, backoffCapMs: 1000 });
  record.add('first', false);
  record.add('perhaps', true);
  assert.is(record.count, 2);
  record.healthy();
  assert.equal(
    record.crashes.map(({ reason }) => reason),
    ['first'],
  );
  const waits = [record.nextWaitMs(), record.nextWaitMs(), record.nextWaitMs()];
  for (const [i, wait] of waits.entries()) assert.ok(wait >= 50 * 2 ** i && wait <= 100 * 2 ** i);
  record.add('second', false);
  assert.not(record.isEnough);
  record.add('third', false);
  assert.ok(record.isEnough);
  for (let i = 0; i < 20; i += 1) record.add('more', false);
  assert.is(record.crashes.length, 5);
  record.clear();
  assert.is(record.count, 0);
  assert.not(new CrashRecord({ ...pluginLimits, crashes: 1, crashWindowMs: 0 }).isEnough);
});

state('secrets are masked wherever the schema knows them', () => {
  const secret = { type: 'string', secret: true };
  const schema = {
    properties: {
      user: { type: 'string' },
      pin: secret,
      password: { type: 'string', format: 'password' },
      unset: secret,
      hosts: { type: 'array', items: { properties: { token: secret, url: {} } } },
      either: { anyOf: [{ type: 'null' }, { properties: { key: secret } }] },
      named: { additionalProperties: secret },
      pattern: { patternProperties: { '.*': secret } },
    },
  };
  const options = {
    user: 'me',
    pin: '1234',
    password: 'pw',
    unset: '',
    hosts: [{ token: 't', url: 'u' }],
    either: { key: 'k' },
    named: { a: 'x' },
    pattern: { b: 'y' },
    unknown: 1,
  };
  assert.equal(maskSecrets(schema, options), {
    user: 'me',
    pin: MASK,
    password: MASK,
    unset: '',
    hosts: [{ token: MASK, url: 'u' }],
    either: { key: MASK },
    named: { a: MASK },
    pattern: { b: MASK },
    unknown: 1,
  });
  assert.is(maskSecrets({}, undefined), undefined);
});

state('messages of plugins are checked for their shape and depth', () => {
  const nested = (depth: number): object => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  assert.ok(isWellFormed({ type: 'started', options: nested(20) }));
  assert.not(isWellFormed({ type: 'started', options: nested(5000) }));
  assert.ok(isWellFormed({ type: 'stopped', faults: ['one'] }));
  for (const bad of [
    { type: 'stopped' },
    { type: 'failed', error: 'no' },
    { type: 'log', level: 'silent', fields: {}, message: '' },
    { type: 'loaded', description: {} },
  ]) {
    assert.not(isWellFormed(bad as never), JSON.stringify(bad));
  }
});

state.run();
