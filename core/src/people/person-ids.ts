import { randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BITS = 25;
const MASK = 2 ** BITS - 1;

/**
 * Random ids of one session (`p-k7f3q`), never repeated in it (33 million) without remembering any: a counter sent through a
 * random one-to-one scramble of 25 bits.
 */
export function createPersonIds(): () => string {
  const keys = Array.from({ length: 4 }, () => [randomInt(MASK) | 1, randomInt(MASK)] as const);
  let count = 0;
  return () => {
    let x = count++ & MASK;
    for (const [factor, term] of keys) {
      x = (Math.imul(x, factor) + term) & MASK;
      x ^= x >>> 13;
    }
    let text = '';
    for (let i = 0; i < BITS / 5; i++) text += ALPHABET[(x >>> (5 * i)) & 31];
    return `p-${text}`;
  };
}
