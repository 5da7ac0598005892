import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Attached } from '../../../../core/src/host/plugins/traffic.ts';
import type { Call, TrafficFromPlugin } from '../../../../core/src/plugin-messages.ts';
import { type FakeEnd, fakeEnd } from '../../../support/attached-plugin.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { must } from '../../../support/must.ts';
import { until } from '../../../support/processes.ts';
import { times } from '../../../support/soak.ts';
import { trafficStage } from '../../../support/traffic-stage.ts';

const test = suite('exchange of commands and services');
type Plugin = FakeEnd & { readonly attached: Attached };
const input = { type: 'object', properties: { times: { type: 'integer', minimum: 1 } }, required: ['times'], additionalProperties: false };
const limits = { timeoutMs: 10_000, underWay: 16, asksPerSecond: 100, askBurst: 200 };

function offer(plugin: Plugin, commands: readonly string[], services: Record<string, readonly string[]> = {}): void {
  plugin.attached.receive({
    type: 'offer',
    commands: commands.map((name) => ({ name, input })),
    services: Object.entries(services).map(([name, methods]) => ({ name, methods })),
  });
}
/** Answers each call at once. */
function answers(plugin: Plugin, answer: (call: Call) => Omit<Extract<TrafficFromPlugin, { type: 'result' }>, 'type' | 'id'>): void {
  plugin.onMessage = (message) => message.type === 'call' && plugin.attached.receive({ type: 'result', id: message.id, ...answer(message.call) });
}
const wave: Call = { kind: 'command', name: 'wave', input: { times: 2 } };
const say = (...args: unknown[]): Call => ({ kind: 'service', name: 'speech', method: 'say', args });
let lastId = 0;
function ask(plugin: Plugin, call: Call): number {
  lastId += 1;
  const id = lastId;
  plugin.attached.receive({ type: 'ask', id, call });
  return id;
}
async function answered(plugin: Plugin, id: number) {
  await until(`answer ${id}`, 10_000, () => plugin.of('answer').some((answer) => answer.id === id));
  return must(plugin.of('answer').find((answer) => answer.id === id));
}

test('a command runs for the API and for plugins, with the input that was offered for it', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  offer(arm, ['wave']);
  answers(arm, (call) => ({ value: { did: call } }));
  assert.equal(stage.traffic.commands(), [{ name: 'wave', plugin: 'arm', input, openTo: 'everybody' }]);
  assert.equal(await stage.traffic.run('wave', { times: 2 }), { did: wave });
  assert.equal((await answered(other, ask(other, wave))).value, { did: wave });
  const { message } = await rejectsWith('REQUEST_INVALID', () => stage.traffic.run('wave', { times: 0, far: true }));
  assert.match(message, /times: .*far: unknown key/);
  await rejectsWith('REQUEST_INVALID', () => stage.traffic.run('wave', 'x'.repeat(70_000)));
  await rejectsWith('REQUEST_INVALID', () => stage.traffic.run('wave', { times: 10n }));
  assert.match((await rejectsWith('COMMAND_UNKNOWN', () => stage.traffic.run('wafe', {}))).message, /there is wave\. Did you mean "wave"\?/);
  assert.is(arm.of('call').length, 2);
});

test('a command that is open to the API is refused to other plugins, and not named to them', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  arm.attached.receive({ type: 'offer', commands: [{ name: 'wave', input, openTo: 'api' }], services: [] });
  answers(arm, () => ({ value: 'waved' }));
  assert.is(stage.traffic.commands()[0]?.openTo, 'api');
  assert.is(await stage.traffic.run('wave', { times: 2 }), 'waved');
  assert.is((await answered(arm, ask(arm, wave))).value, 'waved', 'its own');
  const { error } = await answered(other, ask(other, wave));
  assert.is(error?.code, 'FORBIDDEN');
  assert.match(error?.message ?? '', /^the command "wave" of "arm" is for the API and the command line: other plugins cannot run it$/);
  assert.match((await answered(other, ask(other, { ...wave, name: 'wafe' }))).error?.message ?? '', /no plugin that runs offers any/);
  assert.is(arm.of('call').length, 2);
});

