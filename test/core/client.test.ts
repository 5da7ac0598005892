import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClientError, createClient, type MienEvent } from '../../core/src/client.ts';
import type { EventOf } from '../../core/src/events.ts';
import { fakeAnalysis, fakeModel, jpegStub } from '../support/fake-sight.ts';
import { face } from '../support/observations.ts';
import { openConsole } from '../support/open-console.ts';
import { Stage, the } from '../support/stage.ts';

const test = suite('client');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (done: () => boolean, ms = 5000): Promise<void> => {
  for (const end = Date.now() + ms; !done(); await pause(5)) if (Date.now() > end) assert.unreachable(`not within ${ms} ms`);
};
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'fine',
    (fault: ClientError) => fault.code,
  );

test('calls every route, with a token', async () => {
  const token = 'token-with-24-characters';
  await using app = await openConsole({ api: { token } });
  const client = createClient({ url: app.url, token });
  app.people.appear('p-aaaaa', { zone: 'near' });
  assert.is((await client.status()).device, 'test-device');
  assert.is((await client.people('main'))[0]?.id, 'p-aaaaa');
  assert.is((await client.models())[0]?.name, fakeModel.name);
  assert.is((await client.unloadModel(fakeModel.name)).state, 'unloaded');
  assert.is((await client.loadModel(fakeModel.name)).state, 'ready');
  assert.is((await client.swapModel(fakeModel.name, { precision: 'fp32' })).precision, 'fp32');
  assert.is((await client.selftestModel(fakeModel.name)).selftest?.passed, true);
  assert.equal(await client.analyze(Uint8Array.of(1, 2), { crop: true }), fakeAnalysis as never);
  assert.equal(app.sight.asked.analyze[0]?.options, { crop: true });
  assert.equal(await client.annotate(new Blob(['x']), 'blur'), jpegStub);
  assert.equal(await client.preview('main'), jpegStub);
  assert.is((await fetch(client.previewUrl('main'))).status, 200);
  assert.is(await codeOf(client.audience()), 'ROUTE_NOT_FOUND');
  assert.is((await client.heldEvents({ person: { zone: ['near'] } })).events.length, 1);
  assert.is((await client.heldEvents({ person: { 'distance.m': { max: 1 } } })).events.length, 0);
});

test('a drawn zone passes filters and answers by its name', async () => {
  const zones = [
    {
      name: 'desk',
      polygon: [
        [0, 0.5],
        [1, 0.5],
        [1, 1],
        [0, 1],
      ],
    },
  ];
  const stage = new Stage({ cameras: [{ name: 'main', zones }] });
  stage.show(2000, [face(1)]);
  stage.notice({ type: 'camera.ended', camera: 'main', message: 'over' });
  await using app = await openConsole();
  for (const event of stage.events) app.bus.publish(event);
  const { events } = await createClient({ url: app.url }).heldEvents({ types: ['person.left'], person: { zone: ['desk'] } });
  const [left] = events as EventOf<'person.left'>[];
  assert.is(left?.data.person.zone, 'desk');
  assert.equal(left?.data.session, the(stage.events, 'person.left').data.session);
  assert.ok('desk' in (left?.data.session.zones ?? {}));
});

test('errors have code, message and status', async () => {
  await using app = await openConsole({ api: { token: 'token-with-24-characters' } });
  assert.is(await codeOf(createClient({ url: app.url }).status()), 'UNAUTHORIZED');
  const client = createClient({ url: app.url, token: 'token-with-24-characters' });
  const fault = await client.loadModel('a/b').catch((error: unknown) => error);
  assert.instance(fault, ClientError);
  assert.is((fault as ClientError).status, 404);
  assert.is((fault as ClientError).code, 'MODEL_NOT_FOUND');
  assert.is(await codeOf(createClient({ url: 'http://127.0.0.1:9' }).status()), 'UNREACHABLE');
  const abort = new AbortController();
  abort.abort(new Error('enough'));
  assert.is(await client.status(abort.signal).catch((error: Error) => error.message), 'enough');
});

test('events flow, filtered, until the signal or the end of the loop', async () => {
  await using app = await openConsole();
  const client = createClient({ url: app.url });
  const abort = new AbortController();
  const seen: number[] = [];
  const states: string[] = [];
  const following = (async () => {
    const options = { types: ['person.appeared'] as const, signal: abort.signal, onConnection: (next: string) => void states.push(next) };
    for await (const { sequence } of client.events(options)) seen.push(Number(sequence));
  })();
  await until(() => states.includes('open'));
  app.people.appear('p-aaaaa');
  app.people.leave('p-aaaaa');
  app.people.appear('p-bbbbb');
  await until(() => seen.length === 2);
  abort.abort();
  await following;
  assert.equal(seen, [1, 3]);
  for await (const event of client.events({ since: 0 })) {
    assert.is(Number(event.sequence), 1);
    break;
  }
  const clients = async () => (await client.status()).events.clients;
  for (let wait = 0; (await clients()) > 0 && wait < 100; wait += 1) await pause(10);
  assert.is(await clients(), 0);
});

