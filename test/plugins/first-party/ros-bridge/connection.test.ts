/** The connection to a robot that is not there, comes and goes, talks nonsense, or falls silent. */
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Humans } from '../../../../plugins/ros-bridge/humans.ts';
import rosBridge from '../../../../plugins/ros-bridge/index.ts';
import type { Publication } from '../../../../plugins/ros-bridge/rosbridge.ts';
import { fakePerson } from '../../../support/fake-people.ts';
import { openHost, patienceMs, TemporaryFolder } from '../../../support/plugin-host.ts';
import { until } from '../../../support/processes.ts';
import { listenAsRobot } from '../../../support/robot-listener.ts';
import { connectRosbridge, firstPublication } from '../../../support/rosbridge-client.ts';
import { openRosbridgeRelay } from '../../../support/rosbridge-relay.ts';

const from = fileURLToPath(new URL('../../../../plugins/ros-bridge/index.ts', import.meta.url));
const test = suite('ros-bridge: connection');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('nobody listens: said once, tried again, and connected when somebody does', async () => {
  const port = await freePort();
  await using one = connectRosbridge(`ws://127.0.0.1:${port}`);
  await one.says(/nobody listens there: is rosbridge running/);
  await until('it is tried again', patienceMs, () => one.lines.filter(({ message }) => /nobody listens/.test(message)).length > 3);
  assert.is(one.lines.filter(({ level }) => level === 'warn').length, 1);
  await using relay = await openRosbridgeRelay({ port });
  await until('it is connected', patienceMs, () => relay.told.length === 1);
  assert.is(one.bridge.status.state, 'connected');
});

test('the relay is restarted: connected again, and all advertised anew', async () => {
  const relay = await openRosbridgeRelay();
  await using one = connectRosbridge(relay.url);
  await until('it is connected', patienceMs, () => relay.told.length === 1);
  await relay[Symbol.asyncDispose]();
  await one.says(/no connection to the robot/);
  await using again = await openRosbridgeRelay({ port: relay.port });
  await until('it is connected again', patienceMs, () => again.told.length === 1);
  assert.equal([again.topics.get(firstPublication.topic), again.faults, one.connections()], [firstPublication.type, [], 2]);
});

test('a web server that is no rosbridge, one that never answers, one that answers nonsense', async () => {
  const web = createServer((_, response) => void response.writeHead(404).end('nothing here'));
  const silent = createTcpServer();
  const nonsense = createTcpServer(
    (socket) => void socket.end('HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: wrong\r\n\r\n'),
  );
  const sockets = new Set<Socket>();
  silent.on('connection', (socket) => sockets.add(socket));
  try {
    for (const [server, pattern] of [
      [web, /it answered HTTP 404: that is no rosbridge/],
      [silent, /no answer within 200 ms/],
      [nonsense, /it answered as no WebSocket server does/],
    ] as const) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await using one = connectRosbridge(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { connectWithinMs: 200 });
      await one.says(pattern);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const server of [web, silent, nonsense]) server.close();
  }
});

test('what the robot complains of is in the log, once each, with a hint for a missing package', async () => {
  await using relay = await openRosbridgeRelay();
  await using one = connectRosbridge(relay.url);
  await until('it is connected', patienceMs, () => relay.told.length === 1);
  const complaint = JSON.stringify({ op: 'status', level: 'error', msg: 'advertise: Unable to import hri_msgs.msg from package hri_msgs' });
  for (let i = 0; i < 5; i += 1) relay.say(complaint);
  relay.say(JSON.stringify({ op: 'status', level: 'info', msg: 'all is well' }));
  await until('all came', patienceMs, () => one.bridge.status.errors === 5);
  const warned = one.lines.filter(({ level }) => level === 'warn');
  assert.is(warned.length, 1);
  assert.match(warned[0]?.message ?? '', /the robot says: advertise: Unable to import hri_msgs.*Is the package hri_msgs installed there/);
});

