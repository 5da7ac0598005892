/** What is to be published: waits in order for the connection and for its turn, so that the broker never has more on its way than it takes. */
import type { IPublishPacket, MqttClient } from 'mqtt';

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: IPublishPacket['properties'];
  /** Gives up while it waits. */
  readonly signal?: AbortSignal;
  /** When the connection is lost it rejects, instead of being sent again on the next one. */
  readonly once?: boolean;
}

export interface OutgoingRules {
  /** What the broker takes: how many at QoS 1 and 2 on their way, at most which QoS, retained or not. */
  readonly limits: () => { readonly inFlight: number; readonly qos: 0 | 1 | 2; readonly retain: boolean };
  readonly ackWithinMs: number;
  /** Nothing was confirmed for that long. */
  readonly stalled: () => void;
}

interface Entry extends Outgoing {
  readonly done: PromiseWithResolvers<void>;
  /** While it is on its way: its number, where it is to be confirmed. */
  messageId?: number;
}

export class Outgoings {
  readonly #client: MqttClient;
  readonly #rules: OutgoingRules;
  #waiting: Entry[] = [];
  readonly #underWay = new Set<Entry>();
  #confirming = 0;
  #isUp = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: MqttClient, rules: OutgoingRules) {
    this.#client = client;
    this.#rules = rules;
  }

  async add(out: Outgoing): Promise<void> {
    if (this.#isClosed || out.signal?.aborted) throw gone();
    const entry: Entry = { ...out, done: Promise.withResolvers<void>() };
    const giveUp = (): void => {
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) this.#waiting.splice(at, 1);
      if (at >= 0) entry.done.reject(gone());
    };
    this.#waiting.push(entry);
    out.signal?.addEventListener('abort', giveUp, { once: true });
    this.#pump();
    try {
      await entry.done.promise;
    } finally {
      out.signal?.removeEventListener('abort', giveUp);
    }
  }

  /** The connection stands, and what was left of the last one is confirmed. */
  resume(): void {
    this.#isUp = true;
    this.#pump();
  }

  /** Something came from the broker. */
  progress(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#confirming > 0 ? setTimeout(() => this.#rules.stalled(), this.#rules.ackWithinMs) : undefined;
  }

  /** The connection is gone. `wasUp`: it stood, so what waits may have been overtaken. */
  lose(wasUp: boolean): void {
    this.#isUp = false;
    clearTimeout(this.#timer);
    const lost = new Error('the connection to the broker was lost');
    for (const entry of [...this.#underWay]) {
      if (entry.messageId === undefined) this.#settle(entry, lost);
      else if (entry.once) this.#client.removeOutgoingMessage(entry.messageId);
    }
    if (!wasUp) return;
    const left = this.#waiting.filter(({ once }) => once);
    this.#waiting = this.#waiting.filter(({ once }) => !once);
    for (const { done } of left) done.reject(lost);
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    clearTimeout(this.#timer);
    for (const { done } of this.#waiting.splice(0)) done.reject(gone());
    for (const entry of [...this.#underWay]) {
      if (entry.messageId !== undefined) this.#client.removeOutgoingMessage(entry.messageId);
      this.#settle(entry, gone());
    }
  }

  #pump(): void {
    while (this.#isUp) {
      const [next] = this.#waiting;
      if (!next || (next.qos > 0 && this.#confirming >= this.#rules.limits().inFlight)) return;
      this.#waiting.shift();
      this.#send(next);
    }
  }

  #send(entry: Entry): void {
    const { topic, payload, properties } = entry;
    const limits = this.#rules.limits();
    const qos = Math.min(entry.qos, limits.qos) as 0 | 1 | 2;
    this.#underWay.add(entry);
    const options = { qos, retain: entry.retain && limits.retain, ...(properties && { properties }) };
    this.#client.publish(topic, payload, options, (fault) => this.#settle(entry, fault ?? undefined));
    if (qos === 0) return;
    entry.messageId = this.#client.getLastMessageId();
    this.#confirming += 1;
    if (this.#confirming === 1) this.progress();
  }

  #settle(entry: Entry, fault: unknown): void {
    if (!this.#underWay.delete(entry)) return;
    if (entry.messageId !== undefined) this.#confirming -= 1;
    if (fault === undefined) entry.done.resolve();
    else entry.done.reject(fault);
    this.#pump();
  }
}

function gone(): Error {
  return new Error('the plugin stops');
}
