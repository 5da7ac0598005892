import { type Channel, decodeLine, encodeLine, type Message } from './channel.ts';

/**
 * Two ends of a channel within one process, for plugins in the host. What is sent becomes JSON and back, as between processes, and arrives in a
 * later turn of the event loop, in order.
 */
export function memoryChannelPair<A extends Message, B extends Message>(): [Channel<A, B>, Channel<B, A>] {
  const one = new MemoryChannel<A, B>();
  const other = new MemoryChannel<B, A>();
  one.join(other);
  other.join(one);
  return [one, other];
}

class MemoryChannel<In extends Message, Out extends Message> implements Channel<In, Out> {
  #other: MemoryChannel<Out, In> | undefined;
  #listener: ((message: In) => void) | undefined;
  #closeListener: ((reason: string) => void) | undefined;
  #closed: string | undefined;
  #paused = false;
  #turn: NodeJS.Immediate | undefined;
  #queue: string[] = [];
  #queuedBytes = 0;
  #emptied: Array<() => void> = [];

  join(other: MemoryChannel<Out, In>): void {
    this.#other = other;
  }

  get waitingBytes(): number {
    return this.#other ? this.#other.#queuedBytes : 0;
  }

  send(message: Out): void {
    this.sendEncoded(encodeLine(message));
  }

  sendEncoded(line: string): void {
    const other = this.#other;
    if (this.#closed === undefined && other) other.#arrive(line);
  }

  onMessage(listener: (message: In) => void): void {
    this.#listener = listener;
    this.#schedule();
  }

  onClose(listener: (reason: string) => void): void {
    this.#closeListener = listener;
    const reason = this.#closed;
    if (reason !== undefined) queueMicrotask(() => listener(reason));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  flushed(): Promise<void> {
    const other = this.#other;
    if (!other || other.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => other.#emptied.push(resolve));
  }

  close(reason: string): void {
    this.#end(reason);
    const other = this.#other;
    if (other) other.#closeAfterQueue();
  }

  /** What was sent before the other end closed is still read, as from a pipe. */
  #closeAfterQueue(): void {
    if (this.#queue.length === 0) setImmediate(() => this.#end('the other side has closed'));
    else this.#emptied.push(() => this.#end('the other side has closed'));
  }

  #arrive(line: string): void {
    if (this.#closed !== undefined) return;
    this.#queue.push(line);
    this.#queuedBytes += line.length;
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#listener || this.#paused || this.#queue.length === 0) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#deliver();
    });
  }

  /** One turn hands over what had come before it; a listener that throws does not lose the rest. */
  #deliver(): void {
    const count = this.#queue.length;
    let taken = 0;
    try {
      while (taken < count && !this.#paused && this.#closed === undefined) {
        const line = this.#queue[taken] ?? '';
        taken += 1;
        const message = decodeLine(line);
        if (message) this.#listener?.(message as In);
        else this.close('a line came that is not a message');
      }
    } finally {
      const read = this.#queue.splice(0, taken);
      this.#queuedBytes -= read.reduce((sum, line) => sum + line.length, 0);
      if (this.#queue.length === 0) for (const resolve of this.#emptied.splice(0)) resolve();
      this.#schedule();
    }
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const resolve of this.#emptied.splice(0)) resolve();
    this.#closeListener?.(reason);
  }
}
