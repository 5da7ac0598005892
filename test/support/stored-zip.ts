import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Reads members of a zip that was written without compression. */
export class StoredZip implements Disposable {
  readonly #file: number;
  readonly #members = new Map<string, { readonly offset: number; readonly size: number }>();

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    const { size } = fstatSync(this.#file);
    const tail = this.#read(Math.max(0, size - 66_000), Math.min(size, 66_000));
    const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
    const count = tail.readUInt16LE(end + 10);
    const directory = this.#read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
    let at = 0;
    for (let i = 0; i < count; i += 1) {
      const nameLength = directory.readUInt16LE(at + 28);
      const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
      if (directory.readUInt16LE(at + 10) === 0) {
        this.#members.set(name, { offset: directory.readUInt32LE(at + 42), size: directory.readUInt32LE(at + 24) });
      }
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
  }

  get(name: string): Buffer {
    const member = this.#members.get(name);
    if (!member) throw new Error(`${name} is not in the zip, or compressed`);
    const header = this.#read(member.offset, 30);
    return this.#read(member.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), member.size);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, position);
    return bytes;
  }
}
