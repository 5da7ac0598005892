import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium } from '../support/chromium.ts';
import { must } from '../support/must.ts';
import { type Editor, editorWithinMs, openEditor, quietEditor } from '../support/node-red-editor.ts';
import { openExamples } from '../support/node-red-examples.ts';
import { flowWith, openNodeRed } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { isSoak } from '../support/soak.ts';

const test = suite('the editor');
const set = JSON.parse(readFileSync(fileURLToPath(new URL('../../node-red-nodes/package.json', import.meta.url)), 'utf8')) as {
  readonly 'node-red': { readonly nodes: Readonly<Record<string, string>> };
};
const types = Object.keys(set['node-red'].nodes).filter((type) => type !== 'mien-host');
const browser = await openChromium();

/** What each node needs to be valid, beside a host. */
const needed: Readonly<Record<string, object>> = {
  'mien-filter': { ageMin: '18' },
  'mien-analyze': { property: 'payload', result: 'payload' },
  'mien-draw': { property: 'payload', result: 'payload' },
  'mien-events': { types: ['person.appeared', 'person.left'], split: 'each', tellGaps: true, outputs: 3, wires: [['tap'], ['tap'], []] },
};

interface Deployed {
  readonly id: string;
  readonly name?: string;
  readonly wires?: string[][];
  readonly [property: string]: unknown;
}

/** Texts of the open dialog that a catalogue has not translated. */
const untranslated = async ({ page }: Editor): Promise<string[]> => {
  const texts = (await page.evaluate(
    `[...document.querySelectorAll('.red-ui-tray [data-i18n], .red-ui-tray [placeholder]')].flatMap((one) => [one.textContent, one.getAttribute('placeholder')])`,
  )) as (string | null)[];
  return texts.filter((text): text is string => /\bmien(-[a-z]+)?\.[a-z]/i.test(text ?? '') && !/mien\.yaml/.test(text ?? ''));
};

