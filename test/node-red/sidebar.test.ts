import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HostAnswer, type HostParts, sectionOf } from '../../node-red-nodes/editor/shared/sidebar-view.ts';
import { openChromium } from '../support/chromium.ts';
import { known } from '../support/fake-people.ts';
import { fakeDetector, fakeModel } from '../support/fake-sight.ts';
import { must } from '../support/must.ts';
import { flowWith, type NodeRedStand, openNodeRed } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';

const test = suite('the sidebar');
const WITHIN_MS = 120_000;

const host: HostAnswer = {
  id: 'host',
  name: 'foyer',
  kind: 'connected',
  text: '',
  url: 'http://127.0.0.1:7430',
  restarts: 2,
  status: {
    health: { state: 'ok', reasons: [] },
    sight: { restarts: 1, cameras: [{ name: 'main', state: 'live', framesPerSecond: 24.94, dropped: 20 }] },
    npu: {},
  },
};
/** Keys with their values, for lack of a catalogue. */
const text = (key: string, values: object = {}): string => [key.replace('mien-sidebar.', ''), ...Object.values(values)].join(' ');
const rowsOf = (parts: HostParts): Record<string, string> =>
  Object.fromEntries(sectionOf(parts, 'localhost', text).rows.map(({ label, value }) => [label.replace('label.', ''), value]));

test('who is here by age band and expression, models with their cores, drops, restarts', () => {
  const people = [known, known, { age: { label: 'unknown' }, expression: { label: 'unknown' } }, {}];
  assert.equal(rowsOf({ host, people, models: [fakeModel, fakeDetector, { ...fakeModel, name: 'idle', state: 'unloaded' }] }), {
    state: 'mien.status.connected',
    people: '4',
    ages: '25-34: 2, unknown: 2',
    expressions: 'positive: 2, unknown: 2',
    'mien-attributes': '0.1.0 int8, onnx',
    'blazeface-full': '0.1.0 int8, cores 0 (42 %), 1 (set-aside)',
    main: 'camera live 24.9 20',
    restarts: 'restarts 2 1',
  });
  assert.not.ok('ages' in rowsOf({ host, people: [], models: [] }));
});

test('a host that is away says why and how to install one; no link', () => {
  const gone: HostAnswer = {
    id: 'host',
    name: '',
    kind: 'failed',
    text: 'no Mien is installed',
    installLine: 'npm install',
    url: 'http://127.0.0.1:1',
    restarts: 0,
  };
  const section = sectionOf({ host: gone }, 'localhost', text);
  assert.equal([section.title, section.mood, section.notes, section.consoleUrl], ['Mien', 'error', ['no Mien is installed', 'npm install'], undefined]);
});

test('a console on the device only is no link for a browser elsewhere, and no link leads to other than a page', () => {
  const from = (url: string, browserHost: string): string | undefined => sectionOf({ host: { ...host, url }, people: [] }, browserHost, text).consoleUrl;
  assert.is(from('http://127.0.0.1:7430', 'localhost'), 'http://127.0.0.1:7430');
  assert.is(from('http://127.0.0.1:7430', 'robot.local'), undefined);
  assert.is(from('http://robot.local:7430', 'desk.local'), 'http://robot.local:7430');
  assert.is(from('javascript:alert(1)', 'localhost'), undefined);
  assert.match(sectionOf({ host, people: [] }, 'robot.local', text).notes.join(), /elsewhere http:\/\/127\.0\.0\.1:7430/);
});

test('ill health is a warning with its reasons', () => {
  const ill = { ...host, status: { ...must(host.status), health: { state: 'degraded' as const, reasons: ['on the CPU'] } } };
  const { mood, notes } = sectionOf({ host: ill, people: [] }, 'localhost', text);
  assert.equal([mood, notes], ['warning', ['on the CPU']]);
});

const browser = await openChromium();

/** The editor would look for a list of packages on the net. */
const prepare = (folder: string): void =>
  writeFileSync(join(folder, 'test-settings.json'), JSON.stringify({ editorTheme: { tours: false, palette: { catalogues: [] } } }));

async function editor(stand: NodeRedStand, language: string) {
  const page = await must(browser).newPage();
  const faults: string[] = [];
  const pictures: string[] = [];
  page.on('pageerror', (fault) => faults.push(fault.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => /image|jpeg|base64/i.test(String(payload)) && pictures.push(String(payload).slice(0, 80))),
  );
  await page.addInitScript((chosen) => localStorage.setItem('editor-language', chosen), language);
  await page.goto(stand.url, { waitUntil: 'domcontentloaded', timeout: WITHIN_MS });
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="mien-analyze"]', { timeout: WITHIN_MS });
  await page.evaluate("RED.sidebar.show('mien')");
  const sidebar = page.locator('.mien-sidebar');
  await sidebar.locator('section').first().waitFor({ timeout: WITHIN_MS });
  const see = (words: string): Promise<void> => sidebar.getByText(words, { exact: true }).first().waitFor({ timeout: WITHIN_MS });
  return { page, sidebar, see, faults, pictures };
}

if (browser) {
  test.after(() => browser.close());

  test('in the editor: who is here as it changes, text only, a link to the console', async () => {
    await using app = await openConsole();
    const name = '<img src=x onerror="window.broken=1">';
    await using stand = await openNodeRed({ flow: flowWith([], { mode: 'connect', url: app.url, name }), prepare });
    await stand.connected();
    app.people.appear('p-aaaaa', { ...known });
    const { page, sidebar, see, faults, pictures } = await editor(stand, 'en-US');
    await see(name);
    await see('25-34: 1');
    await see('positive: 1');
    await see('0.1.0 int8, NPU cores 0 (42 %), 1 (set-aside)');
    app.people.appear('p-bbbbb');
    await see('25-34: 1, unknown: 1');
    const link = sidebar.getByText('Console and virtual people');
    assert.is(await link.getAttribute('href'), app.url);
    assert.is(await link.getAttribute('rel'), 'noopener noreferrer');
    assert.is(await page.evaluate('window.broken'), undefined);
    assert.is(await sidebar.locator('img').count(), 0);
    assert.equal([faults, pictures], [[], []]);
    await app[Symbol.asyncDispose]();
    await see('host lost');
  });

  test('in German, with two hosts of which one is nowhere', async () => {
    await using app = await openConsole();
    const flow = [
      ...flowWith([], { mode: 'connect', url: app.url, name: 'Foyer' }),
      { id: 'other', type: 'mien-host', mode: 'connect', url: 'http://127.0.0.1:9', name: 'Keller' },
    ];
    await using stand = await openNodeRed({ flow, prepare });
    await stand.connected();
    const { see, faults } = await editor(stand, 'de');
    await see('Menschen');
    await see('Konsole und virtuelle Menschen');
    await see('Keller');
    await see('Host gescheitert');
    assert.equal(faults, []);
  });
}

test.run();
