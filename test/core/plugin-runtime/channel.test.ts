import { duplexPair, PassThrough } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Channel, encodeLine, MAX_LINE_BYTES, type Message, openChannel } from '../../../core/src/plugin-runtime/channel.ts';
import { memoryChannelPair } from '../../../core/src/plugin-runtime/memory-channel.ts';
import { rejectsWith } from '../../support/errors.ts';
import { until } from '../../support/processes.ts';

interface Told extends Message {
  readonly n?: number;
  readonly data?: unknown;
}
type End = Channel<Told, Told>;

const kinds: Record<string, () => [End, End]> = {
  stream: () => {
    const [one, other] = duplexPair();
    return [openChannel<Told, Told>(one), openChannel<Told, Told>(other)];
  },
  memory: () => memoryChannelPair<Told, Told>(),
};

for (const [kind, pair] of Object.entries(kinds)) {
  const test = suite(`channel: ${kind}`);

  test('carries messages both ways, in order, also those sent before anybody listened', async () => {
    const [one, other] = pair();
    const [there, back]: Told[][] = [[], []];
    for (let n = 0; n < 500; n++) one.send({ type: 'a', n });
    one.sendEncoded(encodeLine({ type: 'a', n: 500 } as Told));
    other.onMessage((message) => {
      there?.push(message);
      other.send({ type: 'b', n: message.n ?? -1 });
    });
    assert.is(there?.length, 0, 'never before onMessage has returned');
    one.onMessage((message) => back?.push(message));
    await until('all are back', 20_000, () => back?.length === 501);
    assert.equal(
      [there, back].map((all) => all?.map(({ n }) => n)),
      [Array.from({ length: 501 }, (_, n) => n), Array.from({ length: 501 }, (_, n) => n)],
    );
  });

  test('hands over JSON only: what is no data is lost or refused', async () => {
    const [one, other] = pair();
    const got: Told[] = [];
    other.onMessage((message) => got.push(message));
    const date = new Date(0);
    one.send({ type: 'a', data: { date, gone: undefined, text: 'Grüße\n' } });
    await until('it has come', 20_000, () => got.length === 1);
    assert.equal(got[0], { type: 'a', data: { date: '1970-01-01T00:00:00.000Z', text: 'Grüße\n' } });
    const circle: { self?: unknown } = {};
    circle.self = circle;
    await rejectsWith('REQUEST_INVALID', () => one.send({ type: 'a', data: circle }));
    const error = await rejectsWith('REQUEST_INVALID', () => one.send({ type: 'a', data: 'x'.repeat(MAX_LINE_BYTES) }));
    assert.match(error.message, /at most 1048576 can be sent/);
    one.send({ type: 'a', n: 2 });
    await until('it goes on', 20_000, () => got.length === 2);
  });

  test('a paused end reads nothing, and loses nothing', async () => {
    const [one, other] = pair();
    const got: number[] = [];
    other.onMessage((message) => {
      got.push(message.n ?? -1);
      if (message.n === 2) other.pause();
    });
    for (let n = 0; n < 6; n++) one.send({ type: 'a', n, data: 'x'.repeat(100_000) });
    await until('three have come', 20_000, () => got.length === 3);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(got, [0, 1, 2]);
    assert.ok(one.waitingBytes > 0, 'the sender sees that nobody reads');
    other.resume();
    await until('all have come', 20_000, () => got.length === 6);
    await one.flushed();
    assert.is(one.waitingBytes, 0);
  });

  test('closing is told to both ends, once, after what was sent before', async () => {
    const [one, other] = pair();
    const heard: string[] = [];
    other.onMessage((message) => heard.push(`${message.type}${message.n}`));
    other.onClose((reason) => heard.push(reason));
    one.onClose((reason) => heard.push(`own: ${reason}`));
    one.send({ type: 'last', n: 1 });
    await one.flushed();
    one.close('enough');
    one.close('again');
    one.send({ type: 'never', n: 2 });
    await until('the other end knows', 20_000, () => heard.length === 3);
    assert.equal(heard.toSorted(), ['last1', 'own: enough', 'the other side has closed']);
    assert.ok(heard.indexOf('last1') < heard.indexOf('the other side has closed'));
    const late: string[] = [];
    other.onClose((reason) => late.push(reason));
    await until('told also to who asks later', 20_000, () => late.length === 1);
    await one.flushed();
  });

  test('lines that are no messages close it', async () => {
    for (const line of ['nonsense', '[1]', 'null', '{"no":"type"}', '{"type":7}', '{"type":"a"}{"type":"b"}']) {
      const [one, other] = pair();
      const got: unknown[] = [];
      let reason = '';
      other.onMessage((message) => got.push(message));
      other.onClose((why) => {
        reason = why;
      });
      one.sendEncoded('{"type":"good"}');
      one.sendEncoded(line);
      one.sendEncoded('{"type":"after"}');
      await until(`${line} closes`, 20_000, () => reason !== '');
      assert.is(reason, 'a line came that is not a message');
      assert.equal(got, [{ type: 'good' }]);
    }
  });

  test.run();
}

const test = suite('channel: bytes');

function throughStream(): { stream: PassThrough; got: Told[]; reasons: string[] } {
  const stream = new PassThrough();
  const channel = openChannel<Told, Told>(stream);
  const [got, reasons]: [Told[], string[]] = [[], []];
  channel.onMessage((message) => got.push(message));
  channel.onClose((reason) => reasons.push(reason));
  return { stream, got, reasons };
}

test('lines may come in any pieces', async () => {
  const { stream, got } = throughStream();
  const bytes = Buffer.from('{"type":"a","data":"ä€😀"}\n{"type":"b"}\n');
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  await until('both have come', 20_000, () => got.length === 2);
  assert.equal(got, [{ type: 'a', data: 'ä€😀' }, { type: 'b' }]);
});

test('a line of just the limit passes, one byte more closes before it has ended', async () => {
  const { stream, got, reasons } = throughStream();
  const line = `{"type":"a","data":"${'x'.repeat(MAX_LINE_BYTES - 22)}"}`;
  assert.is(line.length, MAX_LINE_BYTES);
  stream.write(`${line}\n`);
  await until('it has come', 20_000, () => got.length === 1);
  stream.write('y'.repeat(MAX_LINE_BYTES + 1));
  await until('it is closed', 20_000, () => reasons.length === 1);
  assert.equal(reasons, ['a line of more than 1048576 bytes came']);
});

test('what came before the end is handed over although it was paused meanwhile', async () => {
  const stream = new PassThrough();
  const channel = openChannel<Told, Told>(stream);
  const heard: string[] = [];
  channel.onMessage((message) => {
    heard.push(message.type);
    if (message.type === 'a') channel.pause();
  });
  channel.onClose((reason) => heard.push(reason));
  stream.end('{"type":"a"}\n{"type":"b"}\n');
  await until('a has come', 20_000, () => heard.length === 1);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  channel.resume();
  await until('the end', 20_000, () => heard.length === 3);
  assert.equal(heard, ['a', 'b', 'the other side has closed']);
});

test.run();
