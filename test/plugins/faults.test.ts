/** Whatever one plugin does, the others hear every event, the host goes on, and the culprit is left alone in the end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { must } from '../support/must.ts';
import { fixture, openHost, patienceMs, quickLimits, TemporaryFolder, type TestHost, untilStatus } from '../support/plugin-host.ts';
import { isRunning, until } from '../support/processes.ts';
import { isSoak, times } from '../support/soak.ts';

const faults = suite('plugin faults');

const grant = ['person.presence'];
const witness = { from: fixture('witness.ts'), grant };
const faulty = (fault: string, more: object = {}) => ({ from: fixture('faulty.ts'), grant, options: { fault }, ...more });

let people = 0;
/** Somebody appears: the faulty plugin's cue. Waits until the witnesses have heard of it. */
async function cue(test: TestHost, witnesses = ['witness']): Promise<void> {
  people += 1;
  const id = `p-${people.toString(36).padStart(5, '0')}`;
  test.people.appear(id);
  for (const name of witnesses) {
    const started = performance.now();
    while (!((await test.host.run(`${name}.seen`, {})) as string[]).includes(id)) {
      if (performance.now() - started > patienceMs) throw new Error(`${name} never heard of ${id}`);
    }
  }
}

/** Cues until the plugin is quarantined: one cue for each of its lives. */
async function untilQuarantined(test: TestHost): Promise<string> {
  const lives = new Set<number>();
  const status = await (async () => {
    for (;;) {
      const now = await untilStatus(
        test.host,
        'faulty',
        ({ state, pid, crashes }) => state === 'quarantined' || (state === 'running' && !lives.has(pid ?? crashes.length)),
      );
      if (now.state === 'quarantined') return now;
      lives.add(now.pid ?? now.crashes.length);
      await cue(test);
    }
  })();
  assert.is(status.crashes.length, 5);
  return status.reason ?? '';
}

const deadly: Array<{ fault: string; reason: RegExp; limits?: object; settings?: object }> = [
  { fault: 'setup', reason: /failed to start: the setup failed/ },
  { fault: 'hang', reason: /did not start within 1500 ms/, settings: { startWithinMs: 1500 } },
  { fault: 'timer', reason: /the timer failed/ },
  { fault: 'rejection', reason: /nobody caught this/ },
  { fault: 'exit', reason: /exited with code 3/ },
  { fault: 'spin', reason: /hung: no sign of life for 0.8 s/, limits: { silentMs: 800, pingEveryMs: 100 } },
  { fault: 'heap', reason: /needed more memory than its heap of 32 MB/, settings: { heapMb: 32 } },
  { fault: 'buffers', reason: /more than the 128 MB that go with a heap of 64 MB/, settings: { heapMb: 64 }, limits: { rssOverHeapMb: 64, pingEveryMs: 50 } },
  { fault: 'liar', reason: /more than the 128 MB that go with a heap of 64 MB/, settings: { heapMb: 64 }, limits: { rssOverHeapMb: 64, pingEveryMs: 50 } },
  { fault: 'deaf', reason: /does not read what it is sent: 0\.\d MB wait for it/, limits: { unreadBytes: 100_000, pingEveryMs: 50 } },
  { fault: 'flood', reason: /flooded the host: more than 200 messages a second/, limits: { messagesPerSecond: 200, floodMs: 500 } },
  { fault: 'garbage', reason: /broke the protocol: a line came that is not a message/ },
  { fault: 'malformed', reason: /broke the protocol: its message "loaded" is not as agreed/ },
  { fault: 'forged', reason: /spoke in the name of another plugin/ },
];

for (const { fault, reason, limits, settings } of deadly) {
  faults(`${fault}: quarantined after five times, the other goes on in the same life`, async () => {
    using folder = new TemporaryFolder();
    await using test = await openHost({
      stateFolder: folder.path,
      limits: { ...quickLimits, ...limits },
      plugins: { witness, faulty: faulty(fault, settings) },
    });
    await test.host.start();
    const pid = await test.host.run('witness.pid', {});
    assert.match(await untilQuarantined(test), reason);
    await cue(test);
    assert.is(await test.host.run('witness.pid', {}), pid);
    assert.is(test.host.status('witness').restarts, 0);
    assert.equal(test.host.status('witness').crashes, []);
    const said = test.events.filter((event) => event.type.startsWith('mien.plugin.')).map((event) => event.type);
    assert.equal(said, [...new Array(4).fill('mien.plugin.failed.v1'), 'mien.plugin.quarantined.v1']);
  });
}

faults('a handler that throws is counted, and the plugin goes on', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({ stateFolder: folder.path, plugins: { witness, faulty: faulty('handler') } });
  await test.host.start();
  await cue(test);
  await cue(test);
  await untilStatus(test.host, 'faulty', ({ events }) => events.faults === 2);
  assert.is(test.host.status('faulty').state, 'running');
  assert.equal(test.host.status('faulty').crashes, []);
});

