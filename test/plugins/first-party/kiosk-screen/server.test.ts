/** What the plugin serves, to whom, and what it refuses; over real HTTP. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testPlugin } from '../../../../core/src/testing.ts';
import { createContentHook } from '../../../../plugins/kiosk-screen/content-hook.ts';
import kiosk from '../../../../plugins/kiosk-screen/index.ts';
import { type Play, PlayLog } from '../../../../plugins/kiosk-screen/play-log.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { freePort } from '../../../support/free-port.ts';
import { patienceMs, TemporaryFolder } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';

const test = suite('kiosk-screen: server');
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>';

interface Status {
  url: string;
  screens: string[];
  sight: { state: string };
  warnings: string[];
  failed: Record<string, string>;
}

async function open(options: object = {}, more: { storeFolder?: string } = {}) {
  const bench = await testPlugin(kiosk as never, { options: { port: 0, ...options } as never, ...more });
  const status = async () => (await bench.command('kiosk-screen.status')) as Status;
  const { url } = await status();
  const report = (reports: readonly object[], headers: Record<string, string> = {}, screen = 'left') =>
    fetch(`${url}report`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ screen, reports }) });
  const played = async (): Promise<Play[]> => {
    const text = await (await fetch(`${url}played`)).text();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Play);
  };
  return { bench, status, url, report, played, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

/** As it is written: `fetch` would tidy the path up, and sets Host itself. */
function raw(url: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

/** A folder with good and bad things in it. */
function fill(folder: string): string {
  const root = join(folder, 'content');
  mkdirSync(join(root, 'more'), { recursive: true });
  writeFileSync(join(root, 'a.svg'), svg);
  writeFileSync(join(root, 'more', 'b ü.svg'), svg);
  writeFileSync(join(root, 'page.html'), '<p>hello</p>');
  writeFileSync(join(root, 'notes.doc'), 'no');
  writeFileSync(join(root, '.hidden.svg'), svg);
  writeFileSync(join(folder, 'secret.svg'), svg);
  symlinkSync(join(folder, 'secret.svg'), join(root, 'out.svg'));
  symlinkSync(join(root, 'a.svg'), join(root, 'in.svg'));
  symlinkSync('/etc', join(root, 'etc'));
  return root;
}

test('serves the page without anything from elsewhere, and content with a policy of its own', async () => {
  using folder = new TemporaryFolder();
  await using app = await open({ folder: fill(folder.path) });
  const page = await fetch(app.url);
  assert.is(page.status, 200);
  const policy = page.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.not.match(policy, /unsafe|https?:|\*/);
  const text = await page.text();
  assert.not.match(text, /<script>|https?:\/\//);
  for (const [, path = ''] of text.matchAll(/(?:src|href)="([^"]+)"/g)) assert.is((await fetch(app.url + path)).status, 200, path);
  const content = await fetch(`${app.url}content/page.html`);
  assert.match(
    content.headers.get('content-security-policy') ?? '',
    /^sandbox allow-scripts; default-src 'self' 'unsafe-inline' data: blob:; connect-src 'none'/,
  );
  assert.is(content.headers.get('x-content-type-options'), 'nosniff');
  for (const item of ['a.svg', 'more/b%20%C3%BC.svg', 'in.svg']) {
    const answer = await fetch(`${app.url}content/${item}`);
    assert.is(answer.status, 200, item);
    assert.is(await answer.text(), svg);
  }
});

test('nothing outside of the folder, nothing hidden, no other kinds', async () => {
  using folder = new TemporaryFolder();
  await using app = await open({ folder: fill(folder.path) });
  const paths = [
    '../secret.svg',
    '..%2fsecret.svg',
    '%2e%2e/secret.svg',
    '....//secret.svg',
    'more/../../secret.svg',
    'more%2f..%2f..%2fsecret.svg',
    'out.svg',
  ];
  for (const path of [...paths, 'etc/passwd', '.hidden.svg', 'notes.doc', 'more', 'more/', '', 'absent.svg', 'a.svg%00.png']) {
    const status = await raw(app.url, `/content/${path}`);
    assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
  }
  for (const path of ['/../index.ts', '/%2e%2e/index.ts', '/..%2findex.ts', '/tsconfig.json/x']) assert.ok((await raw(app.url, path)) >= 400, path);
  const refused = await fetch(`${app.url}content/out.svg`);
  assert.equal([refused.status, await refused.json()], [403, { error: 'this is a link that leads out of the folder' }]);
});

test('a huge file is read in ranges, as far as it is asked for', async () => {
  using folder = new TemporaryFolder();
  const root = fill(folder.path);
  // Holes: five gigabytes that are on no disk.
  writeFileSync(join(root, 'huge.mp4'), '');
  truncateSync(join(root, 'huge.mp4'), 5 * 1024 ** 3);
  await using app = await open({ folder: root, playlist: ['huge.mp4'] });
  const answer = await fetch(`${app.url}content/huge.mp4`, { headers: { range: 'bytes=5000000000-5000000099' } });
  assert.equal([answer.status, answer.headers.get('content-type')], [206, 'video/mp4']);
  assert.is(answer.headers.get('content-range'), `bytes 5000000000-5000000099/${5 * 1024 ** 3}`);
  assert.is((await answer.arrayBuffer()).byteLength, 100);
  const beyond = await fetch(`${app.url}content/huge.mp4`, { headers: { range: 'bytes=9000000000-' } });
  assert.is(beyond.status, 416);
  await beyond.body?.cancel();
});

test('other names of the machine and other sites are refused', async () => {
  await using app = await open();
  const { port } = new URL(app.url);
  assert.is(await raw(app.url, '/', { host: `localhost:${port}` }), 200);
  assert.is(await raw(app.url, '/', { host: `kiosk.example:${port}` }), 403);
  assert.is((await app.report([], { origin: 'http://evil.example' })).status, 403);
  assert.is((await app.report([], { origin: 'null' })).status, 403);
  assert.is((await app.report([], { origin: app.url.slice(0, -1) })).status, 204);
});

test('a page of another site takes no place of a screen', async () => {
  await using app = await open();
  for (const site of ['cross-site', 'same-site']) assert.is(await raw(app.url, '/program?screen=evil', { 'sec-fetch-site': site }), 403);
  assert.equal((await app.status()).screens, []);
});

test('off loopback a token is demanded, and a cookie keeps it', async () => {
  const fault = await rejectsWith('CONFIG_INVALID', () => open({ host: '0.0.0.0' }));
  assert.match(fault.message, /token: expected one of 16 letters or more, because other machines reach the address "0\.0\.0\.0"/);
  assert.match((await rejectsWith('CONFIG_INVALID', () => open({ host: '0.0.0.0', token: 'short' }))).message, /token/);
  const token = 'abcdefghijklmnop';
  const port = await freePort();
  const bench = await testPlugin(kiosk as never, { options: { host: '0.0.0.0', token, port } as never });
  try {
    const url = `http://127.0.0.1:${port}/`;
    for (const path of ['', 'content/welcome.svg', 'played', 'program?screen=a', '?token=abcdefghijklmnoq'])
      assert.is((await fetch(url + path)).status, 403, path);
    const first = await fetch(`${url}?token=${token}`);
    assert.is(first.status, 200);
    const cookie = first.headers.get('set-cookie') ?? '';
    assert.match(cookie, /; HttpOnly; SameSite=Strict/);
    const headers = { cookie: `other=1; ${cookie.split(';')[0]}` };
    assert.is((await fetch(`${url}content/welcome.svg`, { headers })).status, 200);
    assert.is((await fetch(`${url}played`, { headers: { authorization: `Bearer ${token}` } })).status, 200);
    assert.not.match(JSON.stringify(bench.logs), new RegExp(token));
  } finally {
    await bench[Symbol.asyncDispose]();
  }
});

test('content that is not there is a fault before the start, with the nearest name', async () => {
  using folder = new TemporaryFolder();
  const root = fill(folder.path);
  const refused = async (options: object) => (await rejectsWith('CONFIG_INVALID', () => open(options))).message;
  assert.match(await refused({ folder: 'content' }), /folder: expected an absolute path, as \/home\/kiosk\/content, got "content"/);
  assert.match(await refused({ folder: join(root, 'absent') }), /folder: there is no .*absent/);
  assert.match(await refused({ folder: join(root, 'a.svg') }), /folder: expected a folder, .*a\.svg is a file/);
  mkdirSync(join(folder.path, 'empty'));
  assert.match(await refused({ folder: join(folder.path, 'empty') }), /expected something to show, .* has no picture, video or page/);
  assert.match(await refused({ folder: root, playlist: ['a.svq'] }), /playlist\[0\]: there is no "a\.svq" in .*\. Did you mean "a\.svg"\?/);
  assert.match(await refused({ folder: root, playlist: ['../secret.svg'] }), /playlist\[0\]: expected a path inside the folder/);
  assert.match(await refused({ folder: root, playlist: ['out.svg'] }), /playlist\[0\]: "out\.svg" is a link that leads out of the folder/);
  assert.match(await refused({ folder: root, playlist: ['more'] }), /playlist\[0\]: expected a file, "more" is a folder/);
  const faults = await refused({
    folder: root,
    rules: [
      { name: 'x', show: ['a.svg', 'notes.doc'] },
      { name: 'x', show: 'b.svg' },
    ],
  });
  assert.match(faults, /rules\[0\]\.show: expected a picture, a video or a page \(.*\), got "notes\.doc"/);
  assert.match(faults, /rules\[1\]\.name: expected a name of its own, "x" is that of rules\[0\] too/);
  assert.match(faults, /rules\[1\]\.show: there is no "b\.svg"/);
  assert.match(await refused({ rules: [{ name: 'x', show: 'welcome.svg', when: { gender: 'female' } }] }), /gender/);
});

test('a rule that can never be shown is warned of, in the log and in the status', async () => {
  await using app = await open({ rules: [{ name: 'odd', when: { people: { min: 2, max: 1 } }, show: 'welcome.svg' }] });
  const warning = 'rule "odd": people.min 2 is more than people.max 1';
  assert.equal((await app.status()).warnings, [warning]);
  assert.ok(app.bench.logs.some(({ level, message }) => level === 'warn' && message.startsWith(warning)));
});

test('a port that is taken is named', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  const fault = await rejectsWith('PORT_IN_USE', () => open({ port }));
  assert.match(fault.message, new RegExp(`the port ${port} is in use by another program: end it, or set another as the option port`));
  other.close();
});

test('what pages say they showed is kept, once, with its times; over a restart too', async () => {
  using folder = new TemporaryFolder();
  const storeFolder = folder.path;
  const times = async (act: () => Promise<unknown>) => {
    const before = Date.now();
    await act();
    return [before, Date.now()] as const;
  };
  {
    await using app = await open({}, { storeFolder });
    const begin = { play: 'one', kind: 'begin', item: 'welcome.svg', rule: 'default', agoMs: 60_000 };
    const end = { ...begin, kind: 'end', agoMs: 50_000, shownMs: 10_000, ended: 'over' };
    const [from, until] = await times(() => app.report([begin, end]));
    // The answer was lost: it is told again.
    assert.is((await app.report([begin, end, { ...begin, play: 'two', agoMs: 0 }])).status, 204);
    const [one, two, ...more] = await app.played();
    assert.equal(more, []);
    const begun = Date.parse(one?.begin ?? '');
    assert.ok(begun >= from - 60_000 && begun <= until - 60_000, one?.begin);
    assert.equal({ ...one, begin: 0, end: 0 }, { item: 'welcome.svg', rule: 'default', screen: 'left', begin: 0, end: 0, shownMs: 10_000, ended: 'over' });
    assert.is(Date.parse(one?.end ?? '') - begun, 10_000);
    assert.is(two?.end, undefined);
    assert.equal(((await app.bench.command('kiosk-screen.played', { newest: 1 })) as { plays: Play[] }).plays, [two]);
  }
  await using again = await open({}, { storeFolder });
  assert.is((await again.played()).length, 2);
  await again.report([{ play: 'two', kind: 'end', item: 'welcome.svg', rule: 'default', agoMs: 0, shownMs: 77, ended: 'replaced' }]);
  const [, two, ...more] = await again.played();
  assert.equal([two?.ended, two?.shownMs, more.length], ['replaced', 77, 0]);
});

test('the log of plays is bounded, and wrong reports are refused whole', async () => {
  await using app = await open({ playedKept: 10 });
  const reports = Array.from({ length: 50 }, (_, i) => ({ play: `p${i}`, kind: 'begin', item: `${i}.svg`, rule: 'r', agoMs: 0 }));
  assert.is((await app.report(reports)).status, 204);
  assert.equal(
    (await app.played()).map(({ item }) => item),
    reports.slice(-10).map(({ item }) => item),
  );
  const [good] = reports;
  for (const bad of [
    { ...good, kind: 'maybe' },
    { ...good, agoMs: -1 },
    { ...good, item: '' },
    { ...good, age: 34 },
    { ...good, item: 'x'.repeat(201) },
  ]) {
    assert.is((await app.report([bad])).status, 400, JSON.stringify(bad).slice(0, 99));
  }
  assert.is((await app.report([], {}, 'Not A Name')).status, 400);
  assert.is((await fetch(`${app.url}report`, { method: 'POST', body: 'x'.repeat(300_000), headers: { 'content-type': 'application/json' } })).status, 413);
  assert.is((await app.played()).length, 10);
});

test('a page that goes without a word leaves no play open', () => {
  const told: string[] = [];
  const log = new PlayLog(10, { begin: ({ item }) => void told.push(`begin ${item}`), end: ({ item, ended }) => void told.push(`end ${item} ${ended}`) });
  const begin = { play: 'one', kind: 'begin', item: 'a.svg', rule: 'r', agoMs: 0 } as const;
  log.take('left', begin, 5000);
  log.take('right', { ...begin, item: 'b.svg' }, 5000);
  log.close('left', 7000);
  assert.equal(told, ['begin a.svg', 'begin b.svg', 'end a.svg unknown']);
  assert.equal(
    log.showing.map(({ item }) => item),
    ['b.svg'],
  );
  assert.equal(log.plays[0], {
    item: 'a.svg',
    rule: 'r',
    screen: 'left',
    begin: new Date(5000).toISOString(),
    end: new Date(7000).toISOString(),
    ended: 'unknown',
  });
  log.take('left', { ...begin, kind: 'end' }, 9000);
  assert.is(told.length, 3);
});

test('a page that crashed and came back under its name leaves no play open; one that is there after all says how it ended', () => {
  const log = new PlayLog(10, { begin() {}, end() {} });
  const report = (play: string, kind: 'begin' | 'end') => ({ play, kind, item: `${play}.svg`, rule: 'r', agoMs: 0, ...(kind === 'end' && { shownMs: 900 }) });
  log.take('hall', report('one', 'begin'), 1000);
  log.take('hall', report('two', 'begin'), 5000);
  const lines = () => log.plays.map(({ item, end, ended }) => [item, end && Date.parse(end), ended]);
  assert.equal(lines(), [
    ['one.svg', 5000, 'unknown'],
    ['two.svg', undefined, undefined],
  ]);
  assert.is(log.showing.length, 1);
  log.take('hall', report('one', 'end'), 1900);
  log.take('hall', report('one', 'begin'), 1900);
  assert.equal(lines()[0], ['one.svg', 1900, 'over']);
  assert.is(log.plays.length, 2);
});

test('a begin that was long on its way does not make a play end before it', () => {
  const log = new PlayLog(10, { begin() {}, end() {} });
  log.take('hall', { play: 'one', kind: 'begin', item: 'a.svg', rule: 'r', agoMs: 10 }, 5000);
  log.take('hall', { play: 'one', kind: 'end', item: 'a.svg', rule: 'r', agoMs: 60, shownMs: 300, ended: 'replaced' }, 5020);
  const [play] = log.plays;
  assert.equal([play?.begin, play?.end, play?.shownMs], [new Date(4990).toISOString(), new Date(4990).toISOString(), 300]);
});

test('a flood of reports under made-up names is bounded', async () => {
  await using app = await open();
  for (let screen = 0; screen < 5; screen += 1) {
    const reports = Array.from({ length: 500 }, (_, i) => ({ play: `p${i}`, kind: 'begin', item: 'i'.repeat(190), rule: 'r', agoMs: 0 }));
    for (let name = 0; name < 40; name += 1) await app.report(reports.slice(name * 12, name * 12 + 12), {}, `s${screen}-${name}`);
  }
  const { showing } = (await app.status()) as Status & { showing: Play[] };
  assert.ok(showing.length > 16 && showing.length <= 64, String(showing.length));
  assert.is(new Set(showing.map(({ screen }) => screen)).size, showing.length);
});

test('other plugins hear of each play, where they offer the commands; where not, nobody is bothered', async () => {
  await using app = await open();
  await app.report([{ play: 'one', kind: 'begin', item: 'welcome.svg', rule: 'default', agoMs: 0 }]);
  await app.report([{ play: 'one', kind: 'fault', item: 'welcome.svg', rule: 'default', agoMs: 0, reason: 'broken' }]);
  assert.equal(app.bench.faults, []);
  assert.equal((await app.status()).failed, { 'welcome.svg': 'broken' });
  assert.is(app.bench.logs.filter(({ message }) => message.includes('could not show')).length, 1);
});

test('a flood of plays is not passed on to the plugin that hears of them', async () => {
  let calls = 0;
  const answer = Promise.withResolvers<void>();
  const run = async () => {
    calls += 1;
    await answer.promise;
  };
  const hook = createContentHook({ run, log: { ...console, trace() {} } as never });
  const play = { item: 'a.svg', rule: 'r', screen: 'hall', begin: '' };
  for (let i = 0; i < 1000; i += 1) hook.begin(play);
  assert.is(calls, 8);
  answer.resolve();
  await new Promise(setImmediate);
  hook.end(play);
  assert.is(calls, 9);
});

test('by hand: what is not in the folder is refused with the nearest name', async () => {
  await using app = await open();
  assert.equal(await app.bench.command('kiosk-screen.show', { item: 'closer.svg', forS: 1 }), { item: 'closer.svg', forS: 1 });
  const fault = await rejectsWith('REQUEST_INVALID', () => app.bench.command('kiosk-screen.show', { item: 'close.svg' }));
  assert.match(fault.message, /Did you mean "closer\.svg"/, fault.message);
  await rejectsWith('REQUEST_INVALID', () => app.bench.command('kiosk-screen.show', { item: '/etc/passwd' }));
});

test('more pages than sixteen are told so; one that goes is free again', async () => {
  await using app = await open();
  const abort = new AbortController();
  const pages = await Promise.all(Array.from({ length: 16 }, (_, i) => fetch(`${app.url}program?screen=s${i}`, { signal: abort.signal })));
  assert.equal(new Set(pages.map(({ status }) => status)), new Set([200]));
  assert.is((await app.status()).screens.length, 16);
  const refused = await fetch(`${app.url}program?screen=more`);
  assert.equal([refused.status, await refused.json()], [503, { error: '16 pages are open already' }]);
  abort.abort();
  await until('the pages are gone', patienceMs, async () => (await app.status()).screens.length === 0);
  const one = await fetch(`${app.url}program?screen=one`);
  const first = await one.body?.getReader().read();
  assert.match(new TextDecoder().decode(first?.value), /^event: setup\ndata: \{"version":/);
});

test('a page that hangs does not hold up the stop', async () => {
  const app = await open();
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname, () => socket.write(`GET /program?screen=hung HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`));
  socket.on('error', () => {});
  await until('it is connected', patienceMs, async () => (await app.status()).screens.includes('hung'));
  await app.bench.stop();
  assert.equal(app.bench.faults, []);
  socket.destroy();
});

test.run();
