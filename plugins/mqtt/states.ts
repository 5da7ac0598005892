/** What is so now: the newest value of each topic, one on its way at a time, told again on each new connection. Old values are never queued. */

import type { Broker } from './broker.ts';
import { faultWords } from './fault-words.ts';
import type { Log } from './grants.ts';

const MOST_TELLING = 64;

export class States {
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #values = new Map<string, string>();
  readonly #toTell = new Set<string>();
  readonly #underWay = new Set<string>();
  #telling = 0;

  constructor(broker: Broker, log: Log) {
    this.#broker = broker;
    this.#log = log;
    broker.onConnected(() => {
      for (const topic of this.#values.keys()) this.#tell(topic);
    });
  }

  /** Retained at the broker; told when it has changed. */
  set(topic: string, value: string): void {
    if (this.#values.get(topic) === value) return;
    this.#values.set(topic, value);
    this.#tell(topic);
  }

  /** For those who listen now: not retained, and left out without a connection or where too many are on their way. */
  tell(topic: string, value: string): void {
    if (!this.#broker.isConnected || this.#telling >= MOST_TELLING) return;
    this.#telling += 1;
    const done = (): void => {
      this.#telling -= 1;
    };
    this.#broker.publish({ topic, payload: value, qos: 0, retain: false, once: true }).then(done, done);
  }

  #tell(topic: string): void {
    this.#toTell.add(topic);
    if (!this.#broker.isConnected || this.#underWay.has(topic)) return;
    this.#toTell.delete(topic);
    void this.#publish(topic, this.#values.get(topic) ?? '');
  }

  async #publish(topic: string, payload: string): Promise<void> {
    this.#underWay.add(topic);
    try {
      await this.#broker.publish({ topic, payload, qos: 1, retain: true, once: true });
    } catch (fault) {
      // On the next connection it is told anew.
      this.#log.debug({ topic, fault: faultWords(fault) }, 'a state could not be told');
    } finally {
      this.#underWay.delete(topic);
      if (this.#toTell.has(topic)) this.#tell(topic);
    }
  }
}
