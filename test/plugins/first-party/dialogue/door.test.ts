/** Who may come in to the dialogue plugin, how many, how fast and with how much. Raw HTTP beside the SDK's client. */
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Address, connectClient, httpTransport, openDialogue } from '../../../support/mcp.ts';
import { must } from '../../../support/must.ts';
import { openHost, patienceMs, reasonOf, TemporaryFolder, untilStatus, writePlugin } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { times } from '../../../support/soak.ts';

const door = suite('dialogue: the door');

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
const subscribe = (id: number, uri: string) => ({ jsonrpc: '2.0', id, method: 'resources/subscribe', params: { uri } });

/** What garbage may wait to be collected; a subscription that were kept would be a few hundred bytes more each. */
const MOST_GROWTH_MB = 60;
function rssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

interface Raw {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** By node:http, which lets one say any Host. */
function send({ url, token }: Address, body: string | object, headers: Record<string, string> = {}, method = 'POST'): Promise<Raw> {
  const { promise, resolve, reject } = Promise.withResolvers<Raw>();
  const given = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers };
  const call = request(url, { method, headers: given }, (response) => {
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: new Headers(response.headers as Record<string, string>), body: text }));
  });
  call.on('error', reject);
  call.end(method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  return promise;
}

async function openSession(address: Address): Promise<Record<string, string>> {
  const { status, headers, body } = await send(address, initialize);
  assert.is(status, 200, body);
  return { 'mcp-session-id': must(headers.get('mcp-session-id')) };
}

door('without the token, from elsewhere, to elsewhere, too large, no JSON: refused with the reason', async () => {
  await using dialogue = await openDialogue({ options: { origins: ['https://good.example'] } });
  const address = await dialogue.address();
  assert.match(address.url, /^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
  assert.match(address.token, /^[\w-]{32}$/);
  const refused = async (status: number, words: RegExp, answer: Promise<Raw>) => {
    const { status: came, body } = await answer;
    assert.is(came, status, body);
    assert.match(JSON.parse(body).error.message, words);
  };
  await refused(401, /expected the header authorization/, send(address, initialize, { authorization: 'Bearer wrong' }));
  await refused(401, /expected the header authorization/, send(address, initialize, { authorization: '' }));
  await refused(401, /expected the header authorization/, send(address, initialize, { authorization: `Basic ${address.token}` }));
  await refused(403, /names another machine/, send(address, initialize, { host: 'evil.example:7431' }));
  await refused(403, /pages of this origin/, send(address, initialize, { origin: 'https://evil.example' }));
  await refused(403, /pages of this origin/, send(address, initialize, { origin: 'null' }));
  await refused(404, /MCP is at \/mcp/, send({ ...address, url: address.url.replace('/mcp', '/other') }, initialize));
  await refused(404, /MCP is at \/mcp/, send({ ...address, url: address.url.replace('/mcp', '//') }, initialize));
  await refused(405, /expected POST/, send(address, initialize, {}, 'PUT'));
  await refused(413, /at most 262144 bytes/, send(address, { ...initialize, more: 'x'.repeat(300_000) }));
  await refused(400, /expected JSON/, send(address, '{"jsonrpc": '));
  await refused(400, /expected an initialize request/, send(address, subscribe(1, 'mien://people')));
  await refused(400, /expected an initialize request/, send(address, '', {}, 'GET'));
  await refused(404, /no such session/, send(address, subscribe(1, 'mien://people'), { 'mcp-session-id': 'made-up' }));
  assert.is((await send(address, initialize, { origin: 'https://good.example', host: 'localhost' })).status, 200);
  const session = await openSession(address);
  await refused(400, /a batch has at most 20/, send(address, Array.from({ length: 21 }, (_, id) => subscribe(id, 'mien://people')) as never, session));
  // The SDK's client meets the same.
  await connectClient(httpTransport({ ...address, token: 'wrong' })).then(
    () => assert.unreachable('it came in'),
    (fault: Error & { code?: number }) => assert.is(fault.code, 401),
  );
  // A goodbye ends the session.
  assert.is((await send(address, '', session, 'DELETE')).status, 200);
  await refused(404, /no such session/, send(address, subscribe(1, 'mien://people'), session));
});

door('a flood of subscriptions gets errors: too fast, too many, to nothing; others are served meanwhile', async () => {
  await using dialogue = await openDialogue({ isolation: 'own' });
  const address = await dialogue.address();
  for (let at = 0; at < 70; at += 1) dialogue.test.people.appear(`p-${String(at).padStart(5, '0')}`);
  await using quiet = await connectClient(httpTransport(address));
  await until('all are here', patienceMs, async () => {
    const { structuredContent } = await quiet.client.callTool({ name: 'who_is_here' });
    return (structuredContent as { count: number }).count === 70;
  });
  const session = await openSession(address);
  const said = new Map<string, number>();
  const ask = async (uri: string, id: number): Promise<void> => {
    const { status, body } = await send(address, subscribe(id, uri), session);
    const words = status === 200 ? (/"message":"([^"]{0,40})/.exec(body)?.[1] ?? 'subscribed') : `${status}`;
    said.set(words, (said.get(words) ?? 0) + 1);
  };
  for (let at = 0; at < 70; at += 1) await ask(`mien://person/p-${String(at).padStart(5, '0')}`, at);
  assert.is(said.get('subscribed'), 64, JSON.stringify([...said]));
  assert.is([...said].find(([words]) => words.includes('has 64 sub'))?.[1], 6, JSON.stringify([...said]));
  const pid = must(dialogue.test.host.status('dialogue').pid);
  const many = times(2000);
  const beforeMb = rssMb(pid);
  let at = 0;
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      while (at < many) await ask(`mien://person/p-${at++}x`, at);
    }),
  );
  assert.ok((said.get('429') ?? 0) > many / 2, JSON.stringify([...said]));
  assert.is(said.get('subscribed'), 64);
  assert.ok((await quiet.client.callTool({ name: 'who_is_here' })).structuredContent);
  assert.is(dialogue.test.host.status('dialogue').pid, pid, 'the same process');
  const grownMb = rssMb(pid) - beforeMb;
  assert.ok(grownMb < MOST_GROWTH_MB, `${grownMb} MB more after ${many} requests`);
});

