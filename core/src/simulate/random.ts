/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** Even in 0..1, 1 left out. */
  next(): number;
  /** Normal with mean 0 and sd 1. */
  normal(): number;
}

/** `names` tell streams of one seed apart: who is added to a scenario changes nobody else's. */
export function createRandom(seed: number, ...names: readonly (string | number)[]): Random {
  let state = seed >>> 0;
  for (const character of names.join('/')) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
  return { next, normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()) };
}

/** Noise that forgets itself with time: sd 1, correlation exp(-dt / memoryMs). */
export class Wander {
  readonly #random: Random;
  readonly #memoryMs: number;
  #value: number;
  #at: number | null = null;

  constructor(random: Random, memoryMs: number) {
    this.#random = random;
    this.#memoryMs = memoryMs;
    this.#value = random.normal();
  }

  at(ms: number): number {
    const kept = this.#at === null ? 1 : Math.exp(-Math.max(0, ms - this.#at) / this.#memoryMs);
    this.#at = ms;
    if (kept < 1) this.#value = this.#value * kept + Math.sqrt(1 - kept * kept) * this.#random.normal();
    return this.#value;
  }
}
