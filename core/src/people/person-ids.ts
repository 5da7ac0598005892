import { createHash, randomUUID } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BITS = 25;
const MASK = 2 ** BITS - 1;

/**
 * Random ids of one session (`p-k7f3q`), never repeated in it (33 million) without remembering any: a counter sent through a
 * random one-to-one scramble of 25 bits. The same seed gives the same ids again.
 */
export function createPersonIds(seed: string = randomUUID()): () => string {
  const random = createHash('sha256').update(seed).digest();
  const keys = [0, 8, 16, 24].map((at) => [(random.readUInt32LE(at) & MASK) | 1, random.readUInt32LE(at + 4) & MASK] as const);
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
