/** Plays that end: plugins take what is under way before Mien goes, what they lose is told, and what they say is seen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mien } from '../support/mien-command.ts';
import { openHost, TemporaryFolder, untilStatus, writePlugin } from '../support/plugin-host.ts';

const once = suite('plugins and plays that end');

const slow = (ms: number): string => `needs: ['person.presence'], setup(context) {
  let left = 0;
  context.on('person.left', async () => {
    await new Promise((resolve) => setTimeout(resolve, ${ms}));
    left += 1;
    context.log.info({ left }, 'goodbye number ' + left);
  });
}`;

once('simulate --once waits for a plugin that is still at work, and shows its lines but not those of the host', async () => {
  using folder = new TemporaryFolder();
  writePlugin(folder.path, 'slow', slow(700));
  writeFileSync(join(folder.path, 'mien.yaml'), 'version: 2\nstateFolder: ./state\nplugins:\n  slow: { from: ./slow.ts, grant: [person.presence] }\n');
  const { code, stderr } = await mien(['simulate', '--once', '--config', 'mien.yaml'], { cwd: folder.path });
  assert.is(code, 0, stderr);
  assert.match(stderr, /goodbye number 1/);
  assert.not.match(stderr, /the plugin slow runs|console is open/);
  const quiet = await mien(['simulate', '--once', '--config', 'mien.yaml', '--log-level', 'warn'], { cwd: folder.path });
  assert.not.match(quiet.stderr, /goodbye/);
});

once('what a plugin lost is told by the end', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'slow', `needs: ['person.presence'], setup(context) { context.on('person.appeared', () => new Promise(() => {})); }`);
  await using test = await openHost({ stateFolder: folder.path, plugins: { slow: { from, isolation: 'host', grant: ['person.presence'] } } });
  await test.host.start();
  for (let n = 0; n < 400; n += 1) test.people.appear(`p-${n}`);
  await test.host.caughtUp(50);
  const { dropped } = test.host.status('slow').events;
  assert.ok(dropped > 0);
  const told = test.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
  assert.ok(told.includes(`the plugin slow was too slow for the events: it lost ${dropped}`), told.join());
  assert.ok(told.includes('plugins have not taken every event in time: the rest is lost to them'));
});

const sending = (send: string): string =>
  `needs: ['person.presence'], setup(context) {
    let sent = 0;
    context.outbox(['person.appeared', 'person.left'], async (event, { signal }) => { ${send} sent += 1; context.log.info({ sent }, 'sent number ' + sent); });
  }`;

once('simulate --once waits for an outbox that is still sending', async () => {
  using folder = new TemporaryFolder();
  writePlugin(folder.path, 'far', sending('await new Promise((resolve) => setTimeout(resolve, 700));'));
  writeFileSync(join(folder.path, 'mien.yaml'), 'version: 2\nstateFolder: ./state\nplugins:\n  far: { from: ./far.ts, grant: [person.presence] }\n');
  const { code, stderr } = await mien(['simulate', '--once', '--config', 'mien.yaml'], { cwd: folder.path });
  assert.is(code, 0, stderr);
  assert.match(stderr, /sent number 2/);
  assert.not.match(stderr, /in the outbox of/);
});

once('what an outbox does not get rid of is told, and is there at the next start', async () => {
  using folder = new TemporaryFolder();
  const plugins = (send: string) => ({
    far: { from: writePlugin(folder.path, 'far', sending(send)), isolation: 'host' as const, grant: ['person.presence' as const] },
  });
  const told = async (send: string, visitors: number, left: number): Promise<string[]> => {
    await using test = await openHost({ stateFolder: folder.path, plugins: plugins(send) });
    await test.host.start();
    for (let n = 0; n < visitors; n += 1) test.people.appear(`p-aaaa${n}`);
    if (left > 0) await untilStatus(test.host, 'far', ({ outbox }) => outbox?.held === left);
    await test.host.caughtUp(left > 0 ? 100 : 60_000);
    return test.log.filter(({ message }) => /outbox of|sent number/.test(message)).map(({ message }) => message);
  };
  assert.equal(await told("throw new Error('nobody is there');", 2, 2), ['2 events stay in the outbox of far for the next start']);
  assert.equal(await told('', 0, 0), ['sent number 1', 'sent number 2']);
  assert.equal(await told('await new Promise((_, reject) => signal.addEventListener("abort", reject));', 1, 1), [
    '1 event stays in the outbox of far for the next start',
  ]);
});

once('nobody waits where all was taken', async () => {
  using folder = new TemporaryFolder();
  const from = writePlugin(folder.path, 'quick', slow(1));
  await using test = await openHost({ stateFolder: folder.path, plugins: { quick: { from, isolation: 'host', grant: ['person.presence'] } } });
  await test.host.start();
  test.people.appear('p-aaaaa');
  test.people.leave('p-aaaaa');
  await test.host.caughtUp(60_000);
  assert.ok(test.log.some(({ message }) => message === 'goodbye number 1'));
  assert.not(test.log.some(({ level }) => level === 'warn'));
});

once.run();
