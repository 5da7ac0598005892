import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Person } from '../../../core/src/events.ts';
import type { PluginContext } from '../../../core/src/plugin.ts';
import type { allGrants } from '../../support/attached-plugin.ts';
import { rejectsWith } from '../../support/errors.ts';
import { sampleEvent } from '../../support/event-samples.ts';
import { must } from '../../support/must.ts';
import { until } from '../../support/processes.ts';
import { RunnerStand } from '../../support/runner-stand.ts';

/** A context that may do everything, with the types of none: names and handlers are the test's own. */
type Context = PluginContext<(typeof allGrants)[number]>;

const test = suite('plugin runner: events');

/** Starts a plugin and gives its context. */
async function started(stand: RunnerStand, setup: (context: Context) => void = () => {}): Promise<Context> {
  let context: Context | undefined;
  await stand.start({
    setup(given) {
      context = given as Context;
      setup(context);
    },
  });
  return must(context);
}

test('handlers run in the order of events and of registration; taken when all have settled', async () => {
  await using stand = new RunnerStand();
  const order: string[] = [];
  const slow = Promise.withResolvers<void>();
  await started(stand, (context) => {
    context.on('person.appeared', async (data, event) => {
      order.push(`a ${event.id} ${data === event.data}`);
      if (event.id === 'event-1') await slow.promise;
    });
    context.on('person.appeared', (_, event) => order.push(`b ${event.id}`));
  });
  stand.event(1);
  stand.event(2);
  stand.event(3, 'person.left');
  assert.equal(order, ['a event-1 true', 'b event-1', 'a event-2 true', 'b event-2'], 'called at once, not one after the other');
  await stand.next('taken', 2);
  assert.equal(
    stand
      .of('taken')
      .map(({ at }) => at)
      .toSorted(),
    [2, 3],
    'nobody listens to 3: taken all the same',
  );
  slow.resolve();
  assert.is((await stand.next('taken', 3)).at, 1);
});

test('a failing handler is a fault with its event; the others and the plugin go on', async () => {
  await using stand = new RunnerStand();
  let calls = 0;
  await started(stand, (context) => {
    context.on('person.appeared', () => {
      throw new Error('sync');
    });
    context.on('person.appeared', () => Promise.reject(new Error('async')));
    context.on('person.appeared', () => Promise.reject('a bare word'));
    context.on('person.appeared', () => {
      calls += 1;
    });
  });
  stand.event(7);
  assert.is((await stand.next('taken')).at, 7);
  assert.is(calls, 1);
  assert.equal(
    stand.of('fault').map(({ where, error }) => `${where}: ${error.code} ${error.message}`),
    ['person.appeared: PLUGIN_FAILED sync', 'person.appeared: PLUGIN_FAILED async', 'person.appeared: PLUGIN_FAILED a bare word'],
  );
});

test('subscriptions are told whole, once per turn, when they have changed; filters that differ are kept apart here', async () => {
  await using stand = new RunnerStand();
  const heard: string[] = [];
  const context = await started(stand, (one) => {
    one.on('person.left', () => heard.push('near'), { person: { zone: ['near'] } });
    one.on('person.left', () => heard.push('near again'), { person: { zone: ['near'] } });
    one.on('person.left', () => heard.push('far'), { person: { zone: ['far'] } });
    one.on('person.updated', () => {});
    one.on('person.updated', () => {}, { cameras: ['main'] });
    one.beforeEmit('person.appeared', () => true);
    one.onPeople(() => {}, { everyMs: 500 });
    one.onPeople(() => {}, { everyMs: 100 });
  });
  const { subscriptions } = await stand.next('subscribe');
  assert.equal(subscriptions.events, [
    { name: 'person.updated' },
    { name: 'person.left', filter: { person: { zone: ['near'] } } },
    { name: 'person.left', filter: { person: { zone: ['far'] } } },
  ]);
  assert.is(subscriptions.peopleEveryMs, 100);
  assert.equal(subscriptions.beforeEmit, ['person.appeared']);
  const { said } = stand;
  assert.ok(said.findIndex(({ type }) => type === 'subscribe') < said.findIndex(({ type }) => type === 'started'), 'told before it has started');

  const event = sampleEvent('person.left', 1);
  if ('person' in event.data) event.data.person.zone = 'near';
  stand.tell({ type: 'event', at: 1, event });
  await stand.next('taken');
  assert.equal(heard, ['near', 'near again']);

  const more = context.on('attention.started', () => {});
  more[Symbol.dispose]();
  more[Symbol.dispose]();
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(stand.of('subscribe').length, 1, 'on and off again in one turn: nothing to tell');
  const kept = context.on('attention.started', () => {});
  await stand.next('subscribe', 2);
  kept[Symbol.dispose]();
  assert.equal((await stand.next('subscribe', 3)).subscriptions, subscriptions);
});

