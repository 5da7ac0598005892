// Figures of the dialogue plugin in its usual place (the shared process), asked by the official SDK's client over HTTP: how long an answer takes, and how
// many notices a second come of one person who changes all the time.
import { known } from '../../test/support/fake-people.ts';
import { connectClient, httpTransport, openDialogue } from '../../test/support/mcp.ts';
import { patienceMs } from '../../test/support/plugin-host.ts';
import { until } from '../../test/support/processes.ts';

const CALLS = 1000;
const PEOPLE = 5;
const CHANGES_MS = 6000;

await using dialogue = await openDialogue();
await using connected = await connectClient(httpTransport(await dialogue.address()));
const { client } = connected;
const { people } = dialogue.test;
const whoIsHere = () => client.callTool({ name: 'who_is_here' });
for (let at = 0; at < PEOPLE; at += 1) people.appear(`p-0000${at}`, known);
await until('all are here', patienceMs, async () => ((await whoIsHere()).structuredContent as { count: number }).count === PEOPLE);
for (let at = 0; at < 200; at += 1) await paced(at);

const took: number[] = [];
for (let at = 0; at < CALLS; at += 1) took.push(await paced(at));
const sorted = took.toSorted((a, b) => a - b);
tell(`dialogue: who_is_here with ${PEOPLE} people, median of ${CALLS}`, sorted[CALLS / 2] ?? 0, 'ms', 10);
tell('dialogue: who_is_here, p99', sorted[Math.floor(CALLS * 0.99)] ?? 0, 'ms', 10);

await client.subscribeResource({ uri: 'mien://people' });
people.leave('p-00001');
for (const id of ['p-00002', 'p-00003', 'p-00004']) people.leave(id);
await until('one is left', patienceMs, async () => ((await whoIsHere()).structuredContent as { count: number }).count === 1);
connected.updates.length = 0;
const ends = performance.now() + CHANGES_MS;
for (let at = 0; performance.now() < ends; at += 1) {
  people.update('p-00000', { zone: at % 2 === 0 ? 'near' : 'mid' });
  await new Promise((resolve) => setTimeout(resolve, 33));
}
const busiest = Math.max(...connected.updates.map(({ atMs }) => connected.updates.filter((other) => other.atMs >= atMs && other.atMs < atMs + 950).length));
tell('dialogue: notices within any 0.95 s of one person who changes 30 times a second', busiest, 'notices', 1);

/** A call, with what it took; at most 50 a second, so that the plugin's own limit does not count. */
async function paced(at: number): Promise<number> {
  if (at % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 60));
  const started = performance.now();
  await whoIsHere();
  return performance.now() - started;
}

function tell(name: string, value: number, unit: string, budget: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit, budget, ok: value <= budget }));
}
