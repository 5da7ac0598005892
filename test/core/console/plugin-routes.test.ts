import type Type from 'typebox';
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ClientError, createClient } from '../../../core/src/client.ts';
import { ChangeAnswer, CommandsAnswer, PluginsAnswer } from '../../../core/src/console/plugin-routes.ts';
import { MienError } from '../../../core/src/errors.ts';
import { silentLogger } from '../../../core/src/log.ts';
import { fakePlugin } from '../../support/fake-plugins.ts';
import { openConsole } from '../../support/open-console.ts';

const test = suite('console routes of plugins');
const fits = (schema: Type.TSchema, value: unknown): void => {
  const [fault] = Value.Errors(schema, value);
  assert.is(fault, undefined, `${fault?.instancePath} ${fault?.message}`);
};
const json = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json();
const refusal = async (call: Promise<unknown>): Promise<ClientError> => {
  try {
    await call;
  } catch (fault) {
    if (fault instanceof ClientError) return fault;
    throw fault;
  }
  throw new Error('expected a refusal');
};

test('lists plugins with their options and schema, and commands', async () => {
  await using opened = await openConsole();
  const answer = await json(opened.get('/v1/plugins'));
  fits(PluginsAnswer, answer);
  assert.equal(answer, { plugins: [fakePlugin] });
  assert.equal(await json(opened.get('/v1/plugins/greeter')), fakePlugin);
  fits(CommandsAnswer, await json(opened.get('/v1/commands')));
  assert.is((await opened.get('/v1/plugins/nobody')).status, 404);
});

test('a body that is no JSON is refused with what to send; images have words of their own', async () => {
  await using opened = await openConsole();
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream']) {
    const response = await opened.post('/v1/commands/wave', 'times=2', { 'content-type': type });
    assert.is(response.status, 415, type);
    assert.equal(await response.json(), { error: { code: 'REQUEST_INVALID', message: 'unsupported content type: send application/json' } });
  }
  const large = await opened.post('/v1/commands/wave', JSON.stringify({ text: 'x'.repeat(26 * 1024 * 1024) }), { 'content-type': 'application/json' });
  assert.is(large.status, 413);
  assert.is(((await large.json()) as { error: { code: string } }).error.code, 'REQUEST_INVALID');
  const image = await opened.post('/v1/analyze', 'x', { 'content-type': 'text/plain' });
  assert.is(((await image.json()) as { error: { code: string } }).error.code, 'IMAGE_UNSUPPORTED');
});

test('what a command threw is not logged a second time', async () => {
  const lines: unknown[] = [];
  const error = (fields: object): void => void lines.push(fields);
  await using opened = await openConsole({ logger: { ...silentLogger, error } });
  opened.plugins.onRun = async () => {
    throw new MienError('COMMAND_FAILED', 'no arm');
  };
  assert.is((await opened.post('/v1/commands/wave', '{}', { 'content-type': 'application/json' })).status, 502);
  assert.equal(lines, []);
});

test('changes are taken, saved where there is a file, and refused with every fault', async () => {
  const saved: unknown[] = [];
  await using opened = await openConsole({
    saveChange: async (name, change) => {
      saved.push([name, change]);
      return true;
    },
  });
  const client = createClient({ url: opened.url });
  const change = await client.setPluginOptions('greeter', { greeting: 'Hi', times: 1 });
  fits(ChangeAnswer, change);
  assert.equal(change.plugin.options, { greeting: 'Hi', times: 1 });
  assert.is(change.saved, true);
  assert.is((await client.enablePlugin('greeter', false)).plugin.state, 'disabled');
  assert.is((await client.restartPlugin('greeter')).restarts, 1);
  opened.plugins.faults = ['times: expected at most 9, got 10'];
  assert.equal(await client.checkPluginOptions('greeter', { times: 10 }), opened.plugins.faults);
  const fault = await refusal(client.setPluginOptions('greeter', { times: 10 }));
  assert.is(fault.code, 'CONFIG_INVALID');
  assert.is(fault.status, 422);
  assert.match(fault.message, 'times: expected at most 9');
  assert.equal(saved, [
    ['greeter', { options: { greeting: 'Hi', times: 1 } }],
    ['greeter', { enabled: false }],
  ]);
});

test('without a file a change is taken and said not to be saved', async () => {
  await using opened = await openConsole();
  assert.is((await createClient({ url: opened.url }).enablePlugin('greeter', false)).saved, false);
});

test('runs commands and passes on what went wrong', async () => {
  await using opened = await openConsole();
  const client = createClient({ url: opened.url });
  assert.equal(await client.run('wave', { times: 2 }), { done: { times: 2 } });
  assert.equal(await client.run('wave'), { done: {} });
  assert.is((await refusal(client.run('wavee'))).code, 'COMMAND_UNKNOWN');
  opened.plugins.onRun = async () => {
    throw new MienError('COMMAND_FAILED', 'the arm is stuck');
  };
  const fault = await refusal(client.run('wave'));
  assert.equal([fault.status, fault.code, fault.message], [502, 'COMMAND_FAILED', 'the arm is stuck']);
  const list = await opened.post('/v1/commands/wave', '[1]', { 'content-type': 'application/json' });
  assert.is(list.status, 400);
});

test('a caller that goes away cancels its command', async () => {
  await using opened = await openConsole();
  const cancelled = Promise.withResolvers<void>();
  opened.plugins.onRun = (_command, _input, signal) =>
    new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => {
        cancelled.resolve();
        reject(signal.reason);
      }),
    );
  const gone = new AbortController();
  const call = createClient({ url: opened.url }).run('wave', {}, gone.signal);
  while (opened.plugins.asked.runs.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  gone.abort(new Error('left'));
  assert.is(((await call.catch((fault: Error) => fault)) as Error).message, 'left');
  await cancelled.promise;
});

test('metrics and status tell of plugins', async () => {
  await using opened = await openConsole({ safeMode: 'three boots failed' });
  const metrics = await (await opened.get('/metrics')).text();
  assert.match(metrics, 'mien_plugin_up{plugin="greeter"} 1');
  assert.match(metrics, 'mien_plugin_events_delivered_total{plugin="greeter"} 12');
  const status = (await json(opened.get('/v1/status'))) as { plugins: unknown; safeMode: string };
  assert.equal(status.plugins, { running: 1, ill: 0 });
  assert.is(status.safeMode, 'three boots failed');
});

test.run();
