import { setTimeout as delay } from 'node:timers/promises';
import type { PluginContext } from '@mien/core/plugin';
import { Breaker, type BreakerState } from './breaker.ts';
import { type CloudEvent, formMessage, type Message } from './message.ts';
import type { Options } from './options.ts';
import { type Answer, Poster } from './poster.ts';
import { keyOf, signatureHeaders } from './signature.ts';
import { verdictOf } from './verdict.ts';

export interface SenderStatus {
  /** Of the url; the rest may be secret. */
  readonly target: string;
  /** gone: the server said 410 and gets nothing more. */
  readonly state: BreakerState | 'gone';
  readonly failuresInARow: number;
  /** Until something is tried again. */
  readonly waitMs: number;
  readonly sent: number;
  /** Left out for good: refused by the server, or too large. */
  readonly refused: number;
  readonly tooLarge: number;
  /** Not asked for by `events` or `cameras`. */
  readonly filtered: number;
  readonly lastStatus: number | null;
  readonly lastFault: string | null;
}

const MOST_TOLD = 200;

/** What an outbox hands its events to. */
export class Sender {
  readonly #options: Options;
  readonly #log: PluginContext['log'];
  readonly #poster: Poster;
  readonly #breaker: Breaker;
  readonly #keys: readonly Buffer[];
  readonly #target: string;
  /** Monotonic: the server asked to be left alone until then. */
  #notBeforeMs = 0;
  #isGone = false;
  /** The event that finds out whether a server that failed takes events again. */
  #probe: Promise<void> | undefined;
  #counts = { sent: 0, refused: 0, tooLarge: 0, filtered: 0 };
  #lastStatus: number | null = null;
  #lastFault: string | null = null;

  /** `options` without faults. */
  constructor(options: Options, log: PluginContext['log']) {
    const url = new URL(options.url);
    this.#options = options;
    this.#log = log;
    this.#poster = new Poster({ url, timeoutMs: options.timeoutMs, ...(options.ca !== '' && { ca: options.ca }) });
    this.#breaker = new Breaker(options);
    this.#keys = [options.secret, options.previousSecret].map(keyOf).filter((key) => key !== undefined);
    this.#target = url.origin;
  }

