/** The console page in a real Chromium, over a scripted sight and people. Screenshots go to artefacts/. */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium } from '../support/chromium.ts';
import { buildPage, type OpenPage, openPage } from '../support/console-page.ts';
import { known } from '../support/fake-people.ts';
import { fakeModel } from '../support/fake-sight.ts';
import { type OpenConsoleOptions, openConsole } from '../support/open-console.ts';

const built = fileURLToPath(new URL('../../core/dist/console/page/', import.meta.url));
const artefacts = fileURLToPath(new URL('../../artefacts/console/', import.meta.url));
const test = suite('console page');
let browser: Browser;

const open = (options: OpenConsoleOptions = {}, context: BrowserContextOptions = {}, hash = ''): Promise<OpenPage> => openPage(browser, options, context, hash);
const card = (page: Page, id: string) => page.locator(`[data-person="${id}"]`);
const text = async (page: Page, selector: string) => (await page.locator(selector).innerText()).replaceAll(/\s+/g, ' ');

test.before(() => {
  buildPage();
  mkdirSync(artefacts, { recursive: true });
});

test('stays light: under 60 kB in all', () => {
  assert.ok(readdirSync(built).reduce((sum, name) => sum + statSync(built + name).size, 0) < 60_000);
});

test('sees people come, change and go', async () => {
  await using app = await open();
  const { page, people } = app;
  await page.locator('#nobody').waitFor();
  people.appear('p-aaaaa', { sinceMs: 300 });
  await card(page, 'p-aaaaa').waitFor();
  assert.is(await page.locator('#count').innerText(), '1');
  await page.waitForFunction(() => document.getElementById('live')?.textContent?.includes('p-aaaaa appeared'));
  await new Promise((done) => setTimeout(done, 250));
  people.update(
    'p-aaaaa',
    { ...known, returned: true, attention: { state: 'attending', score: 0.9, currentMs: 2100, totalMs: 5200, glances: 1 }, engagement: 'engaged' },
    ['age'],
  );
  const words = card(page, 'p-aaaaa');
  await words.getByText('34 (26 to 43)').waitFor();
  const shown = (await words.innerText()).replaceAll(/\s+/g, ' ');
  for (const expected of ['female, 93 %', 'positive, 71 %', 'negative 6 %', 'returned', 'attending for 2.1 s', 'engaged', 'about 1.4 m']) {
    assert.match(shown, expected);
  }
  const range = await words.locator('.range').evaluate((bar) => ({ left: bar.style.left, width: bar.style.width }));
  assert.ok(Math.abs(Number.parseFloat(range.left) - (26 / 90) * 100) < 0.1, range.left);
  assert.ok(Math.abs(Number.parseFloat(range.width) - (17 / 90) * 100) < 0.1, range.width);
  people.leave('p-aaaaa');
  await page.locator('#nobody').waitFor();
  await page.waitForFunction(() => document.getElementById('live')?.textContent?.includes('p-aaaaa left'));
  assert.is(await page.locator('#events > li').count(), 3);
  assert.equal(app.faults, []);
});

test('says in words what is withheld and what is held back', async () => {
  await using app = await open();
  const { page, people } = app;
  people.held = [
    { what: 'attention.started', rule: 'attention.on', detail: 'score 0.20 of 0.6, held 0.0 s of 0.5 s', heldMs: 0, progress: {}, thresholds: {} },
  ];
  people.appear('p-bbbbb', { age: { label: 'unknown', abstain: 'too_small' }, gender: { label: 'unknown', abstain: 'policy' } });
  const words = card(page, 'p-bbbbb');
  await words.getByText('unknown: too far away').waitFor();
  await words.getByText('withheld by policy').waitFor();
  assert.is(await words.getByRole('heading', { name: 'Expression' }).isVisible(), false);
  await words.getByText('Why not?').click();
  await words.getByText('attention.started: score 0.20 of 0.6, held 0.0 s of 0.5 s').waitFor();
});

test('unfolds why an event fired and filters the feed', async () => {
  await using app = await open();
  const { page, people } = app;
  people.appear('p-ccccc');
  people.update('p-ccccc', { zone: 'near' });
  await page.locator('#events > li').nth(1).waitFor();
  await page.locator('#events summary').last().click();
  await page.getByText('The face was found in 3 of the last 5 frames over 280 ms').waitFor();
  await page.getByRole('button', { name: 'Attention' }).click();
  assert.is(await page.locator('#events > li:visible').count(), 0);
  await page.getByRole('button', { name: 'All' }).click();
  assert.is(await page.locator('#events > li:visible').count(), 2);
});

