import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Compile } from 'typebox/compile';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SocketFrame } from '../../../core/src/console/socket-frames.ts';
import { known } from '../../support/fake-people.ts';
import { type OpenConsole, openConsole } from '../../support/open-console.ts';

const test = suite('events socket');

const isFrame = Compile(SocketFrame);

class Listener {
  readonly frames: SocketFrame[] = [];
  /** Messages that are no SocketFrame. */
  readonly misfits: string[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<CloseEvent>;

  constructor(url: string, query = '') {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/events${query}`);
    this.socket.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(String(data)) as SocketFrame;
      if (!isFrame.Check(frame)) this.misfits.push(String(data));
      this.frames.push(frame);
    });
    this.closed = new Promise((resolve) => this.socket.addEventListener('close', resolve as (event: Event) => void));
  }

  get sequences(): number[] {
    return this.frames.flatMap((frame) => (frame.kind === 'event' ? [Number(frame.event.sequence)] : []));
  }

  of<K extends SocketFrame['kind']>(kind: K): Array<Extract<SocketFrame, { kind: K }>> {
    return this.frames.filter((frame): frame is Extract<SocketFrame, { kind: K }> => frame.kind === kind);
  }

  async until(done: () => boolean, ms = 3000): Promise<void> {
    for (const end = Date.now() + ms; !done(); await pause(5))
      if (Date.now() > end) assert.unreachable(`not within ${ms} ms: ${JSON.stringify(this.frames).slice(0, 600)}`);
  }

  [Symbol.dispose](): void {
    assert.equal(this.misfits, []);
    this.socket.close();
  }
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function listen(app: OpenConsole, query = ''): Promise<Listener> {
  const listener = new Listener(app.url, query);
  await listener.until(() => listener.frames.length > 0);
  return listener;
}

test('events come as they happen, after hello', async () => {
  await using app = await openConsole();
  app.people.appear('p-aaaaa');
  using listener = await listen(app);
  const [hello] = listener.of('hello');
  assert.equal(hello, { kind: 'hello', subscription: { mode: 'events', debounceMs: 0 }, bootId: app.people.bootId, oldest: 1, newest: 1 });
  const event = app.people.appear('p-bbbbb');
  await listener.until(() => listener.sequences.length === 1);
  assert.equal(listener.of('event')[0], { kind: 'event', event, resume: 2 });
});

test('filters by type, camera and person, from the query and from a message', async () => {
  await using app = await openConsole({ cameras: [{ name: 'main' }, { name: 'back' }] });
  using byQuery = await listen(app, '?types=person.appeared,person.left&camera=back&person.zone=near,mid&person.age.years=18..40');
  using byMessage = await listen(app);
  byMessage.socket.send(JSON.stringify({ kind: 'subscribe', subscription: { types: ['person.updated'], person: { 'gender.label': ['female'] } } }));
  await byMessage.until(() => byMessage.of('hello').length === 2);
  app.people.appear('p-aaaaa', { camera: 'main', ...known }); // 1: another camera
  app.people.appear('p-bbbbb', { camera: 'back', ...known, zone: 'near' }); // 2: fits the query
  app.people.appear('p-ccccc', { camera: 'back', zone: 'near' }); // 3: age not known
  app.people.appear('p-ddddd', { camera: 'back', ...known, zone: 'far' }); // 4: far
  app.people.update('p-bbbbb', { zone: 'mid' }); // 5: fits the message
  app.people.update('p-ccccc', { gender: { label: 'unknown', abstain: 'yaw' } }); // 6: withheld
  app.people.leave('p-bbbbb'); // 7: fits the query
  await byQuery.until(() => byQuery.sequences.length === 2);
  await byMessage.until(() => byMessage.sequences.length === 1);
  await pause(30);
  assert.equal(byQuery.sequences, [2, 7]);
  assert.equal(byMessage.sequences, [5]);
});

test('a wrong subscription is answered and the socket stays', async () => {
  await using app = await openConsole();
  using listener = await listen(app, '?types=person.apeared');
  assert.is(listener.of('error')[0]?.error.code, 'OPTION_UNKNOWN');
  for (const message of ['not json', '{"kind":"shout"}', '{"kind":"subscribe","subscription":{"debounceMs":-1}}']) listener.socket.send(message);
  await listener.until(() => listener.of('error').length === 4);
  assert.ok(
    listener
      .of('error')
      .slice(1)
      .every(({ error }) => error.code === 'REQUEST_INVALID'),
  );
  listener.socket.send('{"kind":"subscribe"}');
  await listener.until(() => listener.of('hello').length === 1);
  app.people.appear('p-aaaaa');
  await listener.until(() => listener.sequences.length === 1);
});

test('resumes after a sequence without loss or repetition', async () => {
  await using app = await openConsole();
  for (const id of ['p-aaaaa', 'p-bbbbb', 'p-ccccc']) app.people.appear(id);
  using listener = await listen(app, `?since=1&bootId=${app.people.bootId}`);
  app.people.appear('p-ddddd');
  await listener.until(() => listener.sequences.length === 3);
  assert.equal(listener.sequences, [2, 3, 4]);
  assert.is(listener.of('gap').length, 0);
});

test('says what a resume cannot bring back', async () => {
  await using app = await openConsole({ capacity: 3 });
  for (let count = 0; count < 8; count += 1) app.people.appear(`p-${String(count).padStart(5, '0')}`);
  using expired = await listen(app, '?since=2');
  await expired.until(() => expired.sequences.length === 3);
  assert.equal(expired.of('gap'), [{ kind: 'gap', reason: 'expired', missed: 3 }]);
  assert.equal(expired.sequences, [6, 7, 8]);
  using exact = await listen(app, '?since=5');
  await exact.until(() => exact.sequences.length === 3);
  assert.is(exact.of('gap').length, 0);
  using earlierStart = await listen(app, '?since=7&bootId=another');
  await earlierStart.until(() => earlierStart.sequences.length === 3);
  assert.equal(earlierStart.of('gap'), [{ kind: 'gap', reason: 'restarted' }]);
  using ahead = await listen(app, '?since=99');
  await ahead.until(() => ahead.sequences.length === 3);
  assert.is(ahead.of('gap')[0]?.reason, 'restarted');
});

test('debounce sends the newest of a kind, keeps moments to greet and the order of a life', async () => {
  await using app = await openConsole();
  using listener = await listen(app, '?debounceMs=120');
  app.people.appear('p-aaaaa');
  app.people.update('p-aaaaa', { zone: 'near' }, ['age']);
  app.people.update('p-aaaaa', { engagement: 'engaged' });
  app.people.update('p-aaaaa', { zone: 'mid' });
  await listener.until(() => listener.sequences.length === 2);
  assert.equal(listener.sequences, [1, 4]);
  const merged = listener.of('event')[1]?.event;
  assert.is(merged?.type, 'mien.person.updated.v1');
  if (merged?.type !== 'mien.person.updated.v1') return;
  assert.equal(merged.data.settled, ['age']);
  assert.equal(merged.data.changed.toSorted(), ['engagement', 'zone']);
  assert.is(merged.data.previous.zone, 'mid');
  app.people.update('p-aaaaa', { zone: 'far' });
  app.people.leave('p-aaaaa');
  await listener.until(() => listener.sequences.length === 4);
  assert.equal(listener.sequences, [1, 4, 5, 6]);
  await pause(200);
  assert.is(listener.sequences.length, 4);
});

test('while an update is held back, the resume point stays before it', async () => {
  await using app = await openConsole();
  using listener = await listen(app, '?debounceMs=5000');
  app.people.appear('p-aaaaa');
  app.people.update('p-aaaaa', { zone: 'near' });
  app.people.appear('p-bbbbb');
  await listener.until(() => listener.sequences.length === 2);
  assert.equal(
    listener.of('event').map(({ resume }) => resume),
    [1, 1],
  );
});

test('motion gives snapshots at frame rate, debounced, the last state always', async () => {
  await using app = await openConsole();
  using fast = await listen(app, '?mode=motion');
  using slow = await listen(app, '?mode=motion&debounceMs=100');
  app.people.appear('p-aaaaa');
  for (let frame = 0; frame < 20; frame += 1) {
    app.bus.announceObserved('main');
    await pause(5);
  }
  app.people.leave('p-aaaaa');
  await fast.until(() => fast.of('people').at(-1)?.people.length === 0 && fast.of('people').length > 20);
  await slow.until(() => slow.of('people').at(-1)?.people.length === 0 && slow.of('people').length > 1);
  assert.ok(slow.of('people').length <= 5, String(slow.of('people').length));
});

test('periodic gives at most one snapshot a second', async () => {
  await using app = await openConsole();
  using listener = await listen(app, '?mode=periodic&debounceMs=10&person.zone=near');
  app.people.appear('p-aaaaa');
  app.people.appear('p-bbbbb', { zone: 'near' });
  await pause(1300);
  const snapshots = listener.of('people');
  assert.is(snapshots.length, 2);
  assert.equal(
    snapshots[1]?.people.map(({ id }) => id),
    ['p-bbbbb'],
  );
});

/** A client that shakes hands and then never reads. */
async function deafClient(url: string, query: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(
    `GET /v1/events${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.pause();
  return socket;
}

test('a slow consumer is dropped with the reason, in bounded memory; others are not disturbed', async () => {
  await using app = await openConsole();
  const deaf = await deafClient(app.url, '');
  const received: Buffer[] = [];
  using quick = await listen(app);
  app.people.appear('p-aaaaa', known);
  global.gc?.();
  const before = process.memoryUsage();
  let published = 1;
  while (((await (await app.get('/v1/status')).json()) as { events: { clients: number } }).events.clients === 2) {
    assert.ok(published < 60_000, 'never dropped');
    for (let count = 0; count < 500; count += 1) app.people.update('p-aaaaa', { zone: count % 2 ? 'near' : 'mid' });
    published += 500;
    await quick.until(() => quick.sequences.at(-1) === published, 10_000);
    quick.frames.splice(0, quick.frames.length - 1);
  }
  const { external, arrayBuffers } = process.memoryUsage();
  assert.ok(external + arrayBuffers - before.external - before.arrayBuffers < 16e6, `${external - before.external} bytes outside the heap`);
  deaf.on('data', (data) => received.push(data));
  deaf.resume();
  await Promise.race([once(deaf, 'close'), pause(3000)]);
  deaf.destroy();
  assert.match(Buffer.concat(received).toString('latin1').slice(-200), 'slow consumer');
  app.people.leave('p-aaaaa');
  await quick.until(() => quick.sequences.at(-1) === published + 1);
});

test('who asks without end and never reads is dropped', async () => {
  await using app = await openConsole();
  const deaf = await deafClient(app.url, '');
  const text = Buffer.from('what is this?');
  const frame = Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
  const many = Buffer.concat(Array(1000).fill(frame));
  let asked = 0;
  while (((await (await app.get('/v1/status')).json()) as { events: { clients: number } }).events.clients === 1) {
    assert.ok(asked < 300_000, 'never dropped');
    deaf.write(many);
    asked += 1000;
    await pause(10);
  }
  deaf.destroy();
});

test('a long replay reaches a client that reads', async () => {
  await using app = await openConsole();
  app.people.appear('p-aaaaa', known);
  for (let count = 0; count < 2500; count += 1) app.people.update('p-aaaaa', { zone: count % 2 ? 'near' : 'mid' });
  using listener = await listen(app, '?since=501');
  await listener.until(() => listener.sequences.length === 2000, 10_000);
  assert.is(listener.sequences[0], 502);
  assert.is(listener.sequences.at(-1), 2501);
  assert.is(listener.of('gap').length, 0);
});

test('closing tells every client and takes less than a second, deaf ones included', async () => {
  const app = await openConsole();
  const listener = await listen(app);
  const deaf = await deafClient(app.url, '');
  const startedMs = performance.now();
  await app[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 1000);
  const { code, reason } = await listener.closed;
  assert.is(code, 1001);
  assert.is(reason, 'Mien is stopping');
  assert.equal(listener.of('closing'), [{ kind: 'closing', reason: 'Mien is stopping' }]);
  deaf.destroy();
});

test.run();
