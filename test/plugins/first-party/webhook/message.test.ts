import { execFileSync } from 'node:child_process';
import { personAppeared } from '@mien/core/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Breaker } from '../../../../plugins/webhook/breaker.ts';
import { encoded, formMessage } from '../../../../plugins/webhook/message.ts';
import { isInTheOpen, type Options, optionFaults } from '../../../../plugins/webhook/options.ts';
import { keyOf, signatureHeaders } from '../../../../plugins/webhook/signature.ts';
import { verdictOf } from '../../../../plugins/webhook/verdict.ts';
import { findProgram } from '../../../support/programs.ts';

const test = suite('webhook: what is sent, and what an answer means');

test('structured: the whole event is the body', () => {
  const event = personAppeared({ age: 30 });
  const { headers, body } = formMessage(event, 'structured');
  assert.equal(headers, { 'content-type': 'application/cloudevents+json; charset=utf-8' });
  assert.equal(JSON.parse(body.toString()), JSON.parse(JSON.stringify(event)));
});

test('binary: the data is the body, each other attribute a header', () => {
  const event = personAppeared({ age: 30 });
  const { headers, body } = formMessage(event, 'binary');
  assert.equal(JSON.parse(body.toString()), JSON.parse(JSON.stringify(event.data)));
  const { data: _, datacontenttype, ...attributes } = event;
  assert.is(headers['content-type'], datacontenttype);
  assert.equal(Object.keys(headers).sort(), [...Object.keys(attributes).map((name) => `ce-${name}`), 'content-type'].sort());
  for (const [name, value] of Object.entries(attributes)) assert.is(decodeURIComponent(headers[`ce-${name}`] ?? ''), value);
  assert.is(headers['ce-specversion'], '1.0');
});

test('header values are percent-encoded as the HTTP binding has it', () => {
  // The example of section 3.1.3.2, and the characters it names.
  assert.is(encoded('Euro € 😀'), 'Euro%20%E2%82%AC%20%F0%9F%98%80');
  assert.is(encoded('100 % "sure"'), '100%20%25%20%22sure%22');
  assert.is(encoded('urn:mien:kiosk/main~!#$&'), 'urn:mien:kiosk/main~!#$&');
  assert.is(encoded('a\r\nb\u0000\u007f'), 'a%0D%0Ab%00%7F');
  assert.is(encoded('\ud800'), '%EF%BF%BD', 'half a character');
});

test('signatures are what another HMAC makes of id.timestamp.body, one for each secret', () => {
  const python = findProgram(['python3', 'python'], ['-c', 'import hmac']);
  if (!python) return console.log('SKIPPED: python3 is missing (apt install python3)');
  const secrets = [`whsec_${Buffer.alloc(32, 7).toString('base64')}`, Buffer.alloc(24, 9).toString('base64')];
  const body = Buffer.from('{"name":"Zoë"}');
  const keys = secrets.map(keyOf).filter((key) => key !== undefined);
  const headers = signatureHeaders(keys, 'boot-0000000000000001', 1_700_000_000_999, body);
  const program = `
import base64, hashlib, hmac, sys
secrets = sys.argv[1:]
for secret in secrets:
    key = base64.b64decode(secret.removeprefix('whsec_'))
    signed = b'boot-0000000000000001.1700000000.' + sys.stdin.buffer.read() if secret == secrets[0] else signed
    print('v1,' + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode())
`;
  const expected = execFileSync(python, ['-c', program, ...secrets], { input: body, encoding: 'utf8', timeout: 60_000 })
    .trim()
    .split('\n');
  assert.equal(headers, { 'webhook-id': 'boot-0000000000000001', 'webhook-timestamp': '1700000000', 'webhook-signature': expected.join(' ') });
  assert.equal(signatureHeaders([], 'a', 0, body), { 'webhook-id': 'a', 'webhook-timestamp': '0' }, 'unsigned');
});

