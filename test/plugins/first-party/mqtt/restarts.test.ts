/** A broker that is restarted in the midst of it: nothing is lost, the order stays, nothing comes twice. `npm run test:soak` sends 100,000. */

import type { MienEvent } from '@mien/core/plugin';
import { personUpdated, type TestBench, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { MqttListener } from '../../../support/mqtt-listener.ts';
import { until } from '../../../support/processes.ts';
import { times } from '../../../support/soak.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
const patienceMs = 120_000;
const test = suite('mqtt: restarts of the broker');
const count = times(1000);
const restarts = 5;

/** Two dozen people who change all the time. */
const eventOf = (n: number): MienEvent => {
  const event = personUpdated({ id: `p-${n % 24}` });
  return { ...event, id: `boot-${n}`, sequence: String(n).padStart(16, '0') };
};

/** Emits them all, and calls back at equal parts of the way. */
async function emitAll(bench: TestBench, parts: number, between: () => Promise<void>): Promise<void> {
  const batch = 250;
  for (let from = 1, part = 1; from <= count; from += batch) {
    await bench.emit(...Array.from({ length: Math.min(batch, count - from + 1) }, (_, i) => eventOf(from + i)));
    if (from + batch > (part * count) / (parts + 1) && part <= parts) {
      part += 1;
      await between();
    }
  }
}

const range = (to: number): number[] => Array.from({ length: to }, (_, i) => i + 1);

for (const qos of [1, 2] as const) {
  test(`${count} events at QoS ${qos}, the broker stopped ${restarts} times: none lost, in order${qos === 2 ? ', none twice' : ''}`, async () => {
    using folder = new TemporaryFolder();
    await using broker = await Mosquitto.open(folder.path);
    const came: number[] = [];
    await using _ = await MqttListener.open(broker.url, 'mien/+/+/event/#', { qos, took: ({ text }) => void came.push(Number(JSON.parse(text).sequence)) });
    await using bench = await testPlugin(mqttPlugin, { options: { url: broker.url, qos, maxHeld: count, maxHeldMb: 1024 }, withinMs: patienceMs });
    await emitAll(bench, restarts, async () => {
      await broker.stop('SIGTERM');
      await broker.start();
    });
    const status = async () => (await bench.command('mqtt.status')) as { held: number; sent: number; dropped: number };
    await until('all have left', patienceMs * 5, async () => (await status()).held === 0);
    await until('all have come', patienceMs, () => came.length >= count && came.at(-1) === count);
    assert.equal(qos === 2 ? came : [...new Set(came)], range(count));
    assert.is((await status()).dropped, 0);
    assert.equal(bench.faults, []);
  });
}

test.run();