door('so many clients at one time; one more is refused, and a closed one makes room', async () => {
  await using dialogue = await openDialogue({ options: { maxSessions: 2 } });
  const address = await dialogue.address();
  await using _ = await connectClient(httpTransport(address));
  const second = await openSession(address);
  const { status, body } = await send(address, initialize);
  assert.is(status, 503);
  assert.match(body, 'maxSessions');
  await send(address, '', second, 'DELETE');
  assert.is((await send(address, initialize)).status, 200);
});

door('another plugin does not get the token', async () => {
  using folder = new TemporaryFolder();
  const pry = writePlugin(
    folder.path,
    'pry',
    "setup(context) { context.command('pry', Type.Object({}), () => context.run('dialogue.address').catch(({ code }: { code: string }) => code)); }",
  );
  const dialogue = { from: '@mien/plugins/dialogue', grant: ['person.presence' as const], options: { port: 0 } };
  await using test = await openHost({ stateFolder: folder.path, plugins: { dialogue, pry: { from: pry, isolation: 'shared' } } });
  await test.host.start();
  for (const name of ['dialogue', 'pry']) await untilStatus(test.host, name, ({ state }) => state === 'running');
  assert.is(await test.host.run('pry', {}), 'FORBIDDEN');
});

door('the token is made once and kept; a given one is used; faults of options are told by name', async () => {
  using folder = new TemporaryFolder();
  const tokens: string[] = [];
  const plugins = { dialogue: { from: '@mien/plugins/dialogue', grant: ['person.presence'], options: { port: 0 } } };
  for (let at = 0; at < 2; at += 1) {
    await using test = await openHost({ stateFolder: folder.path, plugins });
    await test.host.start();
    await untilStatus(test.host, 'dialogue', ({ state }) => state === 'running');
    tokens.push(((await test.host.run('dialogue.address', {})) as Address).token);
    if (at === 0) continue;
    await test.host.configure('dialogue', { options: { port: 0, token: 'a-token-of-my-own' } });
    const { token } = (await test.host.run('dialogue.address', {})) as Address;
    assert.is(token, 'a-token-of-my-own');
    assert.is((test.host.status('dialogue').options as { token: string }).token === 'a-token-of-my-own', false, 'masked');
    const faults = await test.host.check('dialogue', { token: 'short', origins: ['example.org', 'https://example.org/page'] });
    assert.equal(faults, [
      'origins[0]: expected an origin such as "https://example.org", without a path, got "example.org"',
      'origins[1]: expected an origin such as "https://example.org", without a path, got "https://example.org/page"',
      'token: expected at least 16 characters without spaces, as `openssl rand -hex 24` makes them, got 5',
    ]);
  }
  assert.is(tokens[0], tokens[1]);
});

door('a port in use is named with what to do; when it is free, the plugin runs', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  using folder = new TemporaryFolder();
  const plugins = { dialogue: { from: '@mien/plugins/dialogue', grant: ['person.presence'], options: { port } } };
  await using test = await openHost({ stateFolder: folder.path, plugins, limits: { backoffFirstMs: 500, backoffCapMs: 500, crashes: 1000 } });
  await test.host.start();
  await untilStatus(test.host, 'dialogue', ({ reason }) => /port \d+ is in use by another program: give another one as the option port/.test(reason ?? ''));
  assert.match(reasonOf(test.host, 'dialogue'), String(port));
  await new Promise((resolve) => other.close(resolve));
  await untilStatus(test.host, 'dialogue', ({ state }) => state === 'running');
});

door.run();