test('shows the numbers, models, licence and cameras, amber when degraded', async () => {
  await using app = await open();
  const { page, sight } = app;
  await page.locator('[data-model="mien-attributes"]').waitFor();
  const stats = await text(page, '#stats');
  for (const expected of ['24.9', '11.2 ms', '15.8 ms', '20 (3.8 %)', 'onnx cpu int8']) assert.match(stats, expected);
  const detector = await text(page, '[data-model="blazeface-full"]');
  for (const expected of ['pinned 0 1, interactive, 3 waiting', '0: 42 % busy, 2 in flight, 1234 runs; 1: set aside', '1.4 MB weights, 6.6 MB contexts']) {
    assert.match(detector, expected);
  }
  assert.match(await text(page, '#licences'), 'do not use commercially. (mien-attributes)');
  assert.match(await text(page, '#cameras'), 'clip, 1280 × 720');
  assert.match(await text(page, '#profile'), 'demo: everything on');
  const backend = page.locator('.stat-value').last();
  assert.is(await backend.getAttribute('data-tone'), 'good');
  const health = page.locator('#health');
  assert.equal([await health.textContent(), await health.getAttribute('data-tone')], ['seeing', 'good']);
  sight.current = { ...sight.current, degraded: ['fell back to the CPU: no NPU'] };
  sight.modelStatuses = [{ ...fakeModel, degraded: true, degradedReason: 'no NPU; running on the CPU' }];
  await page.getByText('no NPU; running on the CPU').waitFor({ timeout: 8000 });
  assert.is(await backend.getAttribute('data-tone'), 'warn');
  assert.equal(
    [await health.textContent(), await health.getAttribute('data-tone'), await health.getAttribute('title')],
    ['degraded', 'warn', 'fell back to the CPU: no NPU'],
  );
  assert.is(await page.locator('[data-model]').count(), 1);
});

test('runs a model self-test and shows how it ended', async () => {
  await using app = await open();
  const { page, sight } = app;
  const model = page.locator('[data-model="mien-attributes"]');
  await model.getByText('Passed in 41 ms').waitFor();
  await model.getByRole('button', { name: 'Run self-test' }).click();
  await model.getByText('Passed in 38 ms').waitFor();
  sight.models.selftest = async () => {
    throw new Error('boom');
  };
  await model.getByRole('button', { name: 'Run self-test' }).click();
  await model.getByText('Mien failed inside').waitFor();
});

test('shows the picture only after a click, marked, and stops it by a click', async () => {
  await using app = await open();
  const { page, sight } = app;
  const scene = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#345' } })
    .jpeg()
    .toBuffer();
  sight.picture = () => scene;
  await page.locator('[data-camera="main"]').waitFor();
  assert.is(sight.previews.open, 0);
  assert.is(await page.locator('#preview img').count(), 0);
  await page.getByRole('button', { name: 'Show live picture' }).click();
  await page.waitForFunction(() => (document.querySelector('#preview img') as HTMLImageElement | null)?.naturalWidth === 640);
  assert.match(await text(page, '.mark'), /Local preview off in (10:00|9:5\d)/i);
  assert.is(sight.previews.open, 1);
  await page.getByRole('button', { name: 'Turn off' }).click();
  for (let wait = 0; sight.previews.open > 0 && wait < 100; wait += 1) await new Promise((done) => setTimeout(done, 20));
  assert.is(sight.previews.open, 0);
  assert.is(await page.locator('#preview img').count(), 0);
  assert.equal(app.faults, []);
});

test('the picture goes off by itself after ten minutes', async () => {
  await using app = await open();
  const { page, sight } = app;
  const scene = await sharp({ create: { width: 640, height: 360, channels: 3, background: '#345' } })
    .jpeg()
    .toBuffer();
  sight.picture = () => scene;
  await page.locator('[data-camera="main"]').waitFor();
  await page.clock.install();
  await page.getByRole('button', { name: 'Show live picture' }).click();
  await page.locator('.mark').waitFor();
  await page.clock.fastForward(9 * 60_000 + 50_000);
  assert.is(await page.locator('#preview img').count(), 1);
  await page.clock.fastForward(12_000);
  assert.is(await page.locator('#preview img').count(), 0);
});

test('says that the connection is lost, comes back and misses nothing', async () => {
  const first = await openConsole({ bootId: 'boot-1' });
  const port = Number(new URL(first.url).port);
  const page = await browser.newPage();
  await page.goto(first.url);
  first.people.appear('p-ddddd');
  await card(page, 'p-ddddd').waitFor();
  await first[Symbol.asyncDispose]();
  await page.getByText('The connection to Mien is lost').waitFor();
  await using second = await openConsole({ api: { port }, bootId: 'boot-2' });
  second.people.appear('p-eeeee');
  await card(page, 'p-eeeee').waitFor({ timeout: 15_000 });
  await page.locator('#lost').waitFor({ state: 'hidden' });
  await page.getByText('Mien was started anew.').waitFor();
  assert.is(await card(page, 'p-ddddd').count(), 0);
  assert.is(await page.locator('#events > li[data-name]').count(), 2);
  await page.close();
});

