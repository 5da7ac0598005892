import { validateHeaderName, validateHeaderValue } from 'node:http';
import { didYouMean, type EventName, type Grant, type Static, Type } from '@mien/core/plugin';
import { secretFault } from './signature.ts';

/** What may be sent, and the grant without which it never comes. */
export const grantOf = {
  'person.appeared': 'person.presence',
  'person.updated': 'person.presence',
  'person.left': 'person.presence',
  'emotion.changed': 'person.expression',
  'attention.started': 'person.attention',
  'attention.ended': 'person.attention',
  'model.selftest': 'device.health',
  'backend.degraded': 'device.health',
  'backend.recovered': 'device.health',
  'camera.lost': 'device.health',
  'camera.restored': 'device.health',
  'plugin.failed': 'device.health',
  'plugin.quarantined': 'device.health',
} as const satisfies Record<EventName, Grant>;
export const sendable = Object.keys(grantOf) as EventName[];

export const options = Type.Object({
  url: Type.String({ default: '', description: 'where events are posted, as https://example.org/mien' }),
  mode: Type.Enum(['structured', 'binary'], {
    default: 'structured',
    description: 'structured: the whole event is the body; binary: its data is the body, the rest stands in ce- headers',
  }),
  events: Type.Array(Type.String(), { default: [], description: 'names of the events to send, as person.appeared; empty: all that it may see' }),
  cameras: Type.Array(Type.String(), { default: [], description: 'names of cameras; empty: all' }),
  secret: Type.String({ default: '', format: 'password', description: 'signs what is sent: whsec_ and base64 of 24 to 64 bytes; empty: no signature' }),
  previousSecret: Type.String({ default: '', format: 'password', description: 'signs beside the new secret while receivers still have the old one' }),
  headers: Type.Record(Type.String(), Type.String({ format: 'password' }), {
    default: {},
    description: 'sent along, as {"authorization": "Bearer ..."}; their values are not shown again',
  }),
  ca: Type.String({
    default: '',
    contentMediaType: 'application/x-pem-file',
    description: 'certificate (PEM) of the authority that signed the server, where it is your own; empty: the public ones',
  }),
  timeoutMs: Type.Integer({ default: 10_000, minimum: 100, maximum: 120_000, description: 'for one attempt, from the connection to the end of the answer' }),
  inFlight: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 64,
    description: 'events on their way at a time; more than 1 for a server that is far away, which then may get them in another order',
  }),
  onRefusal: Type.Enum(['skip', 'hold'], {
    default: 'skip',
    description: 'an event that the server refuses (4xx): skip it and count it, or hold all events and try again',
  }),
  failuresToOpen: Type.Integer({ default: 5, minimum: 1, maximum: 1000, description: 'so many failures in a row, and it pauses for coolDownMs' }),
  coolDownMs: Type.Integer({ default: 30_000, minimum: 100, maximum: 3_600_000, description: 'how long it pauses then, before it tries one event' }),
  maxHeld: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'events kept on disk while they cannot be sent; beyond, the oldest go',
  }),
  maxBodyBytes: Type.Integer({ default: 262_144, minimum: 1024, maximum: 16_777_216, description: 'a larger event is skipped and counted' }),
});
export type Options = Static<typeof options>;

/** Set by the plugin itself. */
const ownHeader = /^(content-(type|length)|host|connection|transfer-encoding|expect|webhook-.*|ce-.*)$/i;

export function optionFaults({ url, events, headers, secret, previousSecret, ca }: Options): string[] {
  return [
    ...urlFaults(url),
    ...events
      .filter((name) => !(sendable as string[]).includes(name))
      .map((name) => `events: there is no event ${JSON.stringify(name)}.${didYouMean(name, sendable) || ` There are ${sendable.join(', ')}`}`),
    ...Object.entries(headers).flatMap(([name, value]) => headerFaults(name, value)),
    ...secretFault('secret', secret),
    ...secretFault('previousSecret', previousSecret),
    ...(previousSecret !== '' && secret === '' ? ['previousSecret: stands beside a new one: write the new one into secret'] : []),
    ...(ca !== '' && !/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(ca)
      ? ['ca: expected the text of a certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----']
      : []),
  ];
}

function urlFaults(url: string): string[] {
  if (url === '') return ['url: expected the address that takes events, as https://example.org/mien, got nothing: write yours'];
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return ['url: expected an address that begins with https:// or http://'];
  // What came is not repeated: it holds a password.
  if (parsed.username || parsed.password)
    return ['url: has a user or a password in it, which would be shown: put them into headers, as {"authorization": "Basic ..."}'];
  return parsed.hash ? ['url: leave out what begins with #: it is never sent'] : [];
}

function headerFaults(name: string, value: string): string[] {
  if (ownHeader.test(name)) return [`headers: ${name} is set by the plugin itself: leave it out`];
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return [];
  } catch {
    return [`headers: ${JSON.stringify(name)} or its value has characters that HTTP does not allow in a header`];
  }
}

/** Off the device and not encrypted. */
export function isInTheOpen(url: URL): boolean {
  return url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
