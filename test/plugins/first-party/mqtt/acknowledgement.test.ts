/** Brokers that are killed lose what they confirmed; the word of the consumer closes that. And a plugin that is killed repeats itself under the same ids. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MienEvent } from '@mien/core/plugin';
import { personAppeared, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { openHost, untilStatus } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { times } from '../../../support/soak.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 120_000;
const test = suite('mqtt: acknowledgement');
const count = times(1000);
const kills = 5;
const eventOf = (n: number): MienEvent => ({ ...personAppeared({ id: `p-${n % 24}` }), id: `boot-${n}`, sequence: String(n) });
const batchOf = (from: number, to: number): MienEvent[] => Array.from({ length: to - from + 1 }, (_, i) => eventOf(from + i));

test(`${count} events, the broker killed ${kills} times with -9, acknowledged by the consumer: none lost`, async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const stored = new Set<string>();
  const acknowledge = { topic: 'house/stored', withinMs: 300 };
  await using _ = await MqttListener.open(broker.url, 'mien/+/+/event/#', {
    took: ({ text }, client) => {
      const { id } = JSON.parse(text);
      stored.add(id);
      client.publish(acknowledge.topic, id, { qos: 1 }, () => {});
    },
  });
  await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url, maxHeld: count, maxHeldMb: 1024, acknowledge }, withinMs: patienceMs });
  const status = async () => (await bench.command('mqtt.status')) as { held: number; dropped: number; sent: number };
  const part = count / (kills + 1);
  for (let from = 1; from <= count; from += 200) {
    await bench.emit(...batchOf(from, Math.min(count, from + 199)));
    if (Math.floor((from + 199) / part) === Math.floor((from - 1) / part)) continue;
    await broker.stop('SIGKILL');
    await broker.start();
  }
  await until('all have left', patienceMs * 5, async () => (await status()).held === 0);
  assert.is(stored.size, count);
  assert.equal([(await status()).dropped, (await status()).sent], [0, count]);
  assert.equal(bench.faults, []);
});

test('the consumer of the README stores each event once, and what it had not acknowledged comes again when it is back', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const file = join(folder.path, 'events.jsonl');
  const program = fileURLToPath(new URL('../../../../plugins/mqtt/acknowledging-consumer.mjs', import.meta.url));
  assert.ok(readFileSync(new URL('../../../../plugins/mqtt/README.md', import.meta.url), 'utf8').includes(readFileSync(program, 'utf8')));
  const consume = () => spawn(process.execPath, [program, broker.url, file], { stdio: 'ignore' });
  // Whole lines: it may be in the midst of one.
  const ids = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []).map((line) => JSON.parse(line).id as string);
  const acknowledge = { topic: 'mien/ack', withinMs: 500 };
  await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url, acknowledge } });
  let consumer = consume();
  try {
    await bench.emit(...batchOf(1, 20));
    await until('twenty are stored', patienceMs, () => ids().length === 20);
    consumer.kill('SIGKILL');
    await bench.emit(...batchOf(21, 30));
    await until('it is told that nobody acknowledges', patienceMs, () => bench.logs.some(({ fields }) => /does the consumer run/.test(JSON.stringify(fields))));
    consumer = consume();
    await until('all are stored', patienceMs, () => ids().length === 30);
    await until('all are acknowledged', patienceMs, async () => ((await bench.command('mqtt.status')) as { held: number }).held === 0);
  } finally {
    consumer.kill('SIGKILL');
  }
  assert.equal(
    [...ids()].sort(),
    batchOf(1, 30)
      .map(({ id }) => id)
      .sort(),
  );
});

test('a plugin that is killed repeats under the same id, and loses none', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  const came = new Map<string, Set<string>>();
  await using _ = await MqttListener.open(broker.url, 'mien/+/+/event/#', {
    took: ({ text }) => {
      const { id, sequence } = JSON.parse(text);
      came.set(sequence, (came.get(sequence) ?? new Set()).add(id));
    },
  });
  const mqtt = { from: '@mien/plugins/mqtt', isolation: 'own', grant: ['person.presence'], options: { url: broker.url } } as const;
  await using test = await openHost({ stateFolder: folder.path, baseFolder: process.cwd(), plugins: { mqtt: { ...mqtt, grant: [...mqtt.grant] } } });
  await test.host.start();
  for (let round = 0; round < 3; round += 1) {
    const { pid } = await untilStatus(test.host, 'mqtt', ({ state, pid }) => state === 'running' && pid !== undefined);
    for (const event of batchOf(round * 100 + 1, round * 100 + 100)) test.host.publish(event);
    process.kill(pid as number, 'SIGKILL');
    await untilStatus(test.host, 'mqtt', (status) => status.pid !== pid && status.state === 'running');
  }
  await until('all have come', patienceMs, () => came.size === 300);
  for (const [sequence, ids] of came) assert.equal([...ids], [`boot-${sequence}`]);
});

test.run();
