import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelStatus, Person } from '@mien/core/client';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../support/must.ts';
import { type ExampleStand, exampleNames, openExamples, readExample } from '../support/node-red-examples.ts';
import { until } from '../support/processes.ts';

const test = suite('examples of the Node-RED nodes');
const WITHIN_MS = 120_000;
const portrait = readFileSync(fileURLToPath(new URL('../fixtures/portraits/collins.jpg', import.meta.url)));
let examples: ExampleStand;

test.before(async () => {
  examples = await openExamples();
});
test.after(async () => {
  await examples[Symbol.asyncDispose]();
});

test('each is one flow with a host, a comment that says what to press, ids of its own and wires that lead somewhere', () => {
  const seen = new Set<string>();
  assert.is(exampleNames.length, 7);
  for (const name of exampleNames) {
    const nodes = readExample(name);
    const ids = new Set(nodes.map(({ id }) => id));
    assert.is(nodes.filter(({ type }) => type === 'tab').length, 1, name);
    const host = must(nodes.find(({ type }) => type === 'mien-host'));
    assert.is(nodes.filter(({ type }) => type === 'mien-host').length, 1, name);
    const comment = must(nodes.find(({ type }) => type === 'comment'));
    assert.match(String(comment['info']), /\*\*(Press|Deploy)/, name);
    for (const node of nodes) {
      assert.not.ok(seen.has(node.id), `${name}: ${node.id} is in two examples`);
      seen.add(node.id);
      for (const id of (node.wires ?? []).flat()) assert.ok(ids.has(id), `${name}: a wire of ${node.id} leads to ${id}, which is not there`);
      if (node.host !== undefined) assert.is(node.host, host.id, name);
    }
    // Nothing of the machine on which it was made.
    assert.not.match(JSON.stringify(nodes), /\/(home|root|work|tmp)\//, name);
  }
});

test('1: people of the bundled clip are messages, a list and a picture with boxes', async () => {
  const run = await examples.play('1');
  await run.told('events');
  await until('somebody', WITHIN_MS, async () => {
    await run.press('who is here?');
    return (run.shown('people').at(-1) as Person[] | undefined)?.some(({ id }) => /^p-/.test(id)) ?? false;
  });
  const picture = await fetch(`${examples.stand.url}/flows-http/mien`);
  assert.equal([picture.status, picture.headers.get('content-type')], [200, 'image/jpeg']);
  const jpeg = new Uint8Array(await picture.arrayBuffer());
  assert.equal([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
  // Nobody who asks waits for ever: the newest get the picture, others are told to ask again.
  const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(`${examples.stand.url}/flows-http/mien`)));
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.includes(200) && statuses.every((status) => status === 200 || status === 503), statuses.join());
  assert.is((run.shown('camera state')[0] as { state: string }).state, 'live');
});

test('2: a camera that stays away is an alarm; one that gives pictures is none, and people are told', async () => {
  const soon = ({ type }: { type: string }): object => (type === 'trigger' ? { duration: '1' } : {});
  const away = await examples.play('2', (node) => ({ ...soon(node), ...(node.type === 'mien-camera' && { device: '/dev/video63' }) }));
  assert.match(String((await away.told('alarm'))[0]), /^The camera main has been away for 30 seconds: .*video63/);
  const here = await examples.play('2', (node) => ({ ...soon(node), ...(node.type === 'mien-camera' && { source: 'clip' }) }));
  assert.match(String((await here.told('people'))[0]), /^person\.appeared p-/);
  assert.equal(here.shown('alarm'), []);
});

test('4: who left within the minute is a row of CSV, small numbers are left empty', async () => {
  const run = await examples.play('4');
  await run.press('a group comes');
  let rows = 0;
  await until('a row of four', WITHIN_MS, async () => {
    await run.press('now');
    rows += 1;
    return ((await run.told('row', rows)) as { visitors: number | '' }[]).some(({ visitors }) => visitors === 4 || visitors === 3);
  });
  const row = must((run.shown('row') as Record<string, unknown>[]).find(({ visitors }) => visitors !== 0));
  assert.match(String(row['minute']), /^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
  assert.is(row['from60'], row['visitors'] === 4 ? '' : row['from60']);
  const file = join(examples.stand.userDir, 'mien-audience.csv');
  await until('the file', WITHIN_MS, () => existsSync(file) && readFileSync(file, 'utf8').trim().split('\n').length === rows + 1);
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  assert.is(head, 'minute,visitors,looked,secondsEach,under30,from30to59,from60');
  assert.ok(lines.some((line) => line.startsWith(`${row['minute']},${row['visitors']},`)));
});

test('5: a smile is answered, and a photo by HTTP: faces, or what was wrong', async () => {
  const run = await examples.play('5');
  await run.press('a visitor comes');
  const post = (body: Buffer): Promise<Response> =>
    fetch(`${examples.stand.url}/flows-http/mien/analyze`, { method: 'POST', headers: { 'content-type': 'image/jpeg' }, body: Uint8Array.from(body) });
  const good = await post(portrait);
  assert.is(good.status, 200);
  assert.is(((await good.json()) as unknown[]).length, 1);
  const bad = await post(portrait.subarray(0, 300));
  assert.is(bad.status, 400);
  assert.is(((await bad.json()) as { code: string }).code, 'IMAGE_UNREADABLE');
  assert.equal(await run.told('robot'), [{ gesture: 'nod', say: 'How nice!' }]);
});

test('6: a network is listed on its core, tested, swapped, unloaded and loaded', async () => {
  const run = await examples.play('6');
  const recogniser = async (count: number): Promise<ModelStatus> => (await run.told('status', count))[count - 1] as ModelStatus;
  await run.press('list');
  const models = (await run.told('status'))[0] as ModelStatus[];
  const listed = must(models.find(({ role }) => role === 'recognizer'));
  assert.equal([listed.state, listed.backend, listed.npuCores], ['ready', 'rknn', [0]]);
  await run.press('self-test');
  assert.is((await recogniser(2)).selftest?.passed, true);
  await run.press('swap');
  assert.is((await recogniser(3)).state, 'ready');
  await run.press('unload');
  assert.is((await recogniser(4)).state, 'unloaded');
  await run.press('self-test');
  await until('a refusal', WITHIN_MS, () => run.shown('refused').length === 1);
  await run.press('load');
  const loaded = await recogniser(5);
  assert.equal([loaded.state, loaded.npuCores], ['ready', [0]]);
});

test.run();
