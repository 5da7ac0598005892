/**
 * Figures of the Node-RED nodes, one JSON object a line, each beside its budget: what mien-events adds to an event and mien-analyze to an analysis, what the set adds to
 * Node-RED's start, how soon events go on after Mien was killed. Real Node-REDs in processes of their own; run it on a quiet machine.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '@mien/core/client';
import { flowWith, openNodeRed } from '../../test/support/node-red-stand.ts';
import { openConsole } from '../../test/support/open-console.ts';
import { childrenOf, descendantsOf, until } from '../../test/support/processes.ts';
import { root } from '../setup.mjs';

const EVENTS = 500;
const EVERY_MS = 10;
const IMAGES = 100;
const STARTS = 7;
const KILLS = 5;
const WITHIN_MS = 60_000;

let missed = 0;
function tell(name, value, unit, budget) {
  const ok = budget === undefined || value <= budget;
  if (!ok) missed += 1;
  console.log(JSON.stringify({ name, value: Math.round(value * 100) / 100, unit, ...(budget !== undefined && { budget, ok }) }));
}

const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** A node that is a bare client of the same Mien in the same process: its socket is opened first, so it hears an event first. */
const bareNode = (url) => `module.exports = (RED) => RED.nodes.registerType('bare', function (def) {
  RED.nodes.createNode(this, def);
  const ending = new AbortController();
  this.on('close', () => ending.abort());
  (async () => {
    const { createClient } = await import(${JSON.stringify(pathToFileURL(join(root, 'core', 'dist', 'client.js')).href)});
    for await (const event of createClient({ url: ${JSON.stringify(url)} }).events({ signal: ending.signal })) {
      console.log(JSON.stringify({ tap: 'bare', msg: { event: { id: event.id }, at: performance.now() } }));
    }
  })();
});\n`;

/** Replaces the stand's: this one says when. */
const timedTap = `module.exports = (RED) => RED.nodes.registerType('timed', function (def) {
  RED.nodes.createNode(this, def);
  this.on('input', (msg, send, done) => { const at = performance.now(); console.log(JSON.stringify({ tap: 'timed', msg: { event: { id: msg.event?.id }, at } })); done(); });
});\n`;

