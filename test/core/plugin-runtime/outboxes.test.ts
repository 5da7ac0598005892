import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Delivery, Outbox, OutboxOptions, PluginContext } from '../../../core/src/plugin.ts';
import { allGrants } from '../../support/attached-plugin.ts';
import { rejectsWith } from '../../support/errors.ts';
import { must } from '../../support/must.ts';
import { until } from '../../support/processes.ts';
import { RunnerStand } from '../../support/runner-stand.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

type Context = PluginContext<(typeof allGrants)[number]>;

const test = suite('plugin runner: outboxes');

const never = (_: unknown, { signal }: Delivery): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** Starts a plugin with its store in the folder. */
async function started(stand: RunnerStand, storeFolder: string, setup: (context: Context) => void): Promise<Context> {
  let context: Context | undefined;
  const definition = {
    setup(given: PluginContext) {
      context = given as Context;
      setup(context);
    },
  };
  await stand.start(definition, { storeFolder });
  return must(context);
}

test('an event is taken when every handler is done and every outbox has it on disk', async () => {
  using folder = new TemporaryFolder();
  await using stand = new RunnerStand();
  const handled = Promise.withResolvers<void>();
  let box: Outbox | undefined;
  await started(stand, folder.path, (context) => {
    context.on('person.left', () => handled.promise);
    box = context.outbox(['person.left', 'person.appeared'], never);
  });
  const { subscriptions } = await stand.next('subscribe');
  assert.equal(subscriptions.kept, ['person.left', 'person.appeared']);
  assert.equal(subscriptions.events, [{ name: 'person.left' }, { name: 'person.appeared' }]);
  stand.event(1, 'person.left');
  stand.event(2, 'person.appeared');
  assert.is((await stand.next('taken')).at, 2);
  assert.is(box?.held, 2);
  const [name] = readdirSync(join(folder.path, 'outbox'));
  assert.is(name, 'person.appeared+person.left');
  handled.resolve();
  assert.is((await stand.next('taken', 2)).at, 1);
  await until('its numbers are told', 20_000, () => (stand.of('outbox').at(-1)?.held ?? 0) === 2);
  stand.tell({ type: 'stop' });
  await stand.next('stopped');
  const { held, dropped, sent, bytes } = must(stand.of('outbox').at(-1));
  assert.equal([held, dropped, sent], [2, 0, 0]);
  assert.ok(bytes > 100);
  stand.event(3, 'person.left');
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(stand.of('taken').length, 2, 'nothing is taken after the stop');
});

test('the host hears that an event is held before it hears that it is taken, each time anew', async () => {
  using folder = new TemporaryFolder();
  await using stand = new RunnerStand();
  await started(stand, folder.path, (context) => {
    context.outbox(['person.left'], async () => {});
  });
  for (let at = 1; at <= 3; at += 1) {
    stand.event(at, 'person.left');
    await stand.next('taken', at);
    const reports = stand.said.filter(({ type }) => type === 'outbox' || type === 'taken');
    const before = must(reports.at(reports.findLastIndex(({ type }) => type === 'taken') - 1));
    assert.is('held' in before ? before.held : undefined, 1, JSON.stringify(reports));
    await until('it is told to have left', 20_000, () => stand.of('outbox').at(-1)?.sent === at);
  }
});

