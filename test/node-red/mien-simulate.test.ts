import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SimulatorStatus } from '../../core/src/simulate/simulator-status.ts';
import mienEvents from '../../node-red-nodes/src/nodes/mien-events.ts';
import mienHost from '../../node-red-nodes/src/nodes/mien-host.ts';
import mienSimulate from '../../node-red-nodes/src/nodes/mien-simulate.ts';
import type { Message } from '../../node-red-nodes/src/red.ts';
import { peopleOf, personOf, readScenario, scenarioOf } from '../../node-red-nodes/src/scenario-input.ts';
import { openFlow } from '../support/flow-helper.ts';
import { must } from '../support/must.ts';
import { mienCommand } from '../support/node-red-stand.ts';
import { openConsole } from '../support/open-console.ts';
import { processesWith, until } from '../support/processes.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const test = suite('mien-simulate');
const WITHIN_MS = 60_000;
const nodes = [mienHost, mienSimulate, mienEvents];
const visit = `
name: visit
loop: true
people: [{ id: anna, age: 34, gender: female }]`;

test('a scenario is read from YAML and objects; what carries none leaves it to the dialog', () => {
  assert.equal(readScenario(visit), { name: 'visit', loop: true, people: [{ id: 'anna', age: 34, gender: 'female' }] });
  assert.equal(scenarioOf({ crowd: { perHour: 60 } }, []), { crowd: { perHour: 60 } });
  assert.equal(scenarioOf('seed: 3', []), { seed: 3 });
  for (const payload of [undefined, null, 1_700_000_000_000, true, '', 'play', Buffer.from('x')]) assert.is(scenarioOf(payload, ['play']), undefined);
  for (const text of ['', '  ', 'people: [', '- a\n- b', 'hello', 'a: '.padEnd(1024 * 1024 + 10, 'x'), bomb()]) {
    assert.throws(
      () => readScenario(text),
      (fault: { code: string }) => fault.code === 'INPUT_INVALID',
    );
  }
});

test('who is to come, and who is meant', () => {
  const anna = { id: 'anna', age: 34 };
  for (const payload of [anna, [anna], { people: [anna] }]) assert.equal(peopleOf(payload), { people: [anna] });
  assert.equal(personOf({ id: 'anna', distanceM: 2 }), { id: 'anna', change: { distanceM: 2 } });
  assert.equal(personOf('anna'), { id: 'anna', change: {} });
  for (const payload of [undefined, '', 7, {}, { id: 3 }, ['anna']]) assert.throws(() => personOf(payload), /names a virtual person/);
  for (const payload of [undefined, 'anna', 7, null]) assert.throws(() => peopleOf(payload), /says who comes/);
});

