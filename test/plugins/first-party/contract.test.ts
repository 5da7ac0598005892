/** One suite over every plugin that comes with Mien, in the three places where it may run, with nobody at the other end of its line. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkConformance } from '../../../core/src/cli/plugin-conformance.ts';
import type { PluginStatus } from '../../../core/src/host/plugins/plugin-status.ts';
import { rejectsWith } from '../../support/errors.ts';
import { allowOf, type FirstPartyName, firstPartyNames, grantsOf } from '../../support/first-party.ts';
import { subjectsOf } from '../../support/first-party-subjects.ts';
import { freePort } from '../../support/free-port.ts';
import { must } from '../../support/must.ts';
import { openHost, patienceMs, TemporaryFolder, type TestHost, untilStatus } from '../../support/plugin-host.ts';
import { descendantsOf, isRunning, until } from '../../support/processes.ts';
import { requireEspeak } from '../../support/speech.ts';

requireEspeak();

const nobody = `127.0.0.1:${await freePort()}`;
const folder = new TemporaryFolder();
const root = fileURLToPath(new URL('../../../', import.meta.url));
// What a plugin in the host writes without saying where lands here.
const [workFolder, temporary] = [join(folder.path, 'work'), join(folder.path, 'tmp')];
mkdirSync(workFolder);
mkdirSync(temporary);
process.chdir(workFolder);
process.env['TMPDIR'] = temporary;

const subjects = subjectsOf(nobody, folder.path);

type Isolation = 'own' | 'shared' | 'host';

const settingsOf = (name: FirstPartyName, isolation: Isolation, more: object = {}): object => ({
  from: `@mien/plugins/${name}`,
  isolation,
  grant: grantsOf[name],
  // As usual in `mien plugin test` below; here seven stop at once, on any machine.
  stopWithinMs: 20_000,
  options: { ...subjects[name].options, ...more },
  ...(isolation === 'own' && { allow: allowOf[name] ?? {} }),
});

async function openAll(isolation: Isolation, stateFolder: string, more: (name: FirstPartyName) => object = () => ({})): Promise<TestHost> {
  const plugins = Object.fromEntries(firstPartyNames.map((name) => [name, settingsOf(name, isolation, more(name))]));
  const test = await openHost({ stateFolder, plugins: plugins as never, baseFolder: root });
  await test.host.start();
  return test;
}

const allRun = async ({ host }: TestHost): Promise<PluginStatus[]> =>
  Promise.all(firstPartyNames.map((name) => untilStatus(host, name, ({ state }) => state === 'running')));
const startsOf = ({ host }: TestHost): Array<number | undefined> => firstPartyNames.map((name) => host.status(name).startedAtWallMs);

/** Somebody comes, shows something and leaves; every plugin has taken it, with no fault. */
async function visit(test: TestHost, id: string): Promise<void> {
  const before = firstPartyNames.map((name) => test.host.status(name).events.delivered);
  test.people.appear(id);
  test.people.update(id, { zone: 'near' });
  test.people.leave(id);
  // ros-bridge follows people and no events.
  for (const [i, name] of firstPartyNames.entries())
    if (name !== 'ros-bridge') await untilStatus(test.host, name, ({ events }) => events.delivered >= (before[i] ?? 0) + 1);
  for (const name of firstPartyNames) {
    // Answered after what came before.
    await test.host.run(subjects[name].command, {});
    const { faults, dropped } = test.host.status(name).events;
    assert.equal({ faults, dropped }, { faults: 0, dropped: 0 }, name);
  }
}

/** Lines of the log that nothing explains. */
function unexplained({ log }: TestHost): string[] {
  return log
    .filter(({ level }) => level === 'warn' || level === 'error')
    .filter(({ fields, message }) => !subjects[fields['name'] as FirstPartyName]?.warns?.test(message))
    .map(({ fields, message }) => `${message} ${JSON.stringify(fields)}`);
}

/** In a turn of its own: the timer that runs the test, or waits for something, is over. */
async function resources(): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo();
}
/** What is in the second list more often than in the first. */
function beyond(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...before];
  return after.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

