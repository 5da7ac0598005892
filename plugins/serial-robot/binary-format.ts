/** Frames with a CRC; a person is 22 bytes of fixed layout (the README has the table). */
import { known } from '@mien/core/plugin';
import { encodeFrame, type Frame, FrameDecoder, frameType } from './frame.ts';
import type { Incoming, Message, PersonEventName, SeenData, SeenPerson, WireFormat } from './messages.ts';
import { stopReasons } from './messages.ts';

const eventCodes: Record<PersonEventName, number> = {
  'person.appeared': 1,
  'person.updated': 2,
  'person.left': 3,
  'emotion.changed': 4,
  'attention.started': 5,
  'attention.ended': 6,
};
/** An answer to WHO?. */
const HERE = 7;
const genders = ['', 'female', 'male'];
const expressions = ['', 'negative', 'neutral', 'positive'];
const attentions = ['', 'away', 'attending'];
const engagements = ['unknown', 'disengaged', 'engaging', 'engaged', 'disengaging'];
const settledBits = { age: 1, gender: 2, expression: 4 };
/** Of a label that has no number. */
const OTHER = 255;
const PERSON_BYTES = 22;
const UNKNOWN_U8 = 0xff;
const UNKNOWN_U16 = 0xffff;
const UNKNOWN_I16 = -0x8000;

export function createBinaryFormat(): WireFormat {
  return {
    encode: (message, sequence) => encodeFrame({ sequence, ...written(message) }),
    createDecoder() {
      const decoder = new FrameDecoder();
      return (bytes, nowMs) => decoder.push(bytes, nowMs).map(read);
    },
  };
}

function written(message: Message): Pick<Frame, 'type' | 'payload'> {
  switch (message.kind) {
    case 'event':
      return { type: frameType.person, payload: personPayload(eventCodes[message.name], message.data) };
    case 'here':
      return { type: frameType.person, payload: personPayload(HERE, { person: message.person }) };
    case 'text':
      return { type: frameType.text, payload: shortened(message.text) };
    case 'count':
      return { type: frameType.count, payload: Uint8Array.of(Math.min(message.count, 255)) };
    case 'stop':
      return { type: frameType.stop, payload: Uint8Array.of(stopReasons[message.reason]) };
    case 'heartbeat':
      return { type: frameType.heartbeat, payload: new Uint8Array(0) };
  }
}

function personPayload(event: number, { person, settled = [], session }: SeenData): Uint8Array {
  const bytes = new Uint8Array(PERSON_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = event;
  bytes.set(Buffer.from(person.id).subarray(0, 8), 1);
  const age = known(person.age);
  bytes[9] = age ? Math.min(Math.round(age.years), UNKNOWN_U8 - 1) : UNKNOWN_U8;
  bytes[10] = numberOf(genders, known(person.gender)?.label);
  bytes[11] = numberOf(expressions, known(person.expression)?.label);
  bytes[12] = numberOf(attentions, person.attention?.state);
  bytes[13] = numberOf(engagements, person.engagement);
  bytes[14] = settled.reduce((bits, name) => bits | (settledBits[name as keyof typeof settledBits] ?? 0), 0);
  const { distance, bearingDeg } = person as Partial<SeenPerson>;
  view.setUint16(16, within(distance && distance.m * 100, 0, UNKNOWN_U16 - 1) ?? UNKNOWN_U16, true);
  view.setInt16(18, within(bearingDeg && bearingDeg * 10, UNKNOWN_I16 + 1, 0x7fff) ?? UNKNOWN_I16, true);
  view.setUint16(20, within(session?.dwellMs && session.dwellMs / 1000, 0, UNKNOWN_U16 - 1) ?? UNKNOWN_U16, true);
  return bytes;
}

function numberOf(labels: readonly string[], label: string | undefined): number {
  if (label === undefined) return 0;
  const found = labels.indexOf(label);
  return found >= 0 ? found : OTHER;
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value === undefined ? undefined : Math.max(least, Math.min(most, Math.round(value)));
}

/** As much of a text as a frame holds, whole characters only. */
function shortened(text: string): Uint8Array {
  const payload = new Uint8Array(255);
  return payload.subarray(0, new TextEncoder().encodeInto(text, payload).written);
}

function read({ type, sequence, payload }: Frame): Incoming {
  const text = (): string => Buffer.from(payload).toString('utf8').trim();
  if (type === frameType.ack) return { kind: 'ack', sequence };
  if (type === frameType.nak) return payload[0] ? { kind: 'refused', sequence, reason: `code ${payload[0]}` } : { kind: 'again' };
  if (type === frameType.robotHeartbeat) return { kind: 'heartbeat' };
  if (type === frameType.robotText) return { kind: 'text', text: text() };
  return { kind: 'garbage' };
}
