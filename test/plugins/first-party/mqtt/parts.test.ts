/** Streams beside the events, the three isolations, and the small parts. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { personAppeared, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Acknowledgements, idsOf } from '../../../../plugins/mqtt/acknowledgements.ts';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { isNearby } from '../../../../plugins/mqtt/local-address.ts';
import { PeopleAtCameras } from '../../../../plugins/mqtt/people.ts';
import { cameraOf, nameOf } from '../../../../plugins/mqtt/topics.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { openHost, TemporaryFolder, untilStatus } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';

requireMosquitto();
const patienceMs = 60_000;
const test = suite('mqtt: parts');

test('snapshots and motion: who is there, as far as granted, not retained, and motion only nearby', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using listener = await MqttListener.open(broker.url, 'mien/#', { qos: 0 });
  const scene = { people: [{ id: 'eva', age: 38, leaveS: 20 }] };
  {
    await using bench = await testPlugin(mqttPlugin, {
      options: { url: broker.url, send: { events: false, periodic: true, motion: true } as never },
      grant: ['person.presence', 'person.age'],
    });
    await until('online', patienceMs, () => listener.last('mien/mien/available') === 'online');
    await bench.play(scene);
    await until('motion came', patienceMs, () => listener.on('mien/mien/simulated/motion').length > 20);
    await until('a snapshot came', patienceMs, () => listener.on('mien/mien/simulated/state/snapshot').length > 0);
    const fields = new Set(listener.on('mien/mien/simulated/motion').flatMap(({ text }) => JSON.parse(text).people.flatMap(Object.keys)));
    assert.equal([...fields].sort(), ['age', 'camera', 'id', 'returned', 'sinceMs', 'state']);
    assert.not.ok(listener.heard.some(({ topic }) => topic.includes('/event/')));
    assert.not.ok(listener.heard.some(({ topic, retain }) => /motion|snapshot/.test(topic) && retain));
  }
});

test('what is nearby', async () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.1.2.3', '172.20.0.1', '192.168.7.7', '169.254.3.3', '[fd00::5]', '[fe80::1]', '[::ffff:10.0.0.1]'])
    assert.is(await isNearby(host), true, host);
  for (const host of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '[2001:db8::1]', '[::ffff:8.8.8.8]', 'no-such-host.invalid'])
    assert.is(await isNearby(host), false, host);
});

test('an unencrypted way to a broker elsewhere is warned of', async () => {
  await using bench = await testPlugin(mqttPlugin, { options: { url: 'mqtt://203.0.113.7:1883', send: { motion: true } as never } });
  await bench.emit(personAppeared());
  assert.ok(bench.logs.some(({ level, message }) => level === 'warn' && /unencrypted over a foreign network/.test(message)));
});

for (const isolation of ['own', 'shared', 'host'] as const) {
  test(`it runs in isolation ${isolation}, and is gone when it is stopped`, async () => {
    using folder = new TemporaryFolder();
    await using broker = await Mosquitto.open(folder.path);
    await using listener = await MqttListener.open(broker.url, 'mien/#');
    const options = { url: broker.url, qos: 2 };
    await using test = await openHost({
      stateFolder: folder.path,
      baseFolder: process.cwd(),
      plugins: { mqtt: { from: '@mien/plugins/mqtt', isolation, grant: ['person.presence'], options } },
    });
    await test.host.start();
    await untilStatus(test.host, 'mqtt', ({ state }) => state === 'running');
    test.host.publish(personAppeared());
    await until(
      'the event came',
      patienceMs,
      () =>
        listener.last('mien/test-device/main/event/person.appeared') !== undefined ||
        listener.heard.some(({ topic }) => topic.endsWith('/event/person.appeared')),
    );
    await test.host.configure('mqtt', { enabled: false });
    await until('it said that it is away', patienceMs, () => listener.heard.some(({ topic, text }) => topic.endsWith('/available') && text === 'offline'));
    assert.equal(test.host.status('mqtt').crashes, []);
  });
}

test('mien plugin test finds nothing to complain of, with a broker and without', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  for (const options of [undefined, { url: broker.url, send: { motion: true, periodic: true }, homeAssistant: { discovery: true } }]) {
    const args = ['core/src/cli.ts', 'plugin', 'test', '@mien/plugins/mqtt', '--json', ...(options ? ['--options', JSON.stringify(options)] : [])];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 });
    const { passed, checks } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    assert.ok(passed, stdout);
    assert.equal(
      checks.filter(({ result }: { result: string }) => result !== 'ok'),
      [],
    );
  }
});

test('ids of an acknowledgement: text, JSON text, a list; anything else is none', () => {
  assert.equal(idsOf('boot-1'), ['boot-1']);
  assert.equal(idsOf(' "boot-1"\n'), ['boot-1']);
  assert.equal(idsOf('["a", "b", 7, null]'), ['a', 'b']);
  assert.equal(idsOf(''), []);
  assert.equal(idsOf('[1'), []);
});

test('acknowledged before the broker has confirmed is acknowledged; too late, lost, or not published is not', async () => {
  const acks = new Acknowledgements('t', 50);
  const never = new Promise<void>(() => {});
  const early = acks.confirmed('a', () => never);
  acks.take('["a", "unknown"]');
  await early;
  const fails = async (promise: Promise<void>, words: RegExp) =>
    promise.then(
      () => assert.unreachable(),
      (fault) => assert.match(String(fault), words),
    );
  await fails(
    acks.confirmed('b', async () => {}),
    /not acknowledged on t within 50 ms/,
  );
  await fails(
    acks.confirmed('c', () => Promise.reject(new Error('offline'))),
    /offline/,
  );
  const lost = acks.confirmed('d', async () => {});
  acks.lose();
  await fails(lost, /was lost/);
  assert.is(acks.open, 0);
});

test('counts follow events, and snapshots set them right', () => {
  const people = new PeopleAtCameras(true);
  people.here('hall', { id: 'a', attention: { state: 'attending' } });
  people.here('hall', { id: 'a', attention: { state: 'away' } });
  people.here('hall', { id: 'b', attention: { state: 'attending' } });
  people.left('door', 'unknown');
  assert.equal(
    [people.at('hall'), people.at('door')],
    [
      { people: 2, watchers: 1 },
      { people: 0, watchers: 0 },
    ],
  );
  people.all('hall', [{ id: 'c' }]);
  assert.equal([people.at('hall'), people.cameras], [{ people: 1, watchers: 0 }, ['hall', 'door']]);
  assert.is(new PeopleAtCameras(false).at('hall').watchers, undefined);
});

test('camera and name of an event', () => {
  assert.equal([cameraOf({ source: 'urn:mien:foyer/main' }), cameraOf({ source: 'urn:mien:foyer' })], ['main', undefined]);
  assert.is(nameOf({ type: 'mien.person.appeared.v1' }), 'person.appeared');
});

test.run();
