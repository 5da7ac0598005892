/** All of them at once with person.presence alone, beside people of whom everything is known: every byte that leaves is searched for what was not granted. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fakePerson, known } from '../../support/fake-people.ts';
import { type FirstPartyName, firstPartyNames } from '../../support/first-party.ts';
import { type Address, connectClient, httpTransport } from '../../support/mcp.ts';
import { Mosquitto, requireMosquitto } from '../../support/mosquitto.ts';
import { MqttListener } from '../../support/mqtt-listener.ts';
import { openHost, patienceMs, TemporaryFolder, untilStatus } from '../../support/plugin-host.ts';
import { until } from '../../support/processes.ts';
import { PtyRobot, requireSocat } from '../../support/pty-robot.ts';
import { openRosbridgeRelay } from '../../support/rosbridge-relay.ts';
import { openWebhookReceiver } from '../../support/webhook-receiver.ts';

requireMosquitto();
requireSocat();
const test = suite('first-party: person.presence alone');

/** Values that stand nowhere else. */
const everything = {
  ...known,
  age: { ...known.age, years: 34.567, band: '25-34' },
  box: [0.4321, 0.2222, 0.1234, 0.2345],
  distance: { m: 1.4567, sd: 0.3131, calibrated: false },
  bearingDeg: -6.789,
  zone: 'by-the-door',
  attention: { state: 'attending', score: 0.8765, currentMs: 4321, totalMs: 54_321, glances: 3 },
  engagement: 'engaging',
} as unknown as Parameters<typeof fakePerson>[1];
/** Words and numbers of these, and names of fields that hold anything. */
const secrets = [
  /25-34|thirties|female|(?<!emotion\.)positive|happy|by-the-door|attending|engaging/i,
  /34\.567|34\.6\b|0\.93\b|0\.4321|1\.4567|1\.5 m|0\.3131|-6\.7|0\.82\b|0\.8765|54321/,
  /"(age|gender|expression|distance|distanceM|bearingDeg|zone|zones|attention|engagement|quality|box|years|band|valence)":(?!null)/,
  /"(apparent\w+|isTurnedToDevice|turnedForS|turnedToDevice|appearToSmile|attentionMs|looks|closestM)":(?!null)/,
];
const template = ['age.band', 'gender.label', 'expression.label', 'distance.m', 'zone', 'attention.state', 'engagement', 'quality.score']
  .map((field) => `{person.${field}|-}`)
  .join(' ');

