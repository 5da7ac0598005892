/** Against a real web server that behaves as servers do. */
import type { ServerResponse } from 'node:http';
import { attentionStarted, cameraLost, emotionChanged, personAppeared, personLeft, testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import webhook from '../../../../plugins/webhook/index.ts';
import { makeCertificate, requireOpenssl } from '../../../support/certificates.ts';
import { until } from '../../../support/processes.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';
import { idOf, openWebhookReceiver } from '../../../support/webhook-receiver.ts';

const patienceMs = 60_000;
const test = suite('webhook: delivery');
type Options = NonNullable<Parameters<typeof testPlugin<never, NonNullable<typeof webhook.options>, never>>[1]>['options'];

const open = (options: NonNullable<Options>, more: { grant?: never[]; storeFolder?: string } = {}) => testPlugin(webhook, { options, ...more });
type Bench = Awaited<ReturnType<typeof open>>;
interface Status {
  state: string;
  held: number;
  sent: number;
  refused: number;
  tooLarge: number;
  filtered: number;
  waitMs: number;
  failuresInARow: number;
  lastStatus: number | null;
  lastFault: string | null;
}
const statusOf = async (bench: Bench) => (await bench.command('webhook.status')) as Status;
const untilStatus = (bench: Bench, what: string, holds: (status: Status) => boolean) => until(what, patienceMs, async () => holds(await statusOf(bench)));
const logged = (bench: Bench, pattern: RegExp) => bench.logs.filter(({ message, fields }) => pattern.test(`${message} ${JSON.stringify(fields)}`));

test('a visit arrives whole and in order, with headers of the user and a signature for each secret', async () => {
  using server = await openWebhookReceiver();
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const previousSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
  await using bench = await open({ url: `${server.url}?for=events`, secret, previousSecret, headers: { authorization: 'Bearer abc' } });
  const told = await bench.play({ people: [{ id: 'eva', age: 38, leaveS: 8 }] });
  await until('all is sent', patienceMs, () => server.taken.length === told.length);
  assert.equal(
    server.taken.map(({ body }) => JSON.parse(body.toString())),
    JSON.parse(JSON.stringify(told)),
  );
  const [first] = server.taken;
  assert.equal([first?.method, first?.path], ['POST', '/mien?for=events']);
  assert.is(first?.headers.authorization, 'Bearer abc');
  assert.is(first?.headers['webhook-id'], told[0]?.id);
  assert.match(String(first?.headers['webhook-signature']), /^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  assert.ok(Math.abs(Number(first?.headers['webhook-timestamp']) - Date.now() / 1000) < 300);
  assert.equal(bench.faults, []);
  const text = JSON.stringify([bench.logs, await statusOf(bench)]);
  assert.not.match(text, /for=events|Bearer abc|whsec_/, 'what may be secret is not shown');
});

test('binary mode over HTTP: what a receiver reads back is the event', async () => {
  using server = await openWebhookReceiver();
  await using bench = await open({ url: server.url, mode: 'binary' });
  const event = personAppeared({ age: 30 });
  await bench.emit(event);
  await until('it is sent', patienceMs, () => server.taken.length === 1);
  const { headers, body } = server.taken[0] as (typeof server.taken)[number];
  const attributes = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
  const read = Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), decodeURIComponent(String(value))]));
  assert.equal({ ...read, datacontenttype: headers['content-type'], data: JSON.parse(body.toString()) }, JSON.parse(JSON.stringify(event)));
});

test('only the events and cameras that were asked for', async () => {
  using server = await openWebhookReceiver();
  await using bench = await open({ url: server.url, events: ['person.appeared', 'camera.lost'], cameras: ['main'] });
  const wanted = [personAppeared({ id: 'p-aaaaa', camera: 'main' }), cameraLost('main', 'unplugged')];
  await bench.emit(
    personAppeared({ id: 'p-bbbbb', camera: 'side' }),
    personLeft({ id: 'p-bbbbb', camera: 'side' }),
    ...wanted,
    emotionChanged({ camera: 'side' }),
  );
  await untilStatus(bench, 'all is dealt with', ({ sent, filtered }) => sent + filtered === 5);
  assert.equal(
    server.taken.map(idOf),
    wanted.map(({ id }) => id),
  );
});

