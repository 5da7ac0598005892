/** The three formats on the wire, the binary decoder and the line splitter. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBinaryFormat } from '../../../../plugins/serial-robot/binary-format.ts';
import { crc16 } from '../../../../plugins/serial-robot/crc16.ts';
import { encodeFrame, type Frame, FrameDecoder } from '../../../../plugins/serial-robot/frame.ts';
import { createJsonFormat } from '../../../../plugins/serial-robot/json-format.ts';
import { LineSplitter } from '../../../../plugins/serial-robot/line-splitter.ts';
import { createLinesFormat } from '../../../../plugins/serial-robot/lines-format.ts';
import type { Message } from '../../../../plugins/serial-robot/messages.ts';
import { fakePerson, known } from '../../../support/fake-people.ts';
import { times } from '../../../support/soak.ts';

const eva = fakePerson('p-k7f3q', { ...known, attention: { state: 'attending', score: 0.9, currentMs: 0, totalMs: 0, glances: 0 }, engagement: 'engaged' });
const settled: Message = { kind: 'event', name: 'person.updated', data: { person: eva, settled: ['age', 'gender'] } };
const left: Message = { kind: 'event', name: 'person.left', data: { person: { id: 'p-k7f3q' }, reason: 'exited', session: { dwellMs: 8200 } } };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const words = ({ type, sequence, payload }: Frame): string => `${type} ${sequence} ${hex(payload)}`;
const lines = createLinesFormat({ end: '\n', stop: 'STOP', heartbeat: 'HB' });
const json = createJsonFormat();
const binary = createBinaryFormat();

test('the CRC is CRC-16/CCITT-FALSE: its check value, and the empty one', () => {
  assert.is(crc16(Buffer.from('123456789')), 0x29b1);
  assert.is(crc16(new Uint8Array(0)), 0xffff);
});

test('binary: frames byte for byte, their CRCs by another implementation (crc_hqx of Python)', () => {
  assert.is(hex(binary.encode({ kind: 'heartbeat' }, 0)), 'aa550101000044c5');
  assert.is(hex(binary.encode({ kind: 'stop', reason: 'robot-silent' }, 7)), 'aa550102070101b5f0');
  // Updated, "p-k7f3q", 34 years, female, positive, attending, engaged, age and gender settled, 140 cm, -6.0 degrees, no dwell.
  assert.is(hex(binary.encode(settled, 3)), 'aa550110031602702d6b3766337100220103020303008c00c4ffffff44b0');
  const nothingKnown = `03${hex(Buffer.from('p-k7f3q'))}00ff000000000000ffff00800800`;
  assert.is(hex(binary.encode(left, 4).subarray(6, -2)), nothingKnown);
  const long = binary.encode({ kind: 'text', text: `${'a'.repeat(254)}ä` }, 1);
  assert.is(long[5], 254, 'no half of a character');
});

test('JSON: small flat objects, and what is not known is left out', () => {
  const read = (message: Message): unknown => JSON.parse(Buffer.from(json.encode(message, 5)).toString());
  const person = { id: 'p-k7f3q', camera: 'main', years: 34, band: '25-34', gender: 'female', expression: 'positive', attention: 'attending' };
  const where = { engagement: 'engaged', distanceM: 1.4, bearingDeg: -6, zone: 'mid' };
  assert.equal(read(settled), { seq: 5, event: 'person.updated', ...person, ...where, settled: ['age', 'gender'] });
  assert.equal(read(left), { seq: 5, event: 'person.left', id: 'p-k7f3q', reason: 'exited', dwellMs: 8200 });
  const withheld = { id: 'p-aaaaa', gender: { label: 'unknown', abstain: 'policy' } as const };
  assert.equal(read({ kind: 'here', person: withheld }), { seq: 5, here: { id: 'p-aaaaa' } });
  assert.equal(read({ kind: 'stop', reason: 'camera-lost' }), { seq: 5, stop: 'camera-lost' });
  assert.equal(read({ kind: 'heartbeat' }), { seq: 5, heartbeat: true });
});

test('lines: one message is one line, whatever is in the text', () => {
  const read = (message: Message): string => Buffer.from(lines.encode(message, 1)).toString();
  assert.is(read({ kind: 'text', text: 'hello\r\nSTOP\u0000now' }), 'hello  STOP now\n');
  assert.is(read({ kind: 'here', person: eva }), 'HERE p-k7f3q 25-34 female positive 1.4\n');
  assert.is(read({ kind: 'here', person: { id: 'p-aaaaa' } }), 'HERE p-aaaaa - - - -\n');
  assert.is(read({ kind: 'stop', reason: 'stopping' }), 'STOP\n');
  assert.is(Buffer.from(createLinesFormat({ end: '\r\n', stop: 'S', heartbeat: 'HB' }).encode({ kind: 'count', count: 3 }, 1)).toString(), 'COUNT 3\r\n');
});

test('what the robot says is understood in each format; garbage is no sign of life', () => {
  const heard = (format: typeof lines, bytes: Uint8Array | string) => format.createDecoder()(Buffer.from(bytes as string), 0);
  assert.equal(heard(lines, 'OK\r\nERR too hot\nHB\nWHO?\nOKAY\n'), [
    { kind: 'ack' },
    { kind: 'refused', reason: 'too hot' },
    { kind: 'heartbeat' },
    { kind: 'text', text: 'WHO?' },
    { kind: 'text', text: 'OKAY' },
  ]);
  assert.equal(heard(lines, Uint8Array.of(0xff, 0x80, 0x0a, 0x01, 0x41, 0x0a)), [{ kind: 'garbage' }, { kind: 'garbage' }]);
  assert.equal(heard(json, '{"ack":7}\n{"nak":8,"error":"hot"}\n{"nak":true}\n{"heartbeat":true}\n{"text":"WHO?"}\n[1]\n{\n{"x":1}\n'), [
    { kind: 'ack', sequence: 7 },
    { kind: 'refused', sequence: 8, reason: 'hot' },
    { kind: 'again' },
    { kind: 'heartbeat' },
    { kind: 'text', text: 'WHO?' },
    { kind: 'garbage' },
    { kind: 'garbage' },
    { kind: 'garbage' },
  ]);
  const frames = [
    { type: 0x81, sequence: 7, payload: new Uint8Array(0) },
    { type: 0x82, sequence: 7, payload: Uint8Array.of(0) },
    { type: 0x82, sequence: 7, payload: Uint8Array.of(2) },
    { type: 0x80, sequence: 0, payload: new Uint8Array(0) },
    { type: 0x83, sequence: 1, payload: Buffer.from('COUNT?') },
    { type: 0x55, sequence: 1, payload: new Uint8Array(0) },
  ];
  assert.equal(heard(binary, Buffer.concat(frames.map(encodeFrame))), [
    { kind: 'ack', sequence: 7 },
    { kind: 'again' },
    { kind: 'refused', sequence: 7, reason: 'code 2' },
    { kind: 'heartbeat' },
    { kind: 'text', text: 'COUNT?' },
    { kind: 'garbage' },
  ]);
});

const frame = fc.record({ type: fc.nat(255), sequence: fc.nat(255), payload: fc.uint8Array({ maxLength: 255 }) });

test('property: frames come out as they went in, however the stream is cut, with garbage between that begins no frame', () => {
  const garbage = fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.map((byte) => (byte === 0xaa ? 0xab : byte)));
  const stream = fc.array(fc.tuple(garbage, frame), { maxLength: 6 });
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 }), (parts, cuts) => {
      const bytes = Buffer.concat(parts.flatMap(([noise, one]) => [noise, encodeFrame(one)]));
      const decoder = new FrameDecoder();
      const found: Frame[] = [];
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const end = at + (cuts[i % cuts.length] as number);
        found.push(...decoder.push(bytes.subarray(at, end), 0));
        at = end;
      }
      assert.equal(
        found.map(words),
        parts.map(([, one]) => words(one)),
      );
      assert.is(
        decoder.skippedBytes,
        parts.reduce((sum, [noise]) => sum + noise.length, 0),
      );
    }),
    { numRuns: times(100) },
  );
});

test('property: after any garbage, half a frame included, and a pause, a good frame is found at once', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), frame, frame, fc.nat(300), (noise, cut, good, length) => {
      const decoder = new FrameDecoder(250);
      const before = decoder.push(Buffer.concat([noise, encodeFrame(cut).subarray(0, length)]), 0).length;
      const found = decoder.push(encodeFrame(good), 1000);
      assert.is(found.map(words).at(-1), words(good), `${before} frames before`);
    }),
    { numRuns: times(100) },
  );
});

test('a damaged frame is not a frame, and the one right behind it is found', () => {
  const good = { type: 0x10, sequence: 4, payload: Uint8Array.of(1, 2, 3) };
  for (let bit = 0; bit < 8 * 9; bit += 1) {
    const damaged = Buffer.from(encodeFrame({ ...good, sequence: 3, payload: Uint8Array.of(9) }));
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    const decoder = new FrameDecoder();
    const found = [...decoder.push(Buffer.concat([damaged, encodeFrame(good)]), 0), ...decoder.push(encodeFrame(good), 1000)];
    assert.ok(found.length >= 1 && found.length <= 2, `bit ${bit}`);
    for (const one of found) assert.is(words(one), words(good), `bit ${bit}`);
  }
});

test('property: lines come out as they went in, however cut; one that never ends is dropped, and the next is whole', () => {
  const line = fc.string({ minLength: 1, maxLength: 60 }).map((text) => text.replace(/[\n\r]/g, 'x').trim());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 30 }), fc.constantFrom('\n', '\r\n'), (texts, size, end) => {
      const splitter = new LineSplitter(400);
      const bytes = Buffer.from(texts.map((text) => text + end).join(''));
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.subarray(at, at + size)));
      assert.equal(
        found,
        texts.filter((text) => text !== ''),
      );
    }),
    { numRuns: times(100) },
  );
  const splitter = new LineSplitter();
  for (let i = 0; i < 16; i += 1) assert.equal(splitter.push(Buffer.alloc(65_536, 'x')), []);
  assert.equal(splitter.push(Buffer.from('the end\nWHO?\n')), ['WHO?']);
  assert.is(splitter.tooLong, 1);
});

test.run();
