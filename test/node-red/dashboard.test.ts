import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium } from '../support/chromium.ts';
import { must } from '../support/must.ts';
import { editorWithinMs, quietEditor } from '../support/node-red-editor.ts';
import { openExamples } from '../support/node-red-examples.ts';
import { fetchPackages } from '../support/node-red-lines.ts';
import { isSoak } from '../support/soak.ts';

const test = suite('the example of a dashboard');
// Dashboard 2 is 135 MB: fetched for the soak run only, and kept.
const dashboard = isSoak ? fetchPackages('node-red-dashboard-1.31.0', ['@flowfuse/node-red-dashboard@1.31.0']) : undefined;
if (!isSoak) console.log('SKIPPED: the dashboard is opened in the soak run (MIEN_SOAK=1), which fetches Dashboard 2');
const browser = dashboard && (await openChromium());

if (dashboard && browser) {
  test.after(() => browser.close());

  test('7: people now, age bands and expression over time on a page', async () => {
    await using examples = await openExamples({
      prepare(userDir) {
        quietEditor(userDir);
        const scope = join(userDir, 'node_modules', '@flowfuse');
        mkdirSync(scope, { recursive: true });
        symlinkSync(join(dashboard, 'node_modules', '@flowfuse', 'node-red-dashboard'), join(scope, 'node-red-dashboard'));
      },
    });
    await examples.play('7');
    const page = await browser.newPage({ viewport: { width: 1200, height: 760 } });
    page.setDefaultTimeout(editorWithinMs);
    const faults: string[] = [];
    page.on('pageerror', (fault) => faults.push(fault.message));
    await page.goto(`${examples.stand.url}/flows-http/dashboard/audience`);
    for (const title of ['Audience now', 'Age bands', 'Expression']) await page.getByText(title, { exact: true }).first().waitFor();
    // Virtual visitors come by themselves.
    await page.waitForFunction('[1, 2, 3].includes(Number(/look at the device\\s*(\\d+)/.exec(document.body.innerText)?.[1]))');
    assert.ok((await page.locator('canvas').count()) >= 2);
    const picture = process.env['MIEN_TEST_DASHBOARD_PICTURE'];
    if (picture) {
      await page.waitForTimeout(30_000);
      await page.screenshot({ path: must(picture) });
    }
    assert.equal(faults, []);
  });
}

test.run();
