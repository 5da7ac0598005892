/** Brokers that say no, and certificates that are wrong: what went wrong is said once, with what to do, and it goes on trying. */
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { testPlugin } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import mqttPlugin from '../../../../plugins/mqtt/index.ts';
import { makeCertificate, requireOpenssl } from '../../../support/certificates.ts';
import { freePort } from '../../../support/free-port.ts';
import { Mosquitto, requireMosquitto } from '../../../support/mosquitto.ts';
import { pluginRejects } from '../../../support/plugin-errors.ts';
import { until } from '../../../support/processes.ts';
import { StallingRelay } from '../../../support/stalling-relay.ts';
import { TemporaryFolder } from '../../../support/temporary-folder.ts';

requireMosquitto();
requireOpenssl();
const patienceMs = 60_000;
const test = suite('mqtt: refusals');

const open = (options: object) => testPlugin(mqttPlugin, { options: options as never });
type Bench = Awaited<ReturnType<typeof open>>;
const faultOf = async (bench: Bench) => ((await bench.command('mqtt.status')) as { fault: string | null }).fault ?? '';
const isConnected = async (bench: Bench) => ((await bench.command('mqtt.status')) as { connected: boolean }).connected;

/** It says so in its status, and once in the log however often it tries. */
async function says(options: object, words: RegExp): Promise<void> {
  await using bench = await open(options);
  await until(`it says ${words}`, patienceMs, async () => words.test(await faultOf(bench)));
  const told = bench.logs.filter(({ level }) => level === 'warn').map(({ fields }) => JSON.stringify(fields));
  assert.is(told.filter((line) => words.test(line)).length, 1, told.join('\n'));
  assert.equal(bench.faults, []);
}

test('a wrong password and a client that is not allowed are told apart from a broker that is not there', async () => {
  using folder = new TemporaryFolder();
  const passwords = join(folder.path, 'passwords');
  // Made by mosquitto_passwd for "secret"; nobody knows that of "nobody".
  writeFileSync(passwords, 'robot:$7$101$AAAA$AAAA\n');
  await using broker = await Mosquitto.open(folder.path, ['allow_anonymous false', `password_file ${passwords}`]);
  await says({ url: broker.url, username: 'robot', password: 'wrong' }, /check username and password/);
  await says({ url: broker.url, version: '3.1.1', username: 'robot', password: 'wrong' }, /check username and password/);
  await says({ url: broker.url }, /not authorised/);
  await says({ url: `mqtt://127.0.0.1:${await freePort()}` }, /is the broker running, and is the port right/);
  await says({ url: 'mqtt://no-such-host.invalid' }, /no host of that name|cannot be looked up/);
});

test('a topic that may not be published on is said, and the event waits', async () => {
  using folder = new TemporaryFolder();
  const rules = join(folder.path, 'acl');
  writeFileSync(rules, 'topic read mien/#\n');
  await using broker = await Mosquitto.open(folder.path, [`acl_file ${rules}`]);
  await using bench = await open({ url: broker.url });
  await bench.play({ people: [{ id: 'eva', leaveS: 3 }] });
  await until('it is said', patienceMs, () => bench.logs.some(({ fields }) => /not authorised/.test(JSON.stringify(fields))));
  const { held, sent } = (await bench.command('mqtt.status')) as { held: number; sent: number };
  assert.ok(held > 0);
  assert.is(sent, 0);
});

test('MQTT 3.1.1 where the broker refuses 5, in the words of either version or by hanging up', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  // The level stands behind the name of the protocol: 10 <length> 00 04 M Q T T <level>.
  const levelOf = (first: Buffer): number => first[first.indexOf('MQTT') + 4] ?? 0;
  const ways = {
    old: (client: Socket) => client.end(Buffer.from([0x20, 2, 0, 1])),
    modern: (client: Socket) => client.end(Buffer.from([0x20, 3, 0, 0x84, 0])),
    hangsUp: (client: Socket) => client.destroy(),
  };
  for (const [way, refuse] of Object.entries(ways)) {
    await using relay = await StallingRelay.open(broker.port, (first, client) => {
      if (levelOf(first) !== 5) return false;
      refuse(client);
      return true;
    });
    await using bench = await open({ url: `mqtt://127.0.0.1:${relay.port}` });
    await until(`${way}: connected`, patienceMs, () => isConnected(bench));
    assert.is(((await bench.command('mqtt.status')) as { protocol: string }).protocol, 'MQTT 3.1.1', way);
    const told = await bench.play({ people: [{ id: 'eva', leaveS: 3 }] });
    await until(`${way}: all is sent`, patienceMs, async () => ((await bench.command('mqtt.status')) as { sent: number }).sent === told.length);
    await bench.stop();
    await using only = await open({ url: `mqtt://127.0.0.1:${relay.port}`, version: '5' });
    await until(`${way}: 5 only is refused`, patienceMs, async () => (await faultOf(only)) !== '');
    assert.is(await isConnected(only), false);
  }
});

