/** One event to the broker, unchanged: CloudEvents in structured mode, as its MQTT binding has it. */

import { once } from 'node:events';
import type { Acknowledgements } from './acknowledgements.ts';
import type { Broker } from './broker.ts';
import { faultWords } from './fault-words.ts';
import type { Log } from './grants.ts';
import type { Sourced, Topics } from './topics.ts';

export interface SenderParts {
  readonly broker: Broker;
  readonly topics: Topics;
  readonly qos: 0 | 1 | 2;
  /** Where the word of the consumer is waited for. */
  readonly acknowledgements: Acknowledgements | undefined;
  readonly log: Log;
  /** Of the plugin. */
  readonly stopping: AbortSignal;
}

/** Of a PUBLISH beside topic and payload, generously. */
const OVERHEAD_BYTES = 128;
const properties = { payloadFormatIndicator: true, contentType: 'application/cloudevents+json; charset=UTF-8' } as const;

export class EventSender {
  readonly #parts: SenderParts;
  /** Events larger than the broker takes. */
  tooLarge = 0;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Resolves when the broker, or the consumer where that is asked for, has it. Rejects when it is to be sent again. */
  async send(event: Sourced & { readonly id: string }, signal: AbortSignal): Promise<void> {
    const { broker, topics, qos, acknowledgements, log } = this.#parts;
    const topic = topics.event(event);
    const payload = JSON.stringify(event);
    const bytes = Buffer.byteLength(payload) + Buffer.byteLength(topic) + OVERHEAD_BYTES;
    if (bytes > broker.maxPacketBytes) {
      this.tooLarge += 1;
      log.error({ event: event.id, bytes, mostBytes: broker.maxPacketBytes }, 'an event is larger than the broker takes, and is left out');
      return;
    }
    const publish = () => broker.publish({ topic, payload, qos, retain: false, properties, signal, once: acknowledgements !== undefined });
    try {
      await (acknowledgements ? acknowledgements.confirmed(event.id, publish) : publish());
    } catch (fault) {
      // Nothing went wrong: it stays on disk, and that is no news. The outbox is closed after this plugin's own steps.
      if (this.#parts.stopping.aborted && !signal.aborted) await once(signal, 'abort');
      throw new Error(faultWords(fault), { cause: fault });
    }
  }
}
