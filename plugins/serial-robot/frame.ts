/**
 * One binary frame, byte for byte (the README has it for the robot's side):
 *
 *     0xAA 0x55  version  type  sequence  length  payload[length]  crc low  crc high
 *
 * The CRC covers everything between the two 0xAA 0x55 and itself. Numbers of two bytes have the lower byte first.
 */
import { crc16 } from './crc16.ts';

export interface Frame {
  readonly type: number;
  /** 0..255 */
  readonly sequence: number;
  /** 255 bytes at most. */
  readonly payload: Uint8Array;
}

export const frameType = {
  heartbeat: 0x01,
  stop: 0x02,
  person: 0x10,
  text: 0x11,
  count: 0x12,
  robotHeartbeat: 0x80,
  ack: 0x81,
  nak: 0x82,
  robotText: 0x83,
} as const;

const SYNC_0 = 0xaa;
const SYNC_1 = 0x55;
const VERSION = 1;
/** Before the payload, and with the CRC after it. */
const HEAD_BYTES = 6;
const FRAME_BYTES = HEAD_BYTES + 2;

export function encodeFrame({ type, sequence, payload }: Frame): Uint8Array {
  if (payload.length > 255) throw new RangeError(`a frame holds 255 bytes at most, got ${payload.length}`);
  const bytes = new Uint8Array(FRAME_BYTES + payload.length);
  bytes.set([SYNC_0, SYNC_1, VERSION, type, sequence, payload.length]);
  bytes.set(payload, HEAD_BYTES);
  const crc = crc16(bytes, 2, bytes.length - 2);
  bytes.set([crc & 0xff, crc >> 8], bytes.length - 2);
  return bytes;
}

/** Finds frames in whatever comes. Holds one unfinished frame at most (263 bytes); what is no frame is skipped byte by byte, so that a good one after it is found. */
export class FrameDecoder {
  /** Bytes that belonged to no frame. */
  skippedBytes = 0;
  readonly #giveUpMs: number;
  #held: Uint8Array = new Uint8Array(0);
  #lastMs = 0;

  /** `giveUpMs`: a frame that pauses for longer is no frame; what came after its beginning is looked at anew. */
  constructor(giveUpMs = 250) {
    this.#giveUpMs = giveUpMs;
  }

  push(bytes: Uint8Array, nowMs: number): Frame[] {
    const frames: Frame[] = [];
    if (this.#held.length > 0 && nowMs - this.#lastMs > this.#giveUpMs) this.#held = this.#scan(this.#held, frames, true);
    this.#lastMs = nowMs;
    this.#held = this.#scan(this.#held.length === 0 ? bytes : joined(this.#held, bytes), frames, false);
    return frames;
  }

  /** Adds the frames found; returns what may be the beginning of one. `isOver`: nothing more comes to these bytes. */
  #scan(bytes: Uint8Array, frames: Frame[], isOver: boolean): Uint8Array {
    let at = 0;
    while (at < bytes.length) {
      const size = frameSizeAt(bytes, at);
      if (size === 'more' && !isOver) break;
      if (typeof size !== 'number') {
        this.skippedBytes += 1;
        at += 1;
        continue;
      }
      frames.push({ type: bytes[at + 3] as number, sequence: bytes[at + 4] as number, payload: bytes.slice(at + HEAD_BYTES, at + size - 2) });
      at += size;
    }
    return bytes.slice(at);
  }
}

/** Of the whole good frame that begins there; `more` where only its beginning is there, `none` where none begins. */
function frameSizeAt(bytes: Uint8Array, at: number): number | 'more' | 'none' {
  const left = bytes.length - at;
  if (bytes[at] !== SYNC_0) return 'none';
  if (left > 1 && bytes[at + 1] !== SYNC_1) return 'none';
  if (left > 2 && bytes[at + 2] !== VERSION) return 'none';
  if (left < HEAD_BYTES) return 'more';
  const size = FRAME_BYTES + (bytes[at + 5] as number);
  if (left < size) return 'more';
  const crc = (bytes[at + size - 2] as number) | ((bytes[at + size - 1] as number) << 8);
  return crc16(bytes, at + 2, at + size - 2) === crc ? size : 'none';
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
