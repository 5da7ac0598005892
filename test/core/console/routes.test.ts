import Type from 'typebox';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PeopleAnswer } from '../../../core/src/console/people-view.ts';
import { HeldEvents } from '../../../core/src/console/socket-frames.ts';
import { AnalyzeAnswer, Model, Status } from '../../../core/src/console/status.ts';
import { MienError } from '../../../core/src/errors.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { known } from '../../support/fake-people.ts';
import { fakeDetector, fakeModel, jpegStub } from '../../support/fake-sight.ts';
import { type OpenConsole, openConsole } from '../../support/open-console.ts';

const test = suite('console routes');
let console_: OpenConsole;
test.before.each(async () => {
  console_ = await openConsole();
});
test.after.each(async () => {
  await console_[Symbol.asyncDispose]();
});

const fits = (schema: Type.TSchema, value: unknown): void => {
  const [fault] = Value.Errors(schema, value);
  assert.is(fault, undefined, `${fault?.instancePath} ${fault?.message}`);
};
const refused = async (response: Response, status: number, code: string): Promise<string> => {
  assert.is(response.status, status);
  assert.match(response.headers.get('content-type') ?? '', 'application/json');
  const answer = (await response.json()) as { error: { code: string; message: string } };
  assert.equal(Object.keys(answer), ['error']);
  assert.is(answer.error.code, code);
  return answer.error.message;
};

test('status tells device, health, cameras and events', async () => {
  console_.people.appear('p-aaaaa');
  const status = (await (await console_.get('/v1/status')).json()) as Type.Static<typeof Status>;
  fits(Status, status);
  assert.is(status.device, 'test-device');
  assert.is(status.profile, 'demo');
  assert.equal(status.health, { state: 'ok', reasons: [] });
  assert.is(status.people, 1);
  assert.is(status.events.newest, 1);
  assert.is(status.events.bootId, console_.people.bootId);
  assert.is(status.sight.cameras[0]?.framesPerSecond, 24.9);
});

test('status and healthz follow sight and cameras', async () => {
  const [camera] = console_.sight.current.cameras;
  if (!camera) throw new Error('the fake has a camera');
  const lost = { ...camera, state: 'lost' as const, error: { code: 'CAMERA_LOST' as const, message: 'unplugged' } };
  console_.sight.current = { ...console_.sight.current, cameras: [camera, { ...lost, name: 'back' }] };
  let health = ((await (await console_.get('/v1/status')).json()) as Type.Static<typeof Status>).health;
  assert.equal(health, { state: 'degraded', reasons: ['camera back is lost: unplugged'] });
  assert.is((await console_.get('/healthz')).status, 200);
  console_.sight.current = { ...console_.sight.current, cameras: [lost] };
  assert.is((await console_.get('/healthz')).status, 503);
  console_.sight.current = { ...console_.sight.current, cameras: [camera], state: 'restarting' };
  health = ((await (await console_.get('/v1/status')).json()) as Type.Static<typeof Status>).health;
  assert.equal(health, { state: 'down', reasons: ['sight is restarting'] });
  assert.is((await console_.get('/healthz')).status, 503);
});

test('people come with what is held back, by camera', async () => {
  console_.people.appear('p-aaaaa', known);
  console_.people.held = [
    { what: 'attention.started', rule: 'attention.on', detail: 'score 0.20 of 0.6', heldMs: 0, progress: { on: 0.2 }, thresholds: { on: 0.6 } },
  ];
  const answer = (await (await console_.get('/v1/people?camera=main')).json()) as Type.Static<typeof PeopleAnswer>;
  fits(PeopleAnswer, answer);
  assert.is(answer.people[0]?.id, 'p-aaaaa');
  assert.is(answer.people[0]?.whyNot[0]?.rule, 'attention.on');
  await refused(await console_.get('/v1/people?camera=roof'), 404, 'CAMERA_NOT_FOUND');
  await refused(await console_.get('/v1/people?kamera=main'), 400, 'REQUEST_INVALID');
});

test('models are listed and commanded', async () => {
  const { models } = (await (await console_.get('/v1/models')).json()) as { models: Type.Static<typeof Model>[] };
  fits(Type.Array(Model), models);
  assert.is(models.length, 2);
  assert.equal(models.find(({ name }) => name === fakeDetector.name)?.npu, fakeDetector.npu);
  const command = async (action: string, body: string | null = null, headers = {}) =>
    (await (await console_.post(`/v1/models/${fakeModel.name}/${action}`, body, headers)).json()) as Type.Static<typeof Model>;
  assert.is((await command('unload')).state, 'unloaded');
  assert.is((await command('load')).state, 'ready');
  assert.is((await command('selftest')).selftest?.passed, true);
  const json = { 'content-type': 'application/json' };
  assert.is((await command('swap', '{"precision":"fp32"}', json)).precision, 'fp32');
  assert.is((await command('swap')).precision, 'int8');
  assert.equal(console_.sight.asked.swap, [{ precision: 'fp32' }, {}]);
});

