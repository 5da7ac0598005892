/** The test kit for plugins, as a plugin's author uses it. */
import Value from 'typebox/value';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EventSchemas, eventName, type MienEvent } from '../../core/src/events.ts';
import { definePlugin, MienError, Type } from '../../core/src/plugin.ts';
import * as kit from '../../core/src/testing.ts';
import { rejectsWith } from '../support/errors.ts';
import { until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

declare module '../../core/src/plugin.ts' {
  interface Services {
    loudspeaker: { say(text: string, volume?: number): Promise<{ tookMs: number }>; hush(): Promise<void> };
  }
}

const { testPlugin, personAppeared, personUpdated, personLeft } = kit;
const bench = suite('the test kit of plugins');

const greeter = definePlugin({
  name: 'greeter',
  apiVersion: 1,
  needs: ['person.presence', 'person.age'],
  uses: ['loudspeaker'],
  options: Type.Object({ greeting: Type.String({ default: 'Hello', minLength: 1 }) }),
  setup(context, { greeting }) {
    let greeted = 0;
    context.on('person.updated', async ({ person, settled }) => {
      if (!settled.includes('age') || !person.age || !('band' in person.age)) return;
      const { tookMs } = await context.service('loudspeaker').say(`${greeting}, ${person.age.band}`);
      greeted += 1;
      context.log.info({ tookMs }, `greeted ${person.id}`);
    });
    context.on('person.left', () => {
      throw new Error('nobody waves');
    });
    context.command('greeter.count', Type.Object({ add: Type.Integer({ default: 0 }) }), ({ add }) => ({ greeted: greeted + add }));
    context.defer(() => context.log.info({}, 'goodbye'));
  },
});
const loudspeaker = { say: async () => ({ tookMs: 5 }) };

bench('more commands than may be under way at a time: those that are refused on the spot are answered too', async () => {
  const asker = definePlugin({
    name: 'asker',
    apiVersion: 1,
    setup(context) {
      const ask = () => context.run('nobody.knows').catch((fault: MienError) => fault.code);
      context.command('asker.ask', Type.Object({}), () => {
        for (let i = 0; i < 100; i += 1) void ask();
      });
    },
  });
  await using tested = await testPlugin(asker);
  await tested.command('asker.ask');
  assert.equal(tested.faults, []);
});

bench('virtual people are greeted through the real people code', async () => {
  await using tested = await testPlugin(greeter, { options: { greeting: 'Welcome' }, services: { loudspeaker } });
  const told = await tested.play({ people: [{ id: 'guest', age: 78, enterS: 1, leaveS: 15 }] });
  assert.equal(tested.calls('loudspeaker'), [{ method: 'say', args: ['Welcome, 65+'] }]);
  assert.ok(told.map(eventName).includes('person.left'));
  assert.equal(tested.events, told);
  assert.equal(await tested.command('greeter.count', { add: 1 }), { greeted: 2 });
  assert.equal(tested.commands, ['greeter.count']);
});

bench('what is wanted comes where it is granted, and is nothing to stumble over where it is not', async () => {
  const heard: string[] = [];
  const wishful = definePlugin({
    name: 'wishful',
    apiVersion: 1,
    needs: ['person.presence'],
    wants: ['person.age', 'person.expression', 'device.health'],
    setup(context) {
      heard.push(context.grants.join(' '));
      context.on('person.updated', ({ person }) => void heard.push(Object.keys(person).includes('age') ? 'age' : 'no age'));
      context.on('emotion.changed', ({ to }) => void heard.push(to));
      context.on('camera.lost', () => void heard.push('camera'));
      context.beforeEmit('emotion.changed', () => ({ seen: true }));
      context.outbox(['emotion.changed', 'camera.lost'], async ({ type }) => void heard.push(`kept ${type}`));
    },
  });
  const events = [personUpdated({ age: 30 }), kit.emotionChanged(), kit.cameraLost()];
  for (const [grant, expected] of [
    [
      undefined,
      ['person.presence person.age person.expression device.health', 'age', 'camera', 'kept mien.camera.lost.v1', 'kept mien.emotion.changed.v1', 'positive'],
    ],
    [
      ['person.presence', 'device.health', 'person.gender'],
      ['person.presence device.health', 'camera', 'kept mien.camera.lost.v1'],
    ],
    [
      ['person.presence', 'person.age'],
      ['person.presence person.age', 'age'],
    ],
  ] as const) {
    heard.length = 0;
    await using tested = await testPlugin(wishful, grant === undefined ? {} : { grant });
    for (const event of events) await tested.emit(event);
    await until('everything was heard', 20_000, () => heard.length >= expected.length);
    assert.equal([heard[0], ...heard.slice(1).sort()], expected);
    assert.equal(tested.faults, []);
  }
});

bench('a second scene goes on in the same house: other people, rising sequence', async () => {
  await using tested = await testPlugin(greeter, { services: { loudspeaker } });
  const scene = { people: [{ id: 'guest', age: 40, leaveS: 12 }] };
  const [first, second] = [await tested.play(scene), await tested.play(scene)];
  assert.is(tested.calls('loudspeaker').length, 2);
  assert.ok(Number(second[0]?.sequence) > Number(first.at(-1)?.sequence));
  const ids = (events: readonly MienEvent[]) => new Set(events.map(({ subject }) => subject));
  assert.is(ids([...first, ...second]).size, 2);
});

bench('a scenario may be a file', async () => {
  await using tested = await testPlugin(greeter, { services: { loudspeaker } });
  const told = await tested.play('examples/scenarios/greeting.yaml');
  assert.ok(told.some((event) => eventName(event) === 'person.appeared'));
  await rejectsWith('INPUT_NOT_FOUND', () => tested.play('nowhere.yaml'));
  await rejectsWith('SCENARIO_INVALID', () => tested.play({ peolpe: [] }));
});

bench('single events in a line; logs and faults are there afterwards', async () => {
  const tested = await testPlugin(greeter, { services: { loudspeaker } });
  await tested.emit(personAppeared({ age: 30 }), personUpdated({ age: 30 }), personLeft());
  assert.equal(tested.logs, [{ level: 'info', fields: { tookMs: 5 }, message: 'greeted p-guest' }]);
  assert.is(tested.faults.length, 1);
  assert.match(tested.faults[0]?.where as string, /person\.left/);
  assert.is(tested.faults[0]?.message, 'nobody waves');
  await tested.stop();
  assert.is(tested.logs.at(-1)?.message, 'goodbye');
});

bench('only granted fields arrive, as on a device', async () => {
  const seen: object[] = [];
  const plugin = definePlugin({
    name: 'curious',
    apiVersion: 1,
    needs: ['person.presence'],
    setup: (context) => void context.on('person.appeared', ({ person }) => void seen.push(person)),
  });
  await using tested = await testPlugin(plugin);
  await tested.emit(personAppeared({ age: 30, gender: 'female' }));
  assert.is(seen.length, 1);
  assert.ok('id' in (seen[0] as object));
  assert.not.ok('age' in (seen[0] as object));
});

bench('beforeEmit adds and holds back', async () => {
  const plugin = definePlugin({
    name: 'gate',
    apiVersion: 1,
    needs: ['person.presence'],
    setup(context) {
      context.beforeEmit('person.appeared', () => ({ badge: 7 }));
      context.beforeEmit('person.left', () => false);
    },
  });
  await using tested = await testPlugin(plugin);
  await tested.emit(personAppeared(), personLeft());
  assert.equal(tested.events.map(eventName), ['person.appeared']);
  assert.equal(tested.events[0]?.data.extra, { gate: { badge: 7 } });
});

bench('people are followed, and asked for as a service', async () => {
  const counts: number[] = [];
  const plugin = definePlugin({
    name: 'follower',
    apiVersion: 1,
    needs: ['person.presence'],
    setup(context) {
      context.onPeople((people) => void counts.push(people.length));
      context.command('follower.here', Type.Object({}), async () => (await context.service('people').current()).length);
    },
  });
  await using tested = await testPlugin(plugin);
  await tested.play({ people: [{ id: 'one' }, { id: 'two', enterS: 3, path: [{ atS: 0, distanceM: 2, bearingDeg: 20 }] }], lengthS: 8 });
  assert.ok(counts.includes(0) && counts.includes(1) && counts.includes(2), [...new Set(counts)].join(' '));
  assert.is(await tested.command('follower.here'), 0);
});

bench('services of Mien itself can be faked too', async () => {
  const plugin = definePlugin({
    name: 'looker',
    apiVersion: 1,
    needs: ['camera.preview'],
    setup: (context) => void context.command('looker.look', Type.Object({}), () => context.service('cameras').snapshot('main')),
  });
  await using tested = await testPlugin(plugin, { services: { cameras: { snapshot: async (camera) => `jpeg of ${camera}` } } });
  assert.is(await tested.command('looker.look'), 'jpeg of main');
  assert.equal(tested.calls('cameras'), [{ method: 'snapshot', args: ['main'] }]);
});

bench('a fake that fails, and a method it lacks, reach the plugin as errors', async () => {
  const plugin = definePlugin({
    name: 'speaker',
    apiVersion: 1,
    uses: ['loudspeaker'],
    setup(context) {
      context.command('speaker.say', Type.Object({}), () => context.service('loudspeaker').say('oh'));
      context.command('speaker.hush', Type.Object({}), () => context.service('loudspeaker').hush());
    },
  });
  const broken = { say: () => Promise.reject(new MienError('BUSY', 'it speaks already')) };
  await using tested = await testPlugin(plugin, { services: { loudspeaker: broken } });
  assert.match((await rejectsWith('BUSY', () => tested.command('speaker.say'))).message, /speaks already/);
  assert.match((await rejectsWith('REQUEST_INVALID', () => tested.command('speaker.hush'))).message, /no method "hush"/);
});

bench('what is kept in the store is found by the next bench', async () => {
  using folder = new TemporaryFolder();
  const plugin = definePlugin({
    name: 'counter',
    apiVersion: 1,
    setup(context) {
      context.command('counter.next', Type.Object({}), async () => {
        const next = ((await context.store.get<number>('n')) ?? 0) + 1;
        await context.store.set('n', next);
        return next;
      });
    },
  });
  for (const expected of [1, 2]) {
    await using tested = await testPlugin(plugin, { storeFolder: folder.path });
    assert.is(await tested.command('counter.next'), expected);
  }
  await using fresh = await testPlugin(plugin);
  assert.is(await fresh.command('counter.next'), 1);
});

const minimal = (part: object) => definePlugin({ name: 'probe', apiVersion: 1, setup() {}, ...part });

bench('what Mien would not start is refused, with what to do', async () => {
  const lacking = await rejectsWith('GRANT_MISSING', () => testPlugin(minimal({ needs: ['person.age', 'audience'] }), { grant: ['audience'] }));
  assert.match(lacking.message, /needs person\.age/);
  assert.match((await rejectsWith('SERVICE_UNAVAILABLE', () => testPlugin(greeter))).message, /services: \{ loudspeaker: \{ \.\.\. \} \}/);
  const options = Type.Object({ greeting: Type.String({ minLength: 1 }) });
  assert.match((await rejectsWith('CONFIG_INVALID', () => testPlugin(minimal({ options }), { options: { greeting: '' } } as object))).message, /greeting/);
  assert.match((await rejectsWith('PLUGIN_INVALID', () => testPlugin({} as never))).message, /name/);
  assert.match((await rejectsWith('CONFIG_INVALID', () => testPlugin(minimal({}), { config: { presence: { graceMs: -1 } } }))).message, /graceMs/);
});

bench('a setup that throws is thrown, with its own stack', async () => {
  const plugin = minimal({
    setup() {
      throw new Error('no battery');
    },
  });
  const fault = await rejectsWith('PLUGIN_FAILED', () => testPlugin(plugin));
  assert.is(fault.message, 'no battery');
  assert.match(fault.stack as string, /testing\.test\.ts/);
});

bench('a handler that never ends is named', async () => {
  const plugin = definePlugin({
    name: 'stuck',
    apiVersion: 1,
    needs: ['person.presence'],
    setup: (context) => void context.on('person.appeared', () => new Promise(() => {})),
  });
  const tested = await testPlugin(plugin, { withinMs: 200 });
  assert.match(
    (await rejectsWith('PLUGIN_FAILED', () => tested.emit(personAppeared()))).message,
    /after 200 ms there has not ended: handlers of mien\.person\.appeared\.v1/,
  );
  await tested.stop();
});

bench('a plugin that does not stop is named', async () => {
  const plugin = minimal({ setup: (context: { defer(step: () => unknown): void }) => context.defer(() => new Promise(() => {})) });
  const tested = await testPlugin(plugin, { withinMs: 200 });
  assert.match((await rejectsWith('STEP_TIMEOUT', () => tested.stop())).message, /"probe" did not stop within 200 ms/);
});

bench('what fails while it stops is told', async () => {
  const plugin = minimal({
    setup: (context: { defer(step: () => unknown): void }) =>
      context.defer(() => {
        throw new Error('the arm is stuck');
      }),
  });
  const tested = await testPlugin(plugin);
  await tested.stop();
  assert.equal(tested.faults, [{ where: 'stop', message: 'the arm is stuck' }]);
});

const guests: readonly kit.Guest[] = [
  {},
  { age: 7, gender: 'male', expression: 'positive', distanceM: 0.6, returned: true },
  { id: 'p-ab12z', camera: 'side', age: { label: 'unknown', abstain: 'too_small' }, gender: { label: 'unknown', abstain: 'policy' }, zone: 'door' },
  { expression: 'negative', attending: false, engagement: 'engaged', distanceM: 5 },
];
bench('every event that is made is a valid one', () => {
  const events: MienEvent[] = [kit.cameraLost(), kit.cameraRestored('side', 'back')];
  for (const guest of guests) {
    events.push(
      personAppeared(guest),
      personUpdated(guest),
      personUpdated(guest, { changed: ['attention'], previous: {}, settled: [] }),
      personLeft(guest, { reason: 'timeout', dwellMs: 100 }),
      kit.emotionChanged(guest, { from: 'neutral', to: 'negative' }),
      kit.attentionStarted(guest),
      kit.attentionEnded(guest, { durationMs: 500 }),
    );
  }
  for (const event of events) assert.equal([...Value.Errors(EventSchemas[eventName(event)], event)], [], eventName(event));
  assert.ok(events.every((event, i) => i < 2 || Number(event.sequence) > 0));
});

bench('settled follows what is known of the guest', () => {
  const { changed, settled, why } = personUpdated({ age: 30, gender: { label: 'unknown', abstain: 'low_confidence' } }).data;
  assert.equal([changed, settled, why.rule], [['age'], ['age'], 'settled']);
  const other = personUpdated({}, { changed: ['returned'] }).data;
  assert.equal([other.settled, other.why.rule], [[], 'returned']);
});

bench.run();
