/** One run of one plugin in the traffic: hands each of its messages to whom it concerns, and ends it when the plugin makes things up. */
import type { Grant } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { Subscriptions, TrafficFromPlugin } from '../../plugin-messages.ts';
import { MAX_EXTRA_BYTES } from '../../plugin-runtime/hooks.ts';
import type { EventRing } from '../event-ring.ts';
import { missingGrant } from './core-services.ts';
import type { EventGate } from './event-gate.ts';
import type { Exchange } from './exchange.ts';
import type { Member } from './exchange-member.ts';
import { EventFeed } from './feed.ts';
import { messageFault } from './from-plugin.ts';
import { eventGrant, type GrantedView, type GrantedViews } from './granted-view.ts';
import { Interceptor, type Verdict } from './interceptor.ts';
import { PeopleFeed, type PeopleSource } from './people-feed.ts';
import { asLine, shortened } from './process-output.ts';
import { createStats, type TrafficStats } from './stats.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Attached, AttachedPlugin, OutboxCounts } from './traffic.ts';
import { encodeValue, lineOf } from './wire.ts';

export interface TrafficParts {
  readonly ring: EventRing;
  readonly views: GrantedViews;
  readonly gate: EventGate;
  readonly exchange: Exchange;
  readonly source: PeopleSource;
  readonly logger: Logger;
  readonly ended: (run: AttachedRun) => void;
}

export const changeLimits = { perSecond: 50, atOnce: 100 } as const;

export class AttachedRun implements Attached {
  readonly stats: TrafficStats = createStats();
  readonly #plugin: AttachedPlugin;
  readonly #parts: TrafficParts;
  readonly #view: GrantedView;
  readonly #feed: EventFeed;
  readonly #people: PeopleFeed;
  readonly #interceptor: Interceptor;
  readonly #member: Member;
  /** What it does wrong is told a few times a second, and counted beyond. */
  readonly #telling = new TokenBucket(2, 10);
  /** Each change of what it listens to or offers is looked through whole. */
  readonly #changing = new TokenBucket(changeLimits.perSecond, changeLimits.atOnce);
  /** Grants it was told to lack. */
  readonly #lacking = new Set<string>();
  #subscriptions: Subscriptions = { events: [], beforeEmit: [], kept: [] };
  #outbox: OutboxCounts | undefined;
  #ready = false;
  #over = false;
  #detached = false;