test('model commands fail with their reason', async () => {
  await refused(await console_.post('/v1/models/none/selftest'), 404, 'MODEL_NOT_FOUND');
  const json = { 'content-type': 'application/json' };
  await refused(await console_.post(`/v1/models/${fakeModel.name}/swap`, '{"precision":"int4"}', json), 400, 'REQUEST_INVALID');
  await refused(await console_.post(`/v1/models/${fakeModel.name}/swap`, '{"prec":"int8"}', json), 400, 'REQUEST_INVALID');
  await refused(await console_.post(`/v1/models/${fakeModel.name}/swap`, '{"precision":', json), 400, 'REQUEST_INVALID');
  await refused(await console_.post(`/v1/models/${fakeModel.name}/explode`), 404, 'ROUTE_NOT_FOUND');
  console_.sight.models.swap = async () => {
    throw new MienError('SELFTEST_FAILED', 'known answer 2 is off');
  };
  assert.is(await refused(await console_.post(`/v1/models/${fakeModel.name}/swap`), 422, 'SELFTEST_FAILED'), 'known answer 2 is off');
});

test('an image is relayed unopened with its options', async () => {
  for (const type of ['image/jpeg', 'image/svg+xml', 'application/octet-stream', 'image/png; charset=x']) {
    const response = await console_.post('/v1/analyze?crop=true&asPerson=1', Uint8Array.of(1, 2, 3), { 'content-type': type });
    assert.is(response.status, 200, type);
    fits(AnalyzeAnswer, await response.json());
  }
  const [first] = console_.sight.asked.analyze;
  assert.is(first?.bytes, 3);
  assert.equal(first?.options, { crop: true, asPerson: true });
});

test('an annotated image comes back as JPEG', async () => {
  const response = await console_.post('/v1/analyze?annotate=blur', Uint8Array.of(1), { 'content-type': 'image/png' });
  assert.is(response.headers.get('content-type'), 'image/jpeg');
  assert.is(response.headers.get('mien-faces'), '1');
  assert.equal(new Uint8Array(await response.arrayBuffer()), jpegStub);
});

test('bad images are refused with fitting codes', async () => {
  const image = { 'content-type': 'image/png' };
  await refused(await console_.post('/v1/analyze', '', image), 400, 'IMAGE_EMPTY');
  await refused(await console_.post('/v1/analyze', null), 400, 'IMAGE_EMPTY');
  await refused(await console_.post('/v1/analyze', 'hello', { 'content-type': 'text/plain' }), 415, 'IMAGE_UNSUPPORTED');
  await refused(await console_.post('/v1/analyze', '{}', { 'content-type': 'application/json' }), 415, 'IMAGE_UNSUPPORTED');
  await refused(await console_.post('/v1/analyze?annotate=paint', 'x', image), 400, 'REQUEST_INVALID');
  const message = await refused(await console_.post('/v1/analyze', new Uint8Array(25 * 1024 * 1024 + 1), image), 413, 'IMAGE_TOO_LARGE');
  assert.match(message, '26214400');
  assert.is(console_.sight.asked.analyze.length, 0);
  console_.sight.onAnalyze = async () => {
    throw new MienError('IMAGE_UNREADABLE', 'not an image');
  };
  await refused(await console_.post('/v1/analyze', 'x', image), 422, 'IMAGE_UNREADABLE');
  console_.sight.onAnalyze = async () => {
    throw new Error('secret inner words');
  };
  assert.not.match(await refused(await console_.post('/v1/analyze', 'x', image), 500, 'INTERNAL'), 'secret');
});

test('no more than four images are held at once', async () => {
  const { promise, resolve } = Promise.withResolvers<never>();
  console_.sight.onAnalyze = () => promise;
  const image = { 'content-type': 'image/png' };
  const waiting = Array.from({ length: 4 }, () => console_.post('/v1/analyze', 'x', image));
  while (console_.sight.asked.analyze.length < 4) await new Promise((done) => setTimeout(done, 5));
  const response = await console_.post('/v1/analyze', 'x', image);
  assert.is(response.headers.get('retry-after'), '1');
  await refused(response, 429, 'BUSY');
  resolve(undefined as never);
  await Promise.all(waiting);
  console_.sight.onAnalyze = async () => {
    throw new MienError('IMAGE_UNREADABLE', 'not an image');
  };
  await refused(await console_.post('/v1/analyze', 'x', image), 422, 'IMAGE_UNREADABLE');
});

