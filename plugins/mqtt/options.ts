/** What can be set, and what of it can be wrong beyond its shape. */
import { type Static, Type } from '@mien/core/plugin';
import { pemFaults } from '../shared/pem.ts';

const object = <T extends Parameters<typeof Type.Object>[0]>(properties: T, description: string) => Type.Object(properties, { default: {}, description });
const pem = (what: string) => `${what}: the path of a PEM file, or its text`;

export const options = Type.Object({
  url: Type.String({ default: 'mqtt://127.0.0.1:1883', description: 'the broker: mqtt://, mqtts:// (TLS), ws:// or wss://, as mqtts://broker.local:8883' }),
  username: Type.String({ default: '', description: 'at the broker; empty: none' }),
  password: Type.String({ default: '', format: 'password', description: 'at the broker; empty: none' }),
  prefix: Type.String({ default: 'mien', description: 'what all topics begin with, before the name of the device' }),
  qos: Type.Integer({ default: 1, minimum: 0, maximum: 2, description: 'of events: 0 may lose some, 1 none, 2 none and none twice while this plugin runs' }),
  version: Type.Enum(['auto', '5', '3.1.1'], { default: 'auto', description: 'of MQTT; auto: 5, or 3.1.1 where the broker refuses 5' }),
  clientId: Type.String({ default: '', description: 'how the broker knows this device; empty: mien-<device>. No two clients may have the same' }),
  send: object(
    {
      events: Type.Boolean({ default: true, description: 'each event, kept on disk until the broker has it' }),
      periodic: Type.Boolean({ default: false, description: 'everybody at each camera once a second, as <camera>/state/snapshot' }),
      motion: Type.Boolean({ default: false, description: 'everybody at each camera at the rate of its frames, as <camera>/motion; only to a broker nearby' }),
      motionAnywhere: Type.Boolean({ default: false, description: 'motion also to a broker outside of this machine and its private network' }),
    },
    'what is sent beside counts and availability',
  ),
  tls: object(
    {
      ca: Type.String({ default: '', description: `${pem('certificate of your own authority')}; empty: the public ones` }),
      cert: Type.String({ default: '', description: `${pem('certificate of this device')}, where the broker asks for one` }),
      key: Type.String({ default: '', format: 'password', description: `${pem('private key of that certificate')}` }),
      serverName: Type.String({ default: '', description: 'name in the certificate of the broker, where it is reached by another' }),
    },
    'for mqtts:// and wss://',
  ),
  acknowledge: object(
    {
      topic: Type.String({
        default: '',
        description: 'where your consumer publishes the ids of events that it has stored; empty: the word of the broker is enough',
      }),
      withinMs: Type.Integer({ default: 10_000, minimum: 100, maximum: 600_000, description: 'an event that is not acknowledged by then is sent again' }),
    },
    'for brokers that may lose what they acknowledged',
  ),
  commands: object(
    { allow: Type.Array(Type.String(), { default: [], description: 'commands that whoever may publish to the broker can run, as speech.say; empty: none' }) },
    'commands from the broker',
  ),
  homeAssistant: object(
    {
      discovery: Type.Boolean({ default: false, description: 'Home Assistant (2024.11 or newer) finds the device and its sensors by itself' }),
      prefix: Type.String({ default: 'homeassistant', description: 'discovery prefix of Home Assistant' }),
    },
    'Home Assistant',
  ),
  maxHeld: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'events kept on disk while the broker is away; beyond, the oldest go',
  }),
  maxHeldMb: Type.Integer({ default: 16, minimum: 1, maximum: 4096, description: 'the same in megabytes' }),
  inFlight: Type.Integer({ default: 64, minimum: 1, maximum: 1000, description: 'events on their way at a time; less where the broker says so' }),
  ackWithinMs: Type.Integer({
    default: 30_000,
    minimum: 500,
    maximum: 600_000,
    description: 'a broker that confirms nothing for so long is connected to anew',
  }),
  keepaliveS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3600,
    description: 'a connection on which nothing comes back for longer than this is taken for lost',
  }),
  sessionExpiryS: Type.Integer({ default: 3600, minimum: 0, maximum: 4_294_967_295, description: 'how long the broker keeps the session of an absent device' }),
});
export type Options = Static<typeof options>;

const protocols = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

export function optionFaults({ url, prefix, acknowledge, homeAssistant, tls, commands, version, clientId }: Options): string[] {
  return [
    ...urlFaults(url),
    ...topicFaults('prefix', prefix),
    ...(acknowledge.topic === '' ? [] : topicFaults('acknowledge.topic', acknowledge.topic)),
    ...topicFaults('homeAssistant.prefix', homeAssistant.prefix),
    ...pemFaults('tls.ca', tls.ca, 'certificate'),
    ...pemFaults('tls.cert', tls.cert, 'certificate'),
    ...pemFaults('tls.key', tls.key, 'private key'),
    ...((tls.cert === '') === (tls.key === '')
      ? []
      : [`tls.${tls.cert === '' ? 'cert' : 'key'}: a certificate and its key go together, and only one is there`]),
    ...commands.allow
      .filter((name) => !/^[\w-]+(\.[\w-]+)*$/.test(name))
      .map((name) => `commands.allow: expected names of commands as speech.say, got ${JSON.stringify(name)}`),
    ...(version === '3.1.1' && Buffer.byteLength(clientId) > 65_535 ? ['clientId: at most 65535 bytes'] : []),
  ];
}

function urlFaults(url: string): string[] {
  const expected = 'url: expected mqtt://, mqtts://, ws:// or wss:// and a host, as mqtt://broker.local:1883';
  if (!URL.canParse(url)) return [`${expected}, got ${JSON.stringify(withoutSecret(url))}`];
  const { protocol, hostname, username, password } = new URL(url);
  if (!protocols.includes(protocol)) return [`${expected}, got ${JSON.stringify(withoutSecret(url))}`];
  if (hostname === '') return [`${expected}: there is no host in it`];
  return username === '' && password === '' ? [] : ['url: user and password go into username and password, where they are not shown again'];
}

function withoutSecret(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//...@');
}

/** To publish on: no wildcards, no empty levels. */
function topicFaults(where: string, topic: string): string[] {
  if (topic === '' || topic.startsWith('/') || topic.endsWith('/') || topic.includes('//'))
    return [`${where}: expected a topic as home/hall without empty levels, got ${JSON.stringify(topic)}`];
  if (/[+#]/.test(topic) || topic.includes('\0')) return [`${where}: + and # stand for other levels and cannot be published on, got ${JSON.stringify(topic)}`];
  return topic.startsWith('$') ? [`${where}: topics that begin with $ belong to the broker, got ${JSON.stringify(topic)}`] : [];
}
