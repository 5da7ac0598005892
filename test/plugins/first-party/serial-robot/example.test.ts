/** example.yaml and scenario.yaml, run as the README says, before a robot on a real terminal; and how the plugin behaves. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { personAppeared, testPlugin } from '@mien/core/testing';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import plugin from '../../../../plugins/serial-robot/index.ts';
import { commandOf, patienceMs, root, startExample } from '../../../support/example-run.ts';
import { mien } from '../../../support/mien-command.ts';
import { until } from '../../../support/processes.ts';
import { PtyRobot, requireSocat } from '../../../support/pty-robot.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireSocat();

const example = 'plugins/serial-robot/example.yaml';

test('the example: the robot looks, greets by age, waves and says goodbye, and is told to stop when Mien stops', async () => {
  using folder = new TemporaryFolder();
  await using robot = new PtyRobot(join(folder.path, 'robot'));
  await robot.plug();
  const config = join(folder.path, 'mien.yaml');
  writeFileSync(config, readFileSync(join(root, example), 'utf8').replaceAll('/tmp/robot', robot.path));
  const args = commandOf(example).map((part) => (part === example ? config : part));
  await using run = await startExample(args, folder.path);
  await robot.untilLine(/^BYE p-\w{5} \d+(\.\d)? ms$/);
  await robot.untilLine(/^GREET 25-34$|^GREET 35-44$/);
  assert.ok(robot.lines.some((line) => /^LOOK -?\d/.test(line)));
  assert.ok(robot.lines.some((line) => /^WAVE p-/.test(line)));
  await run.stop();
  await robot.untilLine(/^STOP$/);
  assert.is(robot.lines.at(-1), 'STOP');
});

test('conformance; it runs in the sandbox there, where no port can be opened', async () => {
  const { code, stdout } = await mien(['plugin', 'test', '@mien/plugins/serial-robot', '--options', '{"port":"/dev/ttyUSB7"}'], { cwd: root });
  assert.is(code, 0, stdout);
  assert.match(stdout, /12 ok, 0 to improve, 0 failed/);
});

test('with its port open and all its timers running, nothing of it is left after the stop', async () => {
  using folder = new TemporaryFolder();
  await using robot = new PtyRobot(join(folder.path, 'robot'));
  await robot.plug();
  const before = process.getActiveResourcesInfo().sort();
  const bench = await testPlugin(plugin, {
    options: { port: robot.path, heartbeat: { everyMs: 20, text: 'HB', lostAfterMs: 60_000 }, ack: { expect: true, timeoutMs: 60_000, retries: 9 } },
  });
  await robot.untilLine(/^HB$/);
  await bench.emit(personAppeared());
  await robot.untilLine(/^HELLO/);
  await bench.stop();
  await robot.untilLine(/^STOP$/);
  await until('all of it is gone', patienceMs, () => {
    const left = process.getActiveResourcesInfo().filter((one) => one !== 'Timeout');
    return left.length <= before.filter((one) => one !== 'Timeout').length;
  });
  const beats = robot.lines.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is(robot.lines.length, beats, 'no heartbeat after the stop');
});

test.run();
