// Figures of the webhook plugin in the shared process, with its outbox on disk, against a web server on loopback: from an event to the request at
// the server, and how many a second it takes when they come at once.
import { openHost, patienceMs, TemporaryFolder, untilStatus } from '../../test/support/plugin-host.ts';
import { until } from '../../test/support/processes.ts';
import { openWebhookReceiver } from '../../test/support/webhook-receiver.ts';

const SINGLE = 200;
// An outbox is sure of what is among the newest 2000 events.
const BURST = 1500;

using folder = new TemporaryFolder();
const at = new Map<string, number>();
using server = await openWebhookReceiver((request) => {
  at.set(String(request.headers['webhook-id']), performance.now());
  return undefined;
});
const options = { url: server.url, secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` };
await using test = await openHost({ stateFolder: folder.path, plugins: { webhook: { from: '@mien/plugins/webhook', grant: ['person.presence'], options } } });
await test.host.start();
await untilStatus(test.host, 'webhook', ({ state }) => state === 'running');

const publish = (n: number): { readonly id: string; readonly atMs: number } => ({
  atMs: performance.now(),
  id: test.people.appear(`p-${n.toString(36).padStart(5, '0')}`).id,
});
const tookMs: number[] = [];
for (let n = 0; n < SINGLE; n += 1) {
  const { id, atMs } = publish(n);
  await until('it arrives', patienceMs, () => at.has(id));
  tookMs.push((at.get(id) ?? 0) - atMs);
}
const sorted = tookMs.toSorted((a, b) => a - b);
tell(`webhook: event to the request at the server, median of ${SINGLE}`, sorted[SINGLE >> 1] ?? 0, 'ms');
tell('webhook: the same, p99', sorted[Math.floor(SINGLE * 0.99)] ?? 0, 'ms');

const startedMs = performance.now();
for (let n = 0; n < BURST; n += 1) publish(SINGLE + n);
await until('all arrive', patienceMs, () => at.size === SINGLE + BURST);
tell(`webhook: deliveries a second, ${BURST} at once, one after the other`, (BURST / (performance.now() - startedMs)) * 1000, '/s');

for (const [inFlight, events] of [
  [1, 40],
  [8, 320],
] as const) {
  using far = await openWebhookReceiver((request, _, response) => {
    setTimeout(() => {
      request.status = 204;
      response.writeHead(204).end();
    }, 100);
    return 'answered';
  });
  await test.host.configure('webhook', { options: { ...options, url: far.url, inFlight } });
  const beganMs = performance.now();
  for (let n = 0; n < events; n += 1) test.people.appear(`p-${inFlight}${n.toString(36).padStart(4, '0')}`);
  await until('all are taken', patienceMs, () => far.taken.length === events);
  tell(`webhook: deliveries a second to a server that answers after 100 ms, inFlight ${inFlight}`, (events / (performance.now() - beganMs)) * 1000, '/s');
}

function tell(name: string, value: number, unit: string): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 10) / 10, unit }));
}
