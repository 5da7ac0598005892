import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SimulateAnswer } from '../../../core/src/console/simulate-route.ts';
import type { Observation } from '../../../core/src/observation.ts';
import { createSimulator, type Simulator, type SimulatorStatus } from '../../../core/src/simulate/controller.ts';
import { testConfig } from '../../support/observations.ts';
import { type OpenConsole, openConsole } from '../../support/open-console.ts';
import { until } from '../../support/processes.ts';
import { standing } from '../../support/scenarios.ts';

const test = suite('simulate routes');
const DEADLINE_MS = 30_000;
let console_: OpenConsole;
let simulator: Simulator;
let observations: Observation[] = [];

test.before.each(async () => {
  observations = [];
  simulator = createSimulator({ config: testConfig(), listener: { observation: (observation) => observations.push(observation), notice() {} } });
  console_ = await openConsole({ simulator });
});
test.after.each(async () => {
  await console_[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
});

const ask = (method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(new URL(path, console_.url), {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const answered = async (response: Response): Promise<SimulatorStatus> => {
  const answer = (await response.json()) as SimulatorStatus;
  assert.is(response.status, 200, JSON.stringify(answer));
  assert.ok(Value.Check(SimulateAnswer, answer), JSON.stringify(answer));
  return answer;
};
const refused = async (response: Response, status: number, code: string): Promise<string> => {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  assert.equal([response.status, error.code], [status, code], error.message);
  return error.message;
};

test('people come, are moved and leave', async () => {
  assert.is((await answered(await ask('GET', '/v1/simulate'))).active, false);
  await answered(await ask('POST', '/v1/simulate', { people: [standing(), standing({ id: 'bob', age: 60 })] }));
  await until('people', DEADLINE_MS, () => simulator.status().people.length === 2);
  assert.equal(
    (await answered(await ask('GET', '/v1/simulate'))).people.map(({ id, age }) => [id, age]),
    [
      ['anna', 35],
      ['bob', 60],
    ],
  );
  for (const method of ['PATCH', 'POST']) {
    const { people } = await answered(await ask(method, '/v1/simulate/people/bob', { age: 20, expression: 'positive' }));
    assert.equal([people[1]?.age, people[1]?.expression, people[0]?.age], [20, 'positive', 35]);
  }
  assert.equal(
    (await answered(await ask('DELETE', '/v1/simulate/people/anna'))).people.map(({ id }) => id),
    ['bob'],
  );
  assert.is((await answered(await ask('DELETE', '/v1/simulate'))).active, false);
  assert.ok(observations.every(({ camera, origin }) => camera === 'simulated' && origin.simulated));
});

test('a scenario is the same as in a file', async () => {
  const { scenario } = await answered(await ask('POST', '/v1/simulate', { name: 'hall', lengthS: 90, crowd: { perHour: 400 } }));
  assert.equal(scenario, { name: 'hall', loop: false, lengthS: 90, atS: 0 });
});

test('the simulated camera is there while people are', async () => {
  assert.match(await refused(await ask('GET', '/v1/people?camera=simulated'), 404, 'CAMERA_NOT_FOUND'), 'there is main');
  await answered(await ask('POST', '/v1/simulate', { people: [standing()] }));
  assert.is((await ask('GET', '/v1/people?camera=simulated')).status, 200);
  assert.match(await refused(await ask('GET', '/v1/preview.jpg?camera=simulated'), 503, 'SERVICE_UNAVAILABLE'), 'no pictures');
});

test('what is wrong is said at once, with paths, and changes nothing', async () => {
  const message = await refused(await ask('POST', '/v1/simulate', { people: [{ id: 'a', gendre: 'male' }], framesPerSecond: 99 }), 422, 'SCENARIO_INVALID');
  assert.match(message, /people\[0\]\.gendre: unknown key\. Did you mean "gender"/);
  assert.match(message, /framesPerSecond: must be <= 60/);
  await refused(await ask('POST', '/v1/simulate', '{"people": ['), 400, 'REQUEST_INVALID');
  await refused(await ask('POST', '/v1/simulate', [1, 2]), 422, 'SCENARIO_INVALID');
  await refused(await ask('PATCH', '/v1/simulate/people/anna', { age: 30 }), 404, 'INPUT_NOT_FOUND');
  await refused(await ask('DELETE', '/v1/simulate/people/anna'), 404, 'INPUT_NOT_FOUND');
  assert.match(await refused(await ask('POST', '/v1/simulate', { name: 'x'.repeat(2_000_000) }), 413, 'REQUEST_INVALID'), '1048576 bytes');
  assert.is(simulator.isActive, false);
});

test('a page of another site may not send people', async () => {
  const response = await fetch(new URL('/v1/simulate', console_.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
    body: '{"people":[]}',
  });
  assert.is(response.status, 403);
});

test('a Mien without virtual people says so', async () => {
  await using plain = await openConsole();
  const response = await plain.get('/v1/simulate');
  await refused(response, 503, 'SERVICE_UNAVAILABLE');
});

test.run();
