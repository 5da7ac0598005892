/** `mien run` on the bundled clip, seen through the console page in a real Chromium. Screenshots go to artefacts/. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient } from '../../core/src/client.ts';
import { openChromium } from '../support/chromium.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const artefacts = path('../../artefacts/console/');
const test = suite('console page on the clip');
const browser = await openChromium();

test('sees people come and go, with the picture and a self-test', async () => {
  if (!browser) return;
  await once(spawn(process.execPath, [path('../../scripts/build-console.mjs')], { stdio: 'ignore' }), 'exit');
  mkdirSync(artefacts, { recursive: true });
  const mien = spawn(process.execPath, [path('../../core/src/cli.ts'), 'run', '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(mien, 'exit');
  try {
    let url: string | undefined;
    for await (const line of createInterface({ input: mien.stderr })) {
      url = /^console: (\S+)/.exec(line)?.[1];
      if (url) break;
    }
    assert.ok(url, 'mien run printed the address of its console');
    mien.stderr.resume();
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const faults: string[] = [];
    page.on('pageerror', (fault) => faults.push(String(fault)));
    page.on('console', (message) => void (message.type() === 'error' && faults.push(message.text())));
    await page.goto(url);

    await page.locator('.card').first().waitFor({ timeout: 30_000 });
    await page.locator('.card .attribute[data-state="stable"]').first().waitFor({ timeout: 30_000 });
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('.stat-value')?.textContent ?? '0') > 5, undefined, { timeout: 30_000 });
    assert.is((await createClient({ url }).status()).previewClients, 0);
    await page.getByRole('button', { name: 'Show live picture' }).click();
    await page.waitForFunction(() => ((document.querySelector('#preview img') as HTMLImageElement | null)?.naturalWidth ?? 0) > 300, undefined, {
      timeout: 20_000,
    });
    await page.locator('.card').nth(1).waitFor({ timeout: 40_000 });
    await page.screenshot({ path: `${artefacts}clip-1280.png` });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.screenshot({ path: `${artefacts}clip-dark-1280.png`, fullPage: true });
    await page.getByRole('button', { name: 'Turn off' }).click();

    const model = page.locator('[data-model]').first();
    await model.getByRole('button', { name: 'Run self-test' }).click();
    await model.getByText(/^Passed in/).waitFor({ timeout: 20_000 });
    await page.locator('#events li[data-name="person.left"]').first().waitFor({ timeout: 60_000 });
    await page.locator('#events li[data-name="person.appeared"] summary').first().click();
    await page.getByText(/The face was found in \d of the last \d frames/).waitFor();
    await page.locator('.card summary').first().waitFor({ timeout: 30_000 });
    let looking = 1;
    for (let wait = 0; looking > 0 && wait < 50; wait += 1) {
      await page.waitForTimeout(100);
      looking = (await createClient({ url }).status()).previewClients;
    }
    assert.is(looking, 0, 'the preview ended in the host');

    const stoppedMs = performance.now();
    mien.kill('SIGTERM');
    await exited;
    assert.ok(performance.now() - stoppedMs < 2000, 'stops in time with a page open');
    await page.getByText('The connection to Mien is lost').waitFor();
    faults.splice(0, faults.length, ...faults.filter((fault) => !/ERR_(CONNECTION|EMPTY|INCOMPLETE)/.test(fault)));
    assert.equal(faults, []);
    await page.close();
  } finally {
    mien.kill('SIGKILL');
  }
});

if (browser) {
  test.after(() => browser.close());
  test.run();
}
