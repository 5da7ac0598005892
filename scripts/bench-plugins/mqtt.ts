// Figures of the mqtt plugin in the shared process, with its outbox on disk, against a mosquitto on loopback: from an event to a subscriber, and how
// many a second go through at QoS 1 when they come at once.
import { Mosquitto, requireMosquitto } from '../../test/support/mosquitto.ts';
import { MqttListener } from '../../test/support/mqtt-listener.ts';
import { openHost, patienceMs, TemporaryFolder, untilStatus } from '../../test/support/plugin-host.ts';
import { until } from '../../test/support/processes.ts';

const SINGLE = 200;
const BURSTS = 5;
// What an outbox is sure of lies in the host's ring: no more at once.
const BURST = 1500;

requireMosquitto();
using folder = new TemporaryFolder();
await using broker = await Mosquitto.open(folder.path);
const at = new Map<string, number>();
await using _ = await MqttListener.open(broker.url, 'mien/+/+/event/#', {
  took: ({ text }) => void at.set(JSON.parse(text).id, performance.now()),
});
await using test = await openHost({
  stateFolder: folder.path,
  plugins: { mqtt: { from: '@mien/plugins/mqtt', grant: ['person.presence'], options: { url: broker.url } } },
});
await test.host.start();
await untilStatus(test.host, 'mqtt', ({ state }) => state === 'running');
await until('connected', patienceMs, async () => ((await test.host.run('mqtt.status', {})) as { connected: boolean }).connected);

let count = 0;
const publish = (): { readonly id: string; readonly atMs: number } => {
  count += 1;
  return { atMs: performance.now(), id: test.people.appear(`p-${count.toString(36).padStart(5, '0')}`).id };
};
const tookMs: number[] = [];
for (let n = 0; n < SINGLE; n += 1) {
  const { id, atMs } = publish();
  await until('it arrives', patienceMs, () => at.has(id));
  tookMs.push((at.get(id) ?? 0) - atMs);
}
const sorted = tookMs.toSorted((a, b) => a - b);
tell(`mqtt: event to a subscriber at QoS 1, median of ${SINGLE}`, sorted[SINGLE >> 1] ?? 0, 'ms');
tell('mqtt: the same, p99', sorted[Math.floor(SINGLE * 0.99)] ?? 0, 'ms');

const startedMs = performance.now();
for (let burst = 0; burst < BURSTS; burst += 1) {
  for (let n = 0; n < BURST; n += 1) publish();
  await until('all arrive', patienceMs, () => at.size === count);
}
tell(`mqtt: events a second at QoS 1, ${BURSTS} times ${BURST} at once`, ((BURSTS * BURST) / (performance.now() - startedMs)) * 1000, '/s');

function tell(name: string, value: number, unit: string): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 10) / 10, unit }));
}