test('a client that goes away cancels its analysis', async () => {
  let seen: AbortSignal | undefined;
  console_.sight.onAnalyze = (_image, _options, signal) => {
    seen = signal;
    return new Promise(() => {});
  };
  const abort = new AbortController();
  const call = fetch(new URL('/v1/analyze', console_.url), { method: 'POST', body: 'x', headers: { 'content-type': 'image/png' }, signal: abort.signal });
  call.catch(() => {});
  while (!seen) await new Promise((done) => setTimeout(done, 5));
  assert.is(seen.aborted, false);
  abort.abort();
  for (let wait = 0; !seen.aborted && wait < 200; wait += 1) await new Promise((done) => setTimeout(done, 5));
  assert.is(seen.aborted, true);
});

test('held events answer a plain GET, filtered', async () => {
  console_.people.appear('p-aaaaa');
  console_.people.appear('p-bbbbb', { zone: 'near' });
  console_.people.leave('p-aaaaa');
  const held = async (query: string) => {
    const answer = (await (await console_.get(`/v1/events${query}`)).json()) as Type.Static<typeof HeldEvents>;
    fits(HeldEvents, answer);
    return answer.events.map(({ sequence }) => Number(sequence));
  };
  assert.equal(await held(''), [1, 2, 3]);
  assert.equal(await held('?since=1'), [2, 3]);
  assert.equal(await held('?types=person.left'), [3]);
  assert.equal(await held('?person.zone=near'), [2]);
  assert.equal(await held('?person.distance.m=0..1'), []);
  assert.match(await refused(await console_.get('/v1/events?types=person.apeared'), 400, 'OPTION_UNKNOWN'), 'did you mean "person.appeared"');
  assert.match(await refused(await console_.get('/v1/events?person.gendr=x'), 400, 'OPTION_UNKNOWN'), 'did you mean "gender"');
  await refused(await console_.get('/v1/events?since=soon'), 400, 'REQUEST_INVALID');
  await refused(await console_.get('/v1/events?mode=fast'), 400, 'REQUEST_INVALID');
});

test('metrics are in the Prometheus format and count events', async () => {
  console_.people.appear('p-aaaaa');
  console_.people.leave('p-aaaaa');
  console_.people.appear('p-bbbbb');
  const response = await console_.get('/metrics');
  assert.match(response.headers.get('content-type') ?? '', 'text/plain; version=0.0.4');
  const text = await response.text();
  const lines = text.split('\n');
  for (const expected of [
    'mien_events_total{type="person.appeared"} 2',
    'mien_events_total{type="person.left"} 1',
    'mien_people_present{camera="main"} 1',
    'mien_camera_frames_dropped_total{camera="main"} 20',
    'mien_frame_latency_seconds{quantile="0.5"} 0.0112',
    'mien_sight_up 1',
  ]) {
    assert.ok(lines.includes(expected), `${expected} in\n${text}`);
  }
  assert.is((await (await console_.get('/metrics')).text()).match(/frames_dropped_total\{camera="main"\} (\d+)/)?.[1], '20');
});

test('unknown routes answer like every other error', async () => {
  assert.match(await refused(await console_.get('/v2/status?access_token=secret'), 404, 'ROUTE_NOT_FOUND'), 'GET /v2/status;');
  await refused(await console_.post('/v1/status'), 404, 'ROUTE_NOT_FOUND');
});

test('paths that fastify itself refuses are answered in the same form', async () => {
  await refused(await console_.post(`/v1/models/${'a'.repeat(200)}/load`), 400, 'REQUEST_INVALID');
  await refused(await console_.post('/v1/models/%zz/load'), 400, 'REQUEST_INVALID');
});

test('HEAD of the stream of pictures holds no place', async () => {
  const response = await fetch(new URL('/v1/preview.mjpeg', console_.url), { method: 'HEAD' });
  assert.is(response.status, 404);
  assert.is(console_.sight.previews.open, 0);
});

test('a client that goes away while its image is analysed is no fault in the log', async () => {
  const errors: object[] = [];
  await using app = await openConsole({ logger: { ...silentLogger, error: (fields: object) => void errors.push(fields) } });
  const aborted = Promise.withResolvers<void>();
  app.sight.onAnalyze = (_image, _options, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason);
        setTimeout(() => aborted.resolve(), 20);
      });
      leave.abort();
    });
  const leave = new AbortController();
  const request = fetch(new URL('/v1/analyze', app.url), { method: 'POST', body: 'x', headers: { 'content-type': 'image/jpeg' }, signal: leave.signal });
  await request.then(
    () => assert.unreachable(),
    () => {},
  );
  await aborted.promise;
  assert.equal(errors, []);
});

test.run();
