import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError } from '../../core/src/errors.ts';
import mienAnalyze from '../../node-red-nodes/src/nodes/mien-analyze.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import { fakeAnalysis, jpegStub } from '../support/fake-sight.ts';
import { type Flow, openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { type OpenConsole, openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-analyze');
const WITHIN_MS = 60_000;
const image = Buffer.from(jpegStub);

interface Stand extends AsyncDisposable {
  readonly app: OpenConsole;
  readonly run: Flow;
  readonly folder: string;
  fault(n?: number): Flow['faults'][number];
  finished(count: number): Promise<void>;
}

async function open(more: object = {}): Promise<Stand> {
  const folder = new TemporaryFolder();
  const app = await openConsole();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'analyze', type: 'mien-analyze', host: 'host', timeoutMs: WITHIN_MS, wires: [['out']], ...more },
  ];
  const run = await openFlow([mienHost, mienAnalyze], flow, { userDir: folder.path });
  await until('connected', WITHIN_MS, () => run.statuses('analyze').some(({ fill }) => fill === 'green'));
  return {
    app,
    run,
    folder: folder.path,
    fault: (n = 0) => must(run.faults[n]),
    finished: async (count) => void (await until(`${count} finished`, WITHIN_MS, () => run.done.length + run.faults.length >= count)),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** Holds each image until told; `open()` lets all through from then on. */
function gate({ sight }: OpenConsole) {
  let isOpen = false;
  const waiting: Array<() => void> = [];
  sight.onAnalyze = async (_image, _options, signal) => {
    if (!isOpen) {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    return fakeAnalysis;
  };
  return {
    waiting,
    open() {
      isOpen = true;
      for (const go of waiting.splice(0)) go();
    },
  };
}

test('faces in the payload, the image in msg.image as it came, the rest of the message kept', async () => {
  await using stand = await open();
  const before = Buffer.from(image);
  const given = Buffer.from(image);
  stand.run.send('analyze', { topic: 'kept', payload: given });
  await stand.finished(1);
  const msg = must(stand.run.messages[0]);
  assert.equal(msg.payload, JSON.parse(JSON.stringify(fakeAnalysis.faces)));
  assert.is(msg['image'], given);
  assert.equal(given, before);
  assert.is(msg.topic, 'kept');
  const { width, height, dropped } = msg['analysis'] as { width: number; height: number; dropped: number };
  assert.equal([width, height, dropped], [640, 480, 0]);
  assert.equal(stand.app.sight.asked.analyze[0]?.options, { asPerson: true, crop: false });
});

test('other properties of the message; the image stays where it is', async () => {
  await using stand = await open({ property: 'req.file.buffer', result: 'msg.people.found', asPerson: false, crop: true });
  stand.run.send('analyze', { payload: 'mine', req: { file: { buffer: image } } });
  await stand.finished(1);
  const msg = must(stand.run.messages[0]);
  assert.is(msg.payload, 'mine');
  assert.not.ok('image' in msg);
  assert.is((msg['people'] as { found: unknown[] }).found.length, 1);
  assert.equal(stand.app.sight.asked.analyze[0]?.options, { asPerson: false, crop: true });
});

test('a data URL, an ArrayBuffer, bytes of another realm', async () => {
  await using stand = await open({ turns: 'queue' });
  const foreign = runInNewContext('Uint8Array.from(list)', { list: [...image] });
  const all = [`data:image/jpeg;base64,${image.toString('base64')}`, Uint8Array.from(image).buffer, foreign];
  for (const payload of all) stand.run.send('analyze', { payload });
  await stand.finished(all.length);
  assert.equal(stand.run.faults, []);
  assert.equal(
    stand.app.sight.asked.analyze.map(({ bytes }) => bytes),
    all.map(() => image.length),
  );
});

test('a path is read within the folder of the dialog only', async () => {
  const files = new TemporaryFolder();
  const inner = join(files.path, 'photos');
  mkdirSync(join(inner, 'today'), { recursive: true });
  writeFileSync(join(inner, 'today', 'a.jpg'), image);
  writeFileSync(join(files.path, 'secret.jpg'), image);
  symlinkSync(join(files.path, 'secret.jpg'), join(inner, 'link.jpg'));
  await using stand = await open({ folder: inner, turns: 'queue' });
  const within = ['today/a.jpg', join(inner, 'today', 'a.jpg')];
  const without = ['../secret.jpg', join(files.path, 'secret.jpg'), 'link.jpg', 'none.jpg', 'today', '/dev/zero', `a\0b`];
  for (const payload of within) stand.run.send('analyze', { payload });
  await stand.finished(within.length);
  assert.is(stand.run.messages.length, within.length);
  assert.is(stand.run.messages[0]?.['image'], 'today/a.jpg');
  for (const payload of without) stand.run.send('analyze', { payload });
  await stand.finished(within.length + without.length);
  assert.equal(
    stand.run.faults.map(({ code }) => code),
    without.map(() => 'INPUT_INVALID'),
  );
  assert.is(stand.app.sight.asked.analyze.length, within.length);
  files[Symbol.dispose]();
});

test('what is no image is refused here, with what would be one', async () => {
  await using stand = await open({ turns: 'queue', most: 100 });
  const wrong: [unknown, string, RegExp][] = [
    [undefined, 'INPUT_INVALID', /msg\.payload holds an image as a Buffer, a data URL or a path, not undefined/],
    [null, 'INPUT_INVALID', /not null/],
    [[1, 2], 'INPUT_INVALID', /not a list/],
    [7, 'INPUT_INVALID', /not a value of type number/],
    [Buffer.alloc(0), 'INPUT_INVALID', /is empty/],
    ['photo.jpg', 'INPUT_INVALID', /name the folder of such files in the dialog/],
    ['data:image/jpeg,plain', 'INPUT_INVALID', /no data URL of an image/],
    ['data:image/jpeg;base64,', 'INPUT_INVALID', /no data URL of an image/],
    ['data:image/jpeg;base64,*', 'INPUT_INVALID', /no data URL of an image/],
    [`data:text/html;base64,${image.toString('base64')}`, 'INPUT_INVALID', /no data URL of an image/],
    [Buffer.alloc(25 * 1024 * 1024 + 1), 'IMAGE_TOO_LARGE', /26214401 bytes/],
    [`data:image/jpeg;base64,${'A'.repeat(40 * 1024 * 1024)}`, 'IMAGE_TOO_LARGE', /bytes/],
  ];
  for (const [payload] of wrong) stand.run.send('analyze', { payload });
  await stand.finished(wrong.length);
  for (const [n, [, code, message]] of wrong.entries()) {
    assert.is(stand.fault(n).code, code, String(message));
    assert.match(stand.fault(n).message, message);
  }
  assert.equal([stand.run.done.length, stand.app.sight.asked.analyze.length], [0, 0]);
});

test('a property that leads nowhere, for the image and for the answer', async () => {
  await using stand = await open({ property: 'a.b.c', result: 'topic.x', turns: 'queue' });
  stand.run.send('analyze', {});
  stand.run.send('analyze', { topic: 'a text', a: { b: { c: image } } });
  await stand.finished(2);
  assert.equal([stand.fault(0).code, stand.fault(1).code], ['INPUT_INVALID', 'INPUT_INVALID']);
  assert.match(stand.fault(0).message, /msg\.a\.b\.c/);
  assert.match(stand.fault(1).message, /msg\.topic\.x/);
});

test('what the host says of an image goes to Catch by its code', async () => {
  await using stand = await open({ turns: 'queue' });
  stand.app.sight.onAnalyze = async () => {
    throw new MienError('IMAGE_UNREADABLE', 'this is no image');
  };
  stand.run.send('analyze', { payload: Buffer.from('no image') });
  await stand.finished(1);
  assert.is(stand.fault().code, 'IMAGE_UNREADABLE');
  await until('the status', WITHIN_MS, () => stand.run.statuses('analyze').at(-1)?.fill === 'red');
  stand.app.sight.onAnalyze = async () => fakeAnalysis;
  stand.run.send('analyze', { payload: image });
  await stand.finished(2);
  await until('well again', WITHIN_MS, () => stand.run.statuses('analyze').at(-1)?.fill === 'green');
});

test('an answer that takes too long is TIMEOUT, and the host is told to stop', async () => {
  await using stand = await open({ timeoutMs: 200 });
  gate(stand.app);
  stand.run.send('analyze', { payload: image });
  await stand.finished(1);
  assert.is(stand.fault().code, 'TIMEOUT');
  await until('the host stops', WITHIN_MS, () => stand.app.sight.asked.analyze[0]?.signal?.aborted ?? false);
});

test('a host that is gone is HOST_UNAVAILABLE: in the middle of an image, and before', async () => {
  await using stand = await open();
  const held = gate(stand.app);
  stand.run.send('analyze', { payload: image });
  await until('it is looked at', WITHIN_MS, () => held.waiting.length === 1);
  await stand.app[Symbol.asyncDispose]();
  await stand.finished(1);
  stand.run.send('analyze', { payload: image });
  await stand.finished(2);
  assert.equal([stand.fault(0).code, stand.fault(1).code], ['HOST_UNAVAILABLE', 'HOST_UNAVAILABLE']);
});

test('1,000 images at once, newest only: the first and the newest are answered, each message is done once', async () => {
  await using stand = await open();
  const held = gate(stand.app);
  for (let n = 0; n < 1000; n += 1) stand.run.send('analyze', { topic: n, payload: image });
  await stand.finished(998);
  held.open();
  await stand.finished(1000);
  assert.equal([stand.run.done.length, stand.run.faults.length], [1000, 0]);
  assert.equal(
    stand.run.messages.map(({ topic, analysis }) => [topic, (analysis as { dropped: number }).dropped]),
    [
      [0, 998],
      [999, 998],
    ],
  );
  assert.is(stand.app.sight.asked.analyze.length, 2);
  await until('the count in the status', WITHIN_MS, () => stand.run.statuses('analyze').at(-1)?.fill === 'yellow');
});

test('1,000 images at once, in a queue: each is answered in its order or refused at once', async () => {
  await using stand = await open({ turns: 'queue', most: 20 });
  const held = gate(stand.app);
  for (let n = 0; n < 1000; n += 1) stand.run.send('analyze', { topic: n, payload: image });
  await until('refusals', WITHIN_MS, () => stand.run.faults.length === 1000 - 21);
  assert.ok(stand.run.faults.every(({ code }) => code === 'BUSY'));
  held.open();
  await stand.finished(1000);
  assert.equal([stand.run.done.length, stand.run.faults.length], [21, 979]);
  assert.equal(
    stand.run.messages.map(({ topic }) => topic),
    Array.from({ length: 21 }, (_, n) => n),
  );
});

test('an image of an HTTP request that is left out is refused, not forgotten', async () => {
  await using stand = await open();
  const held = gate(stand.app);
  for (let n = 0; n < 3; n += 1) stand.run.send('analyze', { topic: n, payload: image, req: {}, res: {} });
  await until('one is refused', WITHIN_MS, () => stand.run.faults.length === 1);
  assert.is(stand.fault().code, 'BUSY');
  held.open();
  await stand.finished(3);
  assert.equal(
    stand.run.messages.map(({ topic }) => topic),
    [0, 2],
  );
});

test('a redeploy in the middle: nothing comes late, the next image is answered', async () => {
  await using stand = await open();
  const held = gate(stand.app);
  for (let n = 0; n < 3; n += 1) stand.run.send('analyze', { topic: `old ${n}`, payload: image });
  await until('it is looked at', WITHIN_MS, () => held.waiting.length === 1);
  await stand.run.deploy([
    { id: 'host', type: 'mien-host', mode: 'connect', url: stand.app.url },
    { id: 'analyze', type: 'mien-analyze', host: 'host', wires: [['out']] },
  ]);
  held.open();
  await until('connected', WITHIN_MS, () => stand.run.statuses('analyze').at(-1)?.fill === 'green');
  stand.run.send('analyze', { topic: 'new', payload: image });
  await until('the new one', WITHIN_MS, () => stand.run.messages.length >= 1);
  assert.equal(
    stand.run.messages.map(({ topic }) => topic),
    ['new'],
  );
  assert.equal(stand.run.faults, []);
});

test('what the dialog cannot mean is told by its field', async () => {
  const folder = new TemporaryFolder();
  await using app = await openConsole();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'analyze', type: 'mien-analyze', host: 'host', wires: [['out']], timeoutMs: 'soon' },
  ];
  await using run = await openFlow([mienHost, mienAnalyze], flow, { userDir: folder.path });
  await until('a fault', WITHIN_MS, () => run.faults.length === 1);
  assert.is(must(run.faults[0]).code, 'INPUT_INVALID');
  assert.match(must(run.faults[0]).message, /the timeout in milliseconds is a number from 0 to 60000, not "soon"/);
  folder[Symbol.dispose]();
});

test.run();
