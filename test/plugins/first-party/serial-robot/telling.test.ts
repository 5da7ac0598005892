/** What is told when: what waits, the rate, acknowledgement, stops; over a port that only remembers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createEventMessages } from '../../../../plugins/serial-robot/event-messages.ts';
import { createLinesFormat } from '../../../../plugins/serial-robot/lines-format.ts';
import type { PersonEventName } from '../../../../plugins/serial-robot/messages.ts';
import { Pending, type PendingEvent } from '../../../../plugins/serial-robot/pending.ts';
import { RareLog } from '../../../../plugins/serial-robot/rare-log.ts';
import { Sender, type SenderParts } from '../../../../plugins/serial-robot/sender.ts';
import { Vigil } from '../../../../plugins/serial-robot/vigil.ts';
import { until } from '../../../support/processes.ts';

const patienceMs = 30_000;
const silent = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
const event = (name: PersonEventName, personId: string, text = `${name} ${personId}`): PendingEvent => ({
  what: name,
  name,
  personId,
  message: { kind: 'text', text },
});

function drained(pending: Pending): string[] {
  const texts: string[] = [];
  for (let message = pending.take(); message; message = pending.take()) texts.push(message.kind === 'text' ? message.text : message.kind);
  return texts;
}

interface Stand extends Disposable {
  readonly sender: Sender;
  readonly pending: Pending;
  readonly written: string[];
  /** Lets the write that is under way end. */
  release: (() => void) | undefined;
  holdWrites: boolean;
}

function stand(part: Partial<SenderParts> = {}): Stand {
  const pending = new Pending();
  const written: string[] = [];
  const sender = new Sender({
    format: createLinesFormat({ end: '\n', stop: 'STOP', heartbeat: 'HB' }),
    pending,
    baudRate: 4_000_000,
    perSecond: 1000,
    ack: { expect: false, timeoutMs: 20, retries: 2 },
    log: silent,
    rare: new RareLog(silent),
    onStalled: () => {},
    ...part,
  });
  const made: Stand = { sender, pending, written, release: undefined, holdWrites: false, [Symbol.dispose]: () => sender[Symbol.dispose]() };
  sender.attach({
    path: 'none',
    closed: new Promise(() => {}),
    close: async () => {},
    write(bytes) {
      written.push(Buffer.from(bytes).toString().trim());
      return made.holdWrites ? new Promise((resolve) => (made.release = resolve)) : Promise.resolve();
    },
  });
  sender.release();
  return made;
}

test('what waits: the newest of each kind and person, in the order of the first; texts before events', () => {
  const pending = new Pending();
  pending.offer(event('person.appeared', 'p-a'));
  pending.offer(event('person.updated', 'p-a', 'old'));
  pending.offer(event('person.updated', 'p-b'));
  pending.offer(event('person.updated', 'p-a', 'new'));
  assert.ok(pending.say({ kind: 'text', text: 'asked' }));
  assert.equal(drained(pending), ['asked', 'person.appeared p-a', 'new', 'person.updated p-b']);
  assert.is(pending.replaced, 1);
});

test('a robot that asks without a pause hears of events all the same, after a whole answer', () => {
  const pending = new Pending();
  const ask = () => pending.say(...Array.from({ length: 17 }, () => ({ kind: 'text', text: 'x' }) as const));
  ask();
  pending.offer(event('person.appeared', 'p-a'));
  pending.offer(event('person.left', 'p-b'));
  const told: string[] = [];
  for (let i = 0; i < 40; i += 1) {
    ask();
    const message = pending.take();
    if (message?.kind === 'text' && message.text !== 'x') told.push(`${i} ${message.text}`);
  }
  assert.equal(told, ['17 person.appeared p-a', '35 person.left p-b']);
});

test('who left unmentioned is not mentioned; who was mentioned is said goodbye to, and nothing else', () => {
  const pending = new Pending();
  pending.offer(event('person.appeared', 'p-a'));
  pending.offer(event('person.updated', 'p-a'));
  pending.offer(event('person.left', 'p-a'));
  pending.offer(event('person.updated', 'p-b'));
  pending.offer(event('person.left', 'p-b'));
  assert.equal(drained(pending), ['person.left p-b']);
});

