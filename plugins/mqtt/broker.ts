/**
 * The connection to the broker: made again with growing pauses whenever it is lost, with MQTT 3.1.1 where the broker refuses MQTT 5. What is
 * published waits for it, in order, and never more than the broker takes at a time. MQTT.js sends again on the next connection, under the same
 * number, what was not confirmed: so nothing comes twice at QoS 2 while the broker keeps the session.
 */

import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { Backoff } from '../shared/backoff.ts';
import { faultWords, isVersionFault } from './fault-words.ts';
import type { Log } from './grants.ts';
import { limitIncoming } from './incoming-limit.ts';
import { type Outgoing, Outgoings } from './outgoings.ts';

export interface BrokerSettings {
  readonly url: string;
  readonly version: 'auto' | '5' | '3.1.1';
  /** All but version, session and reconnecting. */
  readonly client: Omit<IClientOptions, 'protocolVersion' | 'clean' | 'reconnectPeriod' | 'manualConnect'>;
  readonly sessionExpiryS: number;
  readonly inFlight: number;
  readonly ackWithinMs: number;
  /** Certificates, read before each connection. */
  readonly secure: () => Promise<Partial<IClientOptions>>;
}

export type Message = Pick<IPublishPacket, 'retain' | 'properties'> & { readonly topic: string; readonly payload: Buffer };

/** A connection that has lived this long was no knock at a closing door. */
const HEALTHY_MS = 5000;
/** So many short connections in a row look like two clients that throw each other out. */
const SUSPICIOUS = 3;
const CONNECT_MS = 10_000;
const CLOSE_MS = 500;
const CLOSED = 'the broker closed the connection';
/** The largest message that is taken in. */
export const MAX_INCOMING_BYTES = 256 * 1024;

export class Broker {
  readonly #settings: BrokerSettings;
  readonly #log: Log;
  readonly #client: MqttClient;
  readonly #outgoings: Outgoings;
  readonly #backoff = new Backoff({ firstMs: 250, mostMs: 30_000 });
  readonly #connected: (() => void)[] = [];
  readonly #lost: (() => void)[] = [];
  readonly #subscriptions = new Map<string, { readonly qos: 0 | 1; readonly take: (message: Message) => void }>();
  #timer: NodeJS.Timeout | undefined;
  #closed: Promise<void> | undefined;
  #began = false;
  #isUp = false;
  #upSinceMs = 0;
  /** Connections in a row that stood, and not for long. */
  #shortLived = 0;
  #heard = false;
  #silentCloses = 0;
  #connack: IConnackPacket | undefined;
  /** Said last, so that a fault which lasts is told once. */
  #told = '';
  /** Of the present attempt. */
  #fault: unknown;