faults('one that never stops is killed, which counts as a crash; the host itself is not held up', async () => {
  using folder = new TemporaryFolder();
  const test = await openHost({ stateFolder: folder.path, plugins: { witness, faulty: faulty('stop', { stopWithinMs: 200 }) } });
  await test.host.start();
  const first = test.host.status('faulty').pid as number;
  const again = await test.host.restart('faulty');
  assert.match(must(again.crashes[0]).reason, /did not stop within 200 ms/);
  assert.is(again.state, 'running');
  assert.not(isRunning(first));
  await cue(test);
  const pids = [again.pid as number, test.host.status('witness').pid as number];
  await test.host[Symbol.asyncDispose]();
  for (const pid of pids) assert.not(isRunning(pid));
});

faults('what is printed without end is counted, not logged, and held up', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({ stateFolder: folder.path, plugins: { witness, faulty: faulty('print') } });
  await test.host.start();
  await cue(test);
  await until('the surplus is told', patienceMs, () => test.log.some(({ message }) => message.startsWith('printed more than 50 lines')));
  const lines = test.log.filter(({ fields, message }) => fields['name'] === 'faulty' && message.startsWith('line '));
  assert.ok(lines.length > 0);
  assert.ok(lines.every(({ message }) => message.length < 2100));
  await cue(test);
});

faults('in a shared process the one whose code threw ends alone', async () => {
  using folder = new TemporaryFolder();
  const isolation = 'shared';
  await using test = await openHost({ stateFolder: folder.path, plugins: { witness: { ...witness, isolation }, faulty: faulty('timer', { isolation }) } });
  await test.host.start();
  const { pid } = test.host.status('witness');
  assert.is(test.host.status('faulty').pid, pid);
  await cue(test);
  await untilStatus(test.host, 'faulty', ({ state, crashes }) => state === 'running' && crashes.length === 1);
  await cue(test);
  assert.is(test.host.status('witness').pid, pid);
  assert.is(test.host.status('witness').restarts, 0);
});

const known: Array<{ fault: string; reason: RegExp; trigger: (test: TestHost) => unknown; limits?: object }> = [
  {
    fault: 'flood',
    reason: /flooded the host/,
    trigger: (test) => test.people.appear('p-flood'),
    limits: { messagesPerSecond: 200, floodMs: 500 },
  },
  { fault: 'stop', reason: /did not stop within 200 ms/, trigger: (test) => test.host.restart('faulty') },
];
for (const { fault, reason, trigger, limits } of known) {
  faults(`${fault} in a shared process: the culprit moves out, the others share a new one and have no crash on their record`, async () => {
    using folder = new TemporaryFolder();
    const isolation = 'shared';
    await using test = await openHost({
      stateFolder: folder.path,
      limits: { ...quickLimits, ...limits },
      plugins: { witness: { ...witness, isolation }, faulty: faulty(fault, { isolation, stopWithinMs: 200 }) },
    });
    await test.host.start();
    const { pid } = test.host.status('witness');
    await trigger(test);
    const moved = await untilStatus(test.host, 'faulty', (one) => one.state === 'running' && one.pid !== pid);
    assert.is(moved.isolation, 'own');
    assert.match(must(moved.crashes[0]).reason, reason);
    const stayed = await untilStatus(test.host, 'witness', (one) => one.state === 'running' && one.pid !== pid);
    assert.is(stayed.isolation, 'shared');
    assert.equal(stayed.crashes, []);
    await test.host.configure('faulty', { enabled: false });
    await cue(test);
  });
}

faults('when a shared process hangs, its plugins go on in processes of their own, and the innocent is forgiven', async () => {
  using folder = new TemporaryFolder();
  const isolation = 'shared';
  await using test = await openHost({
    stateFolder: folder.path,
    limits: { ...quickLimits, silentMs: 800, pingEveryMs: 100, healthyMs: 300 },
    plugins: { witness: { ...witness, isolation }, faulty: faulty('spin', { isolation }) },
  });
  await test.host.start();
  const { pid } = test.host.status('witness');
  test.people.appear('p-spinn');
  const moved = await untilStatus(test.host, 'witness', (one) => one.state === 'running' && one.pid !== pid);
  assert.is(moved.isolation, 'own');
  assert.is(moved.restarts, 1);
  const other = await untilStatus(test.host, 'faulty', (one) => one.state === 'running' && one.pid !== pid);
  assert.is(other.isolation, 'own');
  assert.is.not(other.pid, moved.pid);
  await untilStatus(test.host, 'witness', ({ crashes }) => crashes.length === 0);
  await cue(test);
});

faults('a crash loop leaves nothing behind in the host', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({
    stateFolder: folder.path,
    limits: { backoffFirstMs: 1, backoffCapMs: 1, crashWindowMs: 0 },
    plugins: { witness, faulty: faulty('setup') },
  });
  await test.host.start();
  const after = async (loops: number): Promise<number> => {
    const goal = test.host.status('faulty').restarts + loops;
    await until(`${loops} more crashes`, loops * patienceMs, () => test.host.status('faulty').restarts >= goal);
    return process.memoryUsage().rss / 1024 / 1024;
  };
  // The heap's own first growth is not the loop's.
  const before = await after(times(10) / 5);
  const grownMb = (await after(times(10))) - before;
  await cue(test);
  assert.is(test.host.status('faulty').crashes.length, 5);
  assert.ok(grownMb < 20, `${grownMb.toFixed(1)} MB more`);
  if (isSoak) console.log(`${times(10)} crash loops: ${grownMb.toFixed(1)} MB more`);
});

faults.run();
