/**
 * The outside of a tape: blocks of whole lines, each complete in itself. A block is a zstd frame with its checksum, and before it a skippable
 * frame that says how long it is, so that `zstd -dc` reads a tape, and a reader here knows whether a block is whole before it uses any of it.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MienError } from '../errors.ts';

/** Magic of zstd's skippable frame number 13, then the size of its content, then the content: length of the block that follows. */
const MAGIC = 0x184d2a5d;
const LEAD_BYTES = 12;
/** Far beyond what is ever written: bounds what a false tape can make a reader allocate. */
const MAX_BYTES = 16 << 20;

export function encodeBlock(lines: string): Buffer {
  const frame = zstdCompressSync(lines, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const lead = Buffer.alloc(LEAD_BYTES);
  lead.writeUInt32LE(MAGIC, 0);
  lead.writeUInt32LE(4, 4);
  lead.writeUInt32LE(frame.length, 8);
  return Buffer.concat([lead, frame]);
}

/** Whole tapes end between two blocks; a recorder that was killed leaves a part of one, a power cut also zeros. */
export type BlocksEnd = 'whole' | 'torn';

/** The text of each block. Errors: TAPE_INVALID with the byte at which it stands. */
export async function* readBlocks(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string, BlocksEnd> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let held: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of bytes) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    for (;;) {
      if (offset === 0) demandTape(held, name);
      const length = blockLength(held, offset, name);
      if (length === 'torn') return 'torn';
      if (length === null || held.length < length) break;
      yield decodeBlock(held.subarray(LEAD_BYTES, length), offset, name, utf8);
      held = held.subarray(length);
      offset += length;
    }
  }
  if (offset === 0) throw new MienError('TAPE_INVALID', `${name} is not a whole tape: it ends before its header (${held.length} bytes); record it anew`);
  return held.length === 0 ? 'whole' : 'torn';
}

function demandTape(held: Buffer, name: string): void {
  const lead = Buffer.alloc(4);
  lead.writeUInt32LE(MAGIC, 0);
  if (held.length > 0 && !held.subarray(0, 4).equals(lead.subarray(0, Math.min(4, held.length)))) {
    throw new MienError('TAPE_INVALID', `${name} is not a tape: expected a .mientape as \`mien record\` writes it, got a file that begins with ${begin(held)}`);
  }
}

function begin(held: Buffer): string {
  return `bytes ${held
    .subarray(0, 4)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')}`;
}

/** Lead and frame together; null while the lead is not there yet. */
function blockLength(held: Buffer, offset: number, name: string): number | 'torn' | null {
  if (held.length < LEAD_BYTES) return null;
  if (held.subarray(0, LEAD_BYTES).every((byte) => byte === 0)) return 'torn';
  const frameBytes = held.readUInt32LE(8);
  if (held.readUInt32LE(0) !== MAGIC || held.readUInt32LE(4) !== 4 || frameBytes > MAX_BYTES) throw damaged(name, offset, 'no block begins here');
  return LEAD_BYTES + frameBytes;
}

function decodeBlock(frame: Buffer, offset: number, name: string, utf8: InstanceType<typeof TextDecoder>): string {
  let text: string;
  try {
    text = utf8.decode(zstdDecompressSync(frame, { maxOutputLength: MAX_BYTES }));
  } catch (cause) {
    throw damaged(name, offset, (cause as Error).message, cause);
  }
  if (!text.endsWith('\n')) throw damaged(name, offset, 'a block does not end with a line');
  return text;
}

function damaged(name: string, offset: number, why: string, cause?: unknown): MienError {
  return new MienError('TAPE_INVALID', `${name} is damaged at byte ${offset}: ${why}; copy it anew from where it was recorded, or record it again`, { cause });
}
