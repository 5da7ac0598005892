/** The NPU on the console page, in a real Chromium. */
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NpuReading } from '../../core/src/device/npu-reading.ts';
import { openChromium } from '../support/chromium.ts';
import { buildPage, openPage } from '../support/console-page.ts';

const test = suite('NPU on the console page');
let browser: Browser;

test.before(() => buildPage());

test('shows load, clock, heat and versions, and what is not known with why', async () => {
  let reading: NpuReading = {
    frequencyHz: 200_000_000,
    maxFrequencyHz: 1_000_000_000,
    governor: 'rknpu_ondemand',
    temperatureC: 44.4,
    driver: '0.9.8',
    runtime: '2.3.2',
    absent: [{ source: 'load', reason: 'the load is for root only' }],
  };
  await using app = await openPage(browser, { npu: { read: async () => reading } });
  const panel = app.page.locator('#npu-panel');
  await panel.getByText('200 MHz, of 1000 MHz, rknpu_ondemand').waitFor();
  await panel.getByText('44.4 °C').waitFor();
  await panel.getByText('rknpu 0.9.8, librknnrt 2.3.2').waitFor();
  await panel.getByText('not known: the load is for root only').waitFor();
  reading = { ...reading, loadPercent: [45, 0, 12], absent: [] };
  await panel.getByText('core 0: 45 %, core 1: 0 %, core 2: 12 %').waitFor();
  assert.is(await panel.getByText('not known').count(), 0);
  assert.equal(app.faults, []);
});

test('a machine without an NPU shows no panel', async () => {
  await using app = await openPage(browser);
  await app.page.locator('[data-camera]').first().waitFor();
  assert.is(await app.page.locator('#npu-panel').isVisible(), false);
});

const opened = await openChromium();
if (opened) {
  browser = opened;
  test.after(() => opened.close());
  test.run();
}
