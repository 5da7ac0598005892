/** Events of the host as messages: filtered there, resumed after a break and a redeploy, none twice. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Client, EventName, MienEvent } from '@mien/core/client';
import { defineNode, type FlowNode } from '../define-node.ts';
import { type Asked, type EventsDef, readEventsDialog } from '../events-dialog.ts';
import { followClient } from '../follow-client.ts';
import type { HostConnection } from '../host-connection.ts';
import { RateLimit } from '../rate-limit.ts';
import type { Message, Red } from '../red.ts';

/** Where a node was in the events: a redeploy makes it anew and goes on there. */
interface Place {
  readonly connection: HostConnection;
  readonly asked: string;
  sequence: number;
  bootId: string | undefined;
  /** Forgets it. */
  timer?: NodeJS.Timeout;
}

/** By node. Forgotten some time after the close. */
const places = new Map<string, Place>();
const FORGET_MS = 10_000;
/** A Mien run here that is so young started for this flow: what it saw before the node was there is the flow's too. */
const YOUNG_MS = 15_000;
const MOST_DELAY_MS = 2000;
/** Comings and goings are never left out, nor what the device says of itself. */
const CAPPED: ReadonlySet<string> = new Set(['person.updated', 'emotion.changed', 'attention.started', 'attention.ended']);

export default function mienEvents(red: Red): void {
  // Of the deploy that goes on: `nodes` closes only those that were changed, others what they are wired to as well.
  let deploy = '';
  red.events.on('flows:stopping', ({ type }: { type: string }) => {
    deploy = type;
  });
  defineNode<EventsDef>(red, 'mien-events', (node) => {
    const listening = new Listening(node, readEventsDialog(node.def));
    node.show('ok', node.text('mien-events.status.listening'));
    followClient(node, (client, signal) => listening.follow(client, signal));
    node.defer(() => listening.remember(deploy === 'nodes'));
    return undefined;
  });
}

class Listening {
  readonly #node: FlowNode<EventsDef>;
  readonly #asked: Asked;
  readonly #limit: RateLimit;
  #place: Place | undefined;
  #heard = 0;
  #leftOut = 0;
  #onItsWay: MienEvent | undefined;

  constructor(node: FlowNode<EventsDef>, asked: Asked) {
    this.#node = node;
    this.#asked = asked;
    this.#limit = new RateLimit(asked.mostPerSecond);
    const before = places.get(node.id);
    // With another filter what came before would be news.
    if (before?.connection === node.connection && before?.asked === JSON.stringify(asked.filter)) {
      clearTimeout(before.timer);
      this.#place = before;
    }
  }

  /** Until the signal aborts. Rejects when the host refuses the subscription. */
  async follow(client: Client, signal: AbortSignal): Promise<void> {
    this.#place ??= await this.#begin(client, signal);
    const place = this.#place;
    const { filter, debounceMs } = this.#asked;
    const onGap = (gap: { reason: string; missed?: number }): void => this.#tellGap(gap);
    const { sequence: since, bootId } = place;
    const resume = { since, ...(bootId !== undefined && { bootId }) };
    for await (const event of client.events({ ...filter, ...resume, debounceMs, signal, onGap, mostDelayMs: MOST_DELAY_MS })) {
      if (signal.aborted) return;
      this.#tell(event);
      this.#onItsWay = event;
      // Node-RED hands it over a turn later. The flow goes first, too: what comes meanwhile waits at the host, which keeps it for all.
      await turn();
      if (signal.aborted) return;
      this.#onItsWay = undefined;
      advance(place, event);
    }
  }

  /**
   * Kept for the node that the redeploy makes. What is on its way is lost when its receiver is closed as well, and comes again; `arrives`: it stays.
   */
  remember(arrives: boolean): void {
    if (!this.#place) return;
    if (arrives && this.#onItsWay) advance(this.#place, this.#onItsWay);
    const { id } = this.#node;
    const place = this.#place;
    places.set(id, place);
    clearTimeout(place.timer);
    place.timer = setTimeout(() => places.get(id) === place && places.delete(id), FORGET_MS).unref();
  }

  async #begin(client: Client, signal: AbortSignal): Promise<Place> {
    const { connection } = this.#node;
    const { uptimeMs, events } = await client.status(signal);
    const isOurs = connection?.mode === 'here' && uptimeMs < YOUNG_MS;
    const asked = JSON.stringify(this.#asked.filter);
    return { connection: connection as HostConnection, asked, sequence: isOurs ? 0 : (events.newest ?? 0), bootId: events.bootId };
  }

  #tell(event: MienEvent): void {
    const { data, ...envelope } = event;
    const topic = event.type.replace(/^mien\./, '').replace(/\.v\d+$/, '') as EventName;
    if (CAPPED.has(topic) && !this.#limit.take()) this.#leftOut += 1;
    else {
      this.#heard += 1;
      this.#send({ topic, payload: data, event: envelope }, this.#node.def.types?.indexOf(topic) ?? 0);
    }
    const counts = { count: this.#heard, dropped: this.#leftOut };
    if (this.#leftOut > 0) this.#node.show('warning', this.#node.text('mien-events.status.dropped', counts));
    else this.#node.show('ok', this.#node.text('mien-events.status.heard', counts));
  }

  #tellGap(gap: { reason: string; missed?: number }): void {
    this.#node.show('warning', this.#node.text('mien-events.status.gap'));
    if (this.#node.def.tellGaps !== false) this.#send({ topic: 'gap', payload: gap }, this.#node.def.types?.length ?? 0);
  }

  #send(msg: Message, output: number): void {
    if (this.#node.def.split !== 'each') this.#node.send(msg);
    else this.#node.send([...Array.from({ length: output }, () => null), msg]);
  }
}

function advance(place: Place, event: MienEvent): void {
  place.sequence = Number(event.sequence);
  place.bootId = event.data.clock.bootId;
}
