import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Grant } from '../../../../core/src/events.ts';
import { known } from '../../../support/fake-people.ts';
import { jpegStub } from '../../../support/fake-sight.ts';
import { must } from '../../../support/must.ts';
import { until } from '../../../support/processes.ts';
import { type TrafficStage, trafficStage } from '../../../support/traffic-stage.ts';

const test = suite('services of the core');

/** Asks one service as a new plugin with these grants. */
async function call(stage: TrafficStage, grants: readonly Grant[], service: string, method: string, ...args: unknown[]) {
  const plugin = stage.plugin('asker', { grants });
  plugin.attached.receive({ type: 'ask', id: 1, call: { kind: 'service', name: service, method, args } });
  await until('an answer', 10_000, () => plugin.of('answer').length > 0);
  return must(plugin.of('answer')[0]);
}

test('people: those who are here, as the grants let them be seen', async () => {
  using stage = trafficStage();
  stage.people.appear('p-aaaaa', known);
  const { value } = await call(stage, ['person.presence', 'person.age'], 'people', 'current');
  assert.equal(Object.keys(must((value as object[])[0])).sort(), ['age', 'camera', 'id', 'returned', 'sinceMs', 'state']);
  const { error } = await call(stage, ['person.age'], 'people', 'current');
  assert.equal(error, {
    code: 'GRANT_MISSING',
    message:
      '"asker" may not use people.current without person.presence: add \'person.presence\' to `needs` or `wants` in its definition and to plugins.asker.grant in mien.yaml',
  });
});

test('models: anybody may list them, model.control changes them', async () => {
  using stage = trafficStage();
  const listed = (await call(stage, [], 'models', 'list')).value as { name: string }[];
  assert.equal(
    listed.map(({ name }) => name),
    ['mien-attributes', 'blazeface-full'],
  );
  for (const method of ['load', 'unload', 'swap', 'selftest']) {
    assert.is((await call(stage, ['device.health'], 'models', method, 'mien-attributes', {})).error?.code, 'GRANT_MISSING', method);
  }
  const swapped = (await call(stage, ['model.control'], 'models', 'swap', 'mien-attributes', { precision: 'fp32' })).value as { precision: string };
  assert.is(swapped.precision, 'fp32');
  assert.equal(stage.sight.asked.swap, [{ precision: 'fp32' }]);
  assert.is((await call(stage, ['model.control'], 'models', 'load', 'none')).error?.code, 'MODEL_NOT_FOUND');
  const { error } = await call(stage, ['model.control'], 'models', 'swap', 'mien-attributes', { precision: 'fp64' });
  assert.is(error?.code, 'REQUEST_INVALID');
  assert.match(must(error).message, /models.swap: argument 2: precision/);
  assert.is((await call(stage, ['model.control'], 'models', 'load')).error?.code, 'REQUEST_INVALID');
});

test('cameras: their state, and one picture', async () => {
  using stage = trafficStage();
  const [camera] = (await call(stage, ['device.health'], 'cameras', 'list')).value as { name: string }[];
  assert.is(must(camera).name, 'main');
  assert.is((await call(stage, [], 'cameras', 'list')).error?.code, 'GRANT_MISSING');
  assert.is((await call(stage, ['device.health'], 'cameras', 'snapshot', 'main')).error?.code, 'GRANT_MISSING');
  const { value } = await call(stage, ['camera.preview'], 'cameras', 'snapshot', 'main');
  assert.equal(new Uint8Array(Buffer.from(value as string, 'base64')), jpegStub);
  assert.equal(stage.sight.previews, { open: 0, taken: 1 });
  assert.match(must((await call(stage, ['camera.preview'], 'cameras', 'snapshot', 'nain')).error).message, /there is no camera "nain"; there is main/);
  const wrong = must((await call(stage, [], 'cameras', 'snap')).error);
  assert.match(wrong.message, /has no method "snap"; it has list, snapshot/);
  assert.is((await call(stage, [], 'cameras', 'constructor')).error?.code, 'REQUEST_INVALID');
});

test('a picture that does not come is waited for no longer than its plugin lives', async () => {
  using stage = trafficStage();
  stage.sight.picture = () => null;
  const plugin = stage.plugin('asker');
  plugin.attached.receive({ type: 'ask', id: 1, call: { kind: 'service', name: 'cameras', method: 'snapshot', args: ['main'] } });
  await until('the preview', 10_000, () => stage.sight.previews.open === 1);
  plugin.attached.detach('it was stopped');
  await until('the end of the preview', 10_000, () => stage.sight.previews.open === 0);
  assert.equal(plugin.received, []);
});

test.run();