for (const isolation of ['own', 'shared', 'host'] as const) {
  const contract = suite(`first-party plugins, isolation ${isolation}`);
  const state = join(folder.path, isolation);
  let test: TestHost;
  let idle: string[];

  contract.before(async () => {
    idle = await resources();
    test = await openAll(isolation, state);
  });

  contract('all run, where they were asked to', async () => {
    const statuses = await allRun(test);
    for (const { name, isolation: is, crashes } of statuses) assert.equal([is, crashes], [isolation, []], name);
    const pids = new Set(statuses.map(({ pid }) => pid));
    assert.is(pids.size, isolation === 'own' ? firstPartyNames.length : 1);
    assert.is(pids.has(process.pid), isolation === 'host');
    if (isolation !== 'shared') return;
    await until('its memory is known', patienceMs, () => (test.host.status('mqtt').rssMb ?? 0) > 0);
    console.log(`  (all seven in one process: ${test.host.status('mqtt').rssMb} MB resident)`);
  });

  contract('they hear events, and their commands answer, with nobody at the other end', async () => {
    await visit(test, 'p-aaaaa');
    for (const name of firstPartyNames) {
      const { command, answers } = subjects[name];
      let answer: unknown;
      await until(`${command} answers`, patienceMs, async () => {
        answer = await test.host.run(command, {});
        return answers(answer as Record<string, unknown>);
      }).catch((fault: Error) => assert.unreachable(`${fault.message}; it is ${JSON.stringify(answer)}`));
      await rejectsWith('REQUEST_INVALID', () => test.host.run(command, 'nothing'));
    }
  });

  contract('a changed option restarts only the one that it is of', async () => {
    for (const [i, name] of firstPartyNames.entries()) {
      const before = startsOf(test);
      const status = await test.host.configure(name, { options: { ...subjects[name].options, ...subjects[name].change } });
      assert.is(status.state, 'running', `${name}: ${status.reason}`);
      const after = startsOf(test);
      assert.ok((after[i] ?? 0) > (before[i] ?? Number.POSITIVE_INFINITY), `${name} is started anew`);
      assert.equal(after.toSpliced(i, 1), before.toSpliced(i, 1), `${name} alone`);
    }
    await visit(test, 'p-bbbbb');
  });

  contract('a mistyped option is refused with the nearest name, and stops the plugin that starts with it', async () => {
    for (const name of firstPartyNames) {
      const [written, meant] = subjects[name].typo;
      const fault = (await test.host.check(name, { ...subjects[name].options, [written]: 1 })).join();
      assert.match(fault, new RegExp(`${written}.*Did you mean "${meant}"`), name);
    }
    const typos = await openAll(isolation, join(folder.path, `${isolation}-typos`), (name) => ({ [subjects[name].typo[0]]: 1 }));
    try {
      for (const name of firstPartyNames) {
        const { reason = '' } = await untilStatus(typos.host, name, ({ state: is }) => is === 'blocked');
        assert.match(reason, new RegExp(`Did you mean "${subjects[name].typo[1]}"`), name);
      }
    } finally {
      await typos[Symbol.asyncDispose]();
    }
  });

  if (isolation !== 'host') {
    contract(`${isolation === 'own' ? 'one that is' : 'where their process is'} killed, it is started anew and the others go on`, async () => {
      const before = startsOf(test);
      process.kill(must(test.host.status('mqtt').pid), 'SIGKILL');
      await untilStatus(test.host, 'mqtt', ({ restarts }) => restarts === 1);
      await allRun(test);
      if (isolation === 'own') {
        const at = firstPartyNames.indexOf('mqtt');
        assert.equal(startsOf(test).toSpliced(at, 1), before.toSpliced(at, 1));
      }
      await visit(test, 'p-ccccc');
      const others = unexplained(test).filter((line) => !/^the plugin \S+ failed .*killed by SIGKILL/.test(line));
      assert.equal(others, []);
      test.log.length = 0;
    });
  }

  contract('they stop within their deadline and leave nothing: no child, socket or timer, no file outside of their store, no warning', async () => {
    const pids = firstPartyNames.map((name) => test.host.status(name).pid).filter((pid) => pid !== process.pid);
    await Promise.all(firstPartyNames.map((name) => test.host.configure(name, { enabled: false })));
    for (const name of firstPartyNames) assert.is(test.host.status(name).state, 'disabled', name);
    assert.equal(unexplained(test), []);
    await test[Symbol.asyncDispose]();
    await until(
      'no process of theirs runs',
      patienceMs,
      () => !pids.some((pid) => pid !== undefined && isRunning(pid)) && descendantsOf(process.pid).length === 0,
    );
    let held: string[] = [];
    await until('nothing is held', patienceMs, async () => {
      held = beyond(idle, await resources());
      return held.length === 0;
    }).catch((fault: Error) => assert.unreachable(`${fault.message}: ${held.join(', ')}`));
    assert.equal(readdirSync(workFolder), []);
    assert.equal(readdirSync(temporary), []);
    assert.equal(
      readdirSync(state).filter((name) => !['plugins', 'plugins.json'].includes(name)),
      [],
    );
  });

  contract.run();
}

const conformance = suite('first-party plugins: mien plugin test');
for (const name of firstPartyNames) {
  conformance(`${name}: nothing to complain of`, async () => {
    const checks = [];
    for await (const check of checkConformance(`@mien/plugins/${name}`, root, subjects[name].options)) checks.push(check);
    assert.equal(
      checks.filter(({ result }) => result !== 'ok'),
      [],
    );
    assert.is(checks.at(-1)?.name, 'leaves nothing behind after the stop');
  });
}
conformance.after(() => folder[Symbol.dispose]());
conformance.run();
