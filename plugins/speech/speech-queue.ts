/** Who speaks when: one at a time, the more important first, bounded, and silent at once when told so. */
import { MienError } from '@mien/core/plugin';

export const priorities = ['low', 'normal', 'urgent'] as const;
export type Priority = (typeof priorities)[number];

export interface Utterance {
  readonly id: number;
  readonly text: string;
  readonly language: string;
  readonly priority: Priority;
  /** To whom. */
  readonly person?: string;
  /** Monotonic; not begun after it. */
  readonly notAfterMonoMs?: number;
}

/** How it ended: heard to its end, cut off, too late, or a fault. */
export type Ending = { readonly how: 'said' | 'cut' | 'stale' } | { readonly how: 'failed'; readonly fault: MienError };

export interface QueueOptions {
  readonly maxQueued: number;
  speak(utterance: Utterance, signal: AbortSignal): Promise<void>;
  ended(utterance: Utterance, ending: Ending): void;
}

export class SpeechQueue {
  readonly #options: QueueOptions;
  /** In the order in which they came. */
  #waiting: Utterance[] = [];
  #current: { readonly utterance: Utterance; readonly controller: AbortController } | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get current(): Utterance | undefined {
    return this.#current?.utterance;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** How many go before it. Errors: BUSY when so many wait that are as important. */
  add(utterance: Utterance): number {
    if (this.#waiting.length >= this.#options.maxQueued) {
      const least = this.#least();
      if (!least || rank(least) >= rank(utterance)) {
        throw new MienError('BUSY', `${this.#waiting.length} texts wait to be said (maxQueued): say it again later, or stop the others first (speech.stop)`);
      }
      this.#remove(({ id }) => id === least.id);
    }
    this.#waiting.push(utterance);
    // What is being cut off is not waited for.
    const isSpeaking = this.#current?.controller.signal.aborted === false;
    const ahead = this.#waiting.filter((other) => other !== utterance && rank(other) >= rank(utterance)).length + (isSpeaking ? 1 : 0);
    this.#loop ??= this.#speakAll();
    return ahead;
  }

  /** Cuts off what is said, and leaves out what waits, where it holds. How many these were. */
  cut(holds: (utterance: Utterance) => boolean): number {
    const waiting = this.#remove(holds);
    if (!this.#current || !holds(this.#current.utterance)) return waiting;
    this.#current.controller.abort(new DOMException('cut off', 'AbortError'));
    return waiting + 1;
  }

  /** Silent for good. */
  async stop(): Promise<void> {
    this.cut(() => true);
    await this.#loop;
  }

  async #speakAll(): Promise<void> {
    await null; // Whoever added is told first.
    for (let next = this.#take(); next; next = this.#take()) {
      const utterance = next;
      if (utterance.notAfterMonoMs !== undefined && performance.now() > utterance.notAfterMonoMs) {
        this.#options.ended(utterance, { how: 'stale' });
        continue;
      }
      const controller = new AbortController();
      this.#current = { utterance, controller };
      let ending: Ending = { how: 'said' };
      try {
        await this.#options.speak(utterance, controller.signal);
      } catch (fault) {
        ending = controller.signal.aborted ? { how: 'cut' } : { how: 'failed', fault: MienError.from(fault) };
      }
      this.#current = undefined;
      this.#options.ended(utterance, ending);
    }
    this.#loop = undefined;
  }

  /** The first of the most important. */
  #take(): Utterance | undefined {
    const next = this.#waiting.reduce<Utterance | undefined>((best, one) => (best && rank(best) >= rank(one) ? best : one), undefined);
    if (next) this.#waiting = this.#waiting.filter((one) => one !== next);
    return next;
  }

  /** The newest of the least important. */
  #least(): Utterance | undefined {
    return this.#waiting.reduce<Utterance | undefined>((worst, one) => (worst && rank(worst) < rank(one) ? worst : one), undefined);
  }

  #remove(holds: (utterance: Utterance) => boolean): number {
    const gone = this.#waiting.filter(holds);
    this.#waiting = this.#waiting.filter((one) => !holds(one));
    for (const utterance of gone) this.#options.ended(utterance, { how: 'cut' });
    return gone.length;
  }
}

const rank = ({ priority }: Utterance): number => priorities.indexOf(priority);