test('each finds what it left: by its events in any order, by its name, the second of the same kind by its turn', async () => {
  using folder = new TemporaryFolder();
  const kinds: [string, readonly ('person.left' | 'person.appeared')[], OutboxOptions?][] = [
    ['both', ['person.left', 'person.appeared']],
    ['left', ['person.left']],
    ['left again', ['person.left']],
    ['named', ['person.left'], { name: 'crm' }],
  ];
  {
    await using stand = new RunnerStand();
    await started(stand, folder.path, (context) => {
      for (const [, names, options] of kinds) context.outbox(names, never, options);
    });
    stand.event(1, 'person.left');
    stand.event(2, 'person.appeared');
    await stand.next('taken', 2);
  }
  assert.equal(readdirSync(join(folder.path, 'outbox')).toSorted(), ['crm', 'person.appeared+person.left', 'person.left', 'person.left-2']);
  await using stand = new RunnerStand();
  const got: string[] = [];
  const boxes: Outbox[] = [];
  await started(stand, folder.path, (context) => {
    // In another order, and with the events of one the other way round.
    for (const [kind, names, options] of [must(kinds[3]), must(kinds[1]), must(kinds[0])]) {
      boxes.push(context.outbox(names.toReversed(), async (event) => got.push(`${kind} ${event.id}`), options));
    }
  });
  await until('all is sent', 20_000, () => boxes.every(({ held }) => held === 0));
  assert.equal(got.toSorted(), ['both event-1', 'both event-2', 'left event-1', 'named event-1']);
  const [warning] = stand.of('log');
  assert.match(JSON.stringify(warning), /person\.left-2.*an outbox that the plugin no longer has/);
  assert.is(stand.of('log').length, 1);
});

test('one can be given up and made again; its numbers stay', async () => {
  using folder = new TemporaryFolder();
  await using stand = new RunnerStand();
  let sent = 0;
  let box: Outbox | undefined;
  const context = await started(stand, folder.path, (one) => {
    box = one.outbox(['person.left'], never);
  });
  stand.event(1, 'person.left');
  await stand.next('taken');
  must(box)[Symbol.dispose]();
  const second = context.outbox(['person.left'], async () => {
    sent += 1;
  });
  await until('the second sends what the first had kept', 20_000, () => sent === 1 && second.sent === 1);
  assert.equal(readdirSync(join(folder.path, 'outbox')), ['person.left']);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  await until('told', 20_000, () => stand.of('outbox').at(-1)?.sent === 1);
  assert.equal(stand.of('subscribe').at(-1)?.subscriptions.kept, []);
});

test('wrong use is refused; a folder that cannot be used ends the start, later the plugin', async () => {
  using folder = new TemporaryFolder();
  {
    await using stand = new RunnerStand();
    const context = await started(stand, folder.path, () => {});
    const send = async (): Promise<void> => {};
    await rejectsWith('PLUGIN_INVALID', () => context.outbox([], send));
    await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.lef' as 'person.left'], send));
    await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.left'], 5 as never));
    await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.left'], send, { maxEvents: 0 }));
    await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.left'], send, { maxBytes: Number.NaN }));
    await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.left'], send, { name: '../up' }));
    context.outbox(['person.left'], send, { name: 'crm' });
    assert.match((await rejectsWith('PLUGIN_INVALID', () => context.outbox(['person.left'], send, { name: 'crm' }))).message, /one named crm already/);
    await until('it is there', 20_000, () => existsSync(join(folder.path, 'outbox', 'crm')));
  }
  const blocked = join(folder.path, 'blocked', 'outbox');
  mkdirSync(dirname(blocked));
  writeFileSync(blocked, 'a file where the folder should be');
  for (const when of ['setup', 'later'] as const) {
    await using stand = new RunnerStand();
    const make = (context: PluginContext): void => void (context as Context).outbox(['person.left'], async () => {});
    stand.load({
      default: { name: 'probe', apiVersion: 1, setup: (context: PluginContext) => (when === 'setup' ? make(context) : void setImmediate(make, context)) },
    });
    stand.tell({ type: 'start', start: { options: {}, optionsVersion: 1, grants: allGrants, device: 'mien', storeFolder: dirname(blocked) } });
    const { error } = await stand.next('failed');
    assert.is(error.code, 'OUTPUT_UNWRITABLE');
    assert.match(error.message, /The outbox in .*person\.left cannot be used: .*Correct the rights of the folder/);
    assert.is(stand.of('failed').length, 1);
  }
});

test.run();
