import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName, type MienEvent } from '../../core/src/events.ts';
import type { SimulatorStatus } from '../../core/src/simulate/controller.ts';
import { mien, type Running, startMien } from '../support/mien-command.ts';
import { childrenOf } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const command = suite('mien simulate');
const folder = new TemporaryFolder();
command.after(() => folder[Symbol.dispose]());
const scenarios = fileURLToPath(new URL('../../examples/scenarios/', import.meta.url));

const urlOf = (running: Running): string => /console: (http:\S+)/.exec(running.shown())?.[1] as string;
async function stopped(running: Running): Promise<number | null> {
  running.process.kill('SIGTERM');
  return (await running.done).code;
}

command('--once --json prints the events of the bundled greeting as valid CloudEvents and ends with 0', async () => {
  const { code, stderr, json } = await mien(['simulate', '--once', '--json']);
  assert.is(code, 0, stderr);
  assert.match(stderr, /virtual people: nobody is seen by a camera; scenario "greeting"/);
  const events = json<MienEvent>();
  for (const event of events) {
    assert.ok(Value.Check(EventSchemas[eventName(event)], event), JSON.stringify(event));
    assert.ok('origin' in event.data && event.data.origin?.simulated);
  }
  const told = events.map(eventName).filter((name) => name !== 'person.updated');
  assert.equal(told, ['person.appeared', 'attention.started', 'emotion.changed', 'emotion.changed', 'attention.ended', 'person.left']);
});

command('an hour of visitors is over in moments, and counts', async () => {
  const { code, json } = await mien(['simulate', join(scenarios, 'crowd.yaml'), '--once', '--json']);
  assert.is(code, 0);
  const count = (name: string): number => json<MienEvent>().filter((event) => eventName(event) === name).length;
  assert.ok(count('person.appeared') > 70);
  assert.is(count('person.left'), count('person.appeared'));
});

command('the camera of the configuration gives lens and zones', async () => {
  const config = join(folder.path, 'mien.yaml');
  const zone = '{ name: counter, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]] }';
  writeFileSync(config, `version: 2\ndevice: foyer\ncameras:\n  - { name: back }\n  - { name: door, zones: [${zone}] }\n`);
  const scenario = join(folder.path, 'door.yaml');
  writeFileSync(scenario, 'camera: door\npeople:\n  - { id: anna, leaveS: 8 }\n');
  const { code, stderr, json } = await mien(['simulate', scenario, '--once', '--json', '--config', config]);
  assert.is(code, 0, stderr);
  const [first] = json<MienEvent>();
  assert.is(first?.source, 'urn:mien:foyer/door');
  assert.ok(first && 'person' in first.data);
  assert.is(first.data.person.zone, 'counter');
});

command('the full host runs: console, status, people moved over the API; it stops cleanly', async () => {
  const running = startMien(['simulate', '--port', '0', '--speed', '5']);
  await running.until(/console: http/);
  await running.until(/appeared/);
  const url = urlOf(running);
  const get = async <T>(path: string): Promise<T> => (await fetch(`${url}${path}`)).json() as Promise<T>;
  const status = await get<{ health: { state: string }; sight: { cameras: { name: string; source: string }[] } }>('/v1/status');
  assert.is(status.health.state, 'ok');
  assert.equal(
    status.sight.cameras.map(({ name, source }) => ({ name, source })),
    [{ name: 'simulated', source: 'simulated: greeting' }],
  );
  assert.equal(childrenOf(running.process.pid as number), [], 'no sight process');
  const add = await fetch(`${url}/v1/simulate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ people: [{ id: 'bob', age: 60, gender: 'male', path: [{ atS: 0, distanceM: 1.5, bearingDeg: 25 }] }] }),
  });
  const { camera, scenario } = (await add.json()) as SimulatorStatus;
  assert.equal([add.status, camera, scenario?.name], [200, 'simulated', 'greeting'], 'they come before the same camera');
  await running.until(/male 9\d %|male 100 %/);
  assert.is(await stopped(running), 0);
});

command('beside real cameras virtual people come and go over the API', async () => {
  const running = startMien(['run', '--port', '0', '--json', '--log-level', 'warn']);
  await running.until(/console: http/);
  const url = urlOf(running);
  const body = JSON.stringify({ people: [{ id: 'anna', path: [{ atS: 0, distanceM: 1 }] }] });
  const answer = await fetch(`${url}/v1/simulate`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.is(answer.status, 200);
  await running.until(/"source":"urn:mien:mien\/simulated".*"simulated":true/);
  await running.until(/"source":"urn:mien:mien\/main".*"simulated":false/);
  const people = (await (await fetch(`${url}/v1/people?camera=simulated`)).json()) as { people: unknown[] };
  assert.is(people.people.length, 1);
  await fetch(`${url}/v1/simulate`, { method: 'DELETE' });
  await running.until(/person\.left.*"source":"urn:mien:mien\/simulated"|"source":"urn:mien:mien\/simulated","type":"mien\.person\.left/);
  assert.is(await stopped(running), 0);
});

command('faults of a scenario come all at once, with paths; options that do not go together are refused', async () => {
  const scenario = join(folder.path, 'faulty.yaml');
  writeFileSync(scenario, 'people:\n  - { id: anna, agee: 3, gender: woman }\n');
  const { code, stderr } = await mien(['simulate', scenario, '--once']);
  assert.is(code, 1);
  assert.match(stderr, /people\[0\]\.agee: unknown key\. Did you mean "age"\?/);
  assert.match(stderr, /people\[0\]\.gender: expected one of/);
  const endless = await mien(['simulate', '--speed', 'max']);
  assert.is(endless.code, 2);
  assert.match(endless.stderr, /--once/);
  const wrong = await mien(['simulate', '--speed', 'fast']);
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /--speed expects max or a number from 0\.1 to 100/);
});

command.run();