if (browser) {
  test.after(() => browser.close());

  test('an example from the menu: deployed, its nodes turn green, people are messages in the debug sidebar', async () => {
    await using examples = await openExamples({ prepare: quietEditor });
    const editor = await openEditor(browser, examples.stand);
    await editor.importExample('1 Try it without hardware');
    await editor.deploy();
    const [camera] = await editor.idsOf('mien-camera');
    await until('a camera that is well', editorWithinMs, async () => (await editor.status(must(camera))).fill === 'green');
    await editor.reveal(must(camera));
    await editor.page.evaluate("RED.sidebar.show('debug')");
    await editor.page.locator('.red-ui-debug-msg', { hasText: 'person.appeared' }).first().waitFor();
    // As a person sees it.
    await editor.page.waitForFunction(
      "[...document.querySelectorAll('.red-ui-flow-node-status-label')].some(({ textContent }) => textContent.includes('live'))",
    );
    const [people] = await editor.idsOf('mien-people');
    await editor.openDialog(must(people));
    await editor.page.fill('#node-input-camera', 'main');
    await editor.closeDialog();
    await editor.deploy();
    await until('well again', editorWithinMs, async () => (await editor.status(must(people))).fill === 'green');
    assert.equal(editor.faults, []);
  });

  for (const language of isSoak ? ['en-US', 'de'] : ['de']) {
    test(`each dialog in ${language}: opened, every text translated, a value changed and deployed, no error`, async () => {
      await using app = await openConsole();
      // What sorts messages needs no host.
      const nodes = types.map((type) => ({ id: type, type, ...(type !== 'mien-filter' && { host: 'host' }), ...needed[type] }));
      const flow = flowWith([...nodes, { id: 'tap', type: 'tap' }], { mode: 'connect', url: app.url });
      await using stand = await openNodeRed({ flow, prepare: quietEditor });
      await stand.connected();
      const editor = await openEditor(browser, stand, language);
      for (const type of types) {
        await editor.openDialog(type);
        assert.equal(await untranslated(editor), [], type);
        await editor.page.fill('#node-input-name', `my ${type}`);
        await editor.closeDialog();
        assert.ok(await editor.isValid(type), `${type} is not valid`);
      }
      await editor.openConfigDialog('mien-host', 'host');
      assert.equal(await untranslated(editor), []);
      await editor.page.fill('#node-config-input-name', 'foyer');
      await editor.closeDialog('config');
      await editor.deploy();
      const deployed = (await (await stand.get('/flows')).json()) as Deployed[];
      const named = (id: string): Deployed => must(deployed.find((node) => node.id === id));
      for (const type of types) assert.is(named(type).name, `my ${type}`);
      assert.is(named('host').name, 'foyer');
      // Opened and saved, a node says what it said, and what the dialog adds are its defaults.
      for (const [n, type] of types.entries())
        for (const [key, value] of Object.entries(must(nodes[n]))) assert.equal(named(type)[key], value, `${type} ${key}`);
      assert.equal(editor.faults, []);
    });
  }

  test('mien-events: a condition is added, a type less, and the wires stay with their types', async () => {
    await using app = await openConsole();
    const events = { id: 'events', type: 'mien-events', host: 'host', split: 'each', tellGaps: true, outputs: 4 };
    const flow = flowWith(
      [
        { ...events, types: ['person.appeared', 'person.updated', 'person.left'], wires: [['came'], ['changed'], ['left'], ['gap']] },
        ...['came', 'changed', 'left', 'gap'].map((id) => ({ id, type: 'tap' })),
      ],
      { mode: 'connect', url: app.url },
    );
    await using stand = await openNodeRed({ flow, prepare: quietEditor });
    const editor = await openEditor(browser, stand);
    await editor.openDialog('events');
    await editor.page.selectOption('#mien-events-types', ['person.appeared', 'person.left', 'camera.lost']);
    await editor.page
      .locator('.form-row', { has: editor.page.locator('#mien-events-conditions') })
      .locator('.red-ui-editableList-addButton')
      .click();
    await editor.page.fill('.mien-condition [data-part="path"]', 'age.years');
    await editor.page.fill('.mien-condition [data-part="min"]', '18');
    await editor.closeDialog();
    assert.ok(await editor.isValid('events'));
    await editor.deploy();
    const saved = must(((await (await stand.get('/flows')).json()) as Deployed[]).find(({ id }) => id === 'events'));
    assert.equal(saved['types'], ['person.appeared', 'person.left', 'camera.lost']);
    assert.equal(saved['conditions'], [{ path: 'age.years', values: '', min: '18', max: '' }]);
    assert.equal([saved['outputs'], saved.wires], [4, [['came'], ['left'], [], ['gap']]]);

    await editor.openDialog('events');
    assert.is(await editor.page.inputValue('.mien-condition [data-part="min"]'), '18');
    await editor.page.fill('.mien-condition [data-part="min"]', 'old');
    await editor.closeDialog();
    assert.not.ok(await editor.isValid('events'));
    assert.equal(editor.faults, []);
  });

  test('mien-host says what it would run, or the line that installs one', async () => {
    await using stand = await openNodeRed({ prepare: quietEditor, flow: flowWith([], { command: '' }), env: { PATH: '/nowhere' } });
    const editor = await openEditor(browser, stand);
    await editor.openConfigDialog('mien-host', 'host');
    await editor.page.locator('#mien-host-install', { hasText: /npm install @mien\/core$/ }).waitFor();
    await editor.page.fill('#node-config-input-command', process.execPath);
    await editor.page.press('#node-config-input-command', 'Tab');
    await editor.page.locator('#mien-host-found', { hasText: 'by the command' }).waitFor();
    await editor.page.selectOption('#node-config-input-mode', 'connect');
    assert.not.ok(await editor.page.isVisible('#node-config-input-command'));
    assert.equal(editor.faults, []);
  });
}

test.run();