test('a flood of persons and texts is bounded, and what is lost is counted', () => {
  const pending = new Pending();
  for (let i = 0; i < 1000; i += 1) pending.offer(event('person.appeared', `p-${i}`));
  assert.is(pending.size, 256);
  assert.is(pending.dropped, 744);
  let said = 0;
  while (pending.say({ kind: 'text', text: 'x' })) said += 1;
  assert.is(said, 32);
  pending.clear();
  assert.is(pending.size, 0);
  assert.is(pending.dropped, 744 + 256 + 32);
});

test('while the wire is busy the newest waits; a stop goes before all that waits, which is forgotten', async () => {
  using at = stand();
  at.holdWrites = true;
  at.pending.say({ kind: 'text', text: 'first' });
  at.sender.wake();
  for (let i = 0; i < 500; i += 1) at.pending.offer(event('person.updated', 'p-a', `update ${i}`));
  at.sender.wake();
  assert.equal(at.written, ['first']);
  at.sender.stop('command');
  at.pending.offer(event('person.updated', 'p-a', 'after'));
  at.holdWrites = false;
  at.release?.();
  await until('all is written', patienceMs, () => at.written.length === 3);
  assert.equal(at.written, ['first', 'STOP', 'after']);
});

test('held, nothing but a stop goes out, no heartbeat either', async () => {
  using at = stand();
  at.sender.hold();
  at.pending.say({ kind: 'text', text: 'x' });
  at.sender.wake();
  at.sender.beat();
  at.sender.stop('camera-lost');
  await at.sender.flushed(1000);
  assert.equal(at.written, ['STOP']);
  at.sender.release();
  at.sender.beat();
  assert.equal(at.written, ['STOP', 'HB']);
});

test('the rate: between two messages there is at least its pause', async () => {
  using at = stand({ perSecond: 20 });
  const startedMs = performance.now();
  for (let i = 0; i < 4; i += 1) at.pending.say({ kind: 'text', text: `${i}` });
  at.sender.wake();
  assert.equal(at.written, ['0'], 'the first at once');
  await until('all four', patienceMs, () => at.written.length === 4);
  assert.ok(performance.now() - startedMs >= 145);
});

test('a slow wire is not filled ahead: the next message waits until the one before has left', async () => {
  using at = stand({ baudRate: 1200 });
  at.pending.say({ kind: 'text', text: 'x'.repeat(23) }, { kind: 'text', text: 'y' });
  const startedMs = performance.now();
  at.sender.wake();
  await until('both', patienceMs, () => at.written.length === 2);
  assert.ok(performance.now() - startedMs >= 195, '24 bytes at 120 a second');
});

test('acknowledgement: repeated with the same bytes, then dropped and counted; the next follows', async () => {
  using at = stand({ ack: { expect: true, timeoutMs: 20, retries: 2 } });
  at.pending.say({ kind: 'text', text: 'a' }, { kind: 'text', text: 'b' });
  at.sender.wake();
  await until('the second is told', patienceMs, () => at.written.includes('b'));
  assert.equal(at.written.slice(0, 4), ['a', 'a', 'a', 'b']);
  at.sender.acknowledged();
  const { sent, repeated, unacknowledged, acknowledged } = at.sender.counts;
  assert.equal({ sent, unacknowledged, acknowledged }, { sent: 2, unacknowledged: 1, acknowledged: 1 });
  assert.ok(repeated >= 2);
});

test('acknowledgement: one of another sequence does not count, a refusal ends it, a damaged one is said again at once', async () => {
  const sequences: number[] = [];
  const lines = createLinesFormat({ end: '\n', stop: 'STOP', heartbeat: 'HB' });
  const encode: typeof lines.encode = (message, sequence) => {
    sequences.push(sequence);
    return lines.encode(message, sequence);
  };
  using at = stand({ ack: { expect: true, timeoutMs: 60_000, retries: 5 }, format: { ...lines, encode } });
  at.pending.say({ kind: 'text', text: 'a' }, { kind: 'text', text: 'b' }, { kind: 'text', text: 'c' });
  at.sender.wake();
  await until('told', patienceMs, () => at.written.length === 1);
  const [first = 0] = sequences;
  at.sender.acknowledged((first % 255) + 1);
  assert.is(at.sender.counts.acknowledged, 0);
  await new Promise((resolve) => setImmediate(resolve));
  at.sender.again();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(at.written, ['a', 'a']);
  assert.equal(sequences, [first], 'a repeat is no new message');
  at.sender.refused('too hot', first);
  await until('the next', patienceMs, () => at.written.length === 3);
  assert.is(sequences[1], (first % 255) + 1);
  at.sender.acknowledged(sequences[1]);
  await until('the last', patienceMs, () => at.written.length === 4);
  assert.equal({ ...at.sender.counts }, { sent: 3, acknowledged: 1, repeated: 1, unacknowledged: 0, refused: 1 });
});