test('what was not granted is not sent, and an event that never comes is named', async () => {
  using server = await openWebhookReceiver();
  const grant = ['person.presence'] as never[];
  await using bench = await open({ url: server.url, events: ['person.appeared', 'attention.started'] }, { grant });
  await bench.emit(attentionStarted(), personAppeared({ age: 30, gender: 'female' }));
  await until('it is sent', patienceMs, () => server.taken.length === 1);
  const { person } = JSON.parse(server.taken[0]?.body.toString() ?? '').data;
  assert.equal(Object.keys(person).sort(), ['camera', 'id', 'returned', 'sinceMs', 'state']);
  assert.is(logged(bench, /never comes without its grant.*attention\.started/).length, 1);
});

test('500, a reset, and an answer that breaks off: the same event again with the same id, then the next', async () => {
  using server = await openWebhookReceiver((_, nth, response) => {
    if (nth === 1) return 500;
    if (nth === 2) response.socket?.resetAndDestroy();
    if (nth === 3) {
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.socket?.resetAndDestroy());
    }
    return nth === 2 || nth === 3 ? 'answered' : undefined;
  });
  await using bench = await open({ url: server.url, failuresToOpen: 100 });
  const events = [personAppeared({ id: 'p-aaaaa' }), personAppeared({ id: 'p-bbbbb' })];
  await bench.emit(...events);
  await until('both are taken', patienceMs, () => server.taken.length === 2);
  const [a = '', b = ''] = events.map(({ id }) => id);
  assert.equal(server.all.map(idOf), [a, a, a, a, b]);
  assert.equal([...new Set(server.all.slice(0, 4).map(({ headers }) => headers['webhook-id']))], [a]);
});

test('a server that closes idle connections costs no failure: the event goes out on a new one at once', async () => {
  const used = new Set<unknown>();
  using server = await openWebhookReceiver((_, __, response) => {
    const { socket } = response;
    if (!used.has(socket)) {
      used.add(socket);
      return undefined;
    }
    socket?.resetAndDestroy();
    return 'answered';
  });
  await using bench = await open({ url: server.url });
  const events = [personAppeared({ id: 'p-aaaaa' }), personAppeared({ id: 'p-bbbbb' }), personAppeared({ id: 'p-ccccc' })];
  await bench.emit(...events);
  await until('all are taken', patienceMs, () => server.taken.length === 3);
  assert.equal([server.taken.map(idOf), server.all.length], [events.map(({ id }) => id), 5]);
  assert.equal([logged(bench, /could not send/), (await statusOf(bench)).lastFault], [[], null]);
});

test('a slow server is waited for, a hanging one not, nor one whose answer never ends', async () => {
  using server = await openWebhookReceiver((_, nth, response) => {
    if (nth === 2) return 'answered';
    if (nth === 3) {
      response.writeHead(200);
      const flood = () => void (response.destroyed || response.write(Buffer.alloc(20_000, 'x'), () => setImmediate(flood)));
      flood();
      return 'answered';
    }
    setTimeout(() => response.writeHead(204).end(), nth === 1 ? 150 : 0);
    return 'answered';
  });
  await using bench = await open({ url: server.url, timeoutMs: 1000, failuresToOpen: 100 });
  await bench.emit(personAppeared({ id: 'p-aaaaa' }), personAppeared({ id: 'p-bbbbb' }), personAppeared({ id: 'p-ccccc' }));
  await untilStatus(bench, 'all three are taken', ({ sent }) => sent === 3);
  // The second was tried again; the flood was taken by its status once it was long enough.
  const ids = server.all.map(idOf);
  assert.equal([ids.length, new Set(ids).size, ids[1] === ids[2]], [4, 3, true]);
  assert.is(logged(bench, /no whole answer within 1000 ms/).length >= 1, true);
});

test('429 and 503 with Retry-After: left alone for so long', async () => {
  const at: number[] = [];
  using server = await openWebhookReceiver((_, nth, response) => {
    at.push(performance.now());
    if (nth > 2) return undefined;
    response.writeHead(nth === 1 ? 429 : 503, { 'retry-after': nth === 1 ? '1' : new Date(Date.now() + 2000).toUTCString() }).end();
    return 'answered';
  });
  await using bench = await open({ url: server.url });
  await bench.emit(personAppeared());
  await untilStatus(bench, 'it is told to wait', ({ lastStatus }) => lastStatus === 429);
  await until('it is taken', patienceMs, () => server.taken.length === 1);
  const [first = 0, second = 0, third = 0] = at;
  assert.ok(second - first >= 990, `${second - first} ms`);
  // A date has whole seconds: between one and two of them are left.
  assert.ok(third - second >= 900, `${third - second} ms`);
});