  constructor(settings: BrokerSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    const protocolVersion = settings.version === '3.1.1' ? 4 : 5;
    this.#client = mqtt.connect(settings.url, {
      ...settings.client,
      protocolVersion,
      clean: false,
      reconnectPeriod: 0,
      manualConnect: true,
      connectTimeout: CONNECT_MS,
      resubscribe: false,
      ...(protocolVersion === 5 && { properties: this.#properties() }),
    });
    this.#outgoings = new Outgoings(this.#client, {
      limits: () => {
        const { receiveMaximum = 65_535, maximumQoS = 2, retainAvailable = true } = this.#connack?.properties ?? {};
        return { inFlight: Math.min(settings.inFlight, receiveMaximum || 1), qos: maximumQoS as 0 | 1 | 2, retain: retainAvailable };
      },
      ackWithinMs: settings.ackWithinMs,
      stalled: () => this.#stalled(),
    });
    this.#client.on('connect', (connack) => this.#up(connack));
    this.#client.on('error', (fault) => this.#failed(fault));
    this.#client.on('disconnect', ({ reasonCode }) => this.#failed(Object.assign(new Error('the broker ended the connection'), { code: reasonCode })));
    this.#client.on('close', () => this.#down());
    this.#client.on('packetreceive', ({ cmd }) => {
      this.#heard = true;
      // An answer to a ping confirms nothing.
      if (cmd !== 'pingresp' && cmd !== 'publish') this.#outgoings.progress();
    });
    const most = `a message of more than ${MAX_INCOMING_BYTES} bytes came on a topic of this device: who publishes it?`;
    // What was not handled yet counts as well: a few of them.
    limitIncoming(this.#client, 4 * MAX_INCOMING_BYTES, () => this.#failed(new Error(most)));
    this.#client.on('message', (topic, payload, packet) => this.#take({ ...packet, topic, payload }));
  }

  /** Begins to connect, and goes on until it is closed. */
  open(): void {
    void this.#connect();
  }

  get isConnected(): boolean {
    return this.#isUp;
  }

  get protocol(): string {
    return this.#client.options.protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
  }

  /** In words; undefined while it is connected. */
  get fault(): string | undefined {
    return this.#isUp || this.#told === '' ? undefined : this.#told;
  }

  /** Bytes of the largest packet that the broker takes. */
  get maxPacketBytes(): number {
    return this.#connack?.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
  }

  /** Each time, before what waits is sent. */
  onConnected(listener: () => void): void {
    this.#connected.push(listener);
  }

  /** Each time a connection that stood is gone. */
  onLost(listener: () => void): void {
    this.#lost.push(listener);
  }

  /** To be called before `open`. A topic may end in `/+`. */
  subscribe(topic: string, qos: 0 | 1, take: (message: Message) => void): void {
    this.#subscriptions.set(topic, { qos, take });
  }

  /**
   * Resolves when the broker has confirmed it (QoS 0: when it is written). Waits while there is no connection. Rejects when the broker refuses it,
   * when it is closed, and by the signal while it waits.
   */
  publish(out: Outgoing): Promise<void> {
    return this.#outgoings.add(out);
  }

  /** Idempotent. Nothing of it is left when it resolves; a broker that does not answer is left after half a second. */
  close(farewell?: Outgoing): Promise<void> {
    this.#closed ??= this.#close(farewell);
    return this.#closed;
  }

  async #close(farewell: Outgoing | undefined): Promise<void> {
    clearTimeout(this.#timer);
    const isUp = this.#isUp;
    this.#outgoings.close();
    if (!this.#began) return;
    // The will tells the rest that the device is away; brokers of MQTT 3.1.1 publish it only for those who leave without a word.
    if (isUp && farewell) this.#client.publish(farewell.topic, farewell.payload, { qos: 0, retain: farewell.retain });
    const ended = Promise.withResolvers<void>();
    this.#client.end(!isUp, {}, () => ended.resolve());
    const timer = setTimeout(ended.resolve, CLOSE_MS);
    await ended.promise;
    clearTimeout(timer);
    this.#client.stream?.destroy();
  }

  async #connect(): Promise<void> {
    this.#heard = false;
    try {
      Object.assign(this.#client.options, await this.#settings.secure());
      if (this.#closed) return;
      const { incomingStore, outgoingStore } = this.#client;
      // The first has no stream to end; the later ones keep what was not confirmed.
      if (this.#began) this.#client.reconnect({ incomingStore, outgoingStore } as never);
      else this.#client.connect();
      this.#began = true;
    } catch (fault) {
      this.#failed(fault);
      this.#again();
    }
  }

  #up(connack: IConnackPacket): void {
    this.#connack = connack;
    this.#isUp = true;
    this.#upSinceMs = performance.now();
    this.#silentCloses = 0;
    this.#fault = undefined;
    this.#told = '';
    const { hostname, port } = new URL(this.#settings.url);
    this.#log.info({ broker: hostname, port, protocol: this.protocol, session: connack.sessionPresent ? 'resumed' : 'new' }, 'connected to the broker');
    this.#subscribeAll();
    for (const listener of this.#connected) listener();
    this.#outgoings.resume();
  }

  #subscribeAll(): void {
    for (const [topic, { qos }] of this.#subscriptions) {
      // rh 2: nothing that was retained; a command of yesterday is none.
      this.#client.subscribe(topic, { qos, rh: 2 }, (fault, granted) => {
        const refused = fault ?? (granted?.some((one) => one.qos === 128) ? Object.assign(new Error('refused'), { code: 135 }) : null);
        if (refused && this.#isUp) this.#log.error({ topic, fault: faultWords(refused) }, 'the broker does not let this plugin subscribe');
      });
    }
  }

  #take(message: Message): void {
    const { topic } = message;
    const found = this.#subscriptions.get(topic) ?? this.#subscriptions.get(topic.replace(/[^/]*$/, '+'));
    found?.take(message);
  }

  #down(): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#outgoings.lose(wasUp);
    if (wasUp) for (const listener of this.#lost) listener();
    if (this.#closed) return;
    if (wasUp) this.#shortLived = performance.now() - this.#upSinceMs < HEALTHY_MS ? this.#shortLived + 1 : 0;
    if (this.#shortLived === 0) this.#backoff.reset();
    if (!this.#fault) this.#failed(this.#closedByBroker(wasUp));
    if (this.#otherVersion(wasUp)) return void this.#connect();
    this.#again();
  }

  #closedByBroker(wasUp: boolean): Error {
    if (!wasUp) return Object.assign(new Error(CLOSED), { code: 'ECONNRESET' });
    // Of MQTT 3.1.1, and of some brokers with 5, that is all one learns when another takes over.
    return this.#shortLived < SUSPICIOUS ? new Error(CLOSED) : Object.assign(new Error(CLOSED), { code: 142 });
  }

  /** True when it is to be tried at once with the other version. */
  #otherVersion(wasUp: boolean): boolean {
    if (this.#settings.version !== 'auto' || wasUp) return false;
    const isFive = this.#client.options.protocolVersion === 5;
    const isRefused = isFive && isVersionFault(this.#fault);
    const { code } = (this.#fault ?? {}) as { code?: unknown };
    // Some brokers hang up on a version that they do not know.
    if (!this.#heard && code === 'ECONNRESET') this.#silentCloses += 1;
    if (!isRefused && this.#silentCloses < 2) return false;
    this.#silentCloses = 0;
    this.#client.options.protocolVersion = isFive ? 4 : 5;
    if (isFive) delete this.#client.options.properties;
    else this.#client.options.properties = this.#properties();
    this.#log.info({ protocol: this.protocol }, isRefused ? 'the broker refuses MQTT 5' : 'the broker hangs up: the other version of MQTT is tried');
    return isRefused;
  }

  #properties(): NonNullable<IClientOptions['properties']> {
    return { sessionExpiryInterval: this.#settings.sessionExpiryS, maximumPacketSize: MAX_INCOMING_BYTES };
  }

  #again(): void {
    if (this.#closed) return;
    this.#fault = undefined;
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.nextMs());
  }

  #failed(fault: unknown): void {
    if (this.#closed) return;
    this.#fault = fault;
    // A reset of a connection that stood is no sign of a wrong port.
    const words = this.#isUp && (fault as { code?: unknown }).code === 'ECONNRESET' ? CLOSED : faultWords(fault);
    const level = words === this.#told ? 'debug' : 'warn';
    this.#told = words;
    this.#log[level]({ broker: new URL(this.#settings.url).host, fault: words }, 'no connection to the broker: it will be tried again');
    if (!this.#isUp) this.#client.stream?.destroy();
  }

  #stalled(): void {
    this.#failed(new Error(`the broker has confirmed nothing for ${this.#settings.ackWithinMs} ms`));
    this.#client.stream?.destroy();
  }
}
