import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { MienError } from '../errors.ts';

/** Bytes of the largest encoded picture: more is no picture that could be decoded within its own limits. */
const MAX_PICTURE_BYTES = 256 * 2 ** 20;

/** The bytes of a file, or of standard input for `-`, held to a limit before they are in memory. Errors: INPUT_NOT_FOUND, IMAGE_TOO_LARGE. */
export async function readPicture(file: string, stdin: Readable = process.stdin, limit = MAX_PICTURE_BYTES): Promise<Uint8Array> {
  try {
    if (file === '-') return await readStream(stdin, limit);
    if ((await stat(file)).size > limit) throw tooLarge(file, limit);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof MienError) throw cause;
    throw new MienError('INPUT_NOT_FOUND', `cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
}

async function readStream(stream: Readable, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limit) throw tooLarge('standard input', limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(what: string, limit: number): MienError {
  return new MienError('IMAGE_TOO_LARGE', `${what} has more than ${limit} bytes; no picture that is read is so large.`);
}
