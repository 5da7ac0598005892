import { once } from 'node:events';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jpegStub } from '../../support/fake-sight.ts';
import { type OpenConsole, openConsole } from '../../support/open-console.ts';

const test = suite('preview');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (done: () => boolean, ms = 3000): Promise<void> => {
  for (const end = Date.now() + ms; !done(); await pause(5)) if (Date.now() > end) assert.unreachable(`not within ${ms} ms`);
};

/** Reads a stream until `pictures` have come or it ends. */
async function read(response: Response, pictures: number): Promise<{ count: number; ended: boolean; bytes: Buffer }> {
  const reader = response.body?.getReader();
  if (!reader) throw new Error('the answer has no body');
  let bytes = Buffer.alloc(0);
  const count = (): number => bytes.toString('latin1').split('Content-Length').length - 1;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { count: count(), ended: true, bytes };
    bytes = Buffer.concat([bytes, value]);
    if (count() > pictures) {
      await reader.cancel();
      return { count: count(), ended: false, bytes };
    }
  }
}

test('one picture, and nothing goes on after it', async () => {
  await using app = await openConsole();
  const response = await app.get('/v1/preview.jpg?camera=main');
  assert.is(response.headers.get('content-type'), 'image/jpeg');
  assert.equal(new Uint8Array(await response.arrayBuffer()), jpegStub);
  await until(() => app.sight.previews.open === 0);
  const { taken } = app.sight.previews;
  await pause(150);
  assert.is(app.sight.previews.taken, taken);
});

test('a stream of parts that a browser understands, ended when the client leaves', async () => {
  await using app = await openConsole();
  const response = await app.get('/v1/preview.mjpeg?framesPerSecond=30');
  assert.is(response.headers.get('content-type'), 'multipart/x-mixed-replace; boundary=mien-frame');
  assert.is(response.headers.get('cache-control'), 'no-store');
  assert.is(response.headers.get('cross-origin-resource-policy'), 'same-origin');
  const { bytes } = await read(response, 3);
  const picture = Buffer.from(jpegStub).toString('latin1');
  const part = `--mien-frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpegStub.length}\r\n\r\n${picture}\r\n`;
  assert.ok(bytes.toString('latin1').startsWith(part + part));
  await until(() => app.sight.previews.open === 0);
});

test('unknown cameras and wrong numbers are refused', async () => {
  await using app = await openConsole();
  for (const path of ['/v1/preview.jpg', '/v1/preview.mjpeg']) {
    assert.is((await app.get(`${path}?camera=roof`)).status, 404);
    assert.is((await app.get(`${path}?framesPerSecond=999`)).status, 400);
    assert.is((await app.get(`${path}?size=9`)).status, 400);
  }
  assert.is(app.sight.previews.open, 0);
});

test('a stream ends by itself after its time', async () => {
  await using app = await openConsole({ previewLimits: { streamMs: 300, maximumClients: 4 } });
  const startedMs = performance.now();
  const { ended, count } = await read(await app.get('/v1/preview.mjpeg?framesPerSecond=30'), Infinity);
  const lasted = performance.now() - startedMs;
  assert.ok(ended);
  assert.ok(count > 1);
  assert.ok(lasted > 250 && lasted < 800, `${lasted} ms`);
  assert.is(app.sight.previews.open, 0);
});

test('also while the camera gives no picture', async () => {
  await using app = await openConsole({ previewLimits: { streamMs: 200, maximumClients: 4 } });
  app.sight.picture = null;
  const { ended, count } = await read(await app.get('/v1/preview.mjpeg'), Infinity);
  assert.ok(ended);
  assert.is(count, 0);
  await until(() => app.sight.previews.open === 0);
});

test('no more previews than the limit', async () => {
  await using app = await openConsole({ previewLimits: { streamMs: 60_000, maximumClients: 2 } });
  const streams = await Promise.all([app.get('/v1/preview.mjpeg'), app.get('/v1/preview.mjpeg')]);
  assert.is((await app.get('/v1/preview.mjpeg')).status, 429);
  assert.is(((await (await app.get('/v1/status')).json()) as { previewClients: number }).previewClients, 2);
  await Promise.all(streams.map((stream) => stream.body?.cancel()));
  await until(() => app.sight.previews.open === 0);
  assert.is((await app.get('/v1/preview.jpg')).status, 200);
});

/** Asks for the stream and does not read. */
async function deafViewer(app: OpenConsole) {
  const { hostname, port } = new URL(app.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET /v1/preview.mjpeg?framesPerSecond=30 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

test('a slow client gets fewer pictures, never a queue', async () => {
  await using app = await openConsole();
  app.sight.picture = () => new Uint8Array(2_000_000);
  const deaf = await deafViewer(app);
  await pause(400);
  const { taken } = app.sight.previews;
  assert.ok(taken >= 1 && taken < 8, `${taken} pictures were drawn for nobody`);
  await pause(400);
  assert.is(app.sight.previews.taken, taken, 'no more are drawn until it reads');
  deaf.resume();
  await until(() => app.sight.previews.taken > taken + 2);
  deaf.destroy();
  await until(() => app.sight.previews.open === 0);
});

test('closing ends streams at once, deaf viewers included', async () => {
  const app = await openConsole();
  app.sight.picture = () => new Uint8Array(2_000_000);
  const deaf = await deafViewer(app);
  deaf.on('error', () => {});
  const reading = read(await app.get('/v1/preview.mjpeg'), Infinity).catch(() => ({ ended: true }));
  const startedMs = performance.now();
  await app[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 1000);
  assert.is((await reading).ended, true);
  await until(() => app.sight.previews.open === 0);
  deaf.destroy();
});

test.run();
