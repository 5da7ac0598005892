/** Events, counts, availability at a real mosquitto. */

import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { cameraLost, cameraRestored, personAppeared, personLeft, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { eventName } from '../../../../core/src/events.ts';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 60_000;
const test = suite('mqtt: events and states');
const config = { device: 'foyer' };

test('a visit arrives event by event, unchanged and in order, under the topics of the design', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using listener = await MqttListener.open(broker.url, 'mien/#', { qos: 2 });
  for (const qos of [0, 1, 2]) {
    listener.heard.length = 0;
    await using bench = await testPlugin(mqttPlugin, { config, options: { url: broker.url, qos } });
    await until('it is online', patienceMs, () => listener.last('mien/foyer/available') === 'online');
    const told = await bench.play({ people: [{ id: 'eva', age: 38, leaveS: 8 }] });
    const events = () => listener.heard.filter(({ topic }) => topic.includes('/event/'));
    await until('all have come', patienceMs, () => events().length === told.length);
    assert.equal(
      events().map(({ text }) => JSON.parse(text)),
      JSON.parse(JSON.stringify(told)),
    );
    assert.equal(
      events().map(({ topic }) => topic),
      told.map((event) => `mien/foyer/simulated/event/${eventName(event)}`),
    );
    for (const { retain, qos: withQos, properties } of events()) {
      assert.equal([retain, withQos], [false, qos]);
      assert.is(properties?.contentType, 'application/cloudevents+json; charset=UTF-8');
    }
    assert.equal(bench.faults, []);
    const status = async () => (await bench.command('mqtt.status')) as Record<string, unknown>;
    await until('all are confirmed', patienceMs, async () => (await status())['held'] === 0);
    assert.equal(await status(), {
      connected: true,
      protocol: 'MQTT 5',
      fault: null,
      held: 0,
      sent: told.length,
      dropped: 0,
      tooLarge: 0,
      unanswered: 0,
    });
  }
  assert.is(listener.last('mien/foyer/available'), 'offline');
});

test('over WebSockets, and with MQTT 3.1.1', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  // Debian's mosquitto knows no WebSockets.
  const bridge = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mqtt' });
  bridge.on('connection', (socket) => {
    const stream = createWebSocketStream(socket);
    const tcp = connect(broker.port, '127.0.0.1');
    for (const one of [stream, tcp]) one.on('error', () => {});
    stream.pipe(tcp).pipe(stream);
  });
  using _ = { [Symbol.dispose]: () => bridge.close() };
  await once(bridge, 'listening');
  const url = `ws://127.0.0.1:${(bridge.address() as AddressInfo).port}/mqtt`;
  await using listener = await MqttListener.open(broker.url, 'mien/#');
  await using bench = await testPlugin(mqttPlugin, { config, options: { url, version: '3.1.1' } });
  await bench.emit(personAppeared());
  await until('the event came', patienceMs, () => listener.last('mien/foyer/main/event/person.appeared') !== undefined);
  assert.is(((await bench.command('mqtt.status')) as { protocol: string }).protocol, 'MQTT 3.1.1');
});

test('counts and availability are retained, and follow people and cameras', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using bench = await testPlugin(mqttPlugin, { config, options: { url: broker.url, prefix: 'home/mien' } });
  await bench.emit(personAppeared({ id: 'a', attending: true }), personAppeared({ id: 'b', attending: false }));
  await using late = await MqttListener.open(broker.url, 'home/mien/foyer/main/#');
  const state = (name: string) => late.last(`home/mien/foyer/main/state/${name}`);
  await until('two are there', patienceMs, () => state('people') === '2' && state('occupied') === 'ON' && state('watchers') === '1');
  await bench.emit(personLeft({ id: 'a' }), personLeft({ id: 'b' }), cameraLost());
  await until('nobody is there', patienceMs, () => state('people') === '0' && state('occupied') === 'OFF');
  await until('the camera is away', patienceMs, () => late.last('home/mien/foyer/main/available') === 'offline');
  await bench.emit(cameraRestored());
  await until('the camera is back', patienceMs, () => late.last('home/mien/foyer/main/available') === 'online');
  await using later = await MqttListener.open(broker.url, ['home/mien/foyer/available', 'home/mien/foyer/main/#']);
  await until('retained', patienceMs, () => later.heard.length >= 5);
  assert.ok(later.heard.every(({ retain }) => retain));
  assert.equal(later.heard.map(({ topic, text }) => `${topic.slice('home/mien/foyer'.length)} ${text}`).sort(), [
    '/available online',
    '/main/available online',
    '/main/state/occupied OFF',
    '/main/state/people 0',
    '/main/state/watchers 0',
  ]);
});

test.run();
