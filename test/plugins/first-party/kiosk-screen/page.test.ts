/** The page in a real Chromium: it shows what the rules say, and goes on when nobody says anything any more. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Play } from '../../../../plugins/kiosk-screen/play-log.ts';
import { openChromium } from '../../../support/chromium.ts';
import { freePort } from '../../../support/free-port.ts';
import { type Running, startMien } from '../../../support/mien-command.ts';
import { openHost, patienceMs, TemporaryFolder, type TestHost, untilStatus, writePlugin } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { findProgram } from '../../../support/programs.ts';

const test = suite('kiosk-screen: page');
const entry = fileURLToPath(new URL('../../../../plugins/kiosk-screen/index.ts', import.meta.url));
const everything = ['person.presence', 'person.age', 'person.attention', 'person.position', 'person.expression', 'device.health'];
let browser: Browser;

const quick = { playlist: ['welcome.svg', 'hours.svg'], itemS: 1, minShowS: 0, fadeMs: 20, staleS: 600 };
const looks = { name: 'looks', when: { attention: 'attending' }, show: 'closer.svg', forS: 0, holdS: 0 };
const attending = { attention: { state: 'attending', score: 0.9, currentMs: 900, totalMs: 900, glances: 0 } } as const;
const seen = { why: { rule: 'camera', heldMs: 0, thresholds: {} } };

interface Stand extends AsyncDisposable {
  readonly host: TestHost;
  readonly page: Page;
  readonly url: string;
  /** What the page wrote to its console as an error, refusals of its policy among it. */
  readonly faults: string[];
  status(): Promise<{ sight: { state: string; reason?: string }; screens: string[]; showing: Play[]; failed: Record<string, string>; rules: string[] }>;
  played(): Promise<Play[]>;
}

/** A page over the plugin in a real host, with people on command. */
async function openStand(options: object, folder: string, plugins: object = {}): Promise<Stand> {
  const settings = { from: entry, isolation: 'shared', grant: everything, options: { ...quick, port: 0, ...options } };
  const host = await openHost({ stateFolder: folder, plugins: { screen: settings, ...plugins } as never });
  await host.host.start();
  await untilStatus(host.host, 'screen', ({ state }) => state === 'running');
  const status: Stand['status'] = async () => (await host.host.run('screen.status', {})) as never;
  const { url } = (await status()) as never as { url: string };
  const page = await browser.newPage({ viewport: { width: 640, height: 360 } });
  const faults: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())));
  page.on('pageerror', (fault) => void faults.push(String(fault)));
  return {
    ...{ host, page, url, faults, status },
    played: async () => ((await host.host.run('screen.played', {})) as { plays: Play[] }).plays,
    async [Symbol.asyncDispose]() {
      await page.close();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Waits until the item is on the screen: opaque, above the others, and really drawn. */
async function shows(page: Page, item: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const layer = document.querySelector('.layer.top.on');
      const inner = layer?.firstElementChild as HTMLImageElement | null;
      return layer && inner?.src.endsWith(`/${wanted}`) && getComputedStyle(layer).opacity === '1' && (inner.naturalWidth ?? 1) > 0;
    },
    item,
    { timeout: patienceMs, polling: 20 },
  );
}

