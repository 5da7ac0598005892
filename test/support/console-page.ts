/** The console page in a Chromium tab, over a scripted sight, people and plugins. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type OpenConsole, type OpenConsoleOptions, openConsole } from './open-console.ts';

const buildScript = fileURLToPath(new URL('../../scripts/build-console.mjs', import.meta.url));

/** The page as its sources are now. */
export function buildPage(): void {
  execFileSync(process.execPath, [buildScript], { stdio: 'pipe' });
}

export interface OpenPage extends OpenConsole {
  readonly page: Page;
  /** What the page wrote to its console as an error, CSP refusals among it. */
  readonly faults: string[];
}

export async function openPage(browser: Browser, options: OpenConsoleOptions = {}, context: BrowserContextOptions = {}, hash = ''): Promise<OpenPage> {
  const served = await openConsole(options);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...context });
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (fault) => faults.push(String(fault)));
  await page.goto(served.url + hash);
  return {
    ...served,
    page,
    faults,
    async [Symbol.asyncDispose]() {
      await page.close();
      await served[Symbol.asyncDispose]();
    },
  };
}
