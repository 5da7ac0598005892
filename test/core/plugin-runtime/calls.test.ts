import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MienError, type PluginContext, Type } from '../../../core/src/plugin.ts';
import type { Call } from '../../../core/src/plugin-messages.ts';
import { rejectsWith } from '../../support/errors.ts';
import { must } from '../../support/must.ts';
import { until } from '../../support/processes.ts';
import { RunnerStand } from '../../support/runner-stand.ts';

/** As a plugin that extends `Services` would see it. */
interface Context extends Omit<PluginContext, 'provide' | 'service'> {
  provide(name: string, implementation: object): Disposable;
  service(name: string): Record<string, (...args: unknown[]) => Promise<unknown>>;
}

const test = suite('plugin runner: commands and services');

async function started(stand: RunnerStand, setup: (context: Context) => void = () => {}): Promise<Context> {
  let context: Context | undefined;
  await stand.start({
    uses: ['speech' as never],
    provides: ['arm' as never, 'leg' as never],
    setup(given) {
      context = given as unknown as Context;
      setup(context);
    },
  });
  return must(context);
}

async function call(stand: RunnerStand, one: Call): Promise<{ value?: unknown; error?: string }> {
  const id = stand.of('result').length + 1;
  stand.tell({ type: 'call', id, call: one });
  const { value, error, id: answered } = await stand.next('result', id);
  assert.is(answered, id);
  return error ? { error: `${error.code} ${error.message}` } : { value };
}
const command = (name: string, input: unknown): Call => ({ kind: 'command', name, input });
const method = (name: string, one: string, ...args: unknown[]): Call => ({ kind: 'service', name, method: one, args });

test('a command: input checked and filled before it runs, result plain, errors with their code', async () => {
  await using stand = new RunnerStand();
  const ran: unknown[] = [];
  await started(stand, (context) => {
    context.command(
      'wave',
      Type.Object({ times: Type.Integer({ default: 2, maximum: 5 }), side: Type.Optional(Type.String()) }, { additionalProperties: false }),
      async (input) => {
        ran.push(input);
        if (input.times === 3) throw new Error('the arm is stuck');
        if (input.times === 4) throw new MienError('BUSY', 'already waving: wait');
        if (input.times === 5) return new Map();
        return input.side === 'huge' ? 'x'.repeat(2_000_000) : undefined;
      },
    );
  });
  assert.equal(
    (await stand.next('offer')).commands.map(({ name }) => name),
    ['wave'],
  );
  assert.equal(await call(stand, command('wave', undefined)), { value: null });
  assert.equal(await call(stand, command('wave', { times: 1, side: 'left' })), { value: null });
  assert.match(
    (await call(stand, command('wave', { times: 1.5, syde: 'left' }))).error ?? '',
    /^REQUEST_INVALID Input of wave: times: must be integer.*syde: unknown key. Did you mean "side"/,
  );
  assert.equal(ran, [{ times: 2 }, { times: 1, side: 'left' }]);
  assert.is(stand.of('fault').length, 0, 'bad input is not the fault of the plugin');
  assert.is((await call(stand, command('wave', { times: 4 }))).error, 'BUSY already waving: wait');
  assert.is(stand.of('fault').length, 0, 'an error for the caller is none either');
  assert.is((await call(stand, command('wave', { times: 3 }))).error, 'COMMAND_FAILED the arm is stuck');
  assert.equal(
    stand.of('fault').map(({ where, error }) => `${where} ${error.message}`),
    ['wave the arm is stuck'],
  );
  assert.match((await call(stand, command('wave', { times: 5 }))).error ?? '', /COMMAND_FAILED result of wave: expected plain JSON data, got a Map/);
  assert.match((await call(stand, command('wave', { times: 1, side: 'huge' }))).error ?? '', /COMMAND_FAILED wave: result: 20000\d\d bytes as JSON, at most/);
  assert.is(stand.of('fault').length, 3, 'a result that cannot be handed on is one of the plugin');
  assert.match((await call(stand, command('jump', {}))).error ?? '', /^COMMAND_UNKNOWN jump: "probe" does not offer/);
});

test('to whom a command is open is told, and a word that is none is refused', async () => {
  await using stand = new RunnerStand();
  const context = await started(stand, (one) => {
    one.command('wave', Type.Object({}), () => {});
    one.command('token', Type.Object({}), () => {}, { openTo: 'api' });
  });
  const offered = (await stand.next('offer')).commands.map(({ name, openTo }) => `${name}: ${openTo}`);
  assert.equal(offered, ['wave: everybody', 'token: api']);
  const { message } = await rejectsWith('PLUGIN_INVALID', () => context.command('other', Type.Object({}), () => {}, { openTo: 'API' as 'api' }));
  assert.match(message, /openTo: expected 'everybody' or 'api', got "API"/);
});