test('default loop, a rule for who looks, and back; each play told with begin and end', async () => {
  using folder = new TemporaryFolder();
  await using app = await openStand({ rules: [looks], banner: 'A <camera> is in use.' }, folder.path);
  const { people } = app.host;
  await app.page.goto(`${app.url}?screen=hall`);
  await shows(app.page, 'welcome.svg');
  assert.is(await app.page.locator('#banner').innerText(), 'A <camera> is in use.');
  await shows(app.page, 'hours.svg');
  await shows(app.page, 'welcome.svg');
  people.appear('p-aaaaa');
  people.update('p-aaaaa', attending);
  await shows(app.page, 'closer.svg');
  assert.equal((await app.status()).rules, ['looks']);
  await until('the page tells it', patienceMs, async () => (await app.status()).showing.some(({ item, screen }) => item === 'closer.svg' && screen === 'hall'));
  people.leave('p-aaaaa');
  await shows(app.page, 'welcome.svg');
  await until('all but one have ended', patienceMs, async () => (await app.status()).showing.every(({ item }) => item !== 'closer.svg'));
  const plays = await app.played();
  const one = plays.find(({ item }) => item === 'closer.svg');
  assert.equal([one?.rule, one?.screen, one?.ended], ['looks', 'hall', 'replaced']);
  assert.ok((one?.shownMs ?? 0) > 0 && Date.parse(one?.end ?? '') > Date.parse(one?.begin ?? ''));
  // One after the other, without gaps or overlaps that are no fade.
  assert.equal(
    plays.slice(0, 2).map(({ item, rule, ended }) => [item, rule, ended]),
    [
      ['welcome.svg', 'default', 'over'],
      ['hours.svg', 'default', 'over'],
    ],
  );
  assert.not.match(JSON.stringify(plays), /p-aaaaa|"age|years/, 'nothing of who was there');
  assert.equal(app.faults, []);
});

test('what is shown stays at least its time, and a flicker changes nothing', async () => {
  using folder = new TemporaryFolder();
  await using app = await openStand({ rules: [looks], minShowS: 2, itemS: 60 }, folder.path);
  await app.page.goto(app.url);
  await shows(app.page, 'welcome.svg');
  const { people } = app.host;
  people.appear('p-aaaaa', attending);
  await until('it is decided', patienceMs, async () => (await app.status()).rules[0] === 'looks');
  people.leave('p-aaaaa');
  await until('it is over', patienceMs, async () => (await app.status()).rules[0] === 'default');
  people.appear('p-bbbbb', attending);
  await shows(app.page, 'closer.svg');
  await until('both are told', patienceMs, async () => (await app.played()).length === 2);
  const [first] = await app.played();
  assert.ok((first?.shownMs ?? 0) >= 1900, `welcome was shown for ${first?.shownMs} ms`);
});

test('a lost camera: the default loop, until it is back', async () => {
  using folder = new TemporaryFolder();
  await using app = await openStand({ rules: [looks], playlist: ['welcome.svg'] }, folder.path);
  const { people } = app.host;
  await app.page.goto(app.url);
  await shows(app.page, 'welcome.svg');
  people.appear('p-aaaaa', attending);
  await shows(app.page, 'closer.svg');
  people.emit('camera.lost', 'camera/main', { ...seen, camera: { name: 'main', message: 'the plug was pulled' } });
  await shows(app.page, 'welcome.svg');
  assert.equal((await app.status()).sight, { state: 'lost', reason: 'camera main: the plug was pulled' });
  people.emit('camera.restored', 'camera/main', { ...seen, camera: { name: 'main', message: 'frames come again' } });
  await shows(app.page, 'closer.svg');
  assert.is((await app.status()).sight.state, 'seeing');
});

test('no frames, and nobody says so: the default loop after staleS', async () => {
  using folder = new TemporaryFolder();
  await using app = await openStand({ rules: [looks], staleS: 2, playlist: ['welcome.svg'] }, folder.path);
  await app.page.goto(app.url);
  await shows(app.page, 'welcome.svg');
  app.host.people.appear('p-aaaaa', attending);
  await until('it was shown, and the loop again', patienceMs, async () => {
    const plays = await app.played();
    return plays.map(({ item }) => item).join() === 'welcome.svg,closer.svg,welcome.svg';
  });
  assert.equal((await app.status()).sight, { state: 'silent', reason: 'no camera has shown anything for 2 s' });
  assert.ok(app.host.log.some(({ level, message }) => level === 'warn' && message.includes('the default loop is shown')));
});

test('what cannot be shown is left out and told; the rest goes on', async () => {
  using folder = new TemporaryFolder();
  const content = join(folder.path, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'broken.png'), 'no picture');
  writeFileSync(join(content, 'page.html'), '<body style="background:#0a0"><script>document.title = "run"; parent.document.title = "reached"</script>');
  writeFileSync(join(content, 'fine.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="36"><rect width="64" height="36" fill="#00f"/></svg>');
  await using app = await openStand({ folder: content, playlist: ['broken.png', 'page.html', 'fine.svg'] }, folder.path);
  await app.page.goto(app.url);
  await shows(app.page, 'page.html');
  await shows(app.page, 'fine.svg');
  await shows(app.page, 'page.html');
  await until('it is told', patienceMs, async () => 'broken.png' in (await app.status()).failed);
  assert.match((await app.status()).failed['broken.png'] ?? '', /cannot show this picture/);
  assert.ok(app.host.log.some(({ level, message }) => level === 'warn' && message.includes('could not show an item')));
  assert.is(await app.page.title(), 'Screen', 'a page of the folder does not reach the page around it');
});

test('another plugin hears content.begin and content.end', async () => {
  using folder = new TemporaryFolder();
  const told = writePlugin(
    folder.path,
    'listener',
    `setup(context) {
      const Input = Type.Object({ contentId: Type.String(), variant: Type.String() });
      for (const name of ['content.begin', 'content.end']) context.command(name, Input, (input) => context.log.info(input, name));
    }`,
  );
  await using app = await openStand({}, folder.path, { listener: { from: told, isolation: 'shared' } });
  await untilStatus(app.host.host, 'listener', ({ state }) => state === 'running');
  await app.page.goto(app.url);
  await shows(app.page, 'hours.svg');
  const heard = () =>
    app.host.log.filter(({ message }) => message.startsWith('content.')).map(({ message, fields }) => `${message} ${fields['contentId']} ${fields['variant']}`);
  await until('both are heard', patienceMs, () => heard().includes('content.begin hours.svg default'));
  assert.equal(heard().slice(0, 3).sort(), ['content.begin hours.svg default', 'content.begin welcome.svg default', 'content.end welcome.svg default']);
});

test('by hand, on two screens at once, at once', async () => {
  using folder = new TemporaryFolder();
  await using app = await openStand({ itemS: 60, minShowS: 60 }, folder.path);
  const other = await browser.newPage();
  await Promise.all([app.page.goto(`${app.url}?screen=left`), other.goto(`${app.url}?screen=right`)]);
  await Promise.all([shows(app.page, 'welcome.svg'), shows(other, 'welcome.svg')]);
  assert.equal([...(await app.status()).screens].sort(), ['left', 'right']);
  await app.host.host.run('screen.show', { item: 'family.svg', forS: 2 });
  await Promise.all([shows(app.page, 'family.svg'), shows(other, 'family.svg')]);
  await other.goto('about:blank');
  // Back without a hand: the picture that was put there by hand has had its time, and the minimum does not keep it for a minute more.
  await until('its end is decided', patienceMs, async () => (await app.status()).rules[0] === 'default');
  await until('the page that was left said so', patienceMs, async () =>
    (await app.played()).some(({ screen, ended }) => screen === 'right' && ended === 'left'),
  );
});

const ffmpeg = findProgram(['ffmpeg'], ['-version']);
if (!ffmpeg) console.log('SKIPPED: videos on the screen: ffmpeg is missing (apt install ffmpeg)');
else
  test('a video plays to its end, without sound, again and again', async () => {
    using folder = new TemporaryFolder();
    const content = join(folder.path, 'content');
    mkdirSync(content);
    const size = ['-f', 'lavfi', '-i', 'testsrc=size=64x36:rate=10', '-f', 'lavfi', '-i', 'sine', '-t', '1', '-c:v', 'libvpx', '-c:a', 'libvorbis'];
    execFileSync(ffmpeg, ['-loglevel', 'error', ...size, join(content, 'clip.webm')]);
    await using app = await openStand({ folder: content, playlist: [], itemS: 600 }, folder.path);
    await app.page.goto(app.url);
    await until('it was shown twice', patienceMs, async () => (await app.played()).filter(({ ended }) => ended === 'over').length >= 2);
    const [one] = await app.played();
    assert.ok((one?.shownMs ?? 0) > 600, `${one?.shownMs} ms`);
    assert.is(await app.page.evaluate(() => document.querySelector('video')?.muted), true);
    assert.equal(app.faults, []);
  });

test('killed with its host, the page goes on with the loop, finds back, and tells what it showed meanwhile', async () => {
  using folder = new TemporaryFolder();
  const port = await freePort();
  const config = join(folder.path, 'mien.yaml');
  const scenario = join(folder.path, 'scenario.yaml');
  const options = { ...quick, port, rules: [looks] };
  writeFileSync(config, JSON.stringify({ version: 2, plugins: { screen: { from: entry, isolation: 'shared', grant: everything, options } } }));
  writeFileSync(scenario, JSON.stringify({ lengthS: 3600, people: [{ id: 'eva', age: 40, path: [{ atS: 0, distanceM: 1.5 }] }] }));
  const url = `http://127.0.0.1:${port}/`;
  const start = (): Running => startMien(['simulate', scenario, '--config', config, '--port', '0'], { env: { STATE_DIRECTORY: join(folder.path, 'state') } });
  const played = async (): Promise<Play[]> =>
    (await (await fetch(`${url}played`)).text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Play);
  let running = start();
  const page = await browser.newPage();
  try {
    await running.until(/the plugin screen runs/);
    await page.goto(`${url}?screen=hall`);
    await shows(page, 'closer.svg');
    running.process.kill('SIGKILL');
    await running.done;
    await until('nobody serves the page', patienceMs, () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    );
    const alone = Date.now();
    for (const item of ['welcome.svg', 'hours.svg', 'welcome.svg']) await shows(page, item);
    await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
    const back = Date.now();
    running = start();
    await running.until(/the plugin screen runs/);
    await shows(page, 'closer.svg');
    assert.is(await page.evaluate(() => (window as { neverReloaded?: boolean }).neverReloaded), true);
    const during = async () =>
      (await played()).filter(({ rule, begin, end }) => rule === 'default' && end && Date.parse(begin) >= alone - 100 && Date.parse(end) <= back + 100);
    await until('it tells what it showed alone', patienceMs, async () => (await during()).length >= 2);
    assert.equal([...new Set((await during()).map(({ item, rule, screen }) => `${item} ${rule} ${screen}`))].sort(), [
      'hours.svg default hall',
      'welcome.svg default hall',
    ]);
  } finally {
    await page.close();
    running.process.kill('SIGKILL');
    await running.done;
  }
});

const opened = await openChromium();
if (opened) {
  browser = opened;
  test.after(() => browser.close());
  test.run();
}
