/** What `say`, `stop` and `status` do: checks, quiet hours, queue, counts. */
import { MienError, type PluginContext } from '@mien/core/plugin';
import type { SpeechOptions } from './options.ts';
import type { PhraseCache } from './phrase-cache.ts';
import { parseQuietHours, type QuietSpan, quietSpanAt, timeOfDay } from './quiet-hours.ts';
import type { SayAnswer, SayOptions, SpeechService, SpeechStatus } from './service.ts';
import { type Ending, SpeechQueue, type Utterance } from './speech-queue.ts';
import { cleanText, cutText } from './spoken-text.ts';
import type { Voice } from './voice.ts';

export interface SpeakerParts {
  readonly options: SpeechOptions;
  readonly voice: Voice;
  readonly cache: PhraseCache;
  readonly log: PluginContext['log'];
  readonly now?: () => Date;
}

export class Speaker implements SpeechService {
  readonly #parts: SpeakerParts;
  readonly #quiet: readonly QuietSpan[];
  readonly #queue: SpeechQueue;
  readonly #counts = { said: 0, cut: 0, stale: 0, failed: 0 };
  #lastId = 0;
  #sound: { readonly sinceMonoMs: number; readonly durationMs: number } | undefined;
  #fault: string | undefined;

  constructor(parts: SpeakerParts) {
    this.#parts = parts;
    this.#quiet = parts.options.quietHours.flatMap((span) => parseQuietHours(span) ?? []);
    this.#queue = new SpeechQueue({
      maxQueued: parts.options.maxQueued,
      speak: (utterance, signal) => this.#speak(utterance, signal),
      ended: (utterance, ending) => this.#ended(utterance, ending),
    });
  }

  async say(text: string, { language = this.#parts.options.language, priority = 'normal', interrupt = false, person }: SayOptions = {}): Promise<SayAnswer> {
    const spoken = this.#prepared(text);
    const quiet = this.#quietNow();
    if (quiet && priority !== 'urgent') {
      throw new MienError(
        'SERVICE_UNAVAILABLE',
        `quiet hours until ${timeOfDay(quiet.toMin)} (quietHours): what is urgent is said all the same (priority: urgent)`,
      );
    }
    checkName(language);
    await this.#parts.voice.ready();
    await this.#parts.voice.checkLanguage(language);
    if (interrupt) this.#queue.cut(() => true);
    const { id, ahead } = this.#add({ text: spoken.text, language, priority, ...(person !== undefined && { person }) });
    return { id, ahead, ...spoken };
  }

  /** Said if it can be: at once, soon, or not at all. */
  greet(text: string, language: string, person: string): void {
    const { staleAfterS, maxChars } = this.#parts.options;
    const spoken = cutText(cleanText(text), maxChars);
    if (spoken.text === '' || this.#quietNow()) return;
    try {
      this.#add({ text: spoken.text, language, priority: 'low', person, notAfterMonoMs: performance.now() + staleAfterS * 1000 });
    } catch (fault) {
      if (!(fault instanceof MienError) || fault.code !== 'BUSY') throw fault;
      this.#parts.log.debug({ person }, 'a greeting is left out: others wait to be said');
    }
  }

  async stop(): Promise<number> {
    return this.#queue.cut(() => true);
  }

  /** To somebody who does not listen any more. */
  cutFor(holds: (person: string | undefined) => boolean): void {
    this.#queue.cut(({ person }) => holds(person));
  }

  /** Silent for good. */
  close(): Promise<void> {
    return this.#queue.stop();
  }

  async status(): Promise<SpeechStatus> {
    const { voice, cache } = this.#parts;
    const { current } = this.#queue;
    const quiet = this.#quietNow();
    const fault = voice.missing?.message ?? this.#fault;
    const sound = this.#sound;
    return {
      speaking: sound !== undefined,
      ...(current && {
        saying: {
          id: current.id,
          language: current.language,
          sinceMs: sound ? Math.round(performance.now() - sound.sinceMonoMs) : 0,
          ...(sound && { durationMs: sound.durationMs }),
        },
      }),
      queued: this.#queue.queued,
      ...(quiet && { quietUntil: timeOfDay(quiet.toMin) }),
      engine: voice.engine,
      ...(voice.player !== undefined && { player: voice.player }),
      ...(fault !== undefined && { fault }),
      counts: { ...this.#counts },
      cached: { phrases: cache.size, bytes: cache.bytes },
    };
  }

  #quietNow(): QuietSpan | undefined {
    return quietSpanAt(this.#quiet, this.#parts.now?.() ?? new Date());
  }

  #prepared(text: string): { readonly text: string; readonly cut: number } {
    const { maxChars, tooLong } = this.#parts.options;
    const clean = cleanText(text);
    if (clean === '') throw new MienError('REQUEST_INVALID', `text: expected something to say, got ${text.length} characters without any words`);
    const spoken = cutText(clean, maxChars);
    if (spoken.cut === 0) return spoken;
    const length = [...clean].length;
    if (tooLong === 'refuse')
      throw new MienError('REQUEST_INVALID', `text: expected at most ${maxChars} characters (maxChars), got ${length}: say it in parts`);
    this.#parts.log.warn({ characters: length, cut: spoken.cut, maxChars }, 'a text is too long: its end is left away');
    return spoken;
  }

  #add(wanted: Omit<Utterance, 'id'>): { readonly id: number; readonly ahead: number } {
    const id = this.#lastId + 1;
    const ahead = this.#queue.add({ id, ...wanted });
    this.#lastId = id;
    return { id, ahead };
  }

  async #speak({ id, text, language }: Utterance, signal: AbortSignal): Promise<void> {
    const { voice, log } = this.#parts;
    try {
      await voice.speak({ text, language }, signal, ({ durationMs }) => {
        this.#sound = { sinceMonoMs: performance.now(), durationMs };
        log.debug({ id, language, durationMs }, `says: ${text}`);
      });
    } finally {
      this.#sound = undefined;
    }
  }

  /** What is said may be about somebody: it is in the log at debug only. */
  #ended({ id, person }: Utterance, ending: Ending): void {
    this.#counts[ending.how] += 1;
    if (ending.how !== 'failed') {
      if (ending.how === 'said') this.#fault = undefined;
      this.#parts.log.info({ id, ...(person !== undefined && { person }) }, `${ending.how === 'stale' ? 'left out, too late' : ending.how}`);
      return;
    }
    const { message } = ending.fault;
    // A loudspeaker that is unplugged is told once.
    if (message !== this.#fault) this.#parts.log.warn({ id, code: ending.fault.code }, `not said: ${message}`);
    this.#fault = message;
  }
}

/** It becomes an argument of a program, which must not take it for an option. Errors: REQUEST_INVALID. */
function checkName(language: string): void {
  if (/^[^\p{Cc}\s-][^\p{Cc}]*$/u.test(language)) return;
  throw new MienError('REQUEST_INVALID', `language: expected a name such as en or de, got ${JSON.stringify(language.slice(0, 60))}`);
}