test('what cannot be listened to is refused with a way out', async () => {
  await using stand = new RunnerStand();
  let context: Context | undefined;
  await stand.start(
    {
      setup(given) {
        context = given as Context;
      },
    },
    { grants: ['device.health', 'person.presence'] },
  );
  const one = must(context);
  const no = (): void => {};
  assert.match((await rejectsWith('PLUGIN_INVALID', () => one.on('person.apeared' as 'person.left', no))).message, /Did you mean "person.appeared"/);
  assert.match((await rejectsWith('PLUGIN_INVALID', () => one.on('toString' as 'person.left', no))).message, /no event "toString"/);
  assert.match((await rejectsWith('PLUGIN_INVALID', () => one.on('person.left', 5 as never))).message, /expected a function/);
  assert.match(
    (await rejectsWith('PLUGIN_INVALID', () => one.on('person.left', no, { camera: ['main'] } as never))).message,
    /camera: unknown key. Did you mean "cameras"/,
  );
  assert.match((await rejectsWith('GRANT_MISSING', () => one.on('emotion.changed', no))).message, /needs person.expression: write it into `needs`/);
  assert.match((await rejectsWith('PLUGIN_INVALID', () => one.beforeEmit('camera.lost', no as never))).message, /cannot be touched; use on/);
  await rejectsWith('PLUGIN_INVALID', () => one.onPeople(no, { everyMs: -1 }));
  await rejectsWith('GRANT_MISSING', () => one.outbox(['emotion.changed'], async () => {}));
  stand.tell({ type: 'stop' });
  await stand.next('stopped');
  for (const late of [
    () => one.on('person.left', no),
    () => one.beforeEmit('person.left', no as never),
    () => one.onPeople(no),
    () => one.outbox(['person.left'], async () => {}),
  ]) {
    await rejectsWith('NOT_RUNNING', late);
  }
});

test('following people: slower ones are spared, a handler that is at work delays the next', async () => {
  await using stand = new RunnerStand();
  const seen: string[] = [];
  const slow = Promise.withResolvers<void>();
  await started(stand, (context) => {
    context.onPeople((people, camera) => {
      seen.push(`fast ${camera} ${people.length}`);
    });
    context.onPeople(
      async (_, camera) => {
        seen.push(`slow ${camera}`);
        await slow.promise;
      },
      { everyMs: 3_600_000 },
    );
    context.onPeople(() => {
      throw new Error('lost');
    });
  });
  const people = [{ id: 'p-aaaaa' } as Person];
  stand.tell({ type: 'people', camera: 'main', people });
  await until('faults', 20_000, () => stand.of('fault').length === 1);
  assert.is(stand.of('peopleTaken').length, 0);
  slow.resolve();
  assert.equal(await stand.next('peopleTaken'), { type: 'peopleTaken', camera: 'main' });
  stand.tell({ type: 'people', camera: 'main', people: [] });
  stand.tell({ type: 'people', camera: 'back', people: [] });
  await stand.next('peopleTaken', 3);
  assert.equal(seen, ['fast main 1', 'slow main', 'fast main 0', 'fast back 0', 'slow back']);
  assert.is(must(stand.of('fault')[0]).where, 'onPeople');
});

test('beforeEmit: one false holds back, additions are put together, what fails or is too much says nothing', async () => {
  await using stand = new RunnerStand();
  let answers: unknown[] = [];
  await started(stand, (context) => {
    for (const index of [0, 1]) {
      context.beforeEmit('person.appeared', (() => {
        const answer = answers[index];
        if (answer instanceof Error) throw answer;
        return answer;
      }) as never);
    }
  });
  const judge = async (...given: unknown[]) => {
    answers = given;
    const id = stand.of('verdict').length + 1;
    stand.tell({ type: 'emit', id, event: sampleEvent('person.appeared', id) });
    const { type, id: answered, ...verdict } = await stand.next('verdict', id);
    assert.is(answered, id);
    return verdict;
  };
  const faults = (): string[] => stand.of('fault').map(({ where, error }) => `${where}: ${error.message}`);
  assert.equal(await judge(undefined, true), {});
  assert.equal(await judge(false, { name: 'Ada' }), { veto: true });
  assert.equal(await judge(Promise.resolve({ name: 'Ada' }), { seat: 4 }), { extra: { name: 'Ada', seat: 4 } });
  assert.is(faults().length, 0);
  assert.equal(await judge(new Error('broken'), { seat: 4 }), { extra: { seat: 4 } });
  assert.equal(await judge('yes', [1]), {});
  assert.equal(await judge({ text: 'x'.repeat(4096) }, undefined), {});
  assert.equal(await judge({ when: new Map() }, undefined), {});
  assert.match(
    faults().join('\n'),
    /^beforeEmit person.appeared: broken\n.*got string\n.*got an array\n.*added 4107 bytes as JSON, at most 4096.*\n.*got a Map at when$/,
  );
  stand.tell({ type: 'stop' });
  stand.tell({ type: 'emit', id: 99, event: sampleEvent('person.appeared', 99) });
  assert.equal(must(stand.of('verdict').at(-1)), { type: 'verdict', id: 99 }, 'nobody waits for a plugin that is stopping');
});

test.run();