test('a refusal ends the iteration with its reason instead of trying for ever', async () => {
  await using app = await openConsole({ api: { token: 'token-with-24-characters' } });
  const first = (options: Parameters<typeof createClient>[0], events = {}) => createClient(options).events(events).next();
  assert.is(await codeOf(first({ url: app.url })), 'UNAUTHORIZED');
  assert.is(await codeOf(first({ url: app.url, token: 'token-with-24-characters' }, { types: ['person.apeared'] })), 'OPTION_UNKNOWN');
});

test('reconnects to the same start and loses nothing', async () => {
  await using app = await openConsole();
  const client = createClient({ url: app.url });
  const { url: through, cut } = await proxyTo(app.url);
  const seen: number[] = [];
  const states: string[] = [];
  const abort = new AbortController();
  const gaps: object[] = [];
  const following = (async () => {
    const options = { signal: abort.signal, onConnection: (state: string) => void states.push(state), onGap: (gap: object) => void gaps.push(gap) };
    for await (const { sequence } of createClient({ url: through }).events(options)) seen.push(Number(sequence));
  })();
  await until(() => states.includes('open'));
  app.people.appear('p-aaaaa');
  await until(() => seen.length === 1);
  for (let round = 0; round < 3; round += 1) {
    cut();
    app.people.update('p-aaaaa', { zone: 'near' });
    app.people.update('p-aaaaa', { zone: 'mid' });
    await until(() => seen.length === 3 + 2 * round);
  }
  assert.equal(seen, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(gaps, []);
  assert.ok(states.includes('lost'));
  abort.abort();
  await following;
  assert.is((await client.status()).device, 'test-device');
  cut(true);
});

test('tells a gap after a restart of Mien and goes on with the new start', async () => {
  const first = await openConsole({ bootId: 'boot-1' });
  const port = Number(new URL(first.url).port);
  const gaps: object[] = [];
  const events: MienEvent[] = [];
  const states: string[] = [];
  const abort = new AbortController();
  const following = (async () => {
    const options = {
      signal: abort.signal,
      onGap: (gap: object) => void gaps.push(gap),
      onConnection: (state: string) => void states.push(state),
    };
    for await (const event of createClient({ url: first.url }).events(options)) events.push(event);
  })();
  await until(() => states.includes('open'));
  first.people.appear('p-aaaaa');
  await until(() => events.length === 1);
  await first[Symbol.asyncDispose]();
  await using second = await openConsole({ api: { port }, bootId: 'boot-2' });
  second.people.appear('p-bbbbb');
  await until(() => events.length === 2, 10_000);
  assert.is(gaps.length, 1);
  assert.is(events[1]?.data.clock.bootId, 'boot-2');
  abort.abort();
  await following;
});

test('a slow reader of events holds little and loses nothing', async () => {
  await using app = await openConsole();
  app.people.appear('p-aaaaa');
  for (let count = 0; count < 1800; count += 1) app.people.update('p-aaaaa', { zone: count % 2 ? 'near' : 'mid' });
  const events = createClient({ url: app.url }).events({ since: 0 });
  assert.is(Number((await events.next()).value?.sequence), 1);
  await pause(300);
  for (let expected = 2; expected <= 1801; expected += 1) assert.is(Number((await events.next()).value?.sequence), expected);
  await events.return?.();
});

test('snapshots give the newest state to a slow reader', async () => {
  await using app = await openConsole();
  const snapshots = createClient({ url: app.url }).snapshots({ mode: 'motion' });
  assert.equal((await snapshots.next()).value, []);
  for (const id of ['p-aaaaa', 'p-bbbbb', 'p-ccccc']) app.people.appear(id);
  await pause(100);
  assert.is((await snapshots.next()).value?.length, 3);
  await snapshots.return?.();
});

/** A relay on a port of its own whose connections can be cut. */
async function proxyTo(target: string): Promise<{ url: string; cut: (forGood?: boolean) => void }> {
  const { port } = new URL(target);
  const sockets = new Set<Socket>();
  const relay = createServer((from) => {
    const to = connect(Number(port), '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    cut(forGood = false) {
      for (const socket of sockets) socket.destroy();
      if (forGood) relay.close();
    },
  };
}

test.run();