test('4xx: the event is skipped, counted and said; with onRefusal: hold it is kept', async () => {
  using server = await openWebhookReceiver((request, _, response) => {
    if (idOf(request) !== poison.id) return undefined;
    response.writeHead(422).end('no field\n  "name"');
    return 'answered';
  });
  const poison = personAppeared({ id: 'p-aaaaa' });
  const fine = personAppeared({ id: 'p-bbbbb' });
  {
    await using bench = await open({ url: server.url });
    await bench.emit(poison, fine);
    await until('the next is taken', patienceMs, () => server.taken.length === 1);
    const { refused, sent, state } = await statusOf(bench);
    assert.equal([refused, sent, state, server.all.length], [1, 1, 'closed', 2]);
    assert.is(logged(bench, /answered 422: no field "name"\. The event is skipped/).length, 1);
  }
  await using bench = await open({ url: server.url, onRefusal: 'hold' });
  await bench.emit(poison, fine);
  await until('it is tried again', patienceMs, () => server.all.length >= 4);
  assert.equal([server.taken.length, (await statusOf(bench)).held], [1, 2]);
});

test('what a server echoes of our headers, or says at great length, is in neither log nor status', async () => {
  using server = await openWebhookReceiver((request, _, response) => {
    response.writeHead(400).end(`you sent ${request.headers.authorization}, that is ${request.headers.authorization?.split(' ')[1]} ${'x'.repeat(500)}`);
    return 'answered';
  });
  await using bench = await open({ url: server.url, headers: { authorization: 'Bearer geheim-geheim' } });
  await bench.emit(personAppeared());
  await until('it is said', patienceMs, () => logged(bench, /answered 400: you sent \*\*\*, that is \*\*\*/).length === 1);
  assert.is(logged(bench, /geheim/).length, 0);
  const { lastFault } = await statusOf(bench);
  assert.match(lastFault ?? '', /you sent \*\*\*/);
  assert.ok((lastFault ?? '').length < 300);
});

test('410: nothing more is sent, which is said once; a new start tries again', async () => {
  using folder = new TemporaryFolder();
  using server = await openWebhookReceiver(() => 410);
  const events = [personAppeared({ id: 'p-aaaaa' }), personAppeared({ id: 'p-bbbbb' })];
  {
    await using bench = await open({ url: server.url }, { storeFolder: folder.path });
    await bench.emit(...events);
    await untilStatus(bench, 'it is gone', ({ state }) => state === 'gone');
    // Longer than the first pauses of the outbox.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal([server.all.length, (await statusOf(bench)).held], [1, 2]);
    assert.is(bench.logs.filter(({ level }) => level === 'error').length, 1);
    await bench.stop();
    assert.equal(bench.faults, []);
  }
  server.behaviour = () => undefined;
  await using again = await open({ url: server.url }, { storeFolder: folder.path });
  await untilStatus(again, 'what was held is sent', ({ sent }) => sent === 2);
  assert.equal(
    server.taken.map(idOf),
    events.map(({ id }) => id),
  );
});

test('redirects are not followed, and the new address is named', async () => {
  using other = await openWebhookReceiver();
  using server = await openWebhookReceiver((_, __, response) => {
    response.writeHead(307, { location: other.url }).end();
    return 'answered';
  });
  await using bench = await open({ url: server.url });
  await bench.emit(personAppeared());
  await until('it is said', patienceMs, () => logged(bench, /answered 307; redirects are not followed: put the address http/).length > 0);
  assert.is(other.all.length, 0);
});

test('after failures in a row it pauses, tries one event, and goes on when that is taken', async () => {
  using server = await openWebhookReceiver(() => 500);
  await using bench = await open({ url: server.url, failuresToOpen: 2, coolDownMs: 2000 });
  await bench.emit(personAppeared({ id: 'p-aaaaa' }), personAppeared({ id: 'p-bbbbb' }));
  await untilStatus(bench, 'it is open', ({ state }) => state === 'open');
  const open1 = await statusOf(bench);
  assert.equal([open1.failuresInARow, open1.held], [2, 2]);
  assert.ok(open1.waitMs > 0 && open1.waitMs <= 2000);
  server.behaviour = () => undefined;
  await untilStatus(bench, 'both are taken', ({ sent, state }) => sent === 2 && state === 'closed');
  assert.is(server.all.length, 4, 'two failures, and nothing in between');
  assert.equal([logged(bench, /pauses before it tries again/).length, logged(bench, /takes events again/).length], [1, 1]);
});

