/** Commands from the broker: allowed ones run and are answered; everything else is answered with what is wrong, a flood included. */
import { testPlugin } from '@mien/core/testing';
import mqtt, { type MqttClient } from 'mqtt';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { openHost, writePlugin } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 60_000;
const test = suite('mqtt: commands');

const publish = (client: MqttClient, name: string, payload: string | Buffer, more: object = {}) =>
  client.publishAsync(`mien/mien/command/${name}`, payload, { qos: 1, ...more });

test('an allowed command runs with its input; the answer goes to the response topic, or to .../result', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const waver = writePlugin(
    folder.path,
    'waver',
    `setup(context) {
      context.command('waver.wave', Type.Object({ times: Type.Integer({ minimum: 1 }) }), ({ times }) => ({ waved: times }));
      context.command('waver.sleep', Type.Object({}), () => new Promise(() => {}));
    }`,
  );
  const options = { url: broker.url, commands: { allow: ['waver.wave', 'waver.gone'] } };
  await using test = await openHost({
    stateFolder: folder.path,
    baseFolder: process.cwd(),
    plugins: { waver: { from: waver }, mqtt: { from: '@mien/plugins/mqtt', isolation: 'shared', grant: ['person.presence'], options } },
  });
  await test.host.start();
  await using listener = await MqttListener.open(broker.url, ['mien/mien/command/+/result', 'replies/#', 'mien/mien/available']);
  await until('online', patienceMs, () => listener.last('mien/mien/available') === 'online');
  const answerOn = async (topic: string) => {
    await until(`an answer on ${topic}`, patienceMs, () => listener.last(topic) !== undefined);
    const answer = listener.heard.findLast((one) => one.topic === topic);
    listener.heard.length = 0;
    return { ...JSON.parse(answer?.text ?? ''), correlation: answer?.properties?.correlationData?.toString() };
  };
  const { client } = listener;

  await publish(client, 'waver.wave', '{"times": 3}');
  assert.equal((await answerOn('mien/mien/command/waver.wave/result')).result, { waved: 3 });
  await publish(client, 'waver.wave', '{"times": 2}', { properties: { responseTopic: 'replies/me', correlationData: Buffer.from('n-17') } });
  assert.equal(await answerOn('replies/me'), { result: { waved: 2 }, correlation: 'n-17' });
  // An answer that would be a command: it goes to the usual place.
  await publish(client, 'waver.wave', '{"times": 1}', { properties: { responseTopic: 'mien/mien/command/waver.wave' } });
  assert.equal((await answerOn('mien/mien/command/waver.wave/result')).result, { waved: 1 });

  for (const [name, payload, code, words] of [
    ['waver.wave', '{"times": 0}', 'REQUEST_INVALID', /times/],
    ['waver.wave', '{"times": ', 'REQUEST_INVALID', /expected a JSON object/],
    ['waver.wave', '[1]', 'REQUEST_INVALID', /got \[1\]/],
    ['waver.wave', Buffer.alloc(70_000, 32), 'REQUEST_INVALID', /at most 65536 bytes, got 70000/],
    ['waver.sleep', '{}', 'COMMAND_UNKNOWN', /add it to commands\.allow/],
    ['waver.gone', '{}', 'COMMAND_UNKNOWN', /waver\.gone/],
  ] as const) {
    await publish(client, name, payload);
    const { error } = await answerOn(`mien/mien/command/${name}/result`);
    assert.is(error.code, code);
    assert.match(error.message, words);
  }
  // Retained by somebody: it is not run, now or at the next connection.
  await publish(client, 'waver.wave', '{"times": 9}', { retain: true });
  await publish(client, 'waver.wave', '{"times": 4}');
  assert.equal((await answerOn('mien/mien/command/waver.wave/result')).result, { waved: 4 });
});

test('without allowed commands nothing is subscribed', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path, ['log_type all']);
  await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url } });
  await until('connected', patienceMs, async () => ((await bench.command('mqtt.status')) as { connected: boolean }).connected);
  assert.not.match(broker.log, /SUBSCRIBE/);
});

test('a message that is far too large for a command ends the connection before it is in memory, and is told of', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const options = { url: broker.url, version: '3.1.1', commands: { allow: ['speech.say'] } };
  await using host = await openHost({
    stateFolder: folder.path,
    baseFolder: process.cwd(),
    plugins: { mqtt: { from: '@mien/plugins/mqtt', isolation: 'own', grant: ['person.presence'], options } },
  });
  await host.host.start();
  const status = async () => (await host.host.run('mqtt.status', {})) as { connected: boolean; sent: number };
  const isConnected = () => until('connected', patienceMs, async () => (await status()).connected);
  await isConnected();
  const client = mqtt.connect(broker.url);
  await client.publishAsync('mien/mien/command/speech.say', Buffer.alloc(100 * 1024 * 1024));
  await client.endAsync();
  const told = () => host.log.some(({ fields }) => /message of more than/.test(JSON.stringify(fields)));
  await until('it is told', patienceMs, told);
  await isConnected();
  host.people.appear('p-aaaaa');
  await until('events go out', patienceMs, async () => (await status()).sent > 0);
  assert.is(host.host.status('mqtt').restarts, 0);
});

test('a flood of commands: a few run, the rest is answered BUSY or left, and events go out all the while', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const busy = writePlugin(
    folder.path,
    'busy',
    `setup(context) { context.command('busy.wait', Type.Object({}), () => new Promise((resolve) => setTimeout(resolve, 1000))); }`,
  );
  await using host = await openHost({
    stateFolder: folder.path,
    baseFolder: process.cwd(),
    plugins: {
      busy: { from: busy },
      mqtt: { from: '@mien/plugins/mqtt', isolation: 'shared', grant: ['person.presence'], options: { url: broker.url, commands: { allow: ['busy.wait'] } } },
    },
  });
  await host.host.start();
  const answers = { busy: 0, ran: 0 };
  await using _ = await MqttListener.open(broker.url, 'mien/mien/command/+/result', {
    took: ({ text }) => {
      if (text.includes('"BUSY"')) answers.busy += 1;
      else answers.ran += 1;
    },
  });
  await until('connected', patienceMs, async () => ((await host.host.run('mqtt.status', {})) as { connected: boolean }).connected);
  const client = mqtt.connect(broker.url);
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  for (let n = 0; n < 5000; n += 1) client.publish('mien/mien/command/busy.wait', '{}');
  await client.endAsync();
  await until('some were answered BUSY, and those that ran were answered', patienceMs, () => answers.busy > 0 && answers.ran >= 8);
  const { unanswered, connected } = (await host.host.run('mqtt.status', {})) as { unanswered: number; connected: boolean };
  assert.ok(connected);
  assert.ok(answers.busy + answers.ran + unanswered > 100);
  assert.is(host.host.status('mqtt').state, 'running');
});

test.run();