test('a service: methods of objects and classes, their own this, nothing else can be called', async () => {
  await using stand = new RunnerStand();
  class Leg {
    readonly #steps = 3;
    steps(more: number, unit = 'm'): string {
      return `${this.#steps + more} ${unit}`;
    }
  }
  const context = await started(stand, (one) => {
    one.provide('leg', new Leg());
  });
  assert.equal((await stand.next('offer')).services, [{ name: 'leg', methods: ['steps'] }]);
  assert.equal(await call(stand, method('leg', 'steps', 4)), { value: '7 m' });
  for (const no of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'stpes']) {
    assert.match((await call(stand, method('leg', no))).error ?? '', /^REQUEST_INVALID .*no such method; there are steps/, no);
  }
  assert.match((await call(stand, method('arm', 'wave'))).error ?? '', /^SERVICE_UNAVAILABLE arm/);
  await rejectsWith('PLUGIN_INVALID', () => context.provide('leg', new Leg()));
  await rejectsWith('PLUGIN_INVALID', () => context.provide('arm', {}));
  assert.match((await rejectsWith('PLUGIN_INVALID', () => context.provide('head', { nod() {} }))).message, /provides: \['head'\] in definePlugin/);
});

test('names and schemas of commands are checked; one can be taken back and offered again', async () => {
  await using stand = new RunnerStand();
  const context = await started(stand);
  const run = (): void => {};
  for (const name of ['Wave', '', '1st', 'a b', 'a'.repeat(65)]) await rejectsWith('PLUGIN_INVALID', () => context.command(name, Type.Object({}), run));
  await rejectsWith('PLUGIN_INVALID', () => context.command('wave', Type.String() as never, run));
  await rejectsWith('PLUGIN_INVALID', () => context.command('wave', Type.Object({}), 5 as never));
  const first = context.command('arm.wave-2', Type.Object({}), run);
  await stand.next('offer');
  assert.match((await rejectsWith('PLUGIN_INVALID', () => context.command('arm.wave-2', Type.Object({}), run))).message, /is there already/);
  first[Symbol.dispose]();
  assert.equal((await stand.next('offer', 2)).commands, []);
  context.command('arm.wave-2', Type.Object({}), run);
  first[Symbol.dispose]();
  assert.is((await stand.next('offer', 3)).commands.length, 1, 'the first one no longer stands for the second');
});

test('a call that was cancelled is not answered', async () => {
  await using stand = new RunnerStand();
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  await started(stand, (context) => {
    context.command('first', Type.Object({}), () => first.promise);
    context.command('second', Type.Object({}), () => second.promise);
  });
  stand.tell({ type: 'call', id: 11, call: command('first', {}) });
  stand.tell({ type: 'call', id: 12, call: command('second', {}) });
  stand.tell({ type: 'cancel', id: 11 });
  first.resolve('late');
  second.resolve('in time');
  assert.equal(await stand.next('result'), { type: 'result', id: 12, value: 'in time' });
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(stand.of('result').length, 1);
});

test('asking: services are proxies that are no promises, arguments are plain, answers and errors find their question', async () => {
  await using stand = new RunnerStand();
  const context = await started(stand);
  const speech = await context.service('speech');
  assert.is(speech.then, undefined);
  const say = must(speech['say']);
  const [one, two, three] = [say('hello', undefined, { loud: true }, undefined), must(context.service('models')['list'])(), context.run('wave', { times: 1 })];
  assert.equal(
    stand.of('ask').map((message) => message.call),
    [method('speech', 'say', 'hello', null, { loud: true }), method('models', 'list'), command('wave', { times: 1 })],
  );
  const [a, b, c] = stand.of('ask').map(({ id }) => id);
  stand.tell({ type: 'answer', id: must(c), value: { done: true } });
  stand.tell({ type: 'answer', id: must(b), error: { code: 'GRANT_MISSING', message: 'not yours' } });
  stand.tell({ type: 'answer', id: 12345, value: 'nobody asked' });
  stand.tell({ type: 'answer', id: must(a), value: null });
  assert.is(await one, null);
  assert.is((await rejectsWith('GRANT_MISSING', () => two)).message, 'not yours');
  assert.equal(await three, { done: true });
  assert.match((await rejectsWith('REQUEST_INVALID', () => say(() => {}))).message, /speech.say: expected plain JSON data, got a function at \[0\]/);
  await rejectsWith('REQUEST_INVALID', () => context.run('wave', { n: Number.NaN }));
  assert.match((await rejectsWith('PLUGIN_INVALID', () => context.service('screen'))).message, /uses: \['screen'\] in definePlugin/);
});

test('deferred steps may still ask; then what is open is rejected, and what comes later too', async () => {
  await using stand = new RunnerStand();
  let said: unknown;
  const context = await started(stand, (one) => {
    one.command('wave', Type.Object({}), () => 'waved');
    one.defer(async () => {
      said = await must(one.service('speech')['say'])('bye');
    });
  });
  const open = context.run('never.answered');
  open.catch(() => {});
  stand.tell({ type: 'stop' });
  await until('it says bye', 20_000, () => stand.of('ask').length === 2);
  assert.match((await call(stand, command('wave', {}))).error ?? '', /COMMAND_UNKNOWN/);
  stand.tell({ type: 'answer', id: must(stand.of('ask')[1]).id, value: 'said' });
  assert.equal((await stand.next('stopped')).faults, []);
  assert.is(said, 'said');
  await rejectsWith('NOT_RUNNING', () => open);
  await rejectsWith('NOT_RUNNING', () => context.run('wave'));
  await rejectsWith('NOT_RUNNING', () => context.command('late', Type.Object({}), () => {}));
  await rejectsWith('NOT_RUNNING', () => context.provide('arm', { wave() {} }));
});

test.run();