test('nothing but presence leaves by any of them', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(join(folder.path, 'broker'));
  await using listener = await MqttListener.open(broker.url, '#');
  using receiver = await openWebhookReceiver();
  await using robot = new PtyRobot(join(folder.path, 'robot'));
  await robot.plug();
  await using relay = await openRosbridgeRelay();
  const spoken = join(folder.path, 'spoken');
  const moments = ['person.appeared', 'age.settled', 'attention.started', 'emotion.positive', 'person.left'];
  const options: Record<FirstPartyName, object> = {
    'serial-robot': {
      port: robot.path,
      rateLimit: 1000,
      lines: ['person.appeared', 'person.updated', 'person.left', 'emotion.changed', 'attention.started'].map((on) => ({ on, text: `${on} ${template}` })),
    },
    mqtt: { url: broker.url, send: { periodic: true, motion: true }, homeAssistant: { discovery: true } },
    webhook: { url: `http://127.0.0.1:${receiver.port}/` },
    // Notes what it is told to say; that it makes no sound is its fault.
    speech: {
      engine: 'command',
      engineCommand: 'tee',
      engineArgs: ['-a', spoken],
      player: 'folder',
      greetings: moments.map((on) => ({ on, text: `${on} ${template}` })),
    },
    dialogue: { port: 0 },
    'ros-bridge': { url: relay.url },
    'kiosk-screen': { port: 0, rules: [{ name: 'by-age', when: { ageBands: ['25-34'] }, show: 'family.svg', forS: 0 }] },
  };
  const plugins = Object.fromEntries(
    firstPartyNames.map((name) => {
      const grant = ['person.presence', ...(name === 'serial-robot' ? ['device.health'] : [])];
      return [name, { from: `@mien/plugins/${name}`, isolation: 'shared', grant, options: options[name] }];
    }),
  );
  await using host = await openHost({ stateFolder: join(folder.path, 'state'), plugins });
  await host.host.start();
  for (const name of firstPartyNames) await untilStatus(host.host, name, ({ state }) => state === 'running');
  const address = (await host.host.run('dialogue.address', {})) as Address;
  await using model = await connectClient(httpTransport(address));
  await model.client.subscribeResource({ uri: 'mien://people' });

  const { people } = host;
  people.appear('p-aaaaa', everything);
  people.update('p-aaaaa', { ...everything, sinceMs: 900 }, ['age', 'gender', 'expression']);
  const origin = { model: 'm', backend: 'onnx', npuCores: [], degraded: false, simulated: false, profile: 'demo' };
  const person = fakePerson('p-aaaaa', everything);
  const why = { rule: 'r', heldMs: 1, thresholds: {} };
  people.emit('emotion.changed', 'person/p-aaaaa', { origin, why, person, from: 'neutral', to: 'positive' } as never);
  people.emit('attention.started', 'person/p-aaaaa', { origin, why, person } as never);
  await until('the robot of ROS knows of them', patienceMs, () => relay.told.some(({ msg }) => JSON.stringify(msg).includes('p_aaaaa')));
  await until(
    'so does the model',
    patienceMs,
    async () => ((await model.client.callTool({ name: 'who_is_here' })).structuredContent as { count: number }).count === 1,
  );
  const answers = [
    await model.client.callTool({ name: 'who_is_here' }),
    await model.client.callTool({ name: 'describe_scene' }),
    await model.client.readResource({ uri: 'mien://people' }),
    await model.client.readResource({ uri: 'mien://person/p-aaaaa' }),
    await model.client.callTool({ name: 'wait_for', arguments: { what: 'smile', timeoutS: 1 } }),
  ];
  await robot.untilLine(/^person.updated/);
  people.leave('p-aaaaa');
  await robot.untilLine(/^person.left/);
  await until('the web server has the last event', patienceMs, () => receiver.taken.some(({ body }) => body.includes('person.left')));
  await until('so has the broker', patienceMs, () => listener.heard.some(({ topic }) => topic.endsWith('event/person.left')));
  await until('it was to be spoken', patienceMs, () => existsSync(spoken) && readFileSync(spoken, 'utf8').includes('person.left'));
  const { url } = (await host.host.run('kiosk-screen.status', {})) as { url: string };
  const screen = await (await fetch(`${url}program?screen=hall`)).body?.getReader().read();

  const left: Record<string, string> = {
    'serial-robot': robot.received.toString(),
    mqtt: listener.heard.map(({ topic, text }) => `${topic} ${text}`).join('\n'),
    webhook: receiver.taken.map(({ body, headers }) => `${JSON.stringify(headers)} ${body}`).join('\n'),
    speech: readFileSync(spoken, 'utf8'),
    dialogue: JSON.stringify(answers),
    'ros-bridge': JSON.stringify(relay.operations),
    'kiosk-screen': Buffer.from(screen?.value ?? []).toString(),
    statuses: JSON.stringify(await Promise.all(firstPartyNames.map((name) => host.host.run(name === 'dialogue' ? 'dialogue.address' : `${name}.status`, {})))),
    log: JSON.stringify(host.log),
  };
  for (const [name, bytes] of Object.entries(left)) {
    assert.ok(bytes.length > 20, `${name}: nothing left`);
    for (const secret of secrets) {
      const at = bytes.search(secret);
      assert.is(at, -1, `${name}, ${secret}: ${bytes.slice(Math.max(0, at - 200), at + 100)}`);
    }
  }
});

test.run();
