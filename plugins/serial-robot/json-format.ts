/** One JSON object a line: small, flat, as a robot's parser likes it. */
import { known } from '@mien/core/plugin';
import { LineSplitter } from './line-splitter.ts';
import type { Incoming, Message, SeenPerson, WireFormat } from './messages.ts';

export function createJsonFormat(): WireFormat {
  return {
    encode: (message, sequence) => Buffer.from(`${JSON.stringify({ seq: sequence, ...written(message) })}\n`),
    createDecoder() {
      const splitter = new LineSplitter();
      return (bytes) => splitter.push(bytes).map(readObject);
    },
  };
}

/** What is undefined is left out. */
function written(message: Message): object {
  switch (message.kind) {
    case 'event': {
      const { person, settled, reason, session } = message.data;
      return { event: message.name, ...flat(person), settled: settled?.length ? settled : undefined, reason, dwellMs: rounded(session?.dwellMs) };
    }
    case 'here':
      return { here: flat(message.person) };
    case 'text':
      return { text: message.text };
    case 'count':
      return { count: message.count };
    case 'stop':
      return { stop: message.reason };
    case 'heartbeat':
      return { heartbeat: true };
  }
}

function flat({ id, camera, age, gender, expression, attention, engagement, distance, bearingDeg, zone }: SeenPerson): object {
  const years = known(age);
  return {
    id,
    camera,
    years: rounded(years?.years),
    band: years?.band,
    gender: known(gender)?.label,
    expression: known(expression)?.label,
    attention: attention?.state,
    engagement,
    distanceM: distance && Math.round(distance.m * 100) / 100,
    bearingDeg: rounded(bearingDeg),
    zone,
  };
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function readObject(line: string): Incoming {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'garbage' };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { kind: 'garbage' };
  const { ack, nak, error, heartbeat, text } = value as Record<string, unknown>;
  if (typeof ack === 'number') return { kind: 'ack', sequence: ack };
  if (typeof nak === 'number') return { kind: 'refused', sequence: nak, reason: typeof error === 'string' ? error : '' };
  if (nak === true) return { kind: 'again' };
  if (heartbeat === true) return { kind: 'heartbeat' };
  if (typeof text === 'string') return { kind: 'text', text: text.trim() };
  return { kind: 'garbage' };
}
