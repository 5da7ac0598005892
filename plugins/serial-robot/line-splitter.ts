/** Lines out of a stream of bytes. Holds one unfinished line at most: a line that grows beyond `mostBytes` is dropped up to its end, and counted. */
const NEWLINE = 0x0a;

export class LineSplitter {
  /** Lines that were longer than allowed. */
  tooLong = 0;
  readonly #mostBytes: number;
  readonly #held: Uint8Array;
  #heldBytes = 0;
  #isDropping = false;

  constructor(mostBytes = 1024) {
    this.#mostBytes = mostBytes;
    this.#held = new Uint8Array(mostBytes);
  }

  /** Lines that ended in these bytes, without their end and the blanks around them; empty ones are left out. Bytes that are no UTF-8 become U+FFFD. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#hold(bytes.subarray(from, end));
      from = end + 1;
      const line = this.#isDropping ? '' : Buffer.from(this.#held.buffer, 0, this.#heldBytes).toString('utf8').trim();
      this.#heldBytes = 0;
      this.#isDropping = false;
      if (line !== '') lines.push(line);
    }
    this.#hold(bytes.subarray(from));
    return lines;
  }

  #hold(part: Uint8Array): void {
    if (this.#isDropping) return;
    if (this.#heldBytes + part.length > this.#mostBytes) {
      this.#isDropping = true;
      this.tooLong += 1;
      return;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes += part.length;
  }
}
