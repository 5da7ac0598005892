import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fakeAnalysis } from '../support/fake-sight.ts';
import { must } from '../support/must.ts';
import { flowWith, openNodeRed } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';

const test = suite('images in a real Node-RED');
const WITHIN_MS = 60_000;
/** A busy machine takes its time to send the flood. */
const timeoutMs = 60_000;
const MEBIBYTE = 2 ** 20;
const portrait = readFileSync(fileURLToPath(new URL('../fixtures/portraits/collins.jpg', import.meta.url)));

/** As the examples have it: an image is posted, its faces are answered; a fault is answered with its code. */
const httpFlow = (host: object = {}): object[] =>
  flowWith(
    [
      { id: 'post', type: 'http in', url: '/mien/analyze', method: 'post', wires: [['analyze']] },
      { id: 'analyze', type: 'mien-analyze', host: 'host', timeoutMs, turns: 'queue', most: 2, wires: [['answer']] },
      { id: 'answer', type: 'http response', statusCode: '200' },
      { id: 'drawing', type: 'http in', url: '/mien/draw', method: 'post', wires: [['faces']] },
      { id: 'faces', type: 'mien-analyze', host: 'host', timeoutMs, turns: 'queue', wires: [['draw']] },
      { id: 'draw', type: 'mien-draw', host: 'host', property: 'image', style: 'blur', timeoutMs, turns: 'queue', wires: [['picture']] },
      { id: 'picture', type: 'http response', statusCode: '200', headers: { 'content-type': 'image/jpeg' } },
      { id: 'catch', type: 'catch', wires: [['refuse']] },
      { id: 'refuse', type: 'function', func: 'msg.statusCode = 400; msg.payload = { code: msg.error.code }; return msg;', wires: [['refused']] },
      { id: 'refused', type: 'http response' },
    ],
    host,
  );

const post = (url: string, path: string, body: Buffer): Promise<Response> =>
  fetch(`${url}/flows-http${path}`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: Uint8Array.from(body),
    signal: AbortSignal.timeout(WITHIN_MS),
  });

test('POST /mien/analyze over a Mien run here: faces, a picture without faces, faults by their code', async () => {
  await using stand = await openNodeRed({ flow: httpFlow() });
  await stand.connected();
  const answer = await post(stand.url, '/mien/analyze', portrait);
  assert.is(answer.status, 200);
  const faces = (await answer.json()) as { age: { years: number } }[];
  assert.is(faces.length, 1);
  assert.type(must(faces[0]).age.years, 'number');

  const picture = await post(stand.url, '/mien/draw', portrait);
  assert.is(picture.headers.get('content-type'), 'image/jpeg');
  const drawn = Buffer.from(await picture.arrayBuffer());
  assert.equal([...drawn.subarray(0, 2)], [0xff, 0xd8]);
  assert.not.equal(drawn.length, portrait.length);

  const broken = await post(stand.url, '/mien/analyze', portrait.subarray(0, 300));
  assert.equal([broken.status, await broken.json()], [400, { code: 'IMAGE_UNREADABLE' }]);
});

test('every HTTP request has an answer, when more come than are taken', async () => {
  await using app = await openConsole();
  const gate = Promise.withResolvers<void>();
  app.sight.onAnalyze = async () => {
    await gate.promise;
    return fakeAnalysis;
  };
  await using stand = await openNodeRed({ flow: httpFlow({ mode: 'connect', url: app.url }) });
  await stand.connected();
  const answers = Array.from({ length: 12 }, () => post(stand.url, '/mien/analyze', portrait).then(({ status }) => status));
  let refused = 0;
  for (const answer of answers) void answer.then((status) => (refused += status === 400 ? 1 : 0));
  await until('what is beyond the limit is refused', WITHIN_MS, () => refused === 9);
  gate.resolve();
  assert.equal((await Promise.all(answers)).toSorted(), [200, 200, 200, ...Array.from({ length: 9 }, () => 400)]);
});

test('a flood of 1,000 images of 1 MiB within a second or so: memory is bounded, all are done, none is forgotten', async () => {
  await using app = await openConsole();
  const gate = Promise.withResolvers<void>();
  app.sight.onAnalyze = async () => {
    await gate.promise;
    return fakeAnalysis;
  };
  const flood = `let n = 0;
const timer = setInterval(() => {
  for (let k = 0; k < 10; k += 1) node.send({ topic: n++, payload: Buffer.alloc(${MEBIBYTE}, 7) });
  if (n >= 1000) { clearInterval(timer); node.done(); }
}, 10);`;
  const slim = 'return { topic: msg.topic, payload: msg.analysis && msg.analysis.dropped };';
  const flow = flowWith(
    [
      { id: 'start', type: 'inject', wires: [['flood']] },
      { id: 'flood', type: 'function', func: flood, wires: [['analyze']] },
      { id: 'analyze', type: 'mien-analyze', host: 'host', timeoutMs, wires: [['slim']] },
      { id: 'slim', type: 'function', func: slim, wires: [['out']] },
      { id: 'out', type: 'tap' },
      { id: 'complete', type: 'complete', scope: ['analyze'], wires: [['slim-done']] },
      { id: 'slim-done', type: 'function', func: slim, wires: [['done']] },
      { id: 'done', type: 'tap' },
      { id: 'catch', type: 'catch', wires: [['fault']] },
      { id: 'fault', type: 'tap' },
    ],
    { mode: 'connect', url: app.url },
  );
  await using stand = await openNodeRed({ flow });
  await stand.connected();
  const told = (tap: string) => stand.taps.filter((one) => one.tap === tap).map(({ msg }) => msg);
  const peak = (): number => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${stand.process.pid}/status`, 'utf8'))?.[1]) * 1024;
  const peakBefore = peak();
  await fetch(`${stand.url}/inject/start`, { method: 'POST' });
  await until('the rest is dropped', WITHIN_MS, () => told('done').length === 998);
  assert.ok(peak() - peakBefore < 400 * MEBIBYTE, `${(peak() - peakBefore) / MEBIBYTE} MiB of 1,000`);
  gate.resolve();
  await until('all are done', WITHIN_MS, () => told('done').length === 1000 && told('out').length === 2);
  assert.equal(
    told('out').map(({ topic, payload }) => [topic, payload]),
    [
      [0, 998],
      [999, 998],
    ],
  );
  assert.equal(told('fault'), []);
  console.error(`    at most ${Math.round((peak() - peakBefore) / MEBIBYTE)} MiB more than before, of 1,000`);
});

test.run();
