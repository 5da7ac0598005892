/** Sounds of phrases, kept in memory up to so many bytes; what was not wanted for longest goes first. */
import type { Phrase } from './engine.ts';
import type { Sound } from './wav.ts';

export class PhraseCache {
  readonly #maxBytes: number;
  /** Oldest use first. */
  readonly #sounds = new Map<string, Sound>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#sounds.size;
  }

  get(phrase: Phrase): Sound | undefined {
    const key = keyOf(phrase);
    const sound = this.#sounds.get(key);
    if (sound) {
      this.#sounds.delete(key);
      this.#sounds.set(key, sound);
    }
    return sound;
  }

  /** One that is larger than the whole cache is not kept. */
  set(phrase: Phrase, sound: Sound): void {
    const key = keyOf(phrase);
    this.#drop(key);
    if (sound.wav.length > this.#maxBytes) return;
    this.#sounds.set(key, sound);
    this.#bytes += sound.wav.length;
    for (const oldest of this.#sounds.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#sounds.get(key)?.wav.length ?? 0;
    this.#sounds.delete(key);
  }
}

const keyOf = ({ language, text }: Phrase): string => `${language} ${text}`;
