/** Frames of WebSocket (RFC 6455) as a client writes and reads them. */
import { randomBytes } from 'node:crypto';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface WsMessage {
  /** text, binary, close, ping or pong. */
  readonly opcode: number;
  readonly payload: Buffer;
}

/** One whole message in one frame, masked as a client must. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extra + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  const start = 2 + extra + 4;
  mask.copy(frame, start - 4);
  for (let i = 0; i < length; i += 1) frame[start + i] = (payload[i] as number) ^ (mask[i & 3] as number);
  return frame;
}

/** Makes messages of what comes in, in pieces of any size. Throws an Error that says what is against the protocol; then it is of no more use. */
export class FrameReader {
  readonly #mostBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partsBytes = 0;
  #opcode: number | undefined;

  /** `mostBytes`: of one message. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  *push(chunk: Buffer): Generator<WsMessage> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const frame = this.#frame();
      if (!frame) return;
      const message = this.#joined(frame);
      if (message) yield message;
    }
  }

  /** The next whole frame, taken from what is there. */
  #frame(): (WsMessage & { readonly isFinal: boolean }) | undefined {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const [first = 0, second = 0] = rest;
    const [opcode, isFinal] = [first & 0x0f, (first & 0x80) !== 0];
    if ((first & 0x70) !== 0) throw new Error('a frame with bits that were not agreed on');
    if ((second & 0x80) !== 0) throw new Error('a masked frame, which no server sends');
    if (!(Object.values(opcodes) as number[]).includes(opcode)) throw new Error(`a frame of the unknown kind ${opcode}`);
    const short = second & 0x7f;
    if (opcode >= 8 && (short > 125 || !isFinal)) throw new Error('a control frame that is too long or in pieces');
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (rest.length < 2 + extra) return undefined;
    const length = extra === 0 ? short : extra === 2 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (this.#partsBytes + length > this.#mostBytes) throw new Error(`a message of more than ${this.#mostBytes} bytes`);
    const end = 2 + extra + length;
    if (rest.length < end) return undefined;
    this.#rest = rest.subarray(end);
    return { opcode, isFinal, payload: rest.subarray(2 + extra, end) };
  }

  #joined({ opcode, isFinal, payload }: WsMessage & { readonly isFinal: boolean }): WsMessage | undefined {
    if (opcode >= 8) return { opcode, payload };
    if ((opcode === opcodes.continuation) !== (this.#opcode !== undefined)) throw new Error('pieces of messages out of order');
    this.#opcode ??= opcode;
    this.#parts.push(payload);
    this.#partsBytes += payload.length;
    if (!isFinal) return undefined;
    const message = { opcode: this.#opcode, payload: Buffer.concat(this.#parts) };
    this.#opcode = undefined;
    this.#parts = [];
    this.#partsBytes = 0;
    return message;
  }
}