test('a service is called by who declared it, and what is wrong is named', async () => {
  using stage = trafficStage();
  const robot = stage.plugin('robot', { uses: ['speech'] });
  assert.match(must((await answered(robot, ask(robot, say('hi')))).error).message, /no plugin that runs provides the service "speech"/);
  const voice = stage.plugin('voice', { provides: ['speech'] });
  offer(voice, [], { speech: ['say'] });
  answers(voice, () => ({}));
  assert.equal(await answered(robot, ask(robot, say('hi'))), { type: 'answer', id: lastId, value: null });
  assert.equal(must(voice.of('call')[0]).call, say('hi'));
  const undeclared = stage.plugin('undeclared');
  const { code, message } = must((await answered(undeclared, ask(undeclared, say('hi')))).error);
  assert.is(code, 'PLUGIN_INVALID');
  assert.match(message, /"undeclared" uses the service "speech" without declaring it: add it to `uses`/);
  const shout: Call = { kind: 'service', name: 'speech', method: 'shout', args: [] };
  assert.match(must((await answered(robot, ask(robot, shout))).error).message, /"speech" of "voice" has no method "shout"; it has say/);
});

test('errors keep code and message; a stack reaches nobody', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  offer(arm, ['wave']);
  answers(arm, () => ({ error: { code: 'CAMERA_LOST', message: 'no arm', stack: 'at secret.ts:1' } }));
  assert.is((await rejectsWith('CAMERA_LOST', () => stage.traffic.run('wave', { times: 1 }))).message, 'no arm');
  assert.equal((await answered(other, ask(other, wave))).error, { code: 'CAMERA_LOST', message: 'no arm' });
});

test('a name that is taken stays with its first; the second gets it when the first goes', async () => {
  using stage = trafficStage();
  const first = stage.plugin('first');
  const second = stage.plugin('second');
  offer(first, ['wave', 'nod']);
  offer(second, ['wave', 'bow']);
  assert.equal(second.attached.commands, ['bow']);
  assert.is(second.attached.stats.faults, 1);
  assert.ok(stage.log.some((line) => line.includes('the command "wave" of "second" is offered by "first" already')));
  answers(first, () => ({ value: 'first' }));
  answers(second, () => ({ value: 'second' }));
  assert.is(await stage.traffic.run('wave', { times: 1 }), 'first');
  const third = stage.plugin('third');
  offer(third, ['wave']);
  third.attached.detach('it was stopped');
  assert.is(await stage.traffic.run('wave', { times: 1 }), 'first', 'who did not hold it takes nothing along');
  offer(first, ['nod']);
  assert.is(await stage.traffic.run('wave', { times: 1 }), 'second');
  offer(first, ['nod', 'wave']);
  second.attached.detach('it was stopped');
  assert.is(await stage.traffic.run('wave', { times: 1 }), 'first');
  assert.equal(
    stage.traffic.commands().map(({ name }) => name),
    ['nod', 'wave'],
  );
});

