import { request } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createGuard, isLoopback } from '../../../core/src/console/auth.ts';
import type { MienError } from '../../../core/src/errors.ts';
import { fakeModel } from '../../support/fake-sight.ts';
import { type OpenConsoleOptions, openConsole } from '../../support/open-console.ts';

const test = suite('console auth');
const token = 'token-with-24-characters';
const previewToken = 'preview-with-24-characters';

/** Status of a request with exactly these headers; fetch would not let Host and Origin through. */
function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      response.destroy();
    })
      .on('error', reject)
      .end();
  });
}

test('loopback is told from the rest', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.1', '::1', '[::1]']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '192.168.1.4', '127.evil.com', 'localhost.evil.com', '']) assert.not.ok(isLoopback(host), host);
});

test('off loopback nothing starts without a token', async () => {
  for (const host of ['0.0.0.0', '192.168.1.4', '::']) {
    try {
      createGuard({ host });
      assert.unreachable(host);
    } catch (fault) {
      assert.is((fault as MienError).code, 'TOKEN_REQUIRED');
      assert.match((fault as MienError).message, 'MIEN_TOKEN');
    }
  }
  const outcome = await openConsole({ api: { host: '0.0.0.0' } }).then(
    () => 'open',
    (fault: MienError) => fault.code,
  );
  assert.is(outcome, 'TOKEN_REQUIRED');
  await using open = await openConsole({ api: { host: '0.0.0.0', token } });
  const port = new URL(open.url).port;
  assert.is(await ask(`http://127.0.0.1:${port}`, '/v1/status'), 401);
  assert.is(await ask(`http://127.0.0.1:${port}`, '/v1/status', { authorization: `Bearer ${token}` }), 200);
});

const routes: Array<[method: string, path: string, scope: 'open' | 'api' | 'preview', queryToken: boolean]> = [
  ['GET', '/', 'open', false],
  ['GET', '/healthz', 'open', false],
  ['GET', '/v1/status', 'api', false],
  ['GET', '/v1/people', 'api', false],
  ['GET', '/v1/models', 'api', false],
  ['GET', '/v1/openapi.json', 'api', false],
  ['GET', '/metrics', 'api', false],
  ['GET', '/v1/events', 'api', true],
  ['POST', `/v1/models/${fakeModel.name}/selftest`, 'api', false],
  ['GET', '/v1/preview.jpg', 'preview', true],
  ['GET', '/v1/preview.mjpeg', 'preview', true],
];
/** Who is let in: none, a wrong token, the token, the preview token. */
const matrix: Array<{ api: OpenConsoleOptions['api']; apiStatus: number[]; previewStatus: number[] }> = [
  { api: {}, apiStatus: [200, 200, 200, 200], previewStatus: [200, 200, 200, 200] },
  { api: { token }, apiStatus: [401, 401, 200, 401], previewStatus: [401, 401, 200, 401] },
  { api: { previewToken }, apiStatus: [200, 200, 200, 200], previewStatus: [403, 403, 403, 200] },
  { api: { token, previewToken }, apiStatus: [401, 401, 200, 200], previewStatus: [401, 401, 403, 200] },
];
for (const { api, apiStatus, previewStatus } of matrix) {
  test(`who may call what with ${Object.keys(api ?? {}).join(' and ') || 'no token'} set`, async () => {
    await using open = await openConsole({ ...(api && { api }) });
    const given = [undefined, 'wrong-with-24-characters', token, previewToken];
    for (const [method, path, scope, queryToken] of routes) {
      const expected = { open: [200, 200, 200, 200], api: apiStatus, preview: previewStatus }[scope];
      for (const [index, each] of given.entries()) {
        const words = `${method} ${path} with ${each}`;
        if (path === '/' && (await ask(open.url, '/')) === 503) continue;
        assert.is(await ask(open.url, path, each === undefined ? {} : { authorization: `Bearer ${each}` }, method), expected[index], words);
        if (each === undefined) continue;
        const byQuery = await ask(open.url, `${path}?access_token=${each}`, {}, method);
        if (queryToken) assert.is(byQuery, expected[index], `${words} in the query`);
        else if (scope === 'api' && expected[0] === 401) assert.is(byQuery, 401, `${words} in the query counts only for pictures and events`);
      }
    }
  });
}

