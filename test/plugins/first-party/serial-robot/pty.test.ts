/** The plugin in a host, before a robot on a real terminal. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, type Frame, FrameDecoder } from '../../../../plugins/serial-robot/frame.ts';
import { rejectsWith } from '../../../support/errors.ts';
import { known } from '../../../support/fake-people.ts';
import { openHost, patienceMs, reasonOf, TemporaryFolder, type TestHost, untilStatus, writePlugin } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { PtyRobot, requireSocat } from '../../../support/pty-robot.ts';

requireSocat();

/** As built: a plugin in a process of its own may read its package, and no folder beside its file. */
const from = '@mien/plugins/serial-robot';
const grant = ['person.presence', 'device.health', 'person.position', 'person.age', 'person.gender', 'person.expression', 'person.attention'];
type Isolation = 'own' | 'shared' | 'host';
interface Status {
  port: string | null;
  silence: string | null;
  [count: string]: unknown;
}

/** Only a process of its own needs it. */
const allow = { addons: true, childProcess: true, read: ['/etc/alpine-release'] };

interface Stage extends AsyncDisposable {
  readonly test: TestHost;
  readonly robot: PtyRobot;
  status(): Promise<Status>;
  untilWell(): Promise<void>;
}

/** A host with the plugin on the robot's port, open. `others`: further plugins; `second`: one more on the same port, started later. */
async function openStage(
  options: object = {},
  { isolation = 'shared', others = {}, second = false }: { isolation?: Isolation; others?: object; second?: boolean } = {},
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(new TemporaryFolder());
  const robot = stack.use(new PtyRobot(join(folder.path, 'ttyROBOT')));
  await robot.plug();
  const settings = {
    from,
    isolation,
    grant,
    options: { port: robot.path, heartbeat: { everyMs: 0 }, ...options },
    allow,
  };
  const test = stack.use(
    await openHost({
      stateFolder: folder.path,
      plugins: { 'serial-robot': settings, ...(second && { 'second-robot': { ...settings, enabled: false } }), ...others },
    }),
  );
  await test.host.start();
  const status = (): Promise<Status> => test.host.run('serial-robot.status', {}) as Promise<Status>;
  const untilWell = async (): Promise<void> => {
    let silence: string | null = null;
    await until('the robot can be told', patienceMs, async () => {
      silence = (await status()).silence;
      return silence === null;
    }).catch((fault: Error) => {
      throw new Error(`${fault.message}: ${silence}`);
    });
  };
  assert.is(test.host.status('serial-robot').state, 'running', reasonOf(test.host, 'serial-robot'));
  await untilWell();
  if (second) await test.host.configure('second-robot', { enabled: true });
  const opened = stack.move();
  return { test, robot, status, untilWell, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

for (const isolation of ['own', 'shared', 'host'] as const) {
  test(`isolation ${isolation}: the robot hears of people, asks, commands, and is told to stop at the end`, async () => {
    const robot = await (async () => {
      await using stage = await openStage({}, { isolation });
      const { people, host } = stage.test;
      people.appear('p-aaaaa');
      people.update('p-aaaaa', known, ['age']);
      await stage.robot.untilLine(/^SEES/);
      stage.robot.say('WHO?\nCOUNT?\r\n');
      await stage.robot.untilLine(/^HERE/);
      people.leave('p-aaaaa');
      await stage.robot.untilLine(/^BYE/);
      await host.run('serial-robot.send', { text: 'DANCE' });
      await stage.robot.untilLine(/^DANCE/);
      await rejectsWith('REQUEST_INVALID', () => host.run('serial-robot.send', { text: '' }));
      await host.configure('serial-robot', { enabled: false });
      await stage.robot.untilLine(/^STOP/);
      return stage.robot;
    })();
    const told = robot.lines.filter((line) => !line.startsWith('COUNT'));
    assert.equal(told, ['HELLO p-aaaaa', 'SEES p-aaaaa 25-34 female positive', 'HERE p-aaaaa 25-34 female positive 1.4', 'BYE p-aaaaa', 'DANCE', 'STOP']);
    assert.ok(robot.lines.includes('COUNT 1'));
  });
}

test('the cable is pulled and plugged in again: seen at once, opened again, a stop first, nothing stale', async () => {
  await using stage = await openStage();
  const { people } = stage.test;
  people.appear('p-aaaaa');
  await stage.robot.untilLine(/HELLO p-aaaaa/);
  await stage.robot.unplug();
  await until('the port is gone', patienceMs, async () => (await stage.status()).port === null);
  people.appear('p-bbbbb');
  await rejectsWith('SERVICE_UNAVAILABLE', () => stage.test.host.run('serial-robot.send', { text: 'x' }));
  await until('the event was dropped', patienceMs, async () => (await stage.status())['dropped'] === 1);
  await stage.robot.plug();
  await stage.untilWell();
  people.appear('p-ccccc');
  await stage.robot.untilLine(/HELLO p-ccccc/);
  assert.equal(stage.robot.lines, ['HELLO p-aaaaa', 'STOP', 'HELLO p-ccccc']);
  const said = stage.test.log.map(({ message }) => message).filter((message) => message.includes(stage.robot.path));
  assert.ok(
    said.some((message) => /is gone: it was unplugged/.test(message)),
    JSON.stringify(said),
  );
});

test('a robot that falls silent is told to stop and nothing else; heard again, it is told what happens', async () => {
  await using stage = await openStage({ heartbeat: { everyMs: 20, lostAfterMs: 150 } });
  const { people } = stage.test;
  const beats = setInterval(() => stage.robot.say('HB\n'), 20);
  try {
    await stage.untilWell();
    await stage.robot.untilLine(/^HB/);
    clearInterval(beats);
    await until('it is lost', patienceMs, async () => (await stage.status()).silence?.includes('nothing was heard') === true);
    await until('it was told to stop', patienceMs, () => stage.robot.lines.at(-1) === 'STOP');
    const before = stage.robot.lines.length;
    people.appear('p-aaaaa');
    // Several heartbeats long.
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(stage.robot.lines.slice(before), []);
    const again = setInterval(() => stage.robot.say('HB\n'), 20);
    try {
      await stage.untilWell();
      await stage.robot.untilLine(/^HB/, before);
      people.appear('p-bbbbb');
      await stage.robot.untilLine(/HELLO p-bbbbb/, before);
      assert.not(stage.robot.lines.includes('HELLO p-aaaaa'), 'nothing stale');
    } finally {
      clearInterval(again);
    }
  } finally {
    clearInterval(beats);
  }
});

test('a camera that is lost and a network that is degraded stop it until both are back', async () => {
  await using stage = await openStage();
  const { people } = stage.test;
  const origin = { model: 'm@1/int8', backend: 'onnx', npuCores: [], degraded: true, simulated: false, profile: 'demo' };
  const why = { rule: 'x', heldMs: 0, thresholds: {} };
  const model = { name: 'attributes', release: 'm', version: '1', precision: 'int8', backend: 'onnx' };
  const camera = { name: 'main', message: 'unplugged' };
  people.emit('camera.lost', 'camera/main', { origin, why, camera });
  await stage.robot.untilLine(/^STOP$/);
  people.emit('backend.degraded', 'model/attributes', { origin, why, model, reason: 'fallback' });
  await until('both are known', patienceMs, async () => /gives no pictures; the network attributes/.test((await stage.status()).silence ?? ''));
  people.emit('camera.restored', 'camera/main', { origin, why, camera });
  await until('one is left', patienceMs, async () => /^the network/.test((await stage.status()).silence ?? ''));
  people.appear('p-aaaaa');
  people.emit('backend.recovered', 'model/attributes', { origin, why, model });
  await stage.untilWell();
  people.appear('p-bbbbb');
  await stage.robot.untilLine(/HELLO/);
  assert.equal(stage.robot.lines, ['STOP', 'STOP', 'HELLO p-bbbbb']);
});

test('acknowledgement in lines: what is not acknowledged comes again, then is given up; a refusal is not repeated', async () => {
  await using stage = await openStage({ ack: { expect: true, timeoutMs: 40, retries: 2 } });
  const { people } = stage.test;
  people.appear('p-aaaaa');
  await until('it was given up', patienceMs, async () => (await stage.status())['unacknowledged'] === 1);
  assert.equal(stage.robot.lines, ['HELLO p-aaaaa', 'HELLO p-aaaaa', 'HELLO p-aaaaa']);
  stage.robot.onLine = (line) => stage.robot.say(line.startsWith('BYE') ? 'ERR no\n' : 'OK\n');
  people.appear('p-bbbbb');
  people.leave('p-aaaaa');
  await until('one was refused', patienceMs, async () => (await stage.status())['refused'] === 1);
  const { acknowledged } = await stage.status();
  assert.is(acknowledged, 1);
});

test('lines of the robot run commands of other plugins, with what stood in them', async () => {
  using folder = new TemporaryFolder();
  const speaker = writePlugin(
    folder.path,
    'speaker',
    `setup(context) {
      const said: unknown[] = [];
      context.command('speaker.say', Type.Object({ text: Type.String() }), (input) => { said.push(input); });
      context.command('speaker.said', Type.Object({}), () => said);
    }`,
  );
  const commands = [
    { text: 'SAY {words}', command: 'speaker.say', input: { text: 'It says: {words}' } },
    { text: 'NONE', command: 'speaker.none' },
  ];
  await using stage = await openStage({ commands }, { others: { speaker: { from: speaker } } });
  stage.robot.say('SAY hello there\nNONE\nwhat is this?\n');
  await until('it was said', patienceMs, async () => ((await stage.test.host.run('speaker.said', {})) as unknown[]).length === 1);
  assert.equal(await stage.test.host.run('speaker.said', {}), [{ text: 'It says: hello there' }]);
  await until('the rest was noted', patienceMs, async () => {
    const heard = (await stage.status())['heard'] as { unknown: number };
    return heard.unknown === 1 && stage.test.log.some(({ message }) => message === 'a command of the robot failed');
  });
});

test('JSON: objects with a sequence, acknowledged by it', async () => {
  await using stage = await openStage({ format: 'json', ack: { expect: true, timeoutMs: 10_000, retries: 3 }, events: ['person.appeared', 'person.left'] });
  stage.robot.onLine = (line) => stage.robot.say(`${JSON.stringify({ ack: JSON.parse(line).seq })}\n`);
  stage.test.people.appear('p-aaaaa', known);
  await stage.robot.untilLine(/appeared/);
  stage.robot.say('{"text":"COUNT?"}\n');
  await stage.robot.untilLine(/count/);
  stage.test.people.leave('p-aaaaa');
  await stage.robot.untilLine(/left/);
  await until('all is acknowledged', patienceMs, async () => (await stage.status())['acknowledged'] === 3);
  const [appeared, counted, left] = stage.robot.lines.map((line) => JSON.parse(line));
  assert.is(appeared.years, 34);
  assert.equal(counted, { seq: (appeared.seq % 255) + 1, count: 1 });
  assert.equal({ event: left.event, dwellMs: left.dwellMs }, { event: 'person.left', dwellMs: 8200 });
});

test('binary: a damaged frame is sent again with its sequence; garbage and half a frame from the robot do no harm', async () => {
  await using stage = await openStage({ format: 'binary', ack: { expect: true, timeoutMs: 60_000, retries: 9 } });
  const told = (): Frame[] => new FrameDecoder().push(stage.robot.received, 0);
  const frame = (type: number, sequence: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array => encodeFrame({ type, sequence, payload });
  stage.test.people.appear('p-aaaaa', known);
  await until('told', patienceMs, () => told().length === 1);
  const sequence = told()[0]?.sequence ?? 0;
  stage.robot.say(Buffer.concat([Buffer.alloc(3000, 0xaa), frame(0x82, 0, Uint8Array.of(0))]));
  await until('told again', patienceMs, () => told().length === 2);
  assert.is(told()[1]?.sequence, sequence);
  // Half a frame, then the whole one.
  stage.robot.say(Buffer.concat([frame(0x83, 1, Buffer.from('x'.repeat(200))).subarray(0, 20), frame(0x81, sequence)]));
  stage.robot.say(frame(0x83, 2, Buffer.from('COUNT?')));
  // The half one ends when nothing more of it comes.
  const pokes = setInterval(() => stage.robot.say(frame(0x80, 0)), 300);
  try {
    await until('acknowledged', patienceMs, async () => (await stage.status())['acknowledged'] === 1);
    await until('asked', patienceMs, () => told().some(({ type }) => type === 0x12));
  } finally {
    clearInterval(pokes);
  }
});

test('a flood and a megabyte without an end do not hold it up, nor make it grow', async () => {
  await using stage = await openStage({ rateLimit: 1000 });
  const { people } = stage.test;
  people.appear('p-aaaaa');
  stage.robot.say(Buffer.alloc(1_000_000, 'x'));
  stage.robot.say('\n');
  stage.robot.say('WHO?\n'.repeat(2000));
  stage.robot.say('nonsense\n'.repeat(2000));
  stage.robot.say(Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 256)));
  stage.robot.say('\nCOUNT?\n');
  await stage.robot.untilLine(/^COUNT 1/);
  await until('all was read', patienceMs, async () => ((await stage.status())['heard'] as { unknown: number }).unknown >= 2000);
  people.appear('p-bbbbb');
  await stage.robot.untilLine(/HELLO p-bbbbb/);
  assert.is(stage.test.host.status('serial-robot').restarts, 0);
  assert.ok(stage.test.log.filter(({ fields }) => fields['plugin'] === 'serial-robot').length < 100, 'the log is not flooded');
});

test('a robot that reads nothing: what waits is bounded, the port is opened anew, and the plugin ends in time', async () => {
  await using stage = await openStage({ rateLimit: 1000, baudRate: 4_000_000 });
  stage.robot.freeze();
  const { people } = stage.test;
  const text = 'x'.repeat(400);
  let refused = 0;
  await until('it is full', patienceMs, async () => {
    for (let i = 0; i < 8; i += 1) await stage.test.host.run('serial-robot.send', { text }).catch(() => (refused += 1));
    return refused > 0;
  });
  for (let i = 0; i < 300; i += 1) people.appear(`p-a${String(i).padStart(4, '0')}`);
  await until('the port was given up', patienceMs, async () => stage.test.log.some(({ message }) => /has taken no bytes/.test(message)));
  assert.is((await stage.test.host.configure('serial-robot', { enabled: false })).state, 'disabled');
  assert.not(stage.test.log.some(({ message }) => /had to be killed/.test(message)));
});

for (const [where, isolation] of [
  ['in one process', 'shared'],
  ['in two processes', 'own'],
] as const) {
  test(`two plugins on one port, ${where}: the second says who has it, and takes over when it is free`, async () => {
    await using stage = await openStage({}, { isolation, second: true });
    const { host } = stage.test;
    const silence = async (): Promise<string> => ((await host.run('second-robot.status', {})) as Status).silence ?? 'none';
    let said = '';
    await until('the second was refused', patienceMs, async () => {
      said = await silence();
      return /is in use by/.test(said);
    });
    assert.match(
      said,
      isolation === 'shared' ? /is in use by another plugin of this Mien: one port is for one/ : /is in use by another program: one port is for one/,
    );
    await rejectsWith('SERVICE_UNAVAILABLE', () => host.run('second-robot.send', { text: 'x' }));
    await host.configure('serial-robot', { enabled: false });
    // socat ends with the last who has the port open.
    await stage.robot.unplug();
    await stage.robot.plug();
    await until('the second has it', patienceMs, async () => (await silence()) === 'none');
  });
}

test('a port that is not there: the plugin runs, says which there are, and waits', async () => {
  using folder = new TemporaryFolder();
  const robot = new PtyRobot(join(folder.path, 'ttyLATE'));
  await using test = await openHost({
    stateFolder: folder.path,
    plugins: { 'serial-robot': { from, isolation: 'shared', grant, options: { port: robot.path } } },
  });
  await test.host.start();
  await until('it says so', patienceMs, () => test.log.some(({ message }) => message.startsWith(`there is no port ${robot.path}. There`)));
  await robot.plug();
  try {
    await robot.untilLine(/^HB/);
  } finally {
    await robot.unplug();
  }
  assert.is(test.host.status('serial-robot').state, 'running');
});

test('in a process of its own without the right to addons it says which right is missing', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({
    stateFolder: folder.path,
    plugins: { 'serial-robot': { from, isolation: 'own', grant, options: { port: '/dev/ttyUSB7' } } },
  });
  await test.host.start();
  await until('it says so', patienceMs, () => test.log.some(({ message }) => /allow: \{ addons: true, childProcess: true, read: \[/.test(message)));
});

test('without a port among its options it is blocked, and says what to write', async () => {
  using folder = new TemporaryFolder();
  await using test = await openHost({ stateFolder: folder.path, plugins: { 'serial-robot': { from, isolation: 'shared', grant } } });
  await test.host.start();
  await untilStatus(test.host, 'serial-robot', ({ state }) => state === 'blocked');
  assert.match(reasonOf(test.host, 'serial-robot'), /port: expected a device file such as \/dev\/ttyUSB0/);
});

test.run();