test('an offer that cannot be is refused by itself, the rest stands', () => {
  using stage = trafficStage();
  const odd = stage.plugin('odd', { provides: ['speech', 'people'] });
  const commands = [
    { name: 'Wave!', input },
    { name: 'text', input: { type: 'string' } },
    { name: 'huge', input: { type: 'object', properties: { x: { enum: ['y'.repeat(17_000)] } } } },
    { name: 'broken', input: { type: 'object', properties: { x: { anyOf: 5 } }, required: 7 } },
    { name: 'good', input },
  ];
  const services = [
    { name: 'people', methods: ['current'] },
    { name: 'undeclared', methods: [] },
    { name: 'speech', methods: ['say'] },
  ];
  odd.attached.receive({ type: 'offer', commands, services });
  assert.equal(odd.failures, []);
  assert.ok(odd.attached.commands.includes('good'));
  for (const name of ['Wave!', 'text', 'huge']) assert.not.ok(odd.attached.commands.includes(name), name);
  for (const words of [/does not match/, /type object/, /16384 are allowed/, /Mien's own/, /add it to `provides`/]) {
    assert.ok(
      stage.log.some((line) => words.test(line)),
      String(words),
    );
  }
});

test('nobody is called before it has started', async () => {
  using stage = trafficStage();
  const end = fakeEnd('arm');
  const arm: Plugin = Object.assign(end, { attached: stage.traffic.attach(end.plugin) });
  offer(arm, ['wave']);
  answers(arm, () => ({ value: 1 }));
  assert.equal(stage.traffic.commands(), []);
  await rejectsWith('SERVICE_UNAVAILABLE', () => stage.traffic.run('wave', { times: 1 }));
  arm.attached.ready();
  assert.is(await stage.traffic.run('wave', { times: 1 }), 1);
});

test('a plugin may call itself, and two each other in turn', async () => {
  using stage = trafficStage();
  const a = stage.plugin('a');
  const b = stage.plugin('b');
  offer(a, ['ping']);
  offer(b, ['pong']);
  const call = (name: string, left: number): Call => ({ kind: 'command', name, input: { times: left } });
  for (const [me, other] of [
    [a, 'pong'],
    [b, 'ping'],
  ] as const) {
    me.onMessage = (message) => {
      if (message.type !== 'call' || message.call.kind !== 'command') return;
      const left = (message.call.input as { times: number }).times;
      if (left <= 1) me.attached.receive({ type: 'result', id: message.id, value: 'done' });
      else {
        const id = ask(me, call(other, left - 1));
        answered(me, id).then(({ value }) => me.attached.receive({ type: 'result', id: message.id, value }));
      }
    };
  }
  assert.is((await answered(a, ask(a, call('ping', 1)))).value, 'done', 'itself');
  assert.is((await answered(a, ask(a, call('pong', 6)))).value, 'done', 'in turn');
});

test('a call that takes too long, or that nobody wants any more, is cancelled where it runs', async () => {
  using stage = trafficStage({ calls: { ...limits, timeoutMs: 50 } });
  const arm = stage.plugin('arm');
  offer(arm, ['wave']);
  assert.match((await rejectsWith('SERVICE_UNAVAILABLE', () => stage.traffic.run('wave', { times: 1 }))).message, /"arm" did not answer within 0.05 s/);
  const given = new AbortController();
  const running = stage.traffic.run('wave', { times: 1 }, given.signal);
  const why = new Error('the client has gone');
  given.abort(why);
  assert.is(await running.catch((fault: unknown) => fault), why);
  const other = stage.plugin('other');
  ask(other, wave);
  await until('the call', 10_000, () => arm.of('call').length === 3);
  other.attached.detach('it was stopped');
  assert.equal(
    arm.of('cancel').map(({ id }) => id),
    arm.of('call').map(({ id }) => id),
  );
  arm.attached.receive({ type: 'result', id: must(arm.of('call')[0]).id, value: 'too late' });
  assert.equal(arm.failures, []);
  assert.equal(other.of('answer'), []);
});

test('calls to a plugin that goes reject with why', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  offer(arm, ['wave']);
  const running = rejectsWith('SERVICE_UNAVAILABLE', () => stage.traffic.run('wave', { times: 1 }));
  const id = ask(other, wave);
  await until('both calls', 10_000, () => arm.of('call').length === 2);
  arm.attached.detach('its heap was full');
  assert.is((await running).message, 'the plugin "arm" is gone: its heap was full');
  assert.is(must((await answered(other, id)).error).code, 'SERVICE_UNAVAILABLE');
  await rejectsWith('COMMAND_UNKNOWN', () => stage.traffic.run('wave', { times: 1 }));
});

test('16 calls under way of one plugin and of another, and a rate; beyond, BUSY', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  offer(arm, ['wave']);
  const open = Array.from({ length: 16 }, () => stage.traffic.run('wave', { times: 1 }));
  await rejectsWith('BUSY', () => stage.traffic.run('wave', { times: 1 }));
  assert.is((await answered(other, ask(other, wave))).error?.code, 'BUSY');
  for (const { id } of arm.of('call')) arm.attached.receive({ type: 'result', id, value: id });
  assert.is((await Promise.all(open)).length, 16);

  const flood = stage.plugin('flood');
  const asked = Array.from({ length: 1000 }, () => ask(flood, wave));
  await until('every answer', 10_000, () => flood.of('answer').length >= 984);
  assert.is(flood.of('answer').filter(({ error }) => error?.message.includes('calls under way already')).length >= 184, true);
  assert.ok(flood.of('answer').filter(({ error }) => error?.message.includes('more than 100 times a second')).length > 700);
  assert.is(arm.of('call').length, 32);
  assert.is(new Set(flood.of('answer').map(({ id }) => id)).size, 984);
  assert.is(asked.length, 1000);
});