test('inFlight: so many at a time and no more; one by one unless said otherwise', async () => {
  const people = Array.from({ length: 12 }, (_, n) => personAppeared({ id: `p-aaa${n.toString(36)}a` }));
  for (const inFlight of [1, 4]) {
    // Answers only once as many are there as there may be: with fewer this would never end.
    const waiting: Array<() => void> = [];
    let most = 0;
    using server = await openWebhookReceiver((request, _, response) => {
      waiting.push(() => {
        request.status = 204;
        response.writeHead(204).end();
      });
      most = Math.max(most, waiting.length);
      if (waiting.length === inFlight) for (const answer of waiting.splice(0)) answer();
      return 'answered';
    });
    await using bench = await open({ url: server.url, ...(inFlight > 1 && { inFlight }) });
    await bench.emit(...people);
    await until('all are taken', patienceMs, () => server.taken.length === people.length);
    assert.is(most, inFlight);
    assert.equal([...server.all.map(idOf)].sort(), people.map(({ id }) => id).sort());
  }
});

test('inFlight: after failures one event finds out whether the server is well again, the oldest; the others wait for it', async () => {
  const failing: ServerResponse[] = [];
  let probing = false;
  using server = await openWebhookReceiver((request, nth, response) => {
    if (nth <= 4) {
      // All four are under way before the first fails.
      failing.push(response);
      if (nth === 4) for (const one of failing) one.writeHead(500).end();
      return 'answered';
    }
    if (nth > 6) return undefined;
    assert.not(probing, 'two at a time');
    probing = true;
    setTimeout(() => {
      probing = false;
      request.status = nth === 5 ? 500 : 204;
      response.writeHead(request.status).end();
    }, 300);
    return 'answered';
  });
  await using bench = await open({ url: server.url, inFlight: 4, failuresToOpen: 4, coolDownMs: 300 });
  const events = Array.from({ length: 8 }, (_, n) => personAppeared({ id: `p-aaa${n}a` }));
  await bench.emit(...events);
  await until('all are taken', patienceMs, () => server.taken.length === events.length);
  const ids = server.all.map(idOf);
  assert.equal([ids[4], ids[5], ids.length], [events[0]?.id, events[0]?.id, 13]);
  assert.equal(logged(bench, /takes events again/).length, 1);
});

test('an event that is too large is skipped and counted', async () => {
  using server = await openWebhookReceiver();
  await using bench = await open({ url: server.url, maxBodyBytes: 4096 });
  const large = personAppeared({ id: 'p-aaaaa' });
  const fine = personAppeared({ id: 'p-bbbbb' });
  await bench.emit({ ...large, data: { ...large.data, why: { ...large.data.why, rule: 'x'.repeat(5000) } } }, fine);
  await until('the next is taken', patienceMs, () => server.taken.length === 1);
  assert.equal([idOf(server.all[0] as never), (await statusOf(bench)).tooLarge], [fine.id, 1]);
});

test('nobody listens; then somebody does', async () => {
  const server = await openWebhookReceiver();
  server[Symbol.dispose]();
  await using bench = await open({ url: server.url, failuresToOpen: 1000 });
  const event = personAppeared();
  await bench.emit(event);
  await until('it is said', patienceMs, () => logged(bench, /nobody listens there.*ECONNREFUSED/).length > 0);
  using late = await openWebhookReceiver(() => undefined, { port: server.port });
  await until('it is taken', patienceMs, () => late.taken.length === 1);
  assert.is(idOf(late.taken[0] as never), event.id);
});

test('https: an expired certificate, one that nobody signed, and one whose authority is given', async () => {
  requireOpenssl();
  using folder = new TemporaryFolder();
  const expired = makeCertificate(folder.path, 'expired', { untilDate: '20200201000000Z' });
  const valid = makeCertificate(folder.path, 'valid');
  const saysOf = async (certificate: typeof valid, ca: string, pattern: RegExp) => {
    using server = await openWebhookReceiver(() => undefined, { certificate });
    await using bench = await open({ url: server.url, ca });
    await bench.emit(personAppeared());
    await until(`it says ${pattern}`, patienceMs, () => logged(bench, pattern).length > 0);
    assert.is(server.all.length, 0);
  };
  await saysOf(expired, expired.cert, /certificate of the server has expired.*CERT_HAS_EXPIRED/);
  await saysOf(valid, '', /signed by nobody known: give it in the option ca/);
  using server = await openWebhookReceiver(() => undefined, { certificate: valid });
  await using bench = await open({ url: server.url, ca: valid.cert });
  await bench.emit(personAppeared());
  await until('it is taken', patienceMs, () => server.taken.length === 1);
});

test('without an address it is not started, and says what is missing', async () => {
  const said = await open({}).then(
    () => 'it was started',
    ({ message }: Error) => message,
  );
  assert.match(said, /url: expected the address that takes events/);
});

test.run();
