/** Bands of apparent age and the normal distribution they are read from. */
const EDGES = [0, 13, 18, 25, 35, 45, 55, 65] as const;

export const AGE_BANDS: readonly string[] = EDGES.map((from, i) => (i + 1 < EDGES.length ? `${from}-${(EDGES[i + 1] as number) - 1}` : `${from}+`));

/** P(X < x) of a normal distribution; absolute error under 2e-7 (Abramowitz and Stegun 26.2.17 in erf form 7.1.26). */
export function normalBelow(x: number, mean: number, sd: number): number {
  const z = (x - mean) / (Math.max(sd, 1e-6) * Math.SQRT2);
  const k = 1 / (1 + 0.3275911 * Math.abs(z));
  const tail = ((((1.061405429 * k - 1.453152027) * k + 1.421413741) * k - 0.284496736) * k + 0.254829592) * k * Math.exp(-z * z);
  return z < 0 ? tail / 2 : 1 - tail / 2;
}

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
