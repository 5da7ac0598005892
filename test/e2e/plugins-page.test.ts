/** The plugins' part of the console page in a real Chromium. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium } from '../support/chromium.ts';
import { buildPage, openPage } from '../support/console-page.ts';
import { fakePlugin } from '../support/fake-plugins.ts';

const artefacts = fileURLToPath(new URL('../../artefacts/console/', import.meta.url));
const test = suite('plugins on the console page');
let browser: Browser;

test.before(() => {
  buildPage();
  mkdirSync(artefacts, { recursive: true });
});

test('shows what a plugin sees and does, and why one does not run', async () => {
  await using app = await openPage(browser);
  const { page, plugins } = app;
  const greeter = page.locator('[data-plugin="greeter"]');
  await greeter.getByText('person.presence, person.age').waitFor();
  await greeter.getByText('12 delivered').waitFor();
  plugins.statuses = [
    {
      ...fakePlugin,
      state: 'quarantined',
      reason: 'crashed 5 times within 10 minutes, last: the arm is stuck',
      restarts: 4,
      crashes: [{ atWallMs: 1, reason: 'the arm is stuck' }],
    },
  ];
  await greeter.getByText('crashed 5 times within 10 minutes').waitFor();
  assert.is(await greeter.locator('.pill').innerText(), 'quarantined');
  await greeter.getByRole('button', { name: 'Try again' }).click();
  await greeter.getByText('Restarted.').waitFor();
  await greeter.locator('.pill', { hasText: 'running' }).waitFor();
  plugins.statuses = [];
  await page.locator('#plugins-panel').waitFor({ state: 'hidden' });
  assert.equal(app.faults, []);
});

test('edits options in a form made from their schema, faults beside the field', async () => {
  await using app = await openPage(browser);
  const { page, plugins } = app;
  const greeter = page.locator('[data-plugin="greeter"]');
  await greeter.getByText('Options').click();
  assert.is(await greeter.getByLabel('greeting').inputValue(), 'Hello');
  await greeter.getByText('what is said').waitFor();
  plugins.faults = ['times: expected at most 9, got 10'];
  await greeter.getByLabel('times').first().fill('10');
  await greeter.getByRole('button', { name: 'Save and restart' }).click();
  await greeter.getByText('times: expected at most 9, got 10').waitFor();
  assert.equal(plugins.asked.changes, []);
  plugins.faults = [];
  await greeter.getByLabel('greeting').fill('Good day');
  await greeter.getByLabel('times').first().fill('3');
  await page.screenshot({ path: `${artefacts}plugins.png`, fullPage: true });
  await greeter.getByRole('button', { name: 'Save and restart' }).click();
  await greeter.getByText('Until Mien ends').waitFor();
  assert.equal(plugins.asked.changes, [['greeter', { options: { greeting: 'Good day', times: 3 } }]]);
  await greeter.getByRole('button', { name: 'Disable' }).click();
  await greeter.getByRole('button', { name: 'Enable' }).waitFor();
  assert.equal(
    app.faults.filter((fault) => !fault.includes('422')),
    [],
  );
});

test('a text of several lines keeps them', async () => {
  await using app = await openPage(browser);
  const { page, plugins } = app;
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const properties = { ca: { type: 'string' }, other: { type: 'string', contentMediaType: 'application/x-pem-file' } };
  plugins.statuses = [{ ...fakePlugin, optionsSchema: { type: 'object', required: ['ca', 'other'], properties }, options: { ca: pem, other: '' } }];
  const greeter = page.locator('[data-plugin="greeter"]');
  await greeter.getByText('Options').click();
  await greeter.getByLabel('other').fill(pem);
  await greeter.getByRole('button', { name: 'Save and restart' }).click();
  await greeter.getByText('Until Mien ends').waitFor();
  assert.equal(plugins.asked.changes, [['greeter', { options: { ca: pem, other: pem } }]]);
});

test('runs a command and shows its answer or fault', async () => {
  await using app = await openPage(browser);
  const { page, plugins } = app;
  const greeter = page.locator('[data-plugin="greeter"]');
  await greeter.getByText('Commands').click();
  await greeter.getByLabel('times').last().fill('2');
  await greeter.getByRole('button', { name: 'Run wave' }).click();
  await greeter.getByText('{"done":{"times":2}}').waitFor();
  assert.equal(plugins.asked.runs, [['wave', { times: 2 }]]);
  plugins.onRun = async () => {
    throw new Error('inside');
  };
  await greeter.getByRole('button', { name: 'Run wave' }).click();
  await greeter.locator('.result[data-tone="bad"]').waitFor();
});

test('safe mode is a banner', async () => {
  await using app = await openPage(browser, { safeMode: 'three boots failed' });
  await app.page.getByText('Safe mode, without plugins and modules: three boots failed').waitFor();
});

const found = await openChromium();
if (found) {
  browser = found;
  test.after(() => found.close());
  test.run();
}
