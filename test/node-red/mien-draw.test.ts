import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mienDraw from '../../node-red-nodes/src/nodes/mien-draw.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import { jpegStub } from '../support/fake-sight.ts';
import { openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { openConsole } from '../support/open-console.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-draw');
const WITHIN_MS = 60_000;
const image = Buffer.from(jpegStub);

async function open(more: object = {}) {
  const folder = new TemporaryFolder();
  const app = await openConsole();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'draw', type: 'mien-draw', host: 'host', wires: [['out']], ...more },
  ];
  const run = await openFlow([mienHost, mienDraw], flow, { userDir: folder.path });
  await until('ready', WITHIN_MS, () => run.statuses('draw').length > 0 && run.statuses('draw').at(-1)?.fill !== 'yellow');
  return {
    app,
    run,
    finished: (count: number) => until(`${count} finished`, WITHIN_MS, () => run.done.length + run.faults.length >= count),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

test('a JPEG as a Buffer; the image is handed on', async () => {
  await using stand = await open({ style: 'blur' });
  const given = Buffer.from(image);
  stand.run.send('draw', { topic: 'kept', payload: given });
  await stand.finished(1);
  const { payload, topic, image: original } = must(stand.run.messages[0]);
  assert.ok(Buffer.isBuffer(payload));
  assert.equal(Buffer.from(payload as Buffer), image);
  assert.is(original, given);
  assert.is(topic, 'kept');
  assert.equal(stand.app.sight.asked.analyze[0]?.options, { annotate: 'blur' });
});

test('msg.style goes before the dialog; one that there is not is refused', async () => {
  await using stand = await open({ turns: 'queue' });
  for (const style of [undefined, 'pixelate', 'cartoon', 7]) stand.run.send('draw', { payload: image, style });
  await stand.finished(4);
  assert.equal(
    stand.app.sight.asked.analyze.map(({ options }) => options.annotate),
    ['boxes', 'pixelate'],
  );
  assert.equal(
    stand.run.faults.map(({ code }) => code),
    ['INPUT_INVALID', 'INPUT_INVALID'],
  );
  assert.match(must(stand.run.faults[0]).message, /msg\.style is one of boxes, blur, pixelate, not "cartoon"$/);
});

test('after mien-analyze: the image of msg.image, the people stay in the payload', async () => {
  await using stand = await open({ property: 'image', result: 'drawn' });
  stand.run.send('draw', { payload: ['somebody'], image });
  await stand.finished(1);
  const { payload, drawn, image: original } = must(stand.run.messages[0]);
  assert.equal(payload, ['somebody']);
  assert.ok(Buffer.isBuffer(drawn));
  assert.is(original, image);
});

test('a style in the flow file that there is not is told at the deploy', async () => {
  await using stand = await open({ style: 'cartoon' });
  await until('a fault', WITHIN_MS, () => stand.run.faults.length === 1);
  assert.is(must(stand.run.faults[0]).code, 'INPUT_INVALID');
});

test.run();