test('a simulated Mien here: the scenario plays at the start, plays again after a kill -9, is moved from the flow, goes on over a redeploy, ends with its node', async () => {
  using folder = new TemporaryFolder();
  const host = { id: 'host', type: 'mien-host', mode: 'here', command: mienCommand, profile: 'kiosk' };
  const events = { id: 'events', type: 'mien-events', host: 'host', types: ['person.appeared'], wires: [['out']] };
  const simulate = { id: 'simulate', type: 'mien-simulate', host: 'host', onStart: true, scenario: visit, wires: [['out']] };
  await using run = await openFlow(nodes, [host, events, simulate], { userDir: folder.path });
  const answers = (): Message[] => run.messages.filter(({ topic }) => topic !== 'person.appeared');
  const ask = async (msg: Message): Promise<SimulatorStatus> => {
    const before = answers().length;
    run.send('simulate', msg);
    await until('an answer', WITHIN_MS, () => answers().length > before);
    return answers().at(-1)?.payload as SimulatorStatus;
  };
  const code = async (msg: Message): Promise<string | undefined> => {
    const before = run.faults.length;
    run.send('simulate', msg);
    await until('a fault', WITHIN_MS, () => run.faults.length > before);
    return run.faults.at(-1)?.code;
  };
  await until('somebody appeared', WITHIN_MS, () => run.messages.some(({ topic }) => topic === 'person.appeared'));
  const { origin } = must(run.messages[0]).payload as { origin: { simulated: boolean } };
  assert.ok(origin.simulated);
  assert.is((await ask({ payload: 'status' })).scenario?.name, 'visit');

  const appeared = run.messages.filter(({ topic }) => topic === 'person.appeared').length;
  const [shell] = processesWith(join(folder.path, 'mien', 'host', 'mien.yaml')).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh'),
  );
  // The whole group at once.
  process.kill(-must(shell), 'SIGKILL');
  await until('it plays again after the host was killed', WITHIN_MS, () => run.messages.filter(({ topic }) => topic === 'person.appeared').length > appeared);

  await ask({ action: 'add', payload: { id: 'bert', age: 61, gender: 'male' } });
  // Who was added stands in the next frame.
  const bert = async () => (await ask({ action: 'status' })).people.find(({ id }) => id === 'bert');
  await until('bert is there', WITHIN_MS, async () => (await bert()) !== undefined);
  await ask({ action: 'change', payload: { id: 'bert', distanceM: 2.5, expression: 'positive' } });
  await until('bert stands there', WITHIN_MS, async () => {
    const { distanceM, expression } = must(await bert());
    return distanceM === 2.5 && expression === 'positive';
  });
  assert.is(await code({ action: 'change', payload: { id: 'nobody', age: 3 } }), 'INPUT_NOT_FOUND');
  assert.is(await code({ action: 'add', payload: { id: 'carl', age: 'old' } }), 'SCENARIO_INVALID');
  assert.is(await code({ action: 'dance' }), 'INPUT_INVALID');

  // The same scenario again would take bert away.
  await run.deploy([host, events, simulate]);
  await until('it stands', WITHIN_MS, () => run.statuses('simulate').at(-1)?.fill === 'green');
  assert.ok(await bert());
  await ask({ action: 'remove', payload: 'bert' });
  await until('bert is away', WITHIN_MS, async () => (await bert()) === undefined);

  await run.deploy([host, events, { ...simulate, scenario: 'name: other\nloop: true\npeople: [{ id: carl }]' }]);
  await until('the changed one plays', WITHIN_MS, async () => (await ask({ action: 'status' })).scenario?.name === 'other');
  assert.is((await ask({ action: 'end' })).active, false);
  assert.is((await ask({ payload: 1_700_000_000_000 })).scenario?.name, 'other');
  await run.deploy([host, events, { ...simulate, id: 'another', onStart: false, scenario: '' }]);
  await until('it ended with its node', WITHIN_MS, async () => {
    const before = answers().length;
    run.send('another', { action: 'status' });
    await until('an answer', WITHIN_MS, () => answers().length > before || run.faults.length > 3);
    return answers().length > before && !(must(answers().at(-1)).payload as SimulatorStatus).active;
  });
});

test('a host without virtual people: said once at the start, and to each message', async () => {
  using folder = new TemporaryFolder();
  await using app = await openConsole();
  const flow = [
    { id: 'host', type: 'mien-host', mode: 'connect', url: app.url },
    { id: 'simulate', type: 'mien-simulate', host: 'host', onStart: true, scenario: visit, wires: [['out']] },
  ];
  await using run = await openFlow(nodes, flow, { userDir: folder.path });
  await until('it says so', WITHIN_MS, () => run.faults.length === 1);
  run.send('simulate', {});
  await until('to the message', WITHIN_MS, () => run.faults.length === 2);
  assert.ok(run.faults.every(({ code }) => code === 'SERVICE_UNAVAILABLE'));
  await until('it shows', WITHIN_MS, () => run.statuses('simulate').at(-1)?.fill === 'red');
});

test('nothing written to play at the start: the dialog is at fault', async () => {
  using folder = new TemporaryFolder();
  await using run = await openFlow(nodes, [{ id: 'simulate', type: 'mien-simulate', host: '', onStart: true, scenario: ' ', wires: [[]] }], {
    userDir: folder.path,
  });
  await until('a fault', WITHIN_MS, () => run.faults.length === 1);
  assert.is(run.faults[0]?.code, 'INPUT_INVALID');
});

/** Aliases within aliases: a few lines that would fill the memory. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let n = 1; n < 12; n += 1)
    lines.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}

test.run();
