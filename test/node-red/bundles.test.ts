import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { flowWith, openNodeRed } from '../support/node-red-stand.ts';
import { until } from '../support/processes.ts';

const test = suite('nodes as they are shipped: each a bundle of its own');
const WITHIN_MS = 60_000;

interface Caught {
  readonly payload?: unknown;
  readonly error?: { readonly code: string; readonly source: { readonly id: string } };
  readonly status?: { readonly text: string; readonly source: { readonly id: string } };
}

test("faults of the host's client, which is of another bundle, keep their codes; texts are those of the catalogues", async () => {
  const flow = flowWith([
    { id: 'audience', type: 'mien-audience', host: 'host', wires: [['tap']] },
    { id: 'attic', type: 'mien-camera', host: 'host', role: 'own', camera: 'attic', wires: [['tap']] },
    { id: 'faulty', type: 'mien-simulate', host: 'host', onStart: true, scenario: 'people: [{ id: anna, age: old }]', wires: [['tap']] },
    { id: 'model', type: 'mien-model', host: 'host', action: 'load', model: 'nobody', wires: [['tap']] },
    { id: 'filter', type: 'mien-filter', genders: 'female', wires: [['tap'], ['tap']] },
    { id: 'ask', type: 'inject', props: [{ p: 'payload' }], payload: '', payloadType: 'date', wires: [['audience', 'model', 'filter']] },
    { id: 'catch', type: 'catch', wires: [['tap']] },
    { id: 'status', type: 'status', wires: [['tap']] },
    { id: 'tap', type: 'tap' },
  ]);
  await using stand = await openNodeRed({ flow });
  const caught = (): Caught[] => stand.taps.map(({ msg }) => msg as Caught);
  const codes = (): Record<string, string> => Object.fromEntries(caught().flatMap(({ error }) => (error ? [[error.source.id, error.code]] : [])));
  const texts = (id: string): string[] => caught().flatMap(({ status }) => (status?.source.id === id ? [status.text] : []));
  await stand.connected();
  await until(
    'what is said without being asked',
    WITHIN_MS,
    () => 'attic' in codes() && 'faulty' in codes() && texts('audience').includes('no summaries here'),
  );
  assert.equal((await fetch(`${stand.url}/inject/ask`, { method: 'POST' })).status, 200);
  await until('the answers', WITHIN_MS, () => Object.keys(codes()).length === 5);
  assert.equal(codes(), {
    attic: 'CAMERA_NOT_FOUND',
    faulty: 'SCENARIO_INVALID',
    audience: 'SERVICE_UNAVAILABLE',
    model: 'MODEL_NOT_FOUND',
    filter: 'INPUT_INVALID',
  });
  await until(
    'their statuses',
    WITHIN_MS,
    () => texts('attic').includes('no such camera') && texts('faulty').includes('refused') && texts('model').includes('refused'),
  );
  for (const id of ['audience', 'attic', 'faulty', 'model'])
    assert.ok(
      texts(id).every((text) => text.length < 20),
      texts(id).join(),
    );
});

test.run();