test('a name that was rebound to loopback is refused', async () => {
  await using open = await openConsole();
  const { port } = new URL(open.url);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) assert.is(await ask(open.url, '/v1/status', { host }), 200, host);
  for (const host of [`evil.example:${port}`, '192.168.1.4', 'localhost.evil.example']) {
    for (const path of ['/v1/status', '/', '/healthz', '/nothing']) assert.is(await ask(open.url, path, { host }), 403, `${path} ${host}`);
  }
});

test('a request without a usable Host is refused on loopback', () => {
  const guard = createGuard({ host: '127.0.0.1' });
  for (const headers of [{}, { host: '' }, { host: 'a b' }]) assert.throws(() => guard.checkHost(headers), /Host header/);
});

test('what changes or shows something is refused from another site', async () => {
  await using open = await openConsole();
  const { host } = new URL(open.url);
  const selftest = `/v1/models/${fakeModel.name}/selftest`;
  const guarded: Array<[string, string]> = [
    ['POST', selftest],
    ['GET', '/v1/preview.jpg'],
    ['GET', '/v1/events'],
  ];
  for (const [method, path] of guarded) {
    assert.is(await ask(open.url, path, { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, method), 200, path);
    assert.is(await ask(open.url, path, {}, method), 200, `${path} without a browser`);
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      assert.is(await ask(open.url, path, headers as Record<string, string>, method), 403, `${path} ${JSON.stringify(headers)}`);
    }
  }
});

test('a web socket from another site is refused before it opens', async () => {
  await using open = await openConsole({ api: { token } });
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  const status = (headers: Record<string, string>, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = request(new URL(path, open.url), { headers: { ...upgrade, ...headers } });
      call.on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      });
      call.on('response', (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      call.on('error', reject);
      call.end();
    });
  const path = `/v1/events?access_token=${token}`;
  assert.is(await status({}, path), 101);
  assert.is(await status({ origin: open.url }, path), 101);
  assert.is(await status({ origin: 'http://evil.example' }, path), 403);
  assert.is(await status({}, '/v1/events'), 401);
  assert.is(await status({ host: 'evil.example' }, path), 403);
});

test('a refusal names its code and says what to do', async () => {
  await using open = await openConsole({ api: { token, previewToken } });
  const bearer = { authorization: `Bearer ${token}` };
  for (const [path, headers, says] of [
    ['/v1/preview.jpg', bearer, 'api.previewToken'],
    ['/v1/preview.jpg', { ...bearer, origin: 'http://evil.example' }, 'another web site'],
  ] as const) {
    const response = await open.get(path, headers);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal([response.status, error.code], [403, 'FORBIDDEN']);
    assert.match(error.message, says);
  }
});

test('answers carry the headers that keep other sites out', async () => {
  await using open = await openConsole();
  const { headers } = await open.get('/v1/status');
  assert.is(headers.get('cross-origin-resource-policy'), 'same-origin');
  assert.is(headers.get('x-content-type-options'), 'nosniff');
  assert.is(headers.get('access-control-allow-origin'), null);
  assert.is(headers.get('cache-control'), 'no-store');
});

test('no token reaches the log', async () => {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => void lines.push(JSON.stringify(fields) + message);
  await using open = await openConsole({ api: { token }, logger: { error: write, warn: write, info: write, debug: write, trace: write } });
  await ask(open.url, `/v1/status?access_token=${token}`);
  await ask(open.url, `/v1/nothing?access_token=${token}`, { authorization: `Bearer ${token}` });
  assert.ok(lines.length > 0);
  assert.not.match(lines.join('\n'), token);
});

test.run();
