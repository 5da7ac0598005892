/** Bands of apparent age. */
import { normalBelow } from '../age-distribution.ts';

const EDGES = [0, 13, 18, 25, 35, 45, 55, 65] as const;

export const AGE_BANDS: readonly string[] = EDGES.map((from, i) => (i + 1 < EDGES.length ? `${from}-${(EDGES[i + 1] as number) - 1}` : `${from}+`));

/** P(band) for a normal age; the lowest band holds all below it, the highest all above. `band` is an index of AGE_BANDS. */
export function bandProbability(band: number, mean: number, sd: number): number {
  const below = band === 0 ? 0 : normalBelow(EDGES[band] as number, mean, sd);
  const above = band === EDGES.length - 1 ? 1 : normalBelow(EDGES[band + 1] as number, mean, sd);
  return Math.max(0, above - below);
}

export function likeliestBand(mean: number, sd: number): number {
  let best = 0;
  let bestP = -1;
  for (let band = 0; band < EDGES.length; band++) {
    const p = bandProbability(band, mean, sd);
    if (p > bestP) [best, bestP] = [band, p];
  }
  return best;
}