test('the same number twice at a time ends the plugin', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  offer(arm, ['wave']);
  const other = stage.plugin('other');
  other.attached.receive({ type: 'ask', id: 5, call: wave });
  other.attached.receive({ type: 'ask', id: 5, call: wave });
  assert.equal(other.failures, ['asked under the number 5 twice at a time']);
});

test('a result that would not fit the line to its asker is an error of the call, not of the asker', async () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const other = stage.plugin('other');
  offer(arm, ['wave']);
  // Small as it comes, large when written out again.
  answers(arm, () => ({ value: new Array(60_000).fill(1e20) }));
  const { error } = await answered(other, ask(other, wave));
  assert.match(must(error).message, /result of the command "wave": \d+ bytes as JSON, at most/);
  const most = Math.max(...other.received.map((message) => JSON.stringify(message).length));
  assert.ok(most < 2000);
});

test('property: every call is answered once, whatever plugins come and go', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('ask' as const), from: fc.nat(2), to: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), by: fc.nat(2), pick: fc.nat(20), fail: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), plugin: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      using stage = trafficStage();
      const fresh = (n: number) => {
        const plugin = stage.plugin(`p${n}`);
        offer(plugin, [`c${n}`]);
        return { plugin, asked: [] as number[], done: new Set<number>() };
      };
      const runs = [0, 1, 2].map(fresh);
      const all = [...runs];
      for (const one of steps) {
        if (one.do === 'ask') {
          const run = must(runs[one.from]);
          run.asked.push(ask(run.plugin, { kind: 'command', name: `c${one.to}`, input: { times: 1 } }));
        } else if (one.do === 'answer') {
          const run = must(runs[one.by]);
          const calls = run.plugin.of('call').filter(({ id }) => !run.done.has(id));
          const call = calls[one.pick % Math.max(1, calls.length)];
          if (!call) continue;
          run.done.add(call.id);
          const { id } = call;
          run.plugin.attached.receive(one.fail ? { type: 'result', id, error: { code: 'COMMAND_FAILED', message: 'no' } } : { type: 'result', id, value: 1 });
        } else if (one.do === 'restart') {
          must(runs[one.plugin]).plugin.attached.detach('restarts');
          runs[one.plugin] = fresh(one.plugin);
          all.push(must(runs[one.plugin]));
        } else await new Promise(setImmediate);
      }
      await new Promise(setImmediate);
      for (const run of runs) {
        for (const { id } of run.plugin.of('call')) if (!run.done.has(id)) run.plugin.attached.receive({ type: 'result', id, value: 1 });
      }
      await until('every answer', 10_000, () => runs.every(({ plugin, asked }) => plugin.of('answer').length === asked.length));
      for (const { plugin, asked } of all) {
        const ids = plugin.of('answer').map(({ id }) => id);
        assert.is(new Set(ids).size, ids.length, 'once');
        assert.ok(ids.every((id) => asked.includes(id)));
        assert.equal(plugin.failures, []);
      }
    }),
    { numRuns: times(40) },
  );
});

test('a fault is logged by its code, message and stack alone, each of bounded length', () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  const error = { code: 'PLUGIN_FAILED', message: 'm'.repeat(9000), stack: 's'.repeat(9000), cause: { message: 'deeper' }, errors: [] } as const;
  arm.attached.receive({ type: 'fault', where: 'a handler', error });
  const line = must(stage.log.find((one) => one.startsWith('a handler: mmm')));
  assert.match(line, /"err":\{"code":"PLUGIN_FAILED","message":"m+ \.\.\.","stack":"s+ \.\.\."\}\}$/);
  assert.ok(line.length < 7000);
});

test('who changes its offer or subscriptions again and again has failed', () => {
  using stage = trafficStage();
  const arm = stage.plugin('arm');
  for (let i = 0; i < 90; i += 1) offer(arm, ['wave']);
  assert.equal(arm.failures, []);
  for (let i = 0; i < 20_000 && arm.failures.length === 0; i += 1)
    arm.attached.receive({ type: 'subscribe', subscriptions: { events: [], beforeEmit: [], kept: [] } });
  assert.match(arm.failures[0] ?? '', /^changed what it listens to or offers more than 50 times a second/);
});

test.run();
