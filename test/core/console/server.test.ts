import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienError } from '../../../core/src/errors.ts';
import { openConsole } from '../../support/open-console.ts';

const test = suite('console server');

test('a port in use is named with what to do', async () => {
  await using first = await openConsole();
  const port = Number(new URL(first.url).port);
  const fault = await openConsole({ api: { port } }).then(
    () => undefined,
    (error: MienError) => error,
  );
  assert.is(fault?.code, 'PORT_IN_USE');
  assert.match(fault?.message ?? '', String(port));
  assert.match(fault?.message ?? '', 'api.port');
  assert.is((await first.get('/healthz')).status, 200);
});

test('an address of another machine is a fault of the configuration', async () => {
  const fault = await openConsole({ api: { host: '203.0.113.7', token: 'token-with-24-characters' } }).then(
    () => undefined,
    (error: MienError) => error,
  );
  assert.is(fault?.code, 'CONFIG_INVALID');
  assert.match(fault?.message ?? '', '203.0.113.7');
});

test('listens on IPv6 loopback and says so in its address', async () => {
  await using app = await openConsole({ api: { host: '::1' } });
  assert.match(app.url, /^http:\/\/\[::1\]:\d+$/);
  assert.is((await app.get('/v1/status')).status, 200);
});

test('closes in under a second with idle and half-sent connections, twice without harm', async () => {
  const app = await openConsole();
  const { port } = new URL(app.url);
  const idle = connect(Number(port), '127.0.0.1');
  const half = connect(Number(port), '127.0.0.1');
  for (const socket of [idle, half]) socket.on('error', () => {});
  half.write('POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 999\r\n\r\nabc');
  await app.get('/v1/status');
  const startedMs = performance.now();
  await app[Symbol.asyncDispose]();
  assert.ok(performance.now() - startedMs < 1000);
  await app[Symbol.asyncDispose]();
  for (const socket of [idle, half]) socket.destroy();
});

test('the OpenAPI description is valid and complete', async () => {
  await using app = await openConsole();
  const document = (await (await app.get('/v1/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { responses: Record<string, unknown>; requestBody?: unknown }>>;
    components: { schemas: Record<string, unknown> };
  };
  assert.is(document.openapi, '3.1.0');
  const outcome = await new Validator().validate(structuredClone(document));
  assert.ok(outcome.valid, JSON.stringify(outcome.errors)?.slice(0, 1500));
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  const expected = [
    'get /v1/status',
    'get /v1/people',
    'get /v1/models',
    'post /v1/models/{name}/load',
    'post /v1/models/{name}/unload',
    'post /v1/models/{name}/swap',
    'post /v1/models/{name}/selftest',
    'get /v1/plugins',
    'get /v1/plugins/{name}',
    'put /v1/plugins/{name}/options',
    'post /v1/plugins/{name}/check',
    'post /v1/plugins/{name}/enable',
    'post /v1/plugins/{name}/disable',
    'post /v1/plugins/{name}/restart',
    'get /v1/commands',
    'post /v1/commands/{name}',
    'post /v1/analyze',
    'get /v1/preview.jpg',
    'get /v1/preview.mjpeg',
    'get /v1/events',
    'get /v1/simulate',
    'post /v1/simulate',
    'delete /v1/simulate',
    'patch /v1/simulate/people/{id}',
    'post /v1/simulate/people/{id}',
    'delete /v1/simulate/people/{id}',
    'get /metrics',
    'get /healthz',
    'get /v1/openapi.json',
  ];
  assert.equal(operations.toSorted(), expected.toSorted());
  for (const name of ['Error', 'SocketFrame', 'Subscription', 'event.person.appeared', 'event.camera.lost'])
    assert.ok(name in document.components.schemas, name);
  const picture = document.paths['/v1/preview.jpg']?.['get']?.responses['200'] as { content: object } | undefined;
  assert.ok(picture && 'image/jpeg' in picture.content);
  assert.ok(document.paths['/v1/analyze']?.['post']?.requestBody);
  const referred = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '');
  assert.ok(referred.includes('event.person.left'));
  for (const name of referred) assert.ok(name in document.components.schemas, name);
  // JSON Schema 2020-12, which OpenAPI 3.1 is, has no array-valued `items`.
  assert.not.match(JSON.stringify(document), '"items":[');
});

test('a page that was not built says what to run; the API works', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'mien-page-'));
  await using app = await openConsole({ pageFolder: pathToFileURL(`${empty}/`) });
  const response = await app.get('/');
  assert.is(response.status, 503);
  assert.match(await response.text(), 'build-console.mjs');
  assert.is((await app.get('/v1/status')).status, 200);
  rmSync(empty, { recursive: true });
});

test.run();
