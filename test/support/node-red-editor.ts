/** The real editor of a Node-RED in Chromium, and what a person does there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { NodeRedStand } from './node-red-stand.ts';
import { until } from './processes.ts';

export const editorWithinMs = 120_000;

/** For `prepare` of a stand: the editor would look for tours and a list of packages on the net. `more` adds to Node-RED's settings. */
export function quietEditor(userDir: string, more: object = {}): void {
  const settings = { fileWorkingDirectory: userDir, editorTheme: { tours: false, palette: { catalogues: [] } }, ...more };
  writeFileSync(join(userDir, 'test-settings.json'), JSON.stringify(settings));
}

export interface EditorStatus {
  readonly fill?: string;
  readonly text?: string;
}

export interface Editor {
  readonly page: Page;
  /** What was thrown in the page, and what its console calls an error. */
  readonly faults: string[];
  /** From the menu, on a tab of its own. */
  importExample(name: string): Promise<void>;
  /** By the button; until all is deployed. */
  deploy(): Promise<void>;
  /** Ids of the nodes of a type, as the editor holds them. */
  idsOf(type: string): Promise<string[]>;
  status(id: string): Promise<EditorStatus>;
  isValid(id: string): Promise<boolean>;
  /** On its tab, in the middle of the canvas. */
  reveal(id: string): Promise<void>;
  /** By a double click. */
  openDialog(id: string): Promise<void>;
  openConfigDialog(type: string, id: string): Promise<void>;
  /** By the button "Done" of the topmost dialog. */
  closeDialog(kind?: 'node' | 'config'): Promise<void>;
}

export async function openEditor(browser: Browser, { url }: NodeRedStand, language = 'en-US'): Promise<Editor> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  page.setDefaultTimeout(editorWithinMs);
  const faults: string[] = [];
  page.on('pageerror', (fault) => faults.push(fault.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.addInitScript((chosen) => localStorage.setItem('editor-language', chosen), language);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="mien-events"]');
  // The palette is there before the flows are.
  await page.waitForFunction(
    "document.querySelector('#red-ui-loading-progress')?.style.display === 'none' || !document.querySelector('#red-ui-loading-progress')",
  );
  const ask = async <T>(code: string): Promise<T> => (await page.evaluate(code)) as T;
  const node = (id: string): string => `RED.nodes.node(${JSON.stringify(id)})`;

  const reveal = (id: string): Promise<void> => ask(`RED.view.reveal(${JSON.stringify(id)}, false)`);

  return {
    page,
    faults,
    async importExample(name) {
      await page.click('#red-ui-header-button-sidemenu');
      await page.click('#menu-item-import');
      await page.click('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples');
      const tree = page.locator('#red-ui-clipboard-dialog-import-tab-examples');
      await tree.getByText('@mien/node-red', { exact: true }).click();
      await tree.getByText(name, { exact: true }).click();
      await page.click('#red-ui-clipboard-dialog-ok');
      await page.waitForSelector('#red-ui-clipboard-dialog', { state: 'hidden' });
    },
    async deploy() {
      await page.click('#red-ui-header-button-deploy');
      await page.waitForFunction('!RED.nodes.dirty()');
    },
    idsOf: (type) => ask(`RED.nodes.filterNodes({ type: ${JSON.stringify(type)} }).map(({ id }) => id)`),
    status: (id) => ask(`${node(id)}.status ?? {}`),
    isValid: (id) => ask(`${node(id)}.valid`),
    reveal,
    async openDialog(id) {
      await reveal(id);
      await page.locator(`[id="${id}"] .red-ui-flow-node`).dblclick();
      await page.waitForSelector('#node-dialog-ok');
    },
    async openConfigDialog(type, id) {
      await ask(`RED.editor.editConfig('', ${JSON.stringify(type)}, ${JSON.stringify(id)})`);
      await page.waitForSelector('#node-config-dialog-ok');
    },
    async closeDialog(kind = 'node') {
      const button = kind === 'node' ? '#node-dialog-ok' : '#node-config-dialog-ok';
      await page.click(button);
      await page.waitForSelector(button, { state: 'detached' });
      // It slides away.
      await until('no dialog', editorWithinMs, async () => await ask('document.querySelectorAll(".red-ui-editor-stack .red-ui-tray").length === 0'));
    },
  };
}
