import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConfig } from '../../core/src/load-config.ts';
import { childSettings, tokenOf } from '../../node-red-nodes/src/host/child-settings.ts';

const test = suite('settings of a Mien run by Node-RED');
const read = (extra: string, cameras: { name: string; source: string }[] = [], port = 0, profile: 'kiosk' | 'robot' = 'kiosk') =>
  JSON.parse(childSettings({ extra, profile }, cameras, port));

test('without anything: no camera, any port on loopback, warnings only; and Mien takes it', () => {
  const settings = read('');
  const config = checkConfig(settings);
  assert.equal(config.cameras, []);
  assert.is(config.api.port, 0);
  assert.is(config.api.host, '127.0.0.1');
  assert.is(config.log.level, 'warn');
});

test('what is written goes before the profile, the dialog before what is written', () => {
  assert.is(read('', [], 0, 'robot').presence.graceMs, 10_000);
  const { presence } = read('presence: { graceMs: 8000 }', [], 0, 'robot');
  assert.equal(presence, { graceMs: 8000 });
  const { cameras } = read('cameras: [{ name: door, source: clip }, { name: gate, source: clip }]', [{ name: 'gate', source: '/dev/video0' }]);
  assert.equal(cameras, [
    { name: 'door', source: 'clip' },
    { name: 'gate', source: '/dev/video0' },
  ]);
});

test('a camera written without a name is "main", and gives way to the one required by that name', () => {
  assert.equal(read('cameras: [{ source: clip }]', [{ name: 'main', source: '/dev/video2' }]).cameras, [{ name: 'main', source: '/dev/video2' }]);
});

test('the port of the run before is kept, unless one is written', () => {
  assert.is(read('', [], 40_001).api.port, 40_001);
  assert.equal(read('api: { port: 7431, host: 0.0.0.0 }', [], 40_001).api, { port: 7431, host: '0.0.0.0' });
});

test('the token: the dialog goes before what is written', () => {
  const settings = { command: '', profile: 'kiosk', token: undefined, extra: 'api: { token: written-with-24-letters }' } as const;
  assert.is(tokenOf(settings), 'written-with-24-letters');
  assert.is(tokenOf({ ...settings, token: 'of-the-dialog-of-Node-RED' }), 'of-the-dialog-of-Node-RED');
});

for (const [what, extra, says] of [
  ['broken YAML', 'presence: {', /not valid YAML/],
  ['a list', '- presence', /lines of a mien\.yaml/],
  ['a word', 'robot', /lines of a mien\.yaml/],
] as const) {
  test(`${what} is refused with what is right`, () => {
    assert.throws(
      () => read(extra),
      (fault: Error & { code?: string }) => fault.code === 'INPUT_INVALID' && says.test(fault.message),
    );
  });
}

test.run();
