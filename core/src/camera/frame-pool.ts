/** Keeps a few free, equally sized pixel buffers, so that a stream of frames allocates nothing once it runs. */
export class FramePool {
  readonly #free: Uint8Array[] = [];
  readonly #keep: number;
  #bytes = 0;

  /** `keep`: how many free buffers to hold on to. Buffers on loan are bounded by the borrowers, not by the pool. */
  constructor(keep = 4) {
    this.#keep = keep;
  }

  get free(): number {
    return this.#free.length;
  }

  /** A buffer of exactly `bytes` bytes with undefined content. Asking for another size lets the old buffers go. */
  acquire(bytes: number): Uint8Array {
    if (bytes !== this.#bytes) {
      this.#free.length = 0;
      this.#bytes = bytes;
    }
    return this.#free.pop() ?? new Uint8Array(bytes);
  }

  /** Takes a buffer back. The caller must not touch it afterwards, nor give it twice. */
  give(buffer: Uint8Array): void {
    if (buffer.length === this.#bytes && this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
