/** Opens Debian's Chromium, headless, with nothing of it reaching out; undefined where there is none. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export async function openChromium(): Promise<Browser | undefined> {
  if (!existsSync(executablePath)) {
    console.error(`skipped: there is no ${executablePath}; install it with: apt-get install chromium`);
    return undefined;
  }
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
