/** Engine and player together: phrase in, sound out. Both are looked for at the start, and again when something is to be said while one is missing. */
import { MienError } from '@mien/core/plugin';
import type { Engine, Phrase } from './engine.ts';
import type { PhraseCache } from './phrase-cache.ts';
import type { Player } from './player.ts';
import type { Programs } from './programs.ts';
import type { Sound } from './wav.ts';

export interface VoiceParts {
  readonly engine: Engine;
  readonly programs: Programs;
  readonly cache: PhraseCache;
  /** Rejects with SERVICE_UNAVAILABLE, and what to install. */
  findPlayer(): Promise<Player>;
  readonly signal: AbortSignal;
}

const LOOK_AGAIN_MS = 5000;

export class Voice {
  readonly #parts: VoiceParts;
  #player: Player | undefined;
  #hasEngine = false;
  #lookedMonoMs = -Infinity;
  #looking: Promise<void> | undefined;
  #missing: MienError | undefined;

  constructor(parts: VoiceParts) {
    this.#parts = parts;
  }

  get engine(): string {
    return this.#parts.engine.program;
  }

  get player(): string | undefined {
    return this.#player?.name;
  }

  /** Why nothing can be said. */
  get missing(): MienError | undefined {
    return this.#missing;
  }

  /** Errors: SERVICE_UNAVAILABLE that says what to install. */
  async ready(): Promise<void> {
    if (this.#player && this.#hasEngine) return;
    if (performance.now() - this.#lookedMonoMs > LOOK_AGAIN_MS) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
        this.#lookedMonoMs = performance.now();
      });
    }
    await this.#looking;
    if (this.#missing) throw this.#missing;
  }

  checkLanguage(language: string): Promise<void> {
    return this.#parts.engine.checkLanguage(language, this.#parts.signal);
  }

  /** Made now, so that it is heard at once later. */
  async prepare(phrase: Phrase): Promise<void> {
    if (!this.#parts.cache.get(phrase)) await this.#make(phrase, this.#parts.signal);
  }

  /** `onSound`: it begins to be heard. */
  async speak(phrase: Phrase, signal: AbortSignal, onSound: (sound: Sound) => void): Promise<void> {
    await this.ready();
    const sound = this.#parts.cache.get(phrase) ?? (await this.#make(phrase, signal));
    const player = this.#player;
    if (!player) throw new MienError('SERVICE_UNAVAILABLE', 'there is no player');
    onSound(sound);
    await player.play(sound, signal);
  }

  async #make(phrase: Phrase, signal: AbortSignal): Promise<Sound> {
    const sound = await this.#parts.engine.synthesise(phrase, signal);
    this.#parts.cache.set(phrase, sound);
    return sound;
  }

  async #look(): Promise<void> {
    const { engine, programs } = this.#parts;
    try {
      this.#hasEngine = await programs.has(engine.program);
      if (!this.#hasEngine) throw new MienError('SERVICE_UNAVAILABLE', `there is no program ${engine.program}: ${engine.advice}`);
      this.#player = await this.#parts.findPlayer();
      this.#missing = undefined;
    } catch (fault) {
      this.#missing = MienError.from(fault);
    }
  }
}
