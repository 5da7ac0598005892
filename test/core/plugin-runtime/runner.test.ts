import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, type MienError, type PluginContext, type PluginDefinition, Type } from '../../../core/src/plugin.ts';
import { allGrants } from '../../support/attached-plugin.ts';
import { must } from '../../support/must.ts';
import { RunnerStand } from '../../support/runner-stand.ts';

const test = suite('plugin runner: life');

test('load describes, start gives filled options, stop runs what was deferred, newest first, whatever fails', async () => {
  await using stand = new RunnerStand();
  const steps: string[] = [];
  const definition = definePlugin({
    name: 'greeter',
    apiVersion: 1,
    description: 'says hello',
    needs: ['person.presence'],
    wants: ['person.age'],
    uses: ['speech' as never],
    optionsVersion: 3,
    options: Type.Object({ greeting: Type.String({ default: 'Hello' }), again: Type.Object({ everyMs: Type.Number({ default: 5 }) }, { default: {} }) }),
    async setup(context, options) {
      steps.push(`${context.name} on ${context.device} ${JSON.stringify(options)}`);
      context.signal.addEventListener('abort', () => steps.push('aborted'));
      context.defer(() => steps.push('first'));
      context.defer(async () => {
        await Promise.resolve();
        throw new Error('no second');
      });
      context.defer(() => steps.push('third'));
      await Promise.resolve();
    },
  });
  stand.load({ default: definition });
  const { description } = await stand.next('loaded');
  assert.equal(
    { ...description, options: Object.keys((description.options as { properties: object }).properties) },
    {
      name: 'greeter',
      apiVersion: 1,
      description: 'says hello',
      needs: ['person.presence'],
      wants: ['person.age'],
      uses: ['speech'],
      provides: [],
      options: ['greeting', 'again'],
      optionsVersion: 3,
    },
  );
  stand.tell({
    type: 'start',
    start: { options: { greeting: 'Moin' }, optionsVersion: 3, grants: ['person.presence'], device: 'foyer', storeFolder: stand.storeFolder },
  });
  assert.equal((await stand.next('started')).options, { greeting: 'Moin', again: { everyMs: 5 } });
  stand.tell({ type: 'stop' });
  assert.equal((await stand.next('stopped')).faults, ['no second']);
  assert.equal(steps, ['probe on foyer {"greeting":"Moin","again":{"everyMs":5}}', 'aborted', 'third', 'first']);
  assert.is(await stand.runner.over, 'stopped');
});

