/**
 * Tells the robot one thing after the other over the port that is open: no faster than it may and than the wire carries, with acknowledgement where
 * asked for. A stop goes first, whatever waits. The clock is the monotonic one, in milliseconds.
 */
import type { PluginContext } from '@mien/core/plugin';
import type { Message, StopReason, WireFormat } from './messages.ts';
import type { Port } from './open-port.ts';
import type { Pending } from './pending.ts';
import type { RareLog } from './rare-log.ts';

export interface SenderParts {
  readonly format: WireFormat;
  readonly pending: Pending;
  readonly baudRate: number;
  readonly perSecond: number;
  readonly ack: { readonly expect: boolean; readonly timeoutMs: number; readonly retries: number };
  readonly log: PluginContext['log'];
  readonly rare: RareLog;
  /** The system takes no more bytes: the robot does not read, or the adapter hangs. */
  readonly onStalled: () => void;
}

export interface SenderCounts {
  sent: number;
  acknowledged: number;
  repeated: number;
  /** Given up after all repeats. */
  unacknowledged: number;
  refused: number;
}

interface Underway {
  readonly bytes: Uint8Array;
  readonly sequence: number;
  /** How often it was sent. */
  attempts: number;
}

const STALLED_MS = 2000;
/** Start bit, eight bits, stop bit. */
const BITS_PER_BYTE = 10;

export class Sender implements Disposable {
  readonly counts: SenderCounts = { sent: 0, acknowledged: 0, repeated: 0, unacknowledged: 0, refused: 0 };
  readonly #parts: SenderParts;
  #port: Port | undefined;
  /** Nothing but a stop is told. */
  #isHeld = true;
  #isWriting = false;
  #underway: Underway | undefined;
  #stop: StopReason | undefined;
  /** Begins anywhere: a robot that saw an earlier start must not take a first message for a repeat. */
  #sequence = Math.floor(Math.random() * 255);
  /** When the rate, and when the wire, has room again. */
  #nextAtMs = 0;
  #wireFreeAtMs = 0;
  #wakeTimer: NodeJS.Timeout | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  attach(port: Port): void {
    this.#port = port;
    this.#isWriting = false;
    this.wake();
  }

  /** The port is gone: what was under way is lost. */
  detach(): void {
    this.#port = undefined;
    this.#stop = undefined;
    this.#over();
    this.#becomesIdle();
  }

  hold(): void {
    this.#isHeld = true;
    this.#over();
  }

  release(): void {
    this.#isHeld = false;
    this.wake();
  }

  /** Ahead of everything. What waits is forgotten. Without a port it does nothing. */
  stop(reason: StopReason): void {
    this.#parts.pending.clear();
    if (!this.#port) return;
    this.#over();
    this.#stop = reason;
    this.wake();
  }

  /** Not in a queue: where the wire is busy, other bytes tell the robot that somebody is there. */
  beat(): void {
    if (this.#isHeld || !this.#port || this.#isWriting || performance.now() < this.#wireFreeAtMs) return;
    void this.#write(this.#parts.format.encode({ kind: 'heartbeat' }, 0));
  }

  /** `sequence` is undefined where the format has none: then it is the one under way. */
  acknowledged(sequence?: number): void {
    if (!this.#underway || (sequence ?? this.#underway.sequence) !== this.#underway.sequence) return;
    this.counts.acknowledged += 1;
    this.#over();
    this.wake();
  }

  refused(reason: string, sequence?: number): void {
    if (!this.#underway || (sequence ?? this.#underway.sequence) !== this.#underway.sequence) return;
    this.counts.refused += 1;
    this.#parts.rare.warn('refused', { reason, sequence: this.#underway.sequence }, 'the robot refused what it was told');
    this.#over();
    this.wake();
  }

  /** It came damaged. */
  again(): void {
    if (this.#underway && !this.#isWriting) this.#late();
  }

  /** Resolves when a stop that waits is on the wire, or after the time. */
  async flushed(withinMs: number): Promise<void> {
    const isOut = (): boolean => !this.#port || (this.#stop === undefined && !this.#isWriting);
    if (!isOut()) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, withinMs);
        this.#idle = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    const leftMs = Math.min(withinMs, this.#wireFreeAtMs - performance.now());
    if (this.#port && leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
  }

  /** Something may be waiting. */
  wake(): void {
    clearTimeout(this.#wakeTimer);
    if (!this.#port || this.#isWriting) return;
    const now = performance.now();
    if (this.#stop !== undefined) {
      const reason = this.#stop;
      this.#stop = undefined;
      this.#tell({ kind: 'stop', reason });
      return;
    }
    if (this.#isHeld || this.#underway || this.#parts.pending.size === 0) return;
    const waitMs = Math.max(this.#nextAtMs, this.#wireFreeAtMs) - now;
    if (waitMs > 0) {
      this.#wakeTimer = setTimeout(() => this.wake(), waitMs);
      return;
    }
    const message = this.#parts.pending.take();
    if (!message) return;
    this.#nextAtMs = now + 1000 / this.#parts.perSecond;
    this.#tell(message);
  }

  [Symbol.dispose](): void {
    this.detach();
    clearTimeout(this.#wakeTimer);
  }

  #tell(message: Message): void {
    // 1..255: 0 is that of heartbeats.
    this.#sequence = (this.#sequence % 255) + 1;
    const bytes = this.#parts.format.encode(message, this.#sequence);
    this.counts.sent += 1;
    if (this.#parts.ack.expect) this.#underway = { bytes, sequence: this.#sequence, attempts: 1 };
    void this.#write(bytes);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    if (!port) return;
    this.#isWriting = true;
    const stalled = setTimeout(() => port === this.#port && this.#parts.onStalled(), STALLED_MS);
    try {
      await port.write(bytes);
    } catch (fault) {
      // The end of the port is told by `closed`.
      this.#parts.log.debug({ reason: String(fault) }, 'bytes were not sent');
      return;
    } finally {
      clearTimeout(stalled);
    }
    if (port !== this.#port) return;
    this.#isWriting = false;
    const now = performance.now();
    this.#wireFreeAtMs = Math.max(now, this.#wireFreeAtMs) + (bytes.length * BITS_PER_BYTE * 1000) / this.#parts.baudRate;
    if (this.#underway?.bytes === bytes) this.#awaitAck(this.#wireFreeAtMs - now);
    this.wake();
    if (!this.#isWriting) this.#becomesIdle();
  }

  #awaitAck(onWireMs: number): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = setTimeout(() => this.#late(), onWireMs + this.#parts.ack.timeoutMs);
  }

  /** No acknowledgement in time: once more, with the same sequence, or given up. */
  #late(): void {
    clearTimeout(this.#ackTimer);
    const underway = this.#underway;
    if (!underway) return;
    // A heartbeat is going out at this moment.
    if (this.#isWriting) {
      this.#awaitAck(0);
      return;
    }
    if (underway.attempts > this.#parts.ack.retries) {
      this.counts.unacknowledged += 1;
      this.#parts.rare.warn('unacknowledged', { sequence: underway.sequence, attempts: underway.attempts }, 'the robot did not acknowledge what it was told');
      this.#over();
      this.wake();
      return;
    }
    underway.attempts += 1;
    this.counts.repeated += 1;
    void this.#write(underway.bytes);
  }

  #over(): void {
    clearTimeout(this.#ackTimer);
    this.#underway = undefined;
  }

  #becomesIdle(): void {
    this.#idle?.();
    this.#idle = undefined;
  }
}