test('a secret that is none is said to be so, and not repeated', () => {
  for (const secret of [
    'hunter2',
    'whsec_',
    `whsec_${Buffer.alloc(8).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    'whsec_a b',
    '*'.repeat(40),
  ])
    assert.is(keyOf(secret), undefined, secret);
  assert.is(keyOf(`whsec_${Buffer.alloc(64, 1).toString('base64').replace(/=/g, '')}`)?.length, 64, 'without padding');
  const [fault = ''] = optionFaults({ ...good, secret: 'hunter2' });
  assert.match(fault, /^secret: expected whsec_/);
  assert.not.match(fault, /hunter2/);
});

test('answers: taken, refused, later, never', () => {
  const kinds = (...statuses: number[]) => statuses.map((status) => verdictOf(status, undefined, 0).kind);
  assert.equal(kinds(200, 202, 204, 299), ['delivered', 'delivered', 'delivered', 'delivered']);
  assert.equal(kinds(400, 401, 404, 413, 422), ['refused', 'refused', 'refused', 'refused', 'refused']);
  assert.equal(kinds(301, 307, 408, 425, 429, 500, 503, 599), Array(8).fill('again'));
  assert.equal(kinds(410), ['gone']);
});

test('Retry-After: seconds or a date, for 429 and 503, an hour at most', () => {
  const after = (status: number, text: string | undefined, nowMs = 0) => (verdictOf(status, text, nowMs) as { afterMs?: number }).afterMs;
  assert.is(after(503, '120'), 120_000);
  assert.is(after(429, ' 0 '), 0);
  assert.is(after(503, 'Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2015, 9, 21, 7, 27, 30)), 30_000);
  assert.is(after(503, 'Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2020, 0)), 0, 'a date that has passed');
  assert.is(after(503, '9'.repeat(400)), 3_600_000);
  for (const nonsense of [undefined, '', 'soon', '-5', '1.5 s']) assert.ok(!(Number(after(503, nonsense)) > 0), String(nonsense));
  assert.is(after(500, '120'), undefined);
});

test('the breaker opens after failures in a row, tries one, and closes on success', () => {
  let now = 0;
  const breaker = new Breaker({ failuresToOpen: 3, coolDownMs: 1000, now: () => now });
  assert.equal([breaker.failed(), breaker.failed(), breaker.succeeded()], [false, false, false]);
  assert.equal(
    [breaker.failed(), breaker.failed(), breaker.state, breaker.failed(), breaker.state, breaker.waitMs],
    [false, false, 'closed', true, 'open', 1000],
  );
  now = 1000;
  assert.equal([breaker.state, breaker.waitMs], ['half-open', 0]);
  assert.is(breaker.failed(), true, 'one failure is enough now');
  assert.is(breaker.waitMs, 1000);
  now = 2500;
  assert.equal([breaker.succeeded(), breaker.state, breaker.failuresInARow], [true, 'closed', 0]);
});

const good: Options = {
  url: 'https://example.org/mien',
  mode: 'structured',
  events: [],
  cameras: [],
  secret: '',
  previousSecret: '',
  headers: {},
  ca: '',
  timeoutMs: 1000,
  inFlight: 1,
  onRefusal: 'skip',
  failuresToOpen: 5,
  coolDownMs: 1000,
  maxHeld: 10,
  maxBodyBytes: 10_000,
};

test('options that a schema cannot judge are named, with what to do', () => {
  const faults = (part: Partial<Options>) => optionFaults({ ...good, ...part });
  assert.equal(faults({}), []);
  assert.match(faults({ url: '' })[0] ?? '', /^url: expected the address that takes events.*got nothing/);
  for (const url of ['example.org', 'ftp://example.org', 'https://']) assert.match(faults({ url })[0] ?? '', /^url: expected an address that begins with/);
  const [password = ''] = faults({ url: 'https://me:hunter2@example.org' });
  assert.match(password, /^url: has a user or a password in it.*headers/);
  assert.not.match(password, /hunter2/);
  assert.match(faults({ events: ['person.apeared'] })[0] ?? '', /^events: there is no event "person\.apeared".*person\.appeared/);
  assert.match(faults({ headers: { 'Webhook-Id': '1' } })[0] ?? '', /^headers: Webhook-Id is set by the plugin itself/);
  assert.match(faults({ headers: { 'x-key': 'a\r\nb: c' } })[0] ?? '', /^headers: "x-key" or its value has characters/);
  assert.match(faults({ ca: '/etc/ssl/ca.pem' })[0] ?? '', /^ca: expected the text of a certificate/);
  assert.match(faults({ previousSecret: `whsec_${Buffer.alloc(32).toString('base64')}` })[0] ?? '', /^previousSecret: stands beside a new one/);
  assert.equal(
    ['http://robot/', 'http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]/', 'https://robot/', 'http://127.0.0.1.example.org/'].map((url) =>
      isInTheOpen(new URL(url)),
    ),
    [true, false, false, false, false, true],
  );
});

test.run();