test('garbage from the robot: text is ignored and said once; broken frames end the connection, and a new one is made', async () => {
  await using relay = await openRosbridgeRelay();
  await using one = connectRosbridge(relay.url);
  await until('it is connected', patienceMs, () => relay.told.length === 1);
  for (const text of ['', 'hello', '[]', 'null', '{"op":7}', '{"op":"png","data":"x"}']) relay.say(text);
  relay.say(Buffer.from([1, 2, 3]));
  await until('it was counted', patienceMs, () => one.bridge.status.errors === 5);
  assert.is(one.lines.filter(({ message }) => /not of the rosbridge protocol/.test(message)).length, 1);
  assert.is(one.bridge.status.state, 'connected');
  // Reserved bits, past the library that writes frames.
  for (const { _socket } of relay.clients as unknown as Set<{ _socket: Socket }>) _socket.write(Buffer.from([0xf1, 0x00]));
  await one.says(/what it sent is against the WebSocket protocol \(.*RSV/);
  await until('it is connected again', patienceMs, () => relay.told.length === 2);
  relay.say('x'.repeat(1024 * 1024 + 1));
  await one.says(/it sent a message of more than 1048576 bytes/);
  await until('it is connected once more', patienceMs, () => relay.told.length === 3);
});

test('a robot that falls silent is given up, also when much waits to be sent', async () => {
  await using relay = await openRosbridgeRelay();
  await using one = connectRosbridge(relay.url, { pingEveryMs: 100 });
  await until('it is connected', patienceMs, () => relay.told.length === 1);
  for (const { _socket } of relay.clients as unknown as Set<{ _socket: Socket }>) _socket.pause();
  const large = { ...firstPublication, message: { ids: ['x'.repeat(1_000_000)] } };
  for (let i = 0; i < 16; i += 1) one.bridge.publish(large);
  assert.is(one.bridge.isBusy, true);
  await one.says(/nothing came from it for 300 ms/);
  await until('it is connected again', patienceMs, () => one.connections() === 2);
});

test('while the robot is busy frames are skipped, and the newest is told afterwards', () => {
  const told: Publication[] = [];
  const publisher = { isBusy: true, publish: (one: Publication) => void told.push(one), unadvertise: () => {} };
  const humans = new Humans({ ros: 2, namespace: '/humans', frameId: '', negativeAs: '' }, publisher);
  for (let i = 0; i < 5; i += 1) humans.see([fakePerson(`p-aaaa${i}`)], 'main');
  assert.equal([told.length, humans.skipped, humans.count], [0, 5, 1]);
  publisher.isBusy = false;
  humans.see([fakePerson('p-aaaa9')], 'main');
  humans.see([fakePerson('p-bbbb9', { camera: 'side' })], 'side');
  const tracked = told.filter(({ topic }) => topic === '/humans/persons/tracked').map(({ message }) => (message as { ids: string[] }).ids);
  assert.equal(tracked, [['p_aaaa9'], ['p_aaaa9', 'p_bbbb9']], 'both cameras together');
  const frames = told.filter(({ topic }) => topic.endsWith('/roi')).map(({ message }) => (message as { header: { frame_id: string } }).header.frame_id);
  assert.equal(frames, ['main', 'side']);
});

test('the plugin: who comes late hears of who is here; when it stops the robot is told that nobody is', async () => {
  using folder = new TemporaryFolder();
  await using relay = await openRosbridgeRelay();
  const known = () => relay.told.findLast(({ topic }) => topic === '/humans/persons/known')?.msg['ids'];
  {
    const options = { url: relay.url, everyMs: 20 };
    await using stand = await openHost({
      stateFolder: folder.path,
      plugins: { 'ros-bridge': { from, isolation: 'shared', grant: ['person.presence'], options } },
    });
    await stand.host.start();
    stand.people.appear('p-aaaaa');
    await until('somebody is here', patienceMs, () => {
      stand.bus.announceObserved('main');
      return JSON.stringify(known()) === '["p_aaaaa"]';
    });
    // No frame comes any more: what is heard now was kept for latecomers.
    using robot = listenAsRobot(relay.url, '/humans/persons/known', 'hri_msgs/msg/IdsList');
    await until('the latecomer hears a list', patienceMs, () => robot.heard.length > 0);
    assert.equal(robot.heard[0]?.message['ids'], ['p_aaaaa']);
    assert.is(((await stand.host.run('ros-bridge.status', {})) as { people: number }).people, 1);
  }
  await until('its connection is closed', patienceMs, () => relay.clients.size === 0);
  assert.equal(known(), []);
  assert.equal(relay.faults, []);
});

test('options: addresses and names that cannot be are named', async () => {
  const message = (options: object) =>
    testPlugin(rosBridge, { options }).then(
      () => 'it was started',
      ({ message }: Error) => message,
    );
  assert.match(await message({ url: 'http://robot:9090' }), /url: expected an address that begins with ws:\/\//);
  assert.match(await message({ url: 'ws://me:secret@robot:9090' }), /url: leave out user, password/);
  for (const namespace of ['humans', '/humans/', '/1st', '/a__b', '/a-b', ''])
    assert.match(await message({ namespace }), /namespace: expected a name of ROS/, namespace);
  assert.match(await message({ ros: 3 }), /ros/);
  assert.match(await message({ ca: 'robot.pem' }), /ca: expected an absolute path, or the text of a PEM file/);
  assert.match(await message({ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }), /ca: not a certificate in PEM/);
});

test.run();
