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
import { freePort } from '../../support/free-port.ts';
import { must } from '../../support/must.ts';
import { openHost, patienceMs, TemporaryFolder, type TestHost, untilStatus } from '../../support/plugin-host.ts';
import { descendantsOf, isRunning, until } from '../../support/processes.ts';
import { recordingPlayer, requireEspeak } from '../../support/speech.ts';

requireEspeak();

interface Subject {
  readonly options: object;
  /** An option whose name is mistyped, and what was meant. */
  readonly typo: readonly [written: string, meant: string];
  /** Other good options. */
  readonly change: object;
  readonly command: string;
  /** Of its command's answer. */
  readonly answers: (answer: Record<string, unknown>) => boolean;
  /** Why it may warn, with nobody at the other end. */
  readonly warns?: RegExp;
}

const nobody = `127.0.0.1:${await freePort()}`;
const folder = new TemporaryFolder();
const root = fileURLToPath(new URL('../../../', import.meta.url));
// What a plugin in the host writes without saying where lands here.
const [workFolder, temporary] = [join(folder.path, 'work'), join(folder.path, 'tmp')];
mkdirSync(workFolder);
mkdirSync(temporary);
process.chdir(workFolder);
process.env['TMPDIR'] = temporary;

const subjects: Record<FirstPartyName, Subject> = {
  'serial-robot': {
    options: { port: join(folder.path, 'no-robot') },
    typo: ['prot', 'port'],
    change: { rateLimit: 10 },
    command: 'serial-robot.status',
    answers: ({ port, silence }) => port === null && /there is no port/.test(String(silence)),
    warns: /^there is no port/,
  },
  mqtt: {
    options: { url: `mqtt://${nobody}` },
    typo: ['prefx', 'prefix'],
    change: { qos: 2 },
    command: 'mqtt.status',
    answers: ({ connected }) => connected === false,
    warns: /^no connection to the broker/,
  },
  webhook: {
    options: { url: `http://${nobody}/` },
    typo: ['urll', 'url'],
    change: { mode: 'binary' },
    command: 'webhook.status',
    answers: ({ target, sent }) => target === `http://${nobody}` && sent === 0,
    warns: /^the outbox could not send: it will try again|^pauses before it tries again/,
  },
  speech: {
    options: { ...recordingPlayer(join(folder.path, 'played')), greetings: [{ on: 'age.settled', text: 'Hello!' }] },
    typo: ['langage', 'language'],
    change: { wordsPerMinute: 200 },
    command: 'speech.status',
    answers: ({ engine, fault }) => engine !== undefined && (fault === null || fault === undefined),
  },
  dialogue: {
    options: { port: 0 },
    typo: ['tokn', 'token'],
    change: { maxSessions: 3 },
    command: 'dialogue.address',
    answers: ({ url, token }) => /^http:\/\/127\.0\.0\.1:\d+\/mcp$/.test(String(url)) && String(token).length >= 16,
  },
  'ros-bridge': {
    options: { url: `ws://${nobody}` },
    typo: ['namspace', 'namespace'],
    change: { ros: 1 },
    command: 'ros-bridge.status',
    answers: ({ state }) => state !== 'connected',
    warns: /^no connection to the robot: nobody listens there/,
  },
  'kiosk-screen': {
    // Nobody is seen for longer on a slow machine.
    options: { port: 0, staleS: 600 },
    typo: ['playlst', 'playlist'],
    change: { itemS: 5 },
    command: 'kiosk-screen.status',
    answers: ({ url, screens }) => /^http:\/\/127\.0\.0\.1:\d+\/$/.test(String(url)) && Array.isArray(screens),
  },
};

type Isolation = 'own' | 'shared' | 'host';

const settingsOf = (name: FirstPartyName, isolation: Isolation, more: object = {}): object => ({
  from: `@mien/plugins/${name}`,
  isolation,
  grant: grantsOf[name],
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
  await test.host.caughtUp(patienceMs);
  for (const name of firstPartyNames) {
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

const resources = (): string[] => process.getActiveResourcesInfo().sort();
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
    idle = resources();
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
    await until('nothing is held', patienceMs, () => beyond(idle, resources()).length === 0).catch((fault: Error) =>
      assert.unreachable(`${fault.message}: ${beyond(idle, resources()).join(', ')}`),
    );
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
