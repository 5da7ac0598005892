/** The image of a message: bytes, a data URL, or a file within the folder that the dialog allows. What came is never written to: clones of a message share it. */
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { types } from 'node:util';
import { NodeFault } from './node-fault.ts';

/** What Mien takes. */
export const mostImageBytes = 25 * 1024 * 1024;

export interface ImageSource {
  /** For messages to a person, as `msg.payload`. */
  readonly place: string;
  /** Absolute; empty where paths are refused. */
  readonly folder: string;
}

/** Errors: INPUT_INVALID, IMAGE_TOO_LARGE. */
export async function readImage(given: unknown, source: ImageSource): Promise<Uint8Array<ArrayBuffer>> {
  // By its kind, not by instanceof: what a function node makes is of another realm.
  if (ArrayBuffer.isView(given)) return bounded(plainView(given), source);
  if (types.isArrayBuffer(given)) return bounded(new Uint8Array(given), source);
  if (typeof given !== 'string') throw new NodeFault('INPUT_INVALID', `${source.place} holds an image as a Buffer, a data URL or a path, not ${nameOf(given)}`);
  return given.startsWith('data:') ? fromDataUrl(given, source) : await fromFile(given, source);
}

function plainView(given: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = given;
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  return types.isArrayBuffer(buffer) ? (view as Uint8Array<ArrayBuffer>) : new Uint8Array(view);
}

function bounded(image: Uint8Array<ArrayBuffer>, { place }: ImageSource): Uint8Array<ArrayBuffer> {
  if (image.byteLength === 0) throw new NodeFault('INPUT_INVALID', `${place} is empty: it holds an encoded image, as JPEG or PNG`);
  if (image.byteLength > mostImageBytes) throw tooLarge(place, image.byteLength);
  return image;
}

function fromDataUrl(given: string, source: ImageSource): Uint8Array<ArrayBuffer> {
  const comma = given.indexOf(',');
  const base64 = given.slice(comma + 1);
  const bytes = Math.floor((base64.length * 3) / 4);
  if (bytes > mostImageBytes + 3) throw tooLarge(source.place, bytes);
  if (comma < 0 || !/^data:image\/[\w.+-]+(;[\w.+-]+=[^;,]*)*;base64$/i.test(given.slice(0, comma)) || !/^[\w+/-]+={0,2}\s*$/.test(base64)) {
    throw new NodeFault('INPUT_INVALID', `${source.place} is no data URL of an image: it is written as data:image/jpeg;base64, and base64 after it`);
  }
  return bounded(new Uint8Array(Buffer.from(base64, 'base64')), source);
}

async function fromFile(given: string, source: ImageSource): Promise<Uint8Array<ArrayBuffer>> {
  const { place, folder } = source;
  if (folder === '') {
    throw new NodeFault('INPUT_INVALID', `${place} is a text and no data URL: to take it for the path of a file, name the folder of such files in the dialog`);
  }
  const told = JSON.stringify(given.length > 120 ? `${given.slice(0, 120)}…` : given);
  const path = await realpath(resolve(folder, given)).catch((fault) => {
    throw unreadable(told, fault);
  });
  if (!(await isWithin(path, folder))) throw new NodeFault('INPUT_INVALID', `the file ${told} is not in the folder ${folder}, which the dialog names`);
  try {
    const { size } = await regular(path, told);
    if (size > mostImageBytes) throw tooLarge(told, size);
    await using file = await open(path);
    // A file that grows is not followed.
    const image = new Uint8Array(size);
    const { bytesRead } = await file.read(image);
    return bounded(image.subarray(0, bytesRead), { ...source, place: told });
  } catch (fault) {
    throw fault instanceof NodeFault ? fault : unreadable(told, fault);
  }
}

/** Opening a pipe or a device could wait for ever. */
async function regular(path: string, told: string): Promise<{ size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new NodeFault('INPUT_INVALID', `${told} is no file`);
  return found;
}

async function isWithin(path: string, folder: string): Promise<boolean> {
  const way = relative(await realpath(folder).catch(() => folder), path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function tooLarge(place: string, bytes: number): NodeFault {
  return new NodeFault('IMAGE_TOO_LARGE', `${place} has ${bytes} bytes: an image has ${mostImageBytes} at most; make it smaller before`);
}

function unreadable(told: string, fault: unknown): NodeFault {
  return new NodeFault('INPUT_INVALID', `the file ${told} cannot be read: ${(fault as { code?: string }).code ?? String(fault)}`, { cause: fault });
}

function nameOf(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  return Array.isArray(given) ? 'a list' : `a value of type ${typeof given}`;
}
