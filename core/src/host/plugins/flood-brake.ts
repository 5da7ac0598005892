/** Reads a stream no faster than agreed: who says too much waits for itself, in its own memory, and costs the host nothing more. */
export interface Rates {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** So long without ever coming to rest is a flood. */
  readonly floodMs: number;
}
export interface Brakeable {
  pause(): void;
  resume(): void;
}

/** What may come at once, in seconds of the rate. */
const BURST_S = 0.2;
const LOOK_AGAIN_MS = 50;

/** Two leaky buckets. What overflows is paid back before anything more is read. */
export class FloodBrake implements Disposable {
  readonly #rates: Rates;
  readonly #stream: Brakeable;
  readonly #flooded: () => void;
  #messages = 0;
  #bytes = 0;
  #bytesSeen = 0;
  #at = performance.now();
  #brakedSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(rates: Rates, stream: Brakeable, flooded: () => void) {
    this.#rates = rates;
    this.#stream = stream;
    this.#flooded = flooded;
  }

  get isBraking(): boolean {
    return this.#timer !== undefined;
  }

  /** One message came; `bytesRead` counts the stream's bytes from its beginning. */
  took(bytesRead: number): void {
    this.#leak();
    this.#messages += 1;
    this.#bytes += bytesRead - this.#bytesSeen;
    this.#bytesSeen = bytesRead;
    if (this.#isOver() && !this.#timer) this.#brake();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #leak(): void {
    const now = performance.now();
    const seconds = (now - this.#at) / 1000;
    this.#at = now;
    this.#messages = Math.max(0, this.#messages - seconds * this.#rates.messagesPerSecond);
    this.#bytes = Math.max(0, this.#bytes - seconds * this.#rates.bytesPerSecond);
    // Only who has been at rest is innocent again.
    if (this.#messages === 0 && this.#bytes === 0) this.#brakedSince = undefined;
  }

  #isOver(): boolean {
    return this.#messages > this.#rates.messagesPerSecond * BURST_S || this.#bytes > this.#rates.bytesPerSecond * BURST_S;
  }

  #brake(): void {
    this.#brakedSince ??= performance.now();
    this.#stream.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#leak();
      if (this.#brakedSince !== undefined && performance.now() - this.#brakedSince > this.#rates.floodMs) this.#flooded();
      else if (this.#isOver()) this.#brake();
      else this.#stream.resume();
    }, LOOK_AGAIN_MS);
  }
}
