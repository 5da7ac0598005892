/** Notices of one client that something changed: only where it subscribed, only after a change, and each resource at most once a second. */
export interface NoticesOptions {
  send(uri: string): void;
  /** False while what was sent before has not been taken: notices wait. */
  canSend(): boolean;
  readonly leastMs?: number;
  readonly mostSubscriptions?: number;
}

interface Slot {
  sentMonoMs: number;
  /** What it is about is gone: one more notice, and no more. */
  isLast: boolean;
  timer: NodeJS.Timeout | undefined;
}

export const LEAST_MS = 1000;
export const MOST_SUBSCRIPTIONS = 64;

export class Notices implements Disposable {
  readonly #options: Required<NoticesOptions>;
  readonly #slots = new Map<string, Slot>();

  constructor(options: NoticesOptions) {
    this.#options = { leastMs: LEAST_MS, mostSubscriptions: MOST_SUBSCRIPTIONS, ...options };
  }

  get size(): number {
    return this.#slots.size;
  }

  get mostSubscriptions(): number {
    return this.#options.mostSubscriptions;
  }

  /** False when there are too many. The same twice is one. */
  subscribe(uri: string): boolean {
    if (this.#slots.has(uri)) return true;
    if (this.#slots.size >= this.#options.mostSubscriptions) return false;
    this.#slots.set(uri, { sentMonoMs: -Infinity, isLast: false, timer: undefined });
    return true;
  }

  unsubscribe(uri: string): void {
    clearTimeout(this.#slots.get(uri)?.timer);
    this.#slots.delete(uri);
  }

  /** At once when the last notice is long enough ago, else as soon as it is. */
  changed(uri: string): void {
    const slot = this.#slots.get(uri);
    if (!slot || slot.timer) return;
    const restMs = slot.sentMonoMs + this.#options.leastMs - performance.now();
    if (restMs <= 0 && this.#options.canSend()) {
      this.#send(uri, slot);
      return;
    }
    slot.timer = setTimeout(
      () => {
        slot.timer = undefined;
        this.changed(uri);
      },
      Math.max(1, Math.ceil(restMs > 0 ? restMs : this.#options.leastMs)),
    );
  }

  /** It is gone: the last change, after which nobody is subscribed to it. */
  gone(uri: string): void {
    const slot = this.#slots.get(uri);
    if (slot) slot.isLast = true;
    this.changed(uri);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#slots.values()) clearTimeout(timer);
    this.#slots.clear();
  }

  #send(uri: string, slot: Slot): void {
    slot.sentMonoMs = performance.now();
    if (slot.isLast) this.#slots.delete(uri);
    this.#options.send(uri);
  }
}
