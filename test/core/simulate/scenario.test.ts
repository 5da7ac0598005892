import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MienError } from '../../../core/src/errors.ts';
import { readScenario } from '../../../core/src/simulate/read-scenario.ts';
import { checkLiveChange, checkScenario, greetingScenario, lengthOf } from '../../../core/src/simulate/scenario.ts';
import { rejectsWith } from '../../support/errors.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const scenario = suite('scenario');
const folder = new TemporaryFolder();
scenario.after(() => folder[Symbol.dispose]());

async function faultsOf(input: unknown): Promise<string> {
  return (await rejectsWith('SCENARIO_INVALID', () => checkScenario(input, 'test.yaml'))).message;
}

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

scenario('a person needs nothing but an id', () => {
  const { people, framesPerSecond, camera, width } = checkScenario({ people: [{ id: 'anna' }] });
  assert.is(people[0]?.age, 35);
  assert.is(people[0]?.noise.ageSd, 5);
  assert.is(framesPerSecond, 15);
  assert.is(camera, 'simulated');
  assert.is(width, 1280);
});

scenario('without a length it ends when the last has been missed', () => {
  assert.is(
    lengthOf(
      checkScenario({
        people: [
          { id: 'a', leaveS: 10 },
          { id: 'b', enterS: 5, leaveS: 31 },
        ],
      }),
    ),
    35,
  );
  assert.is(lengthOf(checkScenario({ people: [{ id: 'a' }] })), 60);
  assert.is(lengthOf(checkScenario({ crowd: { perHour: 10 } })), 3600);
  assert.is(lengthOf(checkScenario({ lengthS: 7, people: [{ id: 'a' }] })), 7);
});

scenario('all faults come at once, each with its path and the nearest name', async () => {
  const message = await faultsOf({ framsPerSecond: 10, people: [{ id: 'Anna', gender: 'woman', path: [{ atS: 0, distanceM: 90 }] }], crowd: { perHour: -1 } });
  assert.match(message, /test\.yaml has \d+ fault/);
  assert.match(message, /framsPerSecond: unknown key\. Did you mean "framesPerSecond"\?/);
  assert.match(message, /people\[0\]\.id: /);
  assert.match(message, /people\[0\]\.gender: expected one of "female", "male", got "woman"/);
  assert.match(message, /people\[0\]\.path\[0\]\.distanceM: must be <= 20/);
  assert.match(message, /crowd\.perHour: must be > 0/);
});

scenario('parts that do not fit each other are named', async () => {
  assert.match(await faultsOf({ people: [{ id: 'a' }, { id: 'a' }] }), /people\[1\]\.id: another person is called "a"/);
  assert.match(await faultsOf({ people: [{ id: 'a', enterS: 5, leaveS: 5 }] }), /people\[0\]\.leaveS: expected more than \.enterS \(5\)/);
  assert.match(await faultsOf({ lengthS: 10, people: [{ id: 'a', enterS: 12 }] }), /people\[0\]\.enterS: expected less than lengthS \(10\), got 12/);
  const steps = [
    { atS: 3, distanceM: 1 },
    { atS: 3, distanceM: 2 },
  ];
  assert.match(await faultsOf({ people: [{ id: 'a', path: steps }] }), /people\[0\]\.path\[1\]\.atS: expected more than the step before \(3\)/);
  assert.match(await faultsOf({ people: [{ id: 'a', look: [{ atS: 2 }, { atS: 1 }] }] }), /people\[0\]\.look\[1\]\.atS/);
  assert.match(await faultsOf({ people: [{ id: 'a', hidden: [{ fromS: 4, untilS: 2 }] }] }), /people\[0\]\.hidden\[0\]\.untilS/);
  assert.match(await faultsOf({ crowd: { perHour: 5, mix: { ages: [{ from: 40, to: 20 }] } } }), /crowd\.mix\.ages\[0\]\.from: expected at most \.to \(20\)/);
  assert.match(await faultsOf({ crowd: { perHour: 5 }, people: [{ id: 'visitor-1' }] }), /people\[0\]\.id: names that begin with "visitor-"/);
});

scenario('absurd sizes are refused, in a message that stays short', async () => {
  assert.match(await faultsOf({ people: Array.from({ length: 51 }, (_, i) => ({ id: `p-${i}` })) }), /people: must not have more than 50 items/);
  assert.match(await faultsOf({ framesPerSecond: 61 }), /framesPerSecond: must be <= 60/);
  assert.match(await faultsOf({ lengthS: 86_401 }), /lengthS: must be <= 86400/);
  assert.match(await faultsOf({ framesPerSecond: Number.NaN }), /framesPerSecond/);
  const message = await faultsOf({ people: Array.from({ length: 5000 }, () => ({ name: 'x' })) });
  assert.match(message, /and \d+ more/);
  assert.ok(message.length < 4000, String(message.length));
});

scenario('what is no scenario at all says so', async () => {
  for (const input of [[], 'x', 5, true]) assert.match(await faultsOf(input), /\(root\): must be object/);
  assert.is(checkScenario(null).people.length, 0);
});

scenario('a change by hand is checked too', () => {
  assert.equal(checkLiveChange({ distanceM: 2, look: 'away' }), { distanceM: 2, look: 'away' });
  assert.throws(
    () => checkLiveChange({ distance: 2, expression: 'happy' }),
    (fault: MienError) => /distance: unknown key\. Did you mean "distanceM"/.test(fault.message) && /expression: expected one of/.test(fault.message),
  );
});

scenario('a file that is no YAML is refused with the line', async () => {
  const path = file('bad.yaml', 'name: x\npeople:\n  - id: a\n    age: [3\n');
  const fault = await rejectsWith('SCENARIO_INVALID', () => readScenario(path));
  assert.match(fault.message, /bad\.yaml is not valid YAML.*line \d/s);
});

scenario('aliases that would fill the memory are refused', async () => {
  const lines = Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`);
  const path = file('bomb.yaml', `a0: &a0 [1]\n${lines.join('\n')}\n`);
  assert.match((await rejectsWith('SCENARIO_INVALID', () => readScenario(path))).message, /alias/);
});

scenario('what is nested without end, or holds itself, is refused by its name', async () => {
  for (const levels of [100, 1000, 5000, 1e5]) {
    const path = file('deep.yaml', `people: ${'['.repeat(levels)}${']'.repeat(levels)}\n`);
    assert.match((await rejectsWith('SCENARIO_INVALID', () => readScenario(path))).message, /deep\.yaml/);
  }
  const path = file('circle.yaml', 'people: &all [*all, *all, *all]\n');
  assert.match((await rejectsWith('SCENARIO_INVALID', () => readScenario(path))).message, /circle\.yaml/);
  const deep: unknown = JSON.parse(`{"people":${'['.repeat(1e5)}${']'.repeat(1e5)}}`);
  assert.match(await faultsOf(deep), /test\.yaml: expected at most 64 levels/);
});

scenario('a file that is not there, or far too large, is named', async () => {
  await rejectsWith('INPUT_NOT_FOUND', () => readScenario(join(folder.path, 'none.yaml')));
  const large = file('large.yaml', `# ${'x'.repeat(5_000_000)}`);
  const fault = await rejectsWith('SCENARIO_INVALID', () => readScenario(large));
  assert.match(fault.message, /5000002 bytes/);
});

scenario('the scenario that plays without a file is the one in the examples', async () => {
  const path = fileURLToPath(new URL('../../../examples/scenarios/greeting.yaml', import.meta.url));
  assert.equal(await readScenario(path), checkScenario(greetingScenario));
});

scenario.run();