  get status(): SenderStatus {
    return {
      target: this.#target,
      state: this.#isGone ? 'gone' : this.#breaker.state,
      failuresInARow: this.#breaker.failuresInARow,
      waitMs: Math.round(this.#waitMs()),
      ...this.#counts,
      lastStatus: this.#lastStatus,
      lastFault: this.#lastFault,
    };
  }

  close(): void {
    this.#poster.close();
  }

  /** Resolves when the event is done with: taken, refused, or not wanted. Rejects when it is to be tried again. */
  async send(event: CloudEvent, signal: AbortSignal): Promise<void> {
    if (!this.#isWanted(event)) {
      this.#counts.filtered += 1;
      return;
    }
    const message = formMessage(event, this.#options.mode);
    if (message.body.length > this.#options.maxBodyBytes) {
      this.#counts.tooLarge += 1;
      this.#log.warn({ event: event.id, bytes: message.body.length }, 'an event is larger than maxBodyBytes: it is skipped');
      return;
    }
    // Those behind it share its fate: when it fails they are tried again after it.
    while (this.#probe) await this.#probe;
    const attempt = this.#attempt(event, message, signal);
    if (this.#breaker.state === 'closed') return attempt;
    this.#probe = attempt;
    try {
      await attempt;
    } finally {
      this.#probe = undefined;
    }
  }

  async #attempt(event: CloudEvent, message: Message, signal: AbortSignal): Promise<void> {
    await this.#turn(signal);
    this.#judge(event, await this.#post(event, message, signal));
  }

  async #post(event: CloudEvent, message: Message, signal: AbortSignal): Promise<Answer> {
    const headers = {
      'user-agent': 'mien-webhook',
      ...this.#options.headers,
      ...message.headers,
      ...signatureHeaders(this.#keys, event.id, Date.now(), message.body),
    };
    try {
      const answer = await this.#poster.post({ ...message, headers }, signal);
      const { text, location } = answer;
      return { ...answer, text: this.#tellable(text), ...(location !== undefined && { location: this.#tellable(location) }) };
    } catch (fault) {
      if (!signal.aborted) this.#failed((fault as Error).message);
      throw new Error(`${this.#target}: ${(fault as Error).message}`);
    }
  }

  /** What a server says goes into log and status: without what it may have echoed of the headers' values, and not at any length. */
  #tellable(said: string): string {
    const secrets = Object.values(this.#options.headers).flatMap((value) => [value, value.split(' ').at(-1) ?? '']);
    const hidden = secrets.filter((secret) => secret.length >= 4).reduce((text, secret) => text.replaceAll(secret, '***'), said);
    return hidden.length > MOST_TOLD ? `${hidden.slice(0, MOST_TOLD)}...` : hidden;
  }

  /** Throws when the event is to be tried again. */
  #judge(event: CloudEvent, { status, retryAfter, location, text }: Answer): void {
    const verdict = verdictOf(status, retryAfter, Date.now());
    const moved = status >= 300 && status < 400 ? `; redirects are not followed: put the address ${location ?? '(it names none)'} into url` : '';
    const said = `${this.#target} answered ${status}${text && `: ${text}`}${moved}`;
    this.#lastStatus = status;
    if (verdict.kind === 'delivered') {
      this.#counts.sent += 1;
      this.#lastFault = null;
      if (this.#breaker.succeeded()) this.#log.info({ target: this.#target }, 'the server takes events again');
      return;
    }
    if (verdict.kind === 'gone') {
      const isFirst = !this.#isGone;
      this.#isGone = true;
      this.#lastFault = said;
      const words = '410: the server wants no more events. Nothing is sent until the options change or the plugin is started anew; events are held until then';
      if (isFirst) this.#log.error({ target: this.#target }, words);
      throw new Error(said);
    }
    if (verdict.kind === 'refused' && this.#options.onRefusal === 'skip') {
      this.#counts.refused += 1;
      this.#lastFault = said;
      // The server is there and answers: this is no reason to pause.
      this.#breaker.succeeded();
      this.#log.warn({ event: event.id, status, refused: this.#counts.refused }, `${said}. The event is skipped`);
      return;
    }
    if (verdict.kind === 'again' && verdict.afterMs !== undefined) this.#notBeforeMs = performance.now() + verdict.afterMs;
    if (verdict.kind === 'refused' || verdict.isFault) this.#failed(said);
    else this.#lastFault = said;
    throw new Error(said);
  }

  #failed(said: string): void {
    this.#lastFault = said;
    if (!this.#breaker.failed()) return;
    const { failuresInARow } = this.#breaker;
    const first = failuresInARow === this.#options.failuresToOpen;
    this.#log[first ? 'warn' : 'debug'](
      { target: this.#target, failuresInARow, coolDownMs: this.#options.coolDownMs, fault: said },
      'pauses before it tries again',
    );
  }

  /** Until something may be sent. Rejects when aborted. */
  async #turn(signal: AbortSignal): Promise<void> {
    // A server that is gone may stay so for days: only the stop ends this.
    while (this.#isGone) await delay(60_000, undefined, { signal });
    for (let waitMs = this.#waitMs(); waitMs > 0; waitMs = this.#waitMs()) await delay(waitMs, undefined, { signal });
  }

  #waitMs(): number {
    return Math.max(this.#breaker.waitMs, this.#notBeforeMs - performance.now(), 0);
  }

  #isWanted({ type, source }: CloudEvent): boolean {
    const { events, cameras } = this.#options;
    const [, , , camera] = /^urn:mien:([^/]+)(\/(.+))?$/.exec(source) ?? [];
    // Events of the device itself belong to no camera.
    return (events.length === 0 || events.includes(type.slice('mien.'.length, -'.v1'.length))) && (cameras.length === 0 || !camera || cameras.includes(camera));
  }
}