  constructor(plugin: AttachedPlugin, parts: TrafficParts) {
    const { name, grants, resumeFrom } = plugin;
    const { ring, source, exchange, logger } = parts;
    const view = parts.views.acquire(grants);
    this.#plugin = plugin;
    this.#parts = parts;
    this.#view = view;
    this.#feed = new EventFeed({
      ring,
      view,
      stats: this.stats,
      logger,
      plugin: name,
      send: (at, { json }) => plugin.sendEncoded(lineOf(name, { type: 'event', at }, 'event', json)),
      ...(resumeFrom !== undefined && { resumeFrom }),
    });
    this.#people = new PeopleFeed(source, (snapshot) =>
      plugin.sendEncoded(lineOf(name, { type: 'people', camera: snapshot.camera }, 'people', view.peopleJson(snapshot))),
    );
    this.#interceptor = new Interceptor({
      name,
      grants,
      view: (event) => view.question(event),
      send: (id, event) => plugin.send({ type: 'emit', id, event }),
      stats: this.stats,
    });
    this.#member = exchange.join(plugin, view);
  }

  get outbox(): OutboxCounts | undefined {
    return this.#outbox;
  }

  get commands(): readonly string[] {
    return this.#parts.exchange.commandsOf(this.#member);
  }

  get takenUpTo(): number {
    return this.#feed.takenUpTo;
  }

  get isIdle(): boolean {
    return this.#feed.isIdle;
  }

  pump(): void {
    this.#feed.pump();
  }

  ready(): void {
    if (this.#over || this.#ready) return;
    this.#ready = true;
    this.#member.ready = true;
    this.#feed.start();
    this.#listen();
  }

  detach(reason: string): void {
    if (this.#detached) return;
    this.#detached = true;
    this.#over = true;
    this.#feed.stop();
    this.#people.stop();
    this.#parts.gate.remove(this.#interceptor);
    this.#parts.exchange.leave(this.#member, reason);
    this.#parts.views.release(this.#view);
    this.#parts.ended(this);
  }

  receive(message: TrafficFromPlugin): void {
    if (this.#over) return;
    const fault = this.#refused(message) ?? messageFault(message) ?? this.#take(message);
    if (fault === undefined) return;
    this.#over = true;
    this.#feed.stop();
    this.#plugin.fail(fault);
  }

  #refused({ type }: TrafficFromPlugin): string | undefined {
    if ((type !== 'subscribe' && type !== 'offer') || this.#changing.take()) return undefined;
    return `changed what it listens to or offers more than ${changeLimits.perSecond} times a second: register once, in setup`;
  }

  /** What the plugin made up, in words. */
  #take(message: TrafficFromPlugin): string | undefined {
    const { exchange } = this.#parts;
    switch (message.type) {
      case 'taken':
        return this.#feed.taken(message.at) ? undefined : `said that event ${message.at} is taken, which was not under way`;
      case 'peopleTaken':
        return this.#people.taken(message.camera) ? undefined : `said that people of "${message.camera}" are taken, where none were under way`;
      case 'subscribe':
        this.#subscriptions = message.subscriptions;
        this.#feed.subscribe(message.subscriptions);
        if (this.#ready) this.#listen();
        return undefined;
      case 'verdict':
        return this.#interceptor.answer(message.id, this.#verdict(message)) ? undefined : `judged an event under the number ${message.id}, which was not asked`;
      case 'offer':
        for (const refused of exchange.offer(this.#member, message, this.#plugin)) this.#tell({}, refused);
        return undefined;
      case 'ask':
        return exchange.ask(this.#member, message) ? undefined : `asked under the number ${message.id} twice at a time`;
      case 'result':
        return this.#member.result(message) ? undefined : `answered the call ${message.id}, which was not made`;
      case 'fault':
        this.#tell(...told(message));
        return undefined;
      case 'outbox': {
        const { held, bytes, dropped, sent } = message;
        this.#outbox = { held, bytes, dropped, sent };
        return undefined;
      }
    }
  }

  /** Snapshots and questions begin with `ready`; what the plugin may not see is said. */
  #listen(): void {
    const { events, kept, peopleEveryMs, beforeEmit } = this.#subscriptions;
    for (const name of [...events.map((event) => event.name), ...kept, ...beforeEmit]) this.#demand(eventGrant(name), `events ${name}`);
    const follows = peopleEveryMs !== undefined && this.#demand('person.presence', 'onPeople');
    this.#people.follow(follows ? peopleEveryMs : undefined);
    this.#interceptor.names = new Set(beforeEmit);
    if (beforeEmit.length > 0) this.#parts.gate.add(this.#interceptor);
    else this.#parts.gate.remove(this.#interceptor);
  }

  #demand(grant: Grant, what: string): boolean {
    if (this.#plugin.grants.includes(grant)) return true;
    if (!this.#lacking.has(what)) this.#parts.logger.warn({ plugin: this.#plugin.name }, missingGrant(this.#plugin.name, what, grant).message);
    this.#lacking.add(what);
    return false;
  }

  #verdict({ veto, extra }: Extract<TrafficFromPlugin, { type: 'verdict' }>): Verdict {
    if (veto) return 'veto';
    if (extra === undefined || Object.keys(extra).length === 0) return 'pass';
    try {
      encodeValue(extra, 'what beforeEmit adds', MAX_EXTRA_BYTES);
      return extra;
    } catch (fault) {
      this.#tell({ err: fault }, 'what beforeEmit adds is left out');
      return 'pass';
    }
  }

  /** Something of the plugin's failed, and it goes on. */
  #tell(fields: object, message: string): void {
    this.stats.faults += 1;
    if (this.#telling.take()) this.#parts.logger.warn({ plugin: this.#plugin.name, ...fields }, message);
  }
}

/** Named keys only: a logger walks whatever else an error has, such as causes of causes, until its stack is full. */
function told({ where, error: { code, message, stack } }: Extract<TrafficFromPlugin, { type: 'fault' }>): [object, string] {
  const text = shortened(message);
  return [{ where, err: { code, message: text, ...(stack !== undefined && { stack: shortened(stack) }) } }, `${where}: ${asLine(message)}`];
}