test('what is no plugin is refused with what to write', async () => {
  const setup = (): void => {};
  const good = { name: 'probe', apiVersion: 1, setup };
  const cases: [unknown, RegExp][] = [
    [{}, /no default export: write `export default definePlugin/],
    [{ default: 5 }, /expected an object with name, apiVersion and setup/],
    [{ default: { ...good, name: 'Bad Name' } }, /lower case letters/],
    [{ default: { ...good, apiVersion: 2 } }, /made for plugin API 2; this Mien has 1/],
    [{ default: { ...good, setup: undefined } }, /no setup/],
    [{ default: { ...good, needs: ['person.presense'] } }, /"person.presense", which is no grant. Did you mean "person.presence"/],
    [{ default: { ...good, needs: 'person.age' } }, /needs of "probe": expected a list/],
    [{ default: { ...good, wants: ['person.shoes'] } }, /"probe" wants "person.shoes", which is no grant/],
    [{ default: { ...good, wants: 'person.age' } }, /wants of "probe": expected a list/],
    [{ default: { ...good, needs: ['person.age'], wants: ['person.age'] } }, /has person.age in needs and in wants/],
    [{ default: { ...good, uses: [7] } }, /uses of "probe": expected a list/],
    [{ default: { ...good, provides: ['people'] } }, /a service of Mien itself/],
    [{ default: { ...good, provides: ['Speech!'] } }, /expected lower case/],
    [{ default: { ...good, options: Type.String() } }, /expected Type.Object/],
    [{ default: { ...good, options: null } }, /expected Type.Object/],
    [{ default: { ...good, optionsVersion: 0 } }, /expected 1 or more, got 0/],
    [{ default: { ...good, migrateOptions: 1 } }, /migrateOptions of "probe": expected a function/],
    [{ default: { ...good, checkOptions: [] } }, /checkOptions of "probe": expected a function/],
  ];
  for (const [module, message] of cases) {
    await using stand = new RunnerStand();
    stand.load(module);
    const { error } = await stand.next('failed');
    assert.is(error.code, 'PLUGIN_INVALID', error.message);
    assert.match(error.message, message);
    assert.is(await stand.runner.over, 'failed');
  }
});

test('options: all faults with their paths, mistyped names found, defaults filled, migrated', async () => {
  await using stand = new RunnerStand();
  stand.load({
    default: {
      name: 'probe',
      apiVersion: 1,
      optionsVersion: 3,
      options: Type.Object({ volume: Type.Number({ default: 5 }), voice: Type.Object({ pitch: Type.Number({ default: 1 }) }, { default: {} }) }),
      migrateOptions(options: { loud?: boolean }, from: number) {
        if (from === 1) throw new Error('too old');
        return { volume: options.loud ? 9 : 1 };
      },
      checkOptions({ volume }: { volume: number }) {
        if (volume === 13) throw new Error('unlucky');
        return volume > 10 ? [`volume: expected at most 10, got ${volume}`] : [];
      },
      setup() {},
    },
  });
  const ask = async (options: unknown, optionsVersion: number) => {
    const id = stand.of('faults').length + 1;
    stand.tell({ type: 'check', id, options, optionsVersion });
    const { faults, options: filled } = await stand.next('faults', id);
    return { faults, options: filled };
  };
  assert.equal(await ask({}, 3), { faults: [], options: { volume: 5, voice: { pitch: 1 } } });
  assert.equal(await ask({ loud: true }, 2), { faults: [], options: { volume: 9, voice: { pitch: 1 } } });
  const bad = await ask({ volume: 'loud', voice: { pich: 2 } }, 3);
  assert.is(bad.options, undefined);
  assert.match(bad.faults.join('\n'), /volume: must be number/);
  assert.match(bad.faults.join('\n'), /voice.pich: unknown key. Did you mean "pitch"/);
  assert.equal(await ask({ volume: 11 }, 3), { faults: ['volume: expected at most 10, got 11'], options: undefined });
  assert.equal((await ask({ volume: 13 }, 3)).faults, ['checkOptions failed: unlucky']);
  assert.match((await ask({}, 1)).faults[0] ?? '', /migrateOptions from 1 to 3 failed: too old/);
  assert.match((await ask({}, 4)).faults[0] ?? '', /4 is newer than this release/);
});

test('a start with bad options or a failing setup says so; what was set up is undone before', async () => {
  const steps: string[] = [];
  const definition: PluginDefinition = {
    name: 'probe',
    apiVersion: 1,
    options: Type.Object({ n: Type.Number() }),
    setup(context) {
      context.defer(() => steps.push('undone'));
      throw new TypeError('no screen');
    },
  };
  for (const [options, code, message] of [
    [{ n: 'x' }, 'CONFIG_INVALID', /Options of probe: n: must be number/],
    [{ n: 1 }, 'PLUGIN_FAILED', /no screen/],
  ] as const) {
    await using stand = new RunnerStand();
    stand.load({ default: definition });
    stand.tell({ type: 'start', start: { options, optionsVersion: 1, grants: [], device: 'mien', storeFolder: stand.storeFolder } });
    const { error } = await stand.next('failed');
    assert.is(error.code, code);
    assert.match(error.message, message);
    assert.is(stand.of('started').length, 0);
  }
  assert.equal(steps, ['undone']);
});

test('stopped during its setup: the signal is aborted, nothing can be registered any more, what is acquired late is released', async () => {
  await using stand = new RunnerStand();
  const go = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  let released = 0;
  stand.load({
    default: {
      name: 'probe',
      apiVersion: 1,
      async setup(context: PluginContext) {
        await go.promise;
        context.defer(() => {
          released += 1;
        });
        try {
          context.on('person.appeared' as never, () => {});
        } catch (fault) {
          ended.resolve(fault);
        }
      },
    },
  });
  stand.tell({ type: 'start', start: { options: {}, optionsVersion: 1, grants: allGrants, device: 'mien', storeFolder: stand.storeFolder } });
  await stand.next('loaded');
  await new Promise((resolve) => setImmediate(resolve));
  stand.tell({ type: 'stop' });
  await stand.next('stopped');
  go.resolve();
  const fault = (await ended.promise) as MienError;
  assert.is(fault.code, 'NOT_RUNNING');
  assert.match(fault.message, /"probe" has been stopped/);
  assert.is(released, 1);
  assert.is(stand.of('started').length + stand.of('failed').length, 0);
});

test('a fault that nobody caught: told once, what was deferred runs, no handler any more', async () => {
  await using stand = new RunnerStand();
  let [called, deferred] = [0, 0];
  await stand.start({
    setup(context) {
      context.on('person.appeared' as never, () => {
        called += 1;
      });
      context.defer(() => {
        deferred += 1;
      });
    },
  });
  stand.runner.fail(new RangeError('wild'));
  stand.runner.fail(new Error('and more'));
  stand.event(1);
  assert.is(await stand.runner.over, 'failed');
  assert.equal(
    stand.of('failed').map(({ error }) => [error.code, error.message]),
    [['PLUGIN_FAILED', 'wild']],
  );
  assert.match(must(stand.of('failed')[0]?.error.stack), /runner\.test\.ts/);
  assert.equal([called, deferred, stand.of('stopped').length], [0, 1, 0]);
});

test('its log crosses as plain fields, from its level on; errors and oddities as text, length bounded', async () => {
  await using stand = new RunnerStand();
  const circle: { self?: unknown } = {};
  circle.self = circle;
  await stand.start(
    {
      setup({ log }) {
        log.trace({}, 'too low');
        log.info({ n: 1, err: new Error('why'), big: 5n, run() {} }, 'fields');
        log.warn('only text' as never, undefined as never);
        log.error(circle, 'circle');
        log.error(new Error('bare'), 'error itself');
        log.info({ text: 'x'.repeat(100_000) }, 'y'.repeat(100_000));
      },
    },
    { logLevel: 'info' },
  );
  const lines = stand.of('log');
  assert.equal(
    lines.map(({ level, message }) => `${level} ${message.slice(0, 20)}`),
    ['info fields', 'warn only text', 'error circle', 'error error itself', `info ${'y'.repeat(20)}`],
  );
  const [fields, , odd, bare, long] = lines.map((line) => line.fields as Record<string, string>);
  assert.is(fields?.['n'] as unknown, 1);
  assert.match(fields?.['err'] ?? '', /Error: why\n/);
  assert.is(fields?.['big'], '5');
  assert.match(odd?.['unprintable'] ?? '', /circular/);
  assert.match(bare?.['err'] ?? '', /Error: bare/);
  assert.ok(JSON.stringify(long).length < 20_000 && must(lines[4]).message.length < 5000);
});

test.run();