test('takes the token from the address once, and asks for it otherwise', async () => {
  const token = 'a-token-of-24-characters';
  await using app = await open({ api: { token } });
  const { page, people } = app;
  await page.getByLabel('This Mien asks for its token').fill('not-the-right-token-at-all');
  await page.keyboard.press('Enter');
  await page.getByText('This token is not accepted').waitFor();
  await page.goto('about:blank');
  await page.goto(`${app.url}#token=${token}`);
  await page.locator('#nobody').waitFor();
  assert.is(new URL(page.url()).hash, '');
  people.appear('p-fffff');
  await card(page, 'p-fffff').waitFor();
  await page.reload();
  await card(page, 'p-fffff').waitFor();
});

test('can be used by keyboard alone, with a visible focus', async () => {
  await using app = await open();
  const { page, people } = app;
  people.appear('p-ggggg', known);
  await card(page, 'p-ggggg').waitFor();
  await page.locator('[data-model="blazeface-full"]').waitFor();
  const reached: string[] = [];
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      return { name: element.textContent?.trim().slice(0, 24) ?? '', outline: getComputedStyle(element).outlineStyle, body: element === document.body };
    });
    if (focus.body) break;
    assert.is(focus.outline, 'solid', `focus on "${focus.name}" is visible`);
    reached.push(focus.name);
  }
  for (const name of ['Skip to who is here', 'Theme: system', 'Why not?', 'Show live picture', 'All', 'Run self-test', 'API description']) {
    assert.ok(reached.includes(name), `${name} among ${reached.join(' | ')}`);
  }
  await page.getByRole('button', { name: 'Theme: system' }).press('Enter');
  await page.getByRole('button', { name: 'Theme: light' }).press('Enter');
  assert.is(await page.evaluate(() => document.documentElement.dataset['theme']), 'dark');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`fits from 360 to 1920 px in ${colorScheme}`, async () => {
    await using app = await open({}, { colorScheme });
    const { page, people, sight } = app;
    const box = '<rect x="520" y="150" width="130" height="160" fill="none" stroke="#34c7b5" stroke-width="3"/>';
    const scene = await sharp(
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="720"><rect width="1280" height="720" fill="#5a7080"/>${box}</svg>`),
    )
      .jpeg()
      .toBuffer();
    sight.picture = () => scene;
    people.held = [{ what: 'attention.started', rule: 'attention.on', detail: 'score 0.20 of 0.6', heldMs: 0, progress: {}, thresholds: {} }];
    people.appear('p-k7f3q', {
      ...known,
      sinceMs: 12_400,
      attention: { state: 'attending', score: 0.9, currentMs: 2100, totalMs: 5200, glances: 1 },
      engagement: 'engaged',
      zone: 'near',
    });
    people.appear('p-w2m9x', {
      sinceMs: 3200,
      age: { years: 61.4, sd: 7.2, p05: 49, p95: 73, band: '55-64', bandP: 0.4, minorP: 0, n: 5, stable: false },
      gender: { label: 'male', p: 0.81, n: 4, stable: false },
      expression: { label: 'neutral', p: 0.62, probs: { negative: 0.21, neutral: 0.62, positive: 0.17 }, valence: -0.04, n: 4, stable: true },
      bearingDeg: 14,
    });
    people.appear('p-zz04b', {
      state: 'unseen',
      returned: true,
      age: { label: 'unknown', abstain: 'too_small' },
      gender: { label: 'unknown', abstain: 'yaw' },
      expression: { label: 'unknown', abstain: 'blur' },
      zone: 'far',
    });
    people.update('p-k7f3q', { zone: 'near', ...(known.age && { age: known.age }) }, ['age']);
    await card(page, 'p-zz04b').waitFor();
    await page.locator('[data-model="blazeface-full"]').waitFor();
    await page.locator('#events summary').last().click();
    await page.getByRole('button', { name: 'Show live picture' }).click();
    await page.waitForFunction(() => (document.querySelector('#preview img') as HTMLImageElement | null)?.naturalWidth === 1280);
    for (const width of [360, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: width < 700 ? 780 : 1000 });
      const { wide, outside } = await page.evaluate(() => {
        const root = document.documentElement;
        const beyond = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1);
        return { wide: root.scrollWidth - root.clientWidth, outside: beyond.map((element) => element.outerHTML.slice(0, 80)) };
      });
      assert.is(wide, 0, `${width} px scrolls sideways by ${wide}`);
      assert.equal(outside, [], `${width} px`);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: `${artefacts}${colorScheme}-${width}.png`, fullPage: true });
    }
    assert.equal(app.faults, []);
  });
}

const found = await openChromium();
if (found) {
  browser = found;
  test.after(() => found.close());
  test.run();
}
