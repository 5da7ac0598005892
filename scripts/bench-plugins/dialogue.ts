// Figures of the dialogue plugin in its usual place (the shared process), asked by the official SDK's client over HTTP: how long an answer takes, and how
// many notices a second come of one person who changes all the time. In turns with a server that only answers: what that takes is the machine's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

const bareServer =
  "const s = require('http').createServer((q, r) => q.resume().on('end', () => r.end('x'.repeat(2000)))).listen(0, '127.0.0.1', () => console.log(s.address().port))";
const bare = spawn(process.execPath, ['-e', bareServer], { stdio: ['ignore', 'pipe', 'inherit'] });
const bareUrl = `http://127.0.0.1:${String(await once(bare.stdout, 'data')).trim()}`;
const took: number[] = [];
const bareTook: number[] = [];
for (let at = 0; at < CALLS; at += 1) {
  took.push(await paced(at));
  const started = performance.now();
  await (await fetch(bareUrl, { method: 'POST', body: '{}' })).text();
  bareTook.push(performance.now() - started);
}
bare.kill();
tell(`dialogue: who_is_here with ${PEOPLE} people, median of ${CALLS}`, share(took, 0.5), 'ms', 10);
tell('dialogue: who_is_here, p99', share(took, 0.99), 'ms', 10);
tell('dialogue: a server that only answers, median, in the same moments', share(bareTook, 0.5), 'ms');
tell('dialogue: a server that only answers, p99, in the same moments', share(bareTook, 0.99), 'ms');

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

function share(values: readonly number[], of: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * of)] ?? 0;
}

/** Without a budget: to hold the others against. */
function tell(name: string, value: number, unit: string, budget?: number): void {
  console.log(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit, ...(budget !== undefined && { budget, ok: value <= budget }) }));
}