test('a stop ends the wait for an acknowledgement', async () => {
  using at = stand({ ack: { expect: true, timeoutMs: 60_000, retries: 5 } });
  at.pending.say({ kind: 'text', text: 'a' });
  at.sender.wake();
  await new Promise((resolve) => setImmediate(resolve));
  at.sender.stop('robot-silent');
  assert.equal(at.written, ['a', 'STOP']);
});

test('the vigil: each loss is told once; well again only when all is back', () => {
  const said: string[] = [];
  using vigil = new Vigil({ lostAfterMs: 0, onStop: (reason) => said.push(reason), onWell: () => said.push('well') });
  vigil.miss('camera a', 'camera-lost', 'a is dark');
  vigil.miss('camera a', 'camera-lost', 'a is dark');
  vigil.miss('camera b', 'camera-lost', 'b is dark');
  assert.equal(vigil.missing, { reason: 'camera-lost', words: 'a is dark; b is dark' });
  vigil.found('camera a');
  vigil.found('camera c');
  assert.equal(said, ['camera-lost', 'camera-lost']);
  vigil.found('camera b');
  assert.equal(said, ['camera-lost', 'camera-lost', 'well']);
  assert.is(vigil.missing, undefined);
});

test('the vigil: a silent robot is lost, one that is heard is back, and without a port silence says nothing', async () => {
  const said: string[] = [];
  using vigil = new Vigil({ lostAfterMs: 40, onStop: (reason) => said.push(reason), onWell: () => said.push('well') });
  vigil.listen(0);
  await until('lost', patienceMs, () => said.length === 1);
  vigil.heard();
  await until('lost again', patienceMs, () => said.length === 3);
  assert.equal(said, ['robot-silent', 'well', 'robot-silent']);
  vigil.rest();
  assert.is(vigil.missing, undefined);
  vigil.heard();
  assert.is(said.length, 3);
});

test('lines: which fit, when something has settled, and how often to one person', () => {
  const messages = createEventMessages({
    format: 'lines',
    events: [],
    lines: [
      { on: 'person.updated', text: 'GREET {person.age.band|you}', settled: 'age', everyMs: 0 },
      { on: 'person.updated', text: 'AT {person.distance.m}', settled: 'any', everyMs: 1000 },
    ],
  });
  assert.equal(messages.names, ['person.updated', 'person.left'], 'also who left is heard, to be forgotten');
  const person = { id: 'p-a', distance: { m: 1.234, sd: 0.1, calibrated: false } };
  const texts = (name: PersonEventName, settled: string[], nowMs: number): string[] =>
    messages.of(name, { person, settled }, nowMs).map(({ message }) => (message.kind === 'text' ? message.text : ''));
  assert.equal(texts('person.updated', ['age'], 0), ['GREET you', 'AT 1.2']);
  assert.equal(texts('person.updated', ['gender'], 999), []);
  assert.equal(texts('person.updated', [], 1000), ['AT 1.2']);
  assert.equal(texts('person.left', [], 1001), []);
  assert.equal(texts('person.updated', [], 1002), ['AT 1.2'], 'somebody new');
});

test('a warning is written once in ten seconds, with how often it was not', () => {
  const said: object[] = [];
  let nowMs = 0;
  const rare = new RareLog({ ...silent, warn: (fields) => said.push(fields) }, () => nowMs);
  for (; nowMs < 20_000; nowMs += 1000) rare.warn('refused', { nowMs }, 'x');
  rare.warn('other', {}, 'y');
  assert.equal(said, [{ nowMs: 0 }, { nowMs: 10_000, unsaid: 9 }, {}]);
});

test.run();
