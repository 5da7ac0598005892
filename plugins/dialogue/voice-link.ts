/** Whether something can be said: asks the commands of the speech plugin from time to time while somebody is connected. It may come and go. */
import { MienError } from '@mien/core/plugin';

export interface VoiceLinkOptions {
  run(command: string, input?: object): Promise<unknown>;
  changed(isThere: boolean): void;
  readonly everyMs?: number;
}

const EVERY_MS = 2000;

export class VoiceLink implements Disposable {
  readonly #options: VoiceLinkOptions;
  #isThere = false;
  #timer: NodeJS.Timeout | undefined;
  #users = 0;

  constructor(options: VoiceLinkOptions) {
    this.#options = options;
  }

  get isThere(): boolean {
    return this.#isThere;
  }

  /** One more is connected. Resolves when it is known. */
  async use(): Promise<void> {
    this.#users += 1;
    this.#timer ??= setInterval(() => void this.#look(), this.#options.everyMs ?? EVERY_MS);
    await this.#look();
  }

  unuse(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What speech.say answered. Errors: as it has them; SERVICE_UNAVAILABLE where there is no speech plugin. */
  async say(text: string, language: string | undefined): Promise<unknown> {
    try {
      return await this.#options.run('speech.say', { text, ...(language !== undefined && { language }) });
    } catch (fault) {
      if (!isMissing(fault)) throw fault;
      this.#set(false);
      throw new MienError('SERVICE_UNAVAILABLE', 'nothing can be said: the speech plugin does not run');
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      await this.#options.run('speech.status');
      this.#set(true);
    } catch (fault) {
      // One that is busy is there.
      this.#set(!isMissing(fault) && !isDown(fault));
    }
  }

  #set(isThere: boolean): void {
    if (isThere === this.#isThere) return;
    this.#isThere = isThere;
    this.#options.changed(isThere);
  }
}

const isMissing = (fault: unknown): boolean => fault instanceof MienError && fault.code === 'COMMAND_UNKNOWN';
const isDown = (fault: unknown): boolean => fault instanceof MienError && fault.code === 'SERVICE_UNAVAILABLE';
