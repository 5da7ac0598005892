/** Virtual people moved by hand on the console page, through a whole Mien: its sight has no cameras, the rest is real. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienEvent } from '../../core/src/events.ts';
import { checkConfig } from '../../core/src/load-config.ts';
import { createMien } from '../../core/src/mien.ts';
import { openChromium } from '../support/chromium.ts';
import { buildPage } from '../support/console-page.ts';
import { createFakeSight } from '../support/fake-sight.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const artefacts = fileURLToPath(new URL('../../artefacts/console/', import.meta.url));
const test = suite('virtual people on the console page');
let browser: Browser;

test.before(() => {
  buildPage();
  mkdirSync(artefacts, { recursive: true });
});

test('somebody who is added appears; sliders change what Mien says of them; removed they leave', async () => {
  using folder = new TemporaryFolder();
  const events: MienEvent[] = [];
  const config = checkConfig({ api: { port: 0 }, stateFolder: folder.path, presence: { goneMs: 300, graceMs: 300 } });
  await using mien = await createMien(config, { sight: createFakeSight(), onBus: (bus) => bus.subscribe({}, (event) => void events.push(event)) });
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const faults: string[] = [];
  page.on('pageerror', (fault) => faults.push(String(fault)));
  await page.goto(mien.url ?? '');
  await page.getByText('Virtual people').click();
  await page.getByRole('button', { name: 'Add a person' }).click();
  const row = page.locator('[data-simulated]');
  await row.waitFor();
  const card = page.locator('[data-person]');
  await card.waitFor({ timeout: 20_000 });
  await card.getByText('attending for').waitFor({ timeout: 20_000 });
  await page.screenshot({ path: `${artefacts}simulate.png`, fullPage: true });
  await row.getByLabel('Distance').fill('0.8');
  await card.getByText('near').first().waitFor({ timeout: 20_000 });
  await row.getByLabel('Looks').selectOption('away');
  await page.waitForFunction(() => !document.querySelector('[data-person]')?.textContent?.includes('attending for'), undefined, { timeout: 20_000 });
  assert.ok(events.length > 0 && events.every((event) => !('origin' in event.data) || event.data.origin?.simulated));
  await row.getByRole('button', { name: 'Remove' }).click();
  await page.locator('#nobody').waitFor({ timeout: 20_000 });
  assert.is(await row.count(), 0);
  assert.ok(events.some(({ type }) => type === 'mien.person.left.v1'));
  assert.equal(faults, []);
  await page.close();
});

const found = await openChromium();
if (found) {
  browser = found;
  test.after(() => found.close());
  test.run();
}
