/** Brokers that are slow, silent, or gone in the midst of it: events wait on disk, and no more is on its way than was agreed. */
import type { MienEvent } from '@mien/core/plugin';
import { personUpdated, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { MuteBroker } from '../../../support/mute-broker.ts';
import { until } from '../../../support/processes.ts';
import { StallingRelay } from '../../../support/stalling-relay.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 60_000;
const test = suite('mqtt: slow brokers');
const batchOf = (from: number, to: number): MienEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ ...personUpdated({ id: 'p-aaaaa' }), id: `boot-${from + i}`, sequence: String(from + i) }));
const statusOf = async (bench: Awaited<ReturnType<typeof testPlugin>>) =>
  (await bench.command('mqtt.status')) as { connected: boolean; held: number; sent: number; dropped: number; fault: string | null };

test('a broker that confirms nothing gets no more than fits on the way, and is connected to anew', async () => {
  for (const [properties, most] of [
    [{}, 64],
    [{ receiveMaximum: 5 }, 5],
    // Against the rules of MQTT.
    [{ receiveMaximum: 0 }, 1],
  ] as const) {
    await using broker = await MuteBroker.open(properties);
    await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url, ackWithinMs: 1500, maxHeld: 500 } });
    await until('connected', patienceMs, async () => (await statusOf(bench)).connected);
    await bench.emit(...batchOf(1, 1000));
    await until('the way is full', patienceMs, () => broker.published.filter(({ qos }) => qos > 0).length === most);
    const { held, sent, dropped } = await statusOf(bench);
    assert.equal([held, sent, held + dropped], [500, 0, 1000]);
    const numbers = () => broker.published.filter(({ topic }) => topic.includes('/event/')).map(({ messageId }) => messageId);
    await until('connected anew, and sent again under the same number', patienceMs, () => new Set(numbers()).size < numbers().length);
    assert.ok(broker.connections >= 2);
    assert.ok(new Set(numbers()).size <= most, 'never more than so many that are not confirmed');
    assert.ok(bench.logs.some(({ fields }) => /confirmed nothing for 1500 ms/.test(JSON.stringify(fields))));
  }
});

test('behind a relay that stalls, flows and is cut, everything comes in order', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using relay = await StallingRelay.open(broker.port);
  const came: number[] = [];
  await using _ = await MqttListener.open(broker.url, 'mien/+/+/event/#', { took: ({ text }) => void came.push(Number(JSON.parse(text).sequence)) });
  await using bench = await testPlugin(mqttPlugin, { options: { url: `mqtt://127.0.0.1:${relay.port}`, keepaliveS: 2 } });
  await bench.emit(...batchOf(1, 100));
  relay.stall();
  await bench.emit(...batchOf(101, 300));
  assert.ok((await statusOf(bench)).held > 0);
  relay.flow();
  await until('three hundred came', patienceMs, () => new Set(came).size === 300);
  relay.cut();
  await bench.emit(...batchOf(301, 400));
  relay.stall();
  // Nothing comes back on the connection: it is taken for lost, and another is made.
  const { connections } = relay;
  await bench.emit(...batchOf(401, 500));
  await until('it is taken for lost', patienceMs, () => relay.connections > connections);
  relay.flow();
  await until('all came', patienceMs, () => new Set(came).size === 500);
  assert.equal(
    [...new Set(came)],
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  assert.equal(bench.faults, []);
});

test('it stops in time whatever the broker does, and leaves what was not confirmed on disk', async () => {
  using folder = new TemporaryFolder();
  await using mute = await MuteBroker.open();
  const first = await testPlugin(mqttPlugin, { options: { url: mute.url }, storeFolder: folder.path, withinMs: 20_000 });
  await until('connected', patienceMs, async () => (await statusOf(first)).connected);
  await first.emit(...batchOf(1, 10));
  await first.stop();
  assert.equal(first.faults, []);
  assert.not.ok(first.logs.some(({ message }) => /outbox could not send/.test(message)));
  using place = new TemporaryFolder();
  await using broker = await Mosquitto.open(place.path);
  await using listener = await MqttListener.open(broker.url, 'mien/+/+/event/#');
  await using _ = await testPlugin(mqttPlugin, { options: { url: broker.url }, storeFolder: folder.path });
  await until('all ten came', patienceMs, () => listener.heard.length === 10);
  assert.equal(
    listener.heard.map(({ text }) => JSON.parse(text).id),
    batchOf(1, 10).map(({ id }) => id),
  );
});

test('an event larger than the broker takes is left out and counted, and the next goes through', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path, ['max_packet_size 3000']);
  await using listener = await MqttListener.open(broker.url, 'mien/+/+/event/#');
  await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url } });
  await until('connected', patienceMs, async () => (await statusOf(bench)).connected);
  const [small, large] = batchOf(1, 2);
  if (!small || !large) throw new Error('two events');
  await bench.emit({ ...large, subject: `person/${'x'.repeat(4000)}` } as MienEvent, small);
  await until('the small one came', patienceMs, () => listener.heard.length === 1);
  assert.is(((await bench.command('mqtt.status')) as { tooLarge: number }).tooLarge, 1);
  assert.ok(bench.logs.some(({ message }) => /larger than the broker takes/.test(message)));
});

test.run();
