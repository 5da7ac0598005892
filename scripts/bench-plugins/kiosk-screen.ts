/** From `person.appeared` at the host's bus to the item of the rule in the page: decided, told, and drawn by a headless Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openChromium } from '../../test/support/chromium.ts';
import { openHost, untilStatus } from '../../test/support/plugin-host.ts';

const runs = 40;
const entry = fileURLToPath(new URL('../../plugins/kiosk-screen/index.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mien-bench-'));
const rule = { name: 'somebody', when: { people: { min: 1 } }, show: 'closer.svg', forS: 0, holdS: 0 };
const options = { port: 0, playlist: ['welcome.svg'], itemS: 600, minShowS: 0, fadeMs: 0, staleS: 600, rules: [rule] };
const screen = { from: entry, isolation: 'shared', grant: ['person.presence'], options };
const browser = await openChromium();
if (!browser) process.exit(1);
const host = await openHost({ stateFolder: folder, plugins: { screen } as never });
try {
  await host.host.start();
  await untilStatus(host.host, 'screen', ({ state }) => state === 'running');
  const { url } = (await host.host.run('screen.status', {})) as { url: string };
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  let onShown: (item: string) => void = () => {};
  await page.exposeFunction('shown', (item: string) => onShown(item));
  await page.addInitScript(() => {
    const told = new Set<Element>();
    // After a layer came on top: two frames later it has been drawn.
    new MutationObserver(() => {
      const inner = document.querySelector('.layer.top.on')?.firstElementChild as HTMLImageElement | null;
      const layer = inner?.parentElement;
      for (const one of told) if (one !== layer) told.delete(one);
      if (!inner || !layer || told.has(layer)) return;
      told.add(layer);
      requestAnimationFrame(() => requestAnimationFrame(() => (window as never as { shown(item: string): void }).shown(inner.src.split('/').pop() ?? '')));
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
  });
  const next = (item: string): Promise<number> =>
    new Promise((resolve) => {
      onShown = (shown) => {
        if (shown === item) resolve(performance.now());
      };
    });
  const first = next('welcome.svg');
  await page.goto(url);
  await first;
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // Not in step with the plugin's own rhythm.
    await new Promise((resolve) => setTimeout(resolve, 150 + ((run * 37) % 100)));
    const id = `p-${String(run).padStart(5, '0')}`;
    const shown = next('closer.svg');
    const begun = performance.now();
    host.people.appear(id);
    times.push((await shown) - begun);
    const back = next('welcome.svg');
    host.people.leave(id);
    await back;
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((times[Math.min(runs - 1, Math.floor(runs * share))] ?? 0) * 10) / 10;
  console.log(JSON.stringify({ name: 'kiosk-screen: person.appeared to drawn, p50', value: at(0.5), unit: 'ms' }));
  console.log(JSON.stringify({ name: 'kiosk-screen: person.appeared to drawn, p95', value: at(0.95), unit: 'ms' }));
} finally {
  await host[Symbol.asyncDispose]();
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
