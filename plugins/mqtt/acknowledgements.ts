/**
 * The consumer's word that it has stored an event: its id on a topic. For brokers that lose what they have confirmed, as any does that is killed
 * before it wrote it down.
 */

/** Of one message: an id as it is, as JSON text, or a JSON list of ids. Nothing where it is none of these. */
export function idsOf(payload: string): readonly string[] {
  const text = payload.trim();
  if (!/^["[]/.test(text)) return text === '' ? [] : [text];
  try {
    const ids: unknown = JSON.parse(text);
    return [ids].flat().filter((id) => typeof id === 'string');
  } catch {
    return [];
  }
}

export class Acknowledgements {
  readonly #withinMs: number;
  readonly #topic: string;
  readonly #open = new Map<string, { readonly done: PromiseWithResolvers<void>; timer: NodeJS.Timeout | undefined }>();

  constructor(topic: string, withinMs: number) {
    this.#topic = topic;
    this.#withinMs = withinMs;
  }

  /** Ids that are waited for. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Runs `publish`, then waits for the id, which may come earlier. Rejects when `publish` does, when the id does not come in time after it, and on
   * `lose`: then the event is to be sent again.
   */
  async confirmed(id: string, publish: () => Promise<void>): Promise<void> {
    const one = { done: Promise.withResolvers<void>(), timer: undefined as NodeJS.Timeout | undefined };
    one.done.promise.catch(() => {});
    this.#open.set(id, one);
    try {
      await Promise.race([publish(), one.done.promise]);
      const late = new Error(`not acknowledged on ${this.#topic} within ${this.#withinMs} ms: does the consumer run?`);
      one.timer = setTimeout(() => one.done.reject(late), this.#withinMs);
      await one.done.promise;
    } finally {
      clearTimeout(one.timer);
      this.#open.delete(id);
    }
  }

  take(payload: string): void {
    for (const id of idsOf(payload)) this.#open.get(id)?.done.resolve();
  }

  /** The connection is gone, and with it perhaps what the broker had confirmed. */
  lose(): void {
    for (const { done } of this.#open.values()) done.reject(new Error('the connection to the broker was lost'));
  }
}