async function latency() {
  await using app = await openConsole();
  const flow = flowWith([{ id: 'bare', type: 'bare' }], { mode: 'connect', url: app.url });
  await using stand = await openNodeRed({
    flow,
    prepare: (folder) => {
      const node = (type, code) => {
        writeFileSync(join(folder, 'nodes', `${type}.js`), code);
        writeFileSync(join(folder, 'nodes', `${type}.html`), `<script>RED.nodes.registerType('${type}', { defaults: {} })</script>`);
      };
      node('bare', bareNode(app.url));
      node('timed', timedTap);
    },
  });
  const clients = async () => (await createClient({ url: app.url }).status()).events.clients;
  await until('the bare client', WITHIN_MS, async () => (await clients()) >= 1);
  await stand.deploy(
    [
      ...flow,
      ...flowWith([
        { id: 'events', type: 'mien-events', host: 'host', wires: [['timed']] },
        { id: 'timed', type: 'timed' },
      ]).slice(2),
    ],
    'nodes',
  );
  await until('mien-events', WITHIN_MS, async () => (await clients()) === 3);
  app.people.appear('p-aaaaa');
  for (let n = 0; n < EVENTS; n += 1) {
    app.people.update('p-aaaaa', { bearingDeg: n });
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await until('the last event', WITHIN_MS, () => stand.taps.filter(({ tap }) => tap === 'timed').length === EVENTS + 1);
  const bare = new Map(stand.taps.filter(({ tap }) => tap === 'bare').map(({ msg }) => [msg.event.id, msg.at]));
  const added = stand.taps.filter(({ tap }) => tap === 'timed').map(({ msg }) => msg.at - bare.get(msg.event.id));
  tell('mien-events adds to an event, p50', quantile(added, 0.5), 'ms', 3);
  tell('mien-events adds to an event, p99', quantile(added, 0.99), 'ms');
}

const portrait = join(root, 'test', 'fixtures', 'portraits', 'collins.jpg');

/** Sends an image, and the next when the answer is back; says how long each took and what the host says of it. */
const askingNode = `module.exports = (RED) => RED.nodes.registerType('asking', function (def) {
  RED.nodes.createNode(this, def);
  const image = require('node:fs').readFileSync(${JSON.stringify(portrait)});
  let left = ${IMAGES};
  this.on('input', (msg, send, done) => {
    const at = performance.now();
    if (msg.analysis) console.log(JSON.stringify({ tap: 'asking', msg: { tookMs: at - msg.sentMs, ofWhichMs: msg.analysis.ms.total } }));
    if (left-- > 0) send({ payload: image, sentMs: performance.now() });
    done();
  });
});\n`;

async function analyses() {
  await using stand = await openNodeRed({
    flow: flowWith([
      { id: 'start', type: 'inject', wires: [['asking']] },
      { id: 'asking', type: 'asking', wires: [['analyze']] },
      { id: 'analyze', type: 'mien-analyze', host: 'host', wires: [['asking']] },
    ]),
    prepare: (folder) => {
      writeFileSync(join(folder, 'nodes', 'asking.js'), askingNode);
      writeFileSync(join(folder, 'nodes', 'asking.html'), `<script>RED.nodes.registerType('asking', { defaults: {}, inputs: 1, outputs: 1 })</script>`);
    },
  });
  const client = createClient({ url: (await stand.connected()).url });
  const image = new Uint8Array(readFileSync(portrait));
  const bare = [];
  for (let n = 0; n < IMAGES; n += 1) {
    const sentMs = performance.now();
    const { ms } = await client.analyze(image, { asPerson: true });
    bare.push(performance.now() - sentMs - ms.total);
  }
  await fetch(`${stand.url}/inject/start`, { method: 'POST' });
  const answers = () => stand.taps.filter(({ tap }) => tap === 'asking');
  await until('the last answer', 2 * WITHIN_MS, () => answers().length === IMAGES);
  const added = answers().map(({ msg }) => msg.tookMs - msg.ofWhichMs);
  tell(
    'the analysis itself, p50',
    quantile(
      answers().map(({ msg }) => msg.ofWhichMs),
      0.5,
    ),
    'ms',
  );
  tell('a bare client adds to an analysis, p50', quantile(bare, 0.5), 'ms');
  tell('mien-analyze adds to an analysis, the API included, p50', quantile(added, 0.5), 'ms', 5);
  tell('mien-analyze adds to an analysis, the API included, p99', quantile(added, 0.99), 'ms');
}

/** In turns, so that a busy moment of the machine meets both. */
async function starts() {
  const times = { with: [], without: [] };
  const cpu = { with: [], without: [] };
  for (let n = 0; n <= STARTS; n += 1) {
    for (const [name, withNodes] of [
      ['without', false],
      ['with', true],
    ]) {
      await using stand = await openNodeRed({ withNodes });
      // The first of each fills the machine's caches.
      if (n === 0) continue;
      times[name].push(stand.startMs);
      cpu[name].push(stand.cpuMs);
    }
  }
  tell('Node-RED starts without the set, median', quantile(times.without, 0.5), 'ms');
  tell('Node-RED starts later with the set, median', quantile(times.with, 0.5) - quantile(times.without, 0.5), 'ms', 500);
  tell('the set costs of the processor at the start, median', quantile(cpu.with, 0.5) - quantile(cpu.without, 0.5), 'ms', 500);
}

/** From the moment the new Mien says it started until a node has its first event of it. */
async function resumes() {
  await using stand = await openNodeRed({
    flow: flowWith([
      { id: 'events', type: 'mien-events', host: 'host', wires: [['tap']] },
      { id: 'tap', type: 'tap' },
    ]),
  });
  const downs = [];
  const resumed = [];
  for (let n = 0; n < KILLS; n += 1) {
    const { url } = await stand.connected();
    const client = createClient({ url });
    const { sight, startedAtWallMs } = await client.status();
    const [shell] = childrenOf(stand.process.pid);
    const mien = childrenOf(shell).find((pid) => descendantsOf(pid).includes(sight.pid));
    const before = stand.taps.length;
    const killedMs = performance.now();
    process.kill(mien, 'SIGKILL');
    await until('another', WITHIN_MS, async () => (await client.status().catch(() => undefined))?.startedAtWallMs > startedAtWallMs);
    await until('an event', WITHIN_MS, () => stand.taps.slice(before).some(({ msg }) => msg.event));
    const { startedAtWallMs: startedAgain } = await client.status();
    resumed.push(Date.now() - startedAgain);
    downs.push(performance.now() - killedMs);
  }
  tell('events go on after the restart of a killed Mien, slowest', Math.max(...resumed), 'ms', 5000);
  tell('from the kill to the next event, slowest', Math.max(...downs), 'ms');
}

const measures = { latency, analyses, starts, resumes };
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(measures)) await measures[name]();
process.exitCode = missed === 0 ? 0 : 1;
