/** Plain text, one message a line. */
import { known } from '@mien/core/plugin';
import { LineSplitter } from './line-splitter.ts';
import type { Incoming, Message, SeenPerson, WireFormat } from './messages.ts';

export interface LinesFormatOptions {
  readonly end: '\n' | '\r\n';
  readonly stop: string;
  readonly heartbeat: string;
}

export function createLinesFormat({ end, stop, heartbeat }: LinesFormatOptions): WireFormat {
  const words = (message: Message): string => {
    switch (message.kind) {
      case 'text':
        return message.text;
      case 'count':
        return `COUNT ${message.count}`;
      case 'here':
        return hereLine(message.person);
      case 'stop':
        return stop;
      case 'heartbeat':
        return heartbeat;
      case 'event':
        throw new TypeError('events are texts in this format');
    }
  };
  return {
    encode: (message) => Buffer.from(`${oneLine(words(message))}${end}`),
    createDecoder() {
      const splitter = new LineSplitter();
      return (bytes) => splitter.push(bytes).map((line) => readLine(line, heartbeat));
    },
  };
}

/** `HERE p-k7f3q 25-34 female positive 1.4`; `-` stands for what is not known. */
function hereLine({ id, age, gender, expression, distance }: SeenPerson): string {
  const facts = [known(age)?.band, known(gender)?.label, known(expression)?.label, distance?.m.toFixed(1)];
  return ['HERE', id, ...facts.map((fact) => fact ?? '-')].join(' ');
}

function readLine(line: string, heartbeat: string): Incoming {
  // A wrong baud rate looks like this.
  if (hasControls(line) || line.includes('\ufffd')) return { kind: 'garbage' };
  if (line === 'OK') return { kind: 'ack' };
  if (line === 'ERR' || line.startsWith('ERR ')) return { kind: 'refused', reason: line.slice(4) };
  if (line === heartbeat) return { kind: 'heartbeat' };
  return { kind: 'text', text: line };
}

function isControl(character: string): boolean {
  return (character < ' ' && character !== '\t') || character === '\u007f';
}

function hasControls(text: string): boolean {
  return [...text].some(isControl);
}

/** What would begin another line, or is none of a text's business, becomes a blank. */
function oneLine(text: string): string {
  return hasControls(text) ? [...text].map((character) => (isControl(character) ? ' ' : character)).join('') : text;
}