test('certificates: good ones, expired, of an unknown authority, for another name; a device without its own', async () => {
  using folder = new TemporaryFolder();
  const good = makeCertificate(folder.path, 'good');
  const expired = makeCertificate(folder.path, 'expired', { untilDate: '20200102000000Z' });
  const other = makeCertificate(folder.path, 'other');
  const path = (name: string, file: string): string => join(folder.path, name, file);
  const tls = (name: string): string[] => [`certfile ${path(name, 'cert.pem')}`, `keyfile ${path(name, 'key.pem')}`];

  await using broker = await Mosquitto.open(folder.path, tls('good'));
  const url = `mqtts://localhost:${broker.port}`;
  for (const ca of [path('good', 'cert.pem'), good.cert]) {
    await using bench = await open({ url, tls: { ca } });
    await until('connected over TLS', patienceMs, () => isConnected(bench));
  }
  await says({ url }, /put (it|the certificate of that authority) into tls\.ca/);
  await says({ url, tls: { ca: other.cert } }, /put (it|the certificate of that authority) into tls\.ca|of another authority/);
  await says({ url, tls: { ca: good.cert, serverName: 'broker.example' } }, /for another name/);
  await says({ url, tls: { ca: path('good', 'absent.pem') } }, /tls\.ca: there is no file/);
  await says({ url, tls: { ca: good.cert, cert: expired.cert, key: expired.key } }, /tls\.cert: this certificate was valid until .*2020/);
  await says({ url, tls: { ca: good.cert, cert: good.cert, key: other.key } }, /key the private key of cert/);
  await using plain = await Mosquitto.open(join(folder.path, 'plain'));
  await says({ url: `mqtts://127.0.0.1:${plain.port}`, tls: { ca: good.cert } }, /no TLS on that port|closed the connection/);

  using past = new TemporaryFolder();
  await using late = await Mosquitto.open(past.path, tls('expired'));
  await says({ url: `mqtts://localhost:${late.port}`, tls: { ca: expired.cert } }, /has expired: renew it there/);

  using asking = new TemporaryFolder();
  await using strict = await Mosquitto.open(asking.path, [...tls('good'), `cafile ${path('good', 'cert.pem')}`, 'require_certificate true']);
  const strictUrl = `mqtts://localhost:${strict.port}`;
  await says({ url: strictUrl, tls: { ca: good.cert } }, /asks for a certificate of this device|closed the connection/);
  await using known = await open({ url: strictUrl, tls: { ca: good.cert, cert: good.cert, key: good.key } });
  await until('connected with a certificate of its own', patienceMs, () => isConnected(known));
});

test('a renewed certificate is used on the next connection, without a restart', async () => {
  using folder = new TemporaryFolder();
  const first = makeCertificate(folder.path, 'first');
  const second = makeCertificate(folder.path, 'second');
  const ca = join(folder.path, 'ca.pem');
  writeFileSync(ca, first.cert);
  await using broker = await Mosquitto.open(folder.path, [
    `certfile ${join(folder.path, 'first', 'cert.pem')}`,
    `keyfile ${join(folder.path, 'first', 'key.pem')}`,
  ]);
  await using bench = await open({ url: `mqtts://localhost:${broker.port}`, tls: { ca } });
  await until('connected', patienceMs, () => isConnected(bench));
  writeFileSync(join(folder.path, 'first', 'cert.pem'), second.cert);
  writeFileSync(join(folder.path, 'first', 'key.pem'), second.key);
  await broker.stop();
  await broker.start();
  await until('it does not know the new one', patienceMs, async () => /tls\.ca/.test(await faultOf(bench)));
  writeFileSync(ca, second.cert);
  await until('connected again', patienceMs, () => isConnected(bench));
});

test('two devices with one client id: each is told of the other', async () => {
  using folder = new TemporaryFolder();
  await using broker = await Mosquitto.open(folder.path);
  await using one = await open({ url: broker.url });
  await until('the first is connected', patienceMs, () => isConnected(one));
  await using _ = await open({ url: broker.url });
  await until('it is said', patienceMs, () => one.logs.some(({ fields }) => /the same client id/.test(JSON.stringify(fields))));
});

test('options that cannot work are faults, each by name', async () => {
  const faults = [
    [{ url: 'http://broker' }, /url: expected mqtt:\/\//],
    [{ url: 'nonsense' }, /url: expected mqtt:\/\//],
    [{ url: 'mqtt://me:secret@broker' }, /url: user and password go into username and password/],
    [{ prefix: 'a/+/b' }, /prefix: \+ and # stand for other levels/],
    [{ prefix: '/mien' }, /prefix: expected a topic/],
    [{ prefix: '$SYS' }, /prefix: topics that begin with \$/],
    [{ acknowledge: { topic: 'ack/#' } }, /acknowledge\.topic: \+ and #/],
    [{ tls: { ca: 'certs/ca.pem' } }, /tls\.ca: expected an absolute path/],
    [{ tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } }, /tls\.ca: not a certificate in PEM/],
    [{ tls: { cert: '/etc/cert.pem' } }, /tls\.key: a certificate and its key go together/],
    [{ commands: { allow: ['speech.say', 'a b'] } }, /commands\.allow: expected names of commands/],
    [{ qos: 3 }, /qos/],
    [{ version: '4' }, /version/],
  ] as const;
  for (const [options, words] of faults) {
    await pluginRejects('CONFIG_INVALID', words, () => open(options));
  }
});

test.run();
